/**
 * The records of a segment that count: single ones, and those of batches whose end
 * is there. The members of a batch come when its last one was read.
 *
 * @module
 */

import {
  countedVersion,
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_MASK,
  VERSION_REACH,
} from "../format/record.ts";
import type { Segment } from "./segment.ts";
import { SegmentScanner } from "./segment_scanner.ts";

/** A record that counts. Its key lies in `source`. */
export interface CommittedRecord {
  /** Kind and flags. */
  flags: number;
  /** How the value is coded. */
  codec: number;
  /** The commit that wrote it. */
  version: number;
  /** When it expires, in milliseconds since 1970; 0 if it does not. */
  expiry: number;
  /** Bytes of the key. */
  keyLength: number;
  /** Bytes of the value. */
  valueLength: number;
  /** Where it lies in the segment. */
  offset: number;
  /** Bytes of it in the segment. */
  length: number;
  /** What the key lies in. */
  source: Uint8Array;
  /** Where the key begins there. */
  keyStart: number;
}

/** The kind of a record alone. */
export function kindOf(record: CommittedRecord): number {
  return record.flags & KIND_MASK;
}

/** True if the record's key begins with a bucket's name. */
export function isInBucket(record: CommittedRecord): boolean {
  return (record.flags & FLAG_BUCKET) !== 0;
}

/** Walks over the records of one segment that count. */
export class CommittedRecords {
  /** The current record; valid until the next call of {@linkcode next}. */
  current: CommittedRecord = {
    flags: 0,
    codec: 0,
    version: 0,
    expiry: 0,
    keyLength: 0,
    valueLength: 0,
    offset: 0,
    length: 0,
    source: new Uint8Array(0),
    keyStart: 0,
  };
  /** Where the records that count end, as far as was read. */
  position: number;
  /** Why the walk ended early; `undefined` while all is well. */
  problem: string | undefined;
  /** Where the problem lies. */
  problemOffset = 0;
  /** True if the problem is a sealed record that no store can have written. */
  isForged = false;
  /** Records read, those of unfinished batches included. */
  count = 0;
  /** Records that were left out because their batch has no beginning. */
  skipped = 0;
  /** The highest version seen. */
  versionMax = 0;
  /** The highest expiry horizon seen. */
  horizonMax = 0;
  /** The highest sync mark seen. */
  syncMarkMax = 0;
  readonly #scanner: SegmentScanner;
  #isAfterGap: boolean;
  #batch: CommittedRecord[] = [];
  #given = 0;

  /**
   * A walk over the bytes from `from` up to `end`. After a gap the first records may
   * be the rest of a batch, which does not count.
   */
  constructor(
    segment: Segment,
    from: number,
    end: number,
    isAfterGap: boolean = false,
  ) {
    this.#scanner = new SegmentScanner(segment, from, end);
    this.#isAfterGap = isAfterGap;
    this.position = from;
  }

  /** Records of the batch at the end that has no end. */
  get unfinished(): number {
    return this.#batch.length - this.#given;
  }

  /** Goes to the next record; `false` at the end or at a {@linkcode problem}. */
  next(): boolean {
    if (this.#given < this.#batch.length) {
      this.current = this.#batch[this.#given++]!;
      return true;
    }
    if (this.#given > 0) {
      this.#batch = [];
      this.#given = 0;
      this.current = { ...this.current };
    }
    return this.problem === undefined && this.#read();
  }

  #read(): boolean {
    const scanner = this.#scanner;
    const { head } = scanner;
    while (scanner.next()) {
      if (head.version > VERSION_REACH) {
        this.isForged = true;
        return this.#fail("the record's version is impossible", scanner.offset);
      }
      const isMember = (head.flags & FLAG_BATCH) !== 0;
      const first = this.#batch[0];
      if (
        first !== undefined && (!isMember || head.version !== first.version)
      ) {
        return this.#fail("a batch has no end", this.position);
      }
      this.count++;
      this.versionMax = Math.max(this.versionMax, countedVersion(head.version));
      this.syncMarkMax = Math.max(this.syncMarkMax, head.syncMark);
      this.horizonMax = Math.max(this.horizonMax, scanner.horizon());
      const isEnd = (head.flags & FLAG_BATCH_END) !== 0;
      if (isMember && this.#isAfterGap) {
        this.skipped++;
        this.position = scanner.position;
        if (isEnd) this.#isAfterGap = false;
        continue;
      }
      this.#isAfterGap = false;
      if (!isMember) {
        this.position = scanner.position;
        this.#fill(this.current, scanner.window, scanner.keyStart);
        return true;
      }
      const keyEnd = scanner.keyStart + head.keyLength;
      const key = scanner.window.slice(scanner.keyStart, keyEnd);
      this.#batch.push(this.#fill({ ...this.current }, key, 0));
      if (!isEnd) continue;
      this.position = scanner.position;
      this.current = this.#batch[this.#given++]!;
      return true;
    }
    if (scanner.problem !== undefined) {
      return this.#fail(scanner.problem, scanner.position);
    }
    if (this.#batch.length > 0) {
      return this.#fail("a batch has no end", this.position);
    }
    return false;
  }

  #fail(problem: string, offset: number): false {
    this.problem = problem;
    this.problemOffset = offset;
    return false;
  }

  #fill(
    record: CommittedRecord,
    source: Uint8Array,
    keyStart: number,
  ): CommittedRecord {
    const { head, offset } = this.#scanner;
    record.flags = head.flags;
    record.codec = head.codec;
    record.version = head.version;
    record.expiry = head.expiry;
    record.keyLength = head.keyLength;
    record.valueLength = head.valueLength;
    record.offset = offset;
    record.length = head.length;
    record.source = source;
    record.keyStart = keyStart;
    return record;
  }
}

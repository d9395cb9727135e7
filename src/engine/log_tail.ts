/**
 * Follows the log: commits in their order, from a version on, as far as they are
 * flushed.
 *
 * Nothing is kept in memory for it. What was not read yet is held on disk, if the
 * garbage collector takes its segment away; how much that may be is bounded. Records
 * that the collector moved are known by their versions: they are older than what was
 * read before them.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import {
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_PUT,
  KIND_TOMBSTONE,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import type { ValueLog } from "../log/value_log.ts";
import { decodeRecordValue } from "./value_decoder.ts";

/** Says whether a key is of interest: `key` lies in `source` from `start` to `end`. */
export type KeyFilter = (
  isBucket: boolean,
  source: Uint8Array,
  start: number,
  end: number,
) => boolean;

/** One key that a commit changed. */
export interface TailChange {
  /** The whole key, with the bucket's name. */
  key: Uint8Array;
  /** The value; `undefined` if the key was deleted. */
  value: Uint8Array | undefined;
  /** When it expires; 0 if it does not. */
  expiry: number;
}

/** What one commit changed among the keys of interest. */
export interface TailCommit {
  version: number;
  changes: TailChange[];
}

/**
 * The version from which on the log holds every commit: no segment is missing behind
 * the one it begins.
 */
export function completeFrom(log: ValueLog): number {
  let { id, nextVersion } = log.active;
  for (;;) {
    const before = log.segments.get(id - 1);
    if (before === undefined) return nextVersion;
    ({ id, nextVersion } = before);
  }
}

/** A place in the log. */
export class LogTail {
  readonly #log: ValueLog;
  readonly #filter: KeyFilter;
  readonly #heldBytesMax: number;
  /** Segments still to be read, the first one in part; all are pinned. */
  #segments: Segment[] = [];
  #position = FILE_HEADER_BYTES;
  /** The version of the last commit that was read. */
  version: number;
  #scanner: SegmentScanner | undefined;
  #batch: TailChange[] = [];
  #batchVersion = 0;
  /** Why it cannot go on. */
  error: StoreError | undefined;

  /**
   * A place behind the commit `since`.
   *
   * @throws {StoreError} `TOO_OLD` if the log does not hold what followed any more.
   */
  constructor(
    log: ValueLog,
    since: number,
    filter: KeyFilter,
    heldBytesMax: number,
  ) {
    this.#log = log;
    this.#filter = filter;
    this.#heldBytesMax = heldBytesMax;
    this.version = since;
    const from = completeFrom(log);
    if (since + 1 < from) {
      throw new StoreError(
        "TOO_OLD",
        `Cannot follow the log from version ${since}: segments with what came next ` +
          `were collected, it goes back to ${
            from - 1
          }. Read everything once and ` +
          `follow from there`,
      );
    }
    // The last segment that begins at or before what comes next has it.
    let first = log.active;
    while (first.nextVersion > since + 1) {
      first = log.segments.get(first.id - 1)!;
    }
    for (let id = first.id; id <= log.active.id; id++) {
      this.#take(log.segments.get(id)!);
    }
  }

  #take(segment: Segment): void {
    segment.pin();
    this.#segments.push(segment);
  }

  /** Something was flushed, maybe to a new segment, which must not be missed. */
  noteFlushed(): void {
    if (this.error !== undefined) return;
    const { active } = this.#log;
    const last = this.#segments.at(-1)!;
    if (active !== last) {
      for (let id = last.id + 1; id <= active.id; id++) {
        this.#take(this.#log.segments.get(id)!);
      }
    }
    let held = 0;
    for (const segment of this.#segments) {
      if (!this.#log.segments.has(segment.id)) held += segment.length;
    }
    if (held <= this.#heldBytesMax) return;
    this.error = new StoreError(
      "TOO_OLD",
      `Cannot follow the log: ${held} bytes of collected segments were held for a ` +
        `reader that is behind, at most ${this.#heldBytesMax} are. Read everything ` +
        `once and follow from there, faster`,
    );
    this.close();
  }

  /** The next commit of interest; `undefined` at the end, or after `count` records. */
  next(count: number): TailCommit | undefined {
    while (count-- > 0) {
      const scanner = this.#scannerOfNext();
      if (scanner === undefined) return undefined;
      this.#position = scanner.position;
      const { head } = scanner;
      const { version, flags } = head;
      if (version <= this.version) continue;
      // A batch that has no end, before a gap that was salvaged, does not count.
      if (version !== this.#batchVersion) this.#batch = [];
      this.#batchVersion = version;
      this.#note(scanner);
      const isMember = (flags & FLAG_BATCH) !== 0;
      if (isMember && (flags & FLAG_BATCH_END) === 0) continue;
      this.version = version;
      const changes = this.#batch;
      if (changes.length === 0) continue;
      this.#batch = [];
      return { version, changes };
    }
    return undefined;
  }

  /** True if everything that is flushed was read. */
  get isAtEnd(): boolean {
    return this.#segments.length <= 1 &&
      this.#position >= (this.#segments[0]?.flushedLength ?? 0);
  }

  /** A scanner that stands at the next record. */
  #scannerOfNext(): SegmentScanner | undefined {
    for (;;) {
      const segment = this.#segments[0];
      if (segment === undefined) return undefined;
      const end = segment.flushedLength;
      if (this.#position < end) {
        this.#scanner ??= new SegmentScanner(segment, this.#position, end);
        if (this.#scanner.next()) return this.#scanner;
        const { problem, position } = this.#scanner;
        if (problem !== undefined) {
          throw segment.corruption("follow the log", position, problem);
        }
        this.#scanner = undefined;
        continue;
      }
      this.#scanner = undefined;
      if (this.#segments.length === 1) return undefined;
      this.#segments.shift();
      segment.unpin();
      this.#position = FILE_HEADER_BYTES;
    }
  }

  #note(scanner: SegmentScanner): void {
    const { head, window, keyStart } = scanner;
    const { kind, flags, keyLength } = head;
    if (kind !== KIND_PUT && kind !== KIND_TOMBSTONE) return;
    const isBucket = (flags & FLAG_BUCKET) !== 0;
    const keyEnd = keyStart + keyLength;
    if (!this.#filter(isBucket, window, keyStart, keyEnd)) return;
    this.#batch.push({
      key: window.slice(keyStart, keyEnd),
      value: kind === KIND_PUT
        ? decodeRecordValue(
          this.#segments[0]!,
          scanner.offset,
          head.codec,
          scanner.value(),
        )
        : undefined,
      expiry: head.expiry,
    });
  }

  /** Lets go of the log. */
  close(): void {
    for (const segment of this.#segments) segment.unpin();
    this.#segments = [];
    this.#scanner = undefined;
  }
}

/** Those who follow the log of one engine. */
export class LogFollowers {
  readonly #followers = new Set<LogFollower>();

  /** Adds one. */
  add(follower: LogFollower): void {
    this.#followers.add(follower);
  }

  /** Takes one out. */
  remove(follower: LogFollower): void {
    this.#followers.delete(follower);
  }

  /** Records were flushed. */
  noteFlushed(): void {
    for (const follower of this.#followers) follower.noteFlushed();
  }

  /** The store is closing. */
  end(): void {
    for (const follower of [...this.#followers]) follower.end();
  }
}

/** One who follows the log. */
export interface LogFollower {
  /** Records were flushed; must not call the store. */
  noteFlushed(): void;
  /** The store is closing. */
  end(): void;
}

/**
 * What a store held at one moment, in the order of the log: every put that counted
 * then or, from a version on, what changed since.
 *
 * A record counts if the books point at it, or pointed at it at the moment. The
 * segments that were not read yet are held: the garbage collector leaves them alone,
 * so no record can move past the reader. What is written meanwhile comes to lie behind
 * the end of the scan, and what it replaces is noted with the moment.
 *
 * @module
 */

import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import {
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_PUT,
  type RecordHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import type { Engine } from "./engine.ts";
import { keyText, type Moment } from "./history.ts";
import { afterPrefix, FIRST, orderKey } from "./key_order.ts";
import { completeFrom } from "./log_tail.ts";
import { keepMoment } from "./moment_reader.ts";
import { completeViewAsync, hadValue, RangeScan } from "./range_scan.ts";

/** Records after which the scan offers a pause. */
const RECORDS_A_LOOK = 64;
const KEYS_A_PAGE = 256;
const NO_BYTES = new Uint8Array(0);

/** A put, or a key that is gone; its bytes are valid until the scan goes on. */
export interface ScannedRecord {
  readonly head: Readonly<RecordHead>;
  /** False if the key had no value at the moment. */
  readonly isPut: boolean;
  readonly isBucket: boolean;
  readonly key: Uint8Array;
  /** The value; empty if the key is gone. */
  readonly value: Uint8Array;
  /** True if `value` is an array that nobody else will change. */
  readonly isOwned: boolean;
}

/** A page of keys in their order. */
export interface KeyPage {
  readonly isBucket: boolean;
  readonly keys: Uint8Array[];
}

interface Part {
  readonly segment: Segment;
  readonly end: number;
}

/** Reads a store as of one moment; to be closed. */
export class BackupScan {
  /** The moment. */
  readonly moment: Moment;
  /** What expired by then is gone for good. */
  readonly expiryHorizon: number;
  /** False if deletions since the version are not all in the log any more. */
  readonly isComplete: boolean;
  readonly #engine: Engine;
  readonly #since: number;
  #parts: Part[] = [];

  /** A scan of everything or, if `since` is at least 0, of what is newer than that. */
  constructor(engine: Engine, since: number) {
    this.#engine = engine;
    this.#since = since;
    const { log, writer } = engine;
    // What has expired by the moment is then written down.
    engine.sweep();
    this.moment = keepMoment(engine);
    this.expiryHorizon = writer.expiryHorizon;
    this.isComplete = since < 0 || since + 1 >= completeFrom(log);
    const segments = [...log.segments.values()];
    for (const [i, segment] of segments.entries()) {
      const next = segments[i + 1]?.nextVersion ?? writer.nextVersion;
      if (next - 1 <= since) continue;
      segment.holds++;
      segment.pin();
      this.#parts.push({ segment, end: segment.flushedLength });
    }
  }

  /** The records that count; now and then `undefined`, where others may have a turn. */
  *records(): Generator<ScannedRecord | undefined> {
    for (;;) {
      const part = this.#parts[0];
      if (part === undefined) return;
      yield* this.#recordsOf(part);
      this.#parts.shift();
      release(part);
    }
  }

  *#recordsOf({ segment, end }: Part): Generator<ScannedRecord | undefined> {
    const scanner = new SegmentScanner(segment, FILE_HEADER_BYTES, end);
    for (let count = 1; scanner.next(); count++) {
      const record = this.#judge(segment, scanner);
      if (record !== undefined) yield record;
      if (count % RECORDS_A_LOOK === 0) yield undefined;
    }
    if (scanner.problem !== undefined) {
      throw segment.corruption(
        "back up the store",
        scanner.position,
        scanner.problem,
      );
    }
  }

  #judge(
    segment: Segment,
    scanner: SegmentScanner,
  ): ScannedRecord | undefined {
    const { head, window, keyStart, offset } = scanner;
    if (head.kind === KIND_CONTROL || head.version <= this.#since) {
      return undefined;
    }
    const isBucket = (head.flags & FLAG_BUCKET) !== 0;
    const state = this.#stateAt(segment, offset, scanner, isBucket);
    if (state === "elsewhere") return undefined;
    // A full backup is of a store that is made anew: it has nothing to delete.
    if (state === "gone" && this.#since < 0) return undefined;
    const isPut = state === "here";
    return {
      head,
      isPut,
      isBucket,
      key: window.subarray(keyStart, keyStart + head.keyLength),
      value: isPut ? scanner.value() : NO_BYTES,
      isOwned: isPut && !scanner.isWhole,
    };
  }

  /** Where the value lay that the record's key had at the moment. */
  #stateAt(
    segment: Segment,
    offset: number,
    scanner: SegmentScanner,
    isBucket: boolean,
  ): "here" | "elsewhere" | "gone" {
    const { head, window, keyStart } = scanner;
    const { key, ledger } = this.#engine;
    const { index } = ledger;
    const { moment } = this;
    key.loadRecord(window, keyStart, head.keyLength, isBucket);
    const pointer = index.find(key);
    const isHere = pointer !== 0 &&
      index.arena.isAt(pointer, segment.id, offset);
    if (isHere && ledger.isLive(pointer, moment.time)) return "here";
    if (moment.hasChanged && (this.#since >= 0 || moment.pins(segment))) {
      const bytes = window.subarray(keyStart, keyStart + head.keyLength);
      if (moment.find(keyText(bytes, isBucket))) {
        const { past } = moment;
        if (!hadValue(past, moment.time)) return "gone";
        return past!.segment === segment && past!.offset === offset &&
            head.kind === KIND_PUT
          ? "here"
          : "elsewhere";
      }
    }
    // An entry goes when a tombstone has nothing left to hide. One that points
    // elsewhere points at a later record, which tells what became of the key.
    return pointer === 0 || isHere ? "gone" : "elsewhere";
  }

  /** All keys that had a value, in their order; pages may be empty. */
  async *keys(signal: AbortSignal | undefined): AsyncGenerator<KeyPage> {
    const engine = this.#engine;
    await completeViewAsync(engine, signal);
    const buckets = orderKey(NO_BYTES, true);
    for (const isBucket of [false, true]) {
      const range = isBucket
        ? { start: buckets, end: afterPrefix(NO_BYTES, true) }
        : { start: FIRST, end: buckets };
      const scan = new RangeScan(engine, this.moment, range, false);
      while (!scan.isDone) {
        yield { isBucket, keys: scan.next(KEYS_A_PAGE) };
      }
    }
  }

  /** Lets go of the moment and of what was not read. */
  close(): void {
    for (const part of this.#parts) release(part);
    this.#parts = [];
    this.#engine.ledger.history.drop(this.moment);
  }
}

function release({ segment }: Part): void {
  segment.holds--;
  segment.unpin();
}

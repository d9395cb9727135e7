/**
 * Reads a segment record by record, checking each before it is believed. Memory is
 * one window, whatever the lengths in the file say; only a caller that asks for a
 * large value gets a buffer of its size.
 *
 * @module
 */

import { checksum, recordSeed } from "../format/checksum.ts";
import {
  CONTROL_EXPIRY_HORIZON,
  CONTROL_EXPIRY_HORIZON_BYTES,
  getUint64,
  isSealed,
  KIND_CONTROL,
  NUMBER_MAX,
  RECORD_HEAD_BYTES_MAX,
  RecordHead,
} from "../format/record.ts";
import type { Segment } from "./segment.ts";

const WINDOW_BYTES = 1 << 20;

/** Walks over the records of one segment. */
export class SegmentScanner {
  /** The head of the current record. */
  readonly head: RecordHead = new RecordHead();
  /** Where the current record lies in the segment. */
  offset: number;
  /** Why the scan ended before `end`; `undefined` while all is well. */
  problem: string | undefined;
  /** The window; the current record's key, and small values, lie in it. */
  window: Uint8Array;
  /** Where the current key lies in the window. */
  keyStart = 0;
  /** True if the whole record lies in the window. */
  isWhole = true;
  readonly #segment: Segment;
  readonly #end: number;
  #view: DataView;
  #windowStart: number;
  #windowLength = 0;
  #next: number;

  /** A scan of the bytes from `from` up to `end`. */
  constructor(segment: Segment, from: number, end: number) {
    this.#segment = segment;
    this.#end = end;
    this.offset = from;
    this.#next = from;
    this.#windowStart = from;
    this.window = new Uint8Array(
      Math.max(RECORD_HEAD_BYTES_MAX, Math.min(WINDOW_BYTES, end - from)),
    );
    this.#view = new DataView(this.window.buffer);
  }

  /** Where the scan stands: the end of the last good record. */
  get position(): number {
    return this.#next;
  }

  /** Goes to the next record; `false` at the end or at a {@linkcode problem}. */
  next(): boolean {
    const offset = this.#next;
    if (offset >= this.#end || this.problem !== undefined) return false;
    const remaining = this.#end - offset;
    let at = this.#load(offset, Math.min(RECORD_HEAD_BYTES_MAX, remaining));
    const problem = this.head.read(
      this.#view,
      at,
      Math.min(remaining, this.#windowStart + this.#windowLength - offset),
    );
    if (problem !== undefined) return this.#fail(problem);
    const { length, headLength, keyLength } = this.head;
    if (length > remaining) {
      return this.#fail("the record is longer than the rest of the file");
    }
    this.isWhole = length <= this.window.length;
    at = this.#load(offset, this.isWhole ? length : headLength + keyLength);
    this.keyStart = at + headLength;
    const isSound = this.isWhole
      ? isSealed(
        this.window,
        this.#view,
        at,
        length,
        this.#segment.seed,
        offset,
      )
      : this.#isSealedOutside(at, offset);
    if (!isSound) return this.#fail("the record's checksum does not match");
    this.offset = offset;
    this.#next = offset + length;
    return true;
  }

  #fail(problem: string): false {
    this.problem = problem;
    return false;
  }

  /** Brings `length` bytes at `offset` into the window; returns where they are. */
  #load(offset: number, length: number): number {
    const at = offset - this.#windowStart;
    if (at >= 0 && at + length <= this.#windowLength) return at;
    if (length > this.window.length) {
      // The head and the key of one record can outgrow a small window.
      this.window = new Uint8Array(length);
      this.#view = new DataView(this.window.buffer);
    }
    const wanted = Math.min(this.window.length, this.#end - offset);
    this.#segment.read(this.window, 0, wanted, offset);
    this.#windowStart = offset;
    this.#windowLength = wanted;
    return 0;
  }

  /** Checks a record larger than the window piece by piece. */
  #isSealedOutside(at: number, offset: number): boolean {
    const { length, headLength, keyLength } = this.head;
    const expected = this.#view.getUint32(at, true);
    let sum = recordSeed(this.#segment.seed, offset);
    const loaded = headLength + keyLength;
    sum = checksum(this.window.subarray(at + 4, at + loaded), sum);
    sum = this.#segment.checksumRange(offset + loaded, offset + length, sum);
    return sum === expected;
  }

  /** The current record's value: a view on the window, or a buffer of its own. */
  value(): Uint8Array {
    const { headLength, keyLength, valueLength } = this.head;
    const start = this.keyStart + keyLength;
    if (this.isWhole) return this.window.subarray(start, start + valueLength);
    const bytes = new Uint8Array(valueLength);
    const offset = this.offset + headLength + keyLength;
    this.#segment.read(bytes, 0, valueLength, offset);
    return bytes;
  }

  /** The expiry horizon that the current control record carries, or 0. */
  horizon(): number {
    if (
      this.head.kind !== KIND_CONTROL ||
      this.head.valueLength !== CONTROL_EXPIRY_HORIZON_BYTES ||
      this.window[this.keyStart] !== CONTROL_EXPIRY_HORIZON
    ) return 0;
    const horizon = getUint64(this.#view, this.keyStart + 1);
    return horizon > NUMBER_MAX ? 0 : horizon;
  }
}

/**
 * Reads all of a segment that still makes sense: goes over bad bytes to the next
 * sound record and tells what was left out.
 *
 * @module
 */

import { type CommittedRecord, CommittedRecords } from "./committed_records.ts";
import { findRecord } from "./record_search.ts";
import type { Segment } from "./segment.ts";

/** Bytes of a segment that make no sense. */
export interface LostRange {
  /** The file. */
  path: string;
  /** The segment. */
  segmentId: number;
  /** The first bad byte. */
  offset: number;
  /** How many bytes were left out. */
  bytes: number;
  /** What is wrong with them. */
  reason: string;
}

/** Walks over all records that are sound, over gaps. */
export class SalvageReader {
  /** What was left out so far. */
  readonly lost: LostRange[] = [];
  /** Sound records that do not count, because their batch is not whole. */
  skipped = 0;
  /** The highest version seen. */
  versionMax = 0;
  /** The highest expiry horizon seen. */
  horizonMax = 0;
  readonly #segment: Segment;
  readonly #size: number;
  #records: CommittedRecords;

  /** A walk over a segment of `size` bytes, from `from` on. */
  constructor(segment: Segment, from: number, size: number) {
    this.#segment = segment;
    this.#size = size;
    this.#records = new CommittedRecords(segment, from, size);
  }

  /** The current record. */
  get current(): CommittedRecord {
    return this.#records.current;
  }

  /** Goes to the next record that counts; `false` at the end. */
  next(): boolean {
    while (!this.#records.next()) {
      this.#note();
      if (!this.#skipGap()) return false;
    }
    return true;
  }

  #note(): void {
    const { versionMax, horizonMax, skipped } = this.#records;
    this.versionMax = Math.max(this.versionMax, versionMax);
    this.horizonMax = Math.max(this.horizonMax, horizonMax);
    this.skipped += skipped;
  }

  /** Finds the next sound record after a problem; `false` if there was none. */
  #skipGap(): boolean {
    const { problem, problemOffset, position, unfinished } = this.#records;
    if (problem === undefined) return false;
    this.skipped += unfinished;
    // A batch without end ends where something else begins, or at the bad bytes.
    const bad = unfinished > 0 ? position : problemOffset;
    const found = findRecord(
      this.#segment,
      bad + 1,
      this.#size,
      0,
      () => true,
    );
    const end = found < 0 ? this.#size : found;
    this.lost.push({
      path: this.#segment.file.path,
      segmentId: this.#segment.id,
      offset: bad,
      bytes: end - bad,
      reason: problem,
    });
    if (found < 0) return false;
    this.#records = new CommittedRecords(
      this.#segment,
      found,
      this.#size,
      true,
    );
    return true;
  }
}

/**
 * Holds the rows of a hint file against the records of its segment, one by one.
 *
 * @module
 */

import { decodeFileHeader, FILE_HEADER_BYTES } from "../format/file_header.ts";
import { ChunkRows, readChunk } from "../format/hint.ts";
import type { CommittedRecord } from "../log/committed_records.ts";
import type { Segment } from "../log/segment.ts";

/** Compares rows and records that come in the order of the log. */
export class HintCheck {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #seed: number;
  #at = FILE_HEADER_BYTES;
  #rows: ChunkRows | undefined;
  #coveredTo = FILE_HEADER_BYTES;
  #isWrong = false;
  #hasEnded = false;

  /** A check of the hint file of a segment. */
  constructor(bytes: Uint8Array, segment: Segment) {
    this.#bytes = bytes;
    this.#seed = segment.seed;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      const head = bytes.subarray(0, FILE_HEADER_BYTES);
      const header = decodeFileHeader(head, "HINT", "");
      this.#isWrong = header.segmentId !== segment.id;
    } catch {
      this.#isWrong = true;
    }
  }

  /** Compares the next row with the next record of the segment. */
  compare(record: CommittedRecord): void {
    if (this.#isWrong || this.#hasEnded) return;
    const rows = this.#nextRow();
    if (rows === undefined) return;
    this.#isWrong = rows.offset !== record.offset ||
      rows.recordLength !== record.length || rows.flags !== record.flags ||
      rows.expiry !== record.expiry || rows.keyLength !== record.keyLength;
    for (let i = 0; i < rows.keyLength && !this.#isWrong; i++) {
      this.#isWrong = this.#bytes[rows.keyStart + i] !==
        record.source[record.keyStart + i];
    }
  }

  #nextRow(): ChunkRows | undefined {
    for (;;) {
      if (this.#rows?.next()) return this.#rows;
      const head = readChunk(this.#bytes, this.#view, this.#at, this.#seed);
      if (head === undefined) {
        this.#hasEnded = true;
        // Bytes that are no chunk: a torn write, or damage.
        this.#isWrong = this.#at < this.#bytes.length;
        return undefined;
      }
      this.#isWrong ||= head.from !== this.#coveredTo;
      this.#rows = new ChunkRows(this.#view, this.#at, head);
      this.#at += head.length;
      this.#coveredTo = head.to;
    }
  }

  /** What there is to say of the hint file of a segment of `size` bytes. */
  verdict(size: number): "sound" | "partial" | "wrong" {
    while (!this.#isWrong && !this.#hasEnded) {
      // Rows without records: the segment is shorter than its hints.
      if (this.#nextRow() !== undefined) this.#isWrong = true;
    }
    if (this.#isWrong || this.#coveredTo > size) return "wrong";
    return this.#coveredTo === size ? "sound" : "partial";
  }
}

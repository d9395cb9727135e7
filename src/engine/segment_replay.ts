/**
 * Brings the records of one segment into the books at open: first from its hint
 * file as far as that can be trusted, then by reading the records.
 *
 * @module
 */

import { checksum } from "../format/checksum.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import {
  ChunkBuilder,
  type ChunkHead,
  ChunkRows,
  readChunk,
} from "../format/hint.ts";
import {
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_MASK,
  KIND_PUT,
  type RecordHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";

/** A member of a batch whose end was not read yet. */
interface BatchMember {
  flags: number;
  codec: number;
  key: Uint8Array;
  valueLength: number;
  offset: number;
  length: number;
  expiry: number;
}

/** Replays one segment. */
export class SegmentReplay {
  /** Rows taken from the hint file. */
  rowsFromHints = 0;
  /** Records read from the segment. */
  recordsReplayed = 0;
  /** The highest version seen. */
  versionMax = 0;
  /** The highest expiry horizon seen. */
  horizonMax = 0;
  /** Bytes that the hint file or a sync mark says were synced. */
  syncedMax = 0;
  /** Bytes of the hint file that are sound and follow each other. */
  hintLength = 0;
  /** Bytes of the segment that the sound part of the hint file covers. */
  hintCoveredTo: number = FILE_HEADER_BYTES;
  /** Hint rows of the records that were read. */
  readonly rows: ChunkBuilder = new ChunkBuilder();
  /** Where the problem that {@linkcode scan} returned lies. */
  problemOffset = 0;
  readonly #segment: Segment;
  readonly #ledger: KeyLedger;
  readonly #key: KeyBuffer;
  readonly #size: number;

  /** A replay of a segment's `size` bytes from its present length on. */
  constructor(
    segment: Segment,
    ledger: KeyLedger,
    key: KeyBuffer,
    size: number,
  ) {
    this.#segment = segment;
    this.#ledger = ledger;
    this.#key = key;
    this.#size = size;
  }

  /** Takes what the hint file says, as far as it can be trusted. */
  useHint(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunks: { at: number; head: ChunkHead }[] = [];
    let at = FILE_HEADER_BYTES;
    let coveredTo = FILE_HEADER_BYTES;
    for (;;) {
      const head = readChunk(bytes, view, at);
      if (
        head === undefined || head.from !== coveredTo || head.to < head.from
      ) break;
      // Also chunks beyond the file's end bear witness of what was synced.
      chunks.push({ at, head });
      this.syncedMax = Math.max(
        this.syncedMax,
        head.isFinal ? head.to : head.synced,
      );
      coveredTo = head.to;
      at += head.length;
    }
    this.hintLength = FILE_HEADER_BYTES;
    for (const { at, head } of chunks) {
      if (!this.#useChunk(bytes, view, at, head)) return;
      this.hintLength = at + head.length;
      this.hintCoveredTo = head.to;
    }
  }

  #useChunk(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    head: ChunkHead,
  ): boolean {
    const segment = this.#segment;
    if (head.to <= segment.length) return true; // the snapshot has it
    if (head.from < segment.length || head.to > this.#size) return false;
    if (head.to > this.syncedMax && !this.#isDataSound(head)) return false;
    if (!isConsistent(view, at, head)) return false;
    const rows = new ChunkRows(view, at, head);
    while (rows.next()) {
      const isBucket = (rows.flags & FLAG_BUCKET) !== 0;
      this.#key.loadRecord(bytes, rows.keyStart, rows.keyLength, isBucket);
      this.#apply(rows.kind, rows.offset, rows.recordLength, rows.expiry);
    }
    this.rowsFromHints += head.rows;
    this.versionMax = Math.max(this.versionMax, head.version);
    this.horizonMax = Math.max(this.horizonMax, head.horizon);
    segment.length = head.to;
    return true;
  }

  #isDataSound(head: ChunkHead): boolean {
    const piece = new Uint8Array(Math.min(1 << 20, head.to - head.from));
    let sum = 0;
    for (let at = head.from; at < head.to;) {
      const step = Math.min(piece.length, head.to - at);
      this.#segment.read(piece, 0, step, at);
      sum = checksum(piece.subarray(0, step), sum);
      at += step;
    }
    return sum === head.dataChecksum;
  }

  /**
   * Reads the rest of the records. Returns what is wrong with the first bad one, or
   * `undefined` if all are sound; the segment's length is where the good ones end.
   */
  scan(): string | undefined {
    const segment = this.#segment;
    const scanner = new SegmentScanner(segment, segment.length, this.#size);
    const { head } = scanner;
    let batch: BatchMember[] = [];
    let batchVersion = 0;
    while (scanner.next()) {
      const isInBatch = (head.flags & FLAG_BATCH) !== 0;
      const goesOn = batch.length > 0;
      if (goesOn && (!isInBatch || head.version !== batchVersion)) {
        return this.#fail("a batch has no end", segment.length);
      }
      this.syncedMax = Math.max(this.syncedMax, head.syncMark);
      this.versionMax = Math.max(this.versionMax, head.version);
      this.horizonMax = Math.max(this.horizonMax, scanner.horizon());
      this.rows.noteHorizon(this.horizonMax);
      this.recordsReplayed++;
      if (isInBatch) {
        batchVersion = head.version;
        batch.push({
          flags: head.flags,
          codec: head.codec,
          key: scanner.window.slice(
            scanner.keyStart,
            scanner.keyStart + head.keyLength,
          ),
          valueLength: head.valueLength,
          offset: scanner.offset,
          length: head.length,
          expiry: head.expiry,
        });
        if ((head.flags & FLAG_BATCH_END) === 0) continue;
        this.#applyBatch(batch, batchVersion);
        batch = [];
      } else {
        const { window, keyStart } = scanner;
        const isBucket = (head.flags & FLAG_BUCKET) !== 0;
        this.#key.loadRecord(window, keyStart, head.keyLength, isBucket);
        this.#apply(head.kind, scanner.offset, head.length, head.expiry);
        this.#addRow(head, window, keyStart);
      }
      segment.length = scanner.position;
    }
    if (scanner.problem !== undefined) {
      return this.#fail(scanner.problem, scanner.position);
    }
    if (batch.length > 0) {
      return this.#fail("a batch has no end", segment.length);
    }
    return undefined;
  }

  #fail(problem: string, offset: number): string {
    this.problemOffset = offset;
    return problem;
  }

  #addRow(head: RecordHead, source: Uint8Array, keyStart: number): void {
    this.rows.add(
      head.flags,
      head.codec,
      head.keyLength,
      head.valueLength,
      head.version,
      head.expiry,
      source,
      keyStart,
    );
  }

  #applyBatch(batch: BatchMember[], version: number): void {
    for (const member of batch) {
      const { flags, codec, key, valueLength, offset, length, expiry } = member;
      this.#key.loadRecord(key, 0, key.length, (flags & FLAG_BUCKET) !== 0);
      this.#apply(flags & KIND_MASK, offset, length, expiry);
      this.rows.add(
        flags,
        codec,
        key.length,
        valueLength,
        version,
        expiry,
        key,
        0,
      );
    }
  }

  #apply(kind: number, offset: number, length: number, expiry: number): void {
    const segment = this.#segment;
    segment.recordCount++;
    if (kind === KIND_CONTROL) {
      this.#ledger.control(segment, length, -1);
    } else if (kind === KIND_PUT) {
      this.#ledger.put(segment, offset, length, expiry, -1);
    } else {
      this.#ledger.tombstone(segment, offset, length, -1);
    }
  }
}

/** True if a chunk's rows fill just the range that its head names. */
function isConsistent(view: DataView, at: number, head: ChunkHead): boolean {
  const rows = new ChunkRows(view, at, head);
  let count = 0;
  while (rows.next()) {
    const isControl = rows.kind === KIND_CONTROL;
    if (rows.kind === 0 || isControl !== (rows.keyLength === 0)) return false;
    count++;
  }
  return count === head.rows && rows.offset === head.to;
}

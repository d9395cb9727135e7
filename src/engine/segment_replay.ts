/**
 * Brings the records of one segment into the books at open: first from its hint
 * file as far as that can be trusted, then by reading the records.
 *
 * @module
 */

import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import { type FileHandle, readFully } from "../fs/file_system.ts";
import {
  CHUNK_HEAD_BYTES,
  ChunkBuilder,
  type ChunkHead,
  ChunkRows,
  readChunk,
  readChunkHead,
} from "../format/hint.ts";
import {
  countedVersion,
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_PUT,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import {
  type CommittedRecord,
  CommittedRecords,
  isInBucket,
  kindOf,
} from "../log/committed_records.ts";
import { type LostRange, SalvageReader } from "../log/salvage_reader.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";

/** What is told of every record that counts, whose key is the key at hand. */
export type Books = Pick<KeyLedger, "put" | "tombstone" | "control">;

/** Replays one segment. */
export class SegmentReplay {
  /** Rows taken from the hint file. */
  rowsFromHints = 0;
  /** Records read from the segment. */
  recordsReplayed = 0;
  /** The highest version seen, also of a batch that is not whole. */
  versionMax = 0;
  /** The highest version of what the books were told. */
  toldVersionMax = 0;
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
  /** False where nobody wants hint rows. */
  makesRows = true;
  /** Where the problem that {@linkcode scan} returned lies. */
  problemOffset = 0;
  /** True if that problem is a sealed record that no store can have written. */
  isForged = false;
  readonly #segment: Segment;
  readonly #books: Books;
  readonly #key: KeyBuffer;
  readonly #size: number;

  /** A replay of a segment's `size` bytes from its present length on. */
  constructor(
    segment: Segment,
    books: Books,
    key: KeyBuffer,
    size: number,
  ) {
    this.#segment = segment;
    this.#books = books;
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
      const head = readChunk(bytes, view, at, this.#segment.seed);
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

  /**
   * Finds where the hint file of a segment that is known whole ends, by the heads of
   * its chunks. Returns false if it has to be read: it is not as it should be, or says
   * that the segment was longer.
   */
  skimHint(file: FileHandle): boolean {
    const size = file.size();
    const bytes = new Uint8Array(CHUNK_HEAD_BYTES);
    const view = new DataView(bytes.buffer);
    let at = FILE_HEADER_BYTES;
    let coveredTo = FILE_HEADER_BYTES;
    while (at < size) {
      const count = readFully(file, bytes, 0, bytes.length, at);
      const head = readChunkHead(view);
      if (
        count < bytes.length || head.from !== coveredTo ||
        head.to < head.from || head.to > this.#size ||
        (!head.isFinal && head.synced > this.#size) ||
        head.length < CHUNK_HEAD_BYTES || head.length > size - at
      ) return false;
      coveredTo = head.to;
      at += head.length;
    }
    if (coveredTo !== this.#size) return false;
    this.hintLength = at;
    this.hintCoveredTo = coveredTo;
    return true;
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
    this.#noteTold(countedVersion(head.version));
    this.horizonMax = Math.max(this.horizonMax, head.horizon);
    segment.length = head.to;
    return true;
  }

  #isDataSound(head: ChunkHead): boolean {
    const sum = this.#segment.checksumRange(head.from, head.to, 0);
    return sum === head.dataChecksum;
  }

  /**
   * Reads the rest of the records. Returns what is wrong with the first bad one, or
   * `undefined` if all are sound; the segment's length is where the good ones end.
   */
  scan(): string | undefined {
    const slices = this.scanInSlices(Infinity);
    for (;;) {
      const { done, value } = slices.next();
      if (done) return value as string | undefined;
    }
  }

  /** The same with a pause after every `count` records. */
  *scanInSlices(count: number): Generator<void, string | undefined> {
    const segment = this.#segment;
    const records = new CommittedRecords(segment, segment.length, this.#size);
    for (let left = count; records.next(); left--) {
      this.#replay(records.current);
      segment.length = records.position;
      if (left > 1) continue;
      yield;
      left = count + 1;
    }
    this.recordsReplayed += records.count;
    this.syncedMax = Math.max(this.syncedMax, records.syncMarkMax);
    this.versionMax = Math.max(this.versionMax, records.versionMax);
    this.horizonMax = Math.max(this.horizonMax, records.horizonMax);
    this.rows.noteHorizon(this.horizonMax);
    this.problemOffset = records.problemOffset;
    this.isForged = records.isForged;
    return records.problem;
  }

  /**
   * Reads the rest of the records that are sound, over all that is not; what is left
   * out counts as dead. Returns what that was.
   */
  salvage(): LostRange[] {
    const segment = this.#segment;
    const reader = new SalvageReader(segment, segment.length, this.#size);
    let leftOut = this.#size - segment.length;
    while (reader.next()) {
      this.#replay(reader.current);
      this.recordsReplayed++;
      leftOut -= reader.current.length;
    }
    this.versionMax = Math.max(this.versionMax, reader.versionMax);
    this.horizonMax = Math.max(this.horizonMax, reader.horizonMax);
    segment.length = this.#size;
    segment.deadBytes += leftOut;
    return reader.lost;
  }

  #replay(record: CommittedRecord): void {
    const { flags, codec, version, expiry, keyLength, valueLength } = record;
    const { source, keyStart, offset, length } = record;
    this.#key.loadRecord(source, keyStart, keyLength, isInBucket(record));
    this.#apply(kindOf(record), offset, length, expiry);
    this.#noteTold(countedVersion(version));
    if (!this.makesRows) return;
    this.rows.add(
      flags,
      codec,
      keyLength,
      valueLength,
      version,
      expiry,
      source,
      keyStart,
    );
  }

  #noteTold(version: number): void {
    if (version <= this.toldVersionMax) return;
    this.toldVersionMax = version;
    this.versionMax = Math.max(this.versionMax, version);
  }

  #apply(kind: number, offset: number, length: number, expiry: number): void {
    const segment = this.#segment;
    segment.recordCount++;
    if (kind === KIND_CONTROL) {
      this.#books.control(segment, length, -1);
    } else if (kind === KIND_PUT) {
      this.#books.put(segment, offset, length, expiry, -1);
    } else {
      this.#books.tombstone(segment, offset, length, -1);
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

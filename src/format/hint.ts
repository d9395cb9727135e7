/**
 * The bytes of a hint file: the index rows of a segment without its values.
 *
 * After the file header come chunks, appended while the segment grows. A chunk
 * covers one range of the segment, and the ranges follow each other without a gap.
 *
 * ```text
 * chunk := checksum u32    CRC-32 of the rest of the chunk, from a seed
 *          length u32      bytes of the chunk
 *          from u32, to u32  the range of the segment it covers
 *          rows u32        how many rows follow
 *          data u32        CRC-32 of the segment's bytes in that range
 *          synced u32      bytes of the segment known to be synced by now
 *          final u32       1 if the segment ends at `to` and is synced whole
 *          version u64     the highest version among the rows
 *          horizon u64     the highest expiry horizon among the records
 *          row*
 * row   := flags u8, codec u8, key length u16, value length u32,
 *          [expiry u64], key       a record without checksum, version and value
 * ```
 *
 * The seed is that of a record at `from` of the segment, so a chunk of another
 * segment or store does not pass for one of this. All numbers are little-endian. A
 * hint file can always be made again from its segment, so whatever is wrong with one
 * only costs time.
 *
 * @module
 */

import { checksum, recordSeed } from "./checksum.ts";
import {
  FLAG_EXPIRING,
  getUint64,
  KIND_MASK,
  NUMBER_MAX,
  recordLength,
  setUint64,
  VERSION_REACH,
} from "./record.ts";

/** Bytes of a chunk before its rows. */
export const CHUNK_HEAD_BYTES = 48;
/** Bytes of a row before its expiry and key. */
export const ROW_HEAD_BYTES = 8;

/** What a chunk says beside its rows. */
export interface ChunkHead {
  /** Bytes of the whole chunk. */
  length: number;
  /** First byte of the segment it covers. */
  from: number;
  /** First byte of the segment it no longer covers. */
  to: number;
  /** Rows in it. */
  rows: number;
  /** CRC-32 of the covered bytes. */
  dataChecksum: number;
  /** Bytes of the segment known to be synced when the chunk was written. */
  synced: number;
  /** The segment is sealed, synced and ends at `to`. */
  isFinal: boolean;
  /** The highest version among the rows. */
  version: number;
  /** The highest expiry horizon among the covered records. */
  horizon: number;
}

/** Collects rows and turns them into a chunk. */
export class ChunkBuilder {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = CHUNK_HEAD_BYTES;
  #rows = 0;
  #version = 0;
  #horizon = 0;

  /** True if nothing was added since the last {@linkcode finish}. */
  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** Adds the row of one record; the key lies in `source`. */
  add(
    flags: number,
    codec: number,
    keyLength: number,
    valueLength: number,
    version: number,
    expiry: number,
    source: Uint8Array,
    keyStart: number,
  ): void {
    const isExpiring = (flags & FLAG_EXPIRING) !== 0;
    const needed = ROW_HEAD_BYTES + (isExpiring ? 8 : 0) + keyLength;
    if (this.#length + needed > this.#bytes.length) this.#grow(needed);
    let at = this.#length;
    this.#view.setUint32(at, flags | (codec << 8) | (keyLength << 16), true);
    this.#view.setUint32(at + 4, valueLength, true);
    at += ROW_HEAD_BYTES;
    if (isExpiring) {
      setUint64(this.#view, at, expiry);
      at += 8;
    }
    if (keyLength <= 32) {
      for (let i = 0; i < keyLength; i++) {
        this.#bytes[at + i] = source[keyStart + i]!;
      }
    } else {
      this.#bytes.set(source.subarray(keyStart, keyStart + keyLength), at);
    }
    this.#length = at + keyLength;
    this.#rows++;
    if (version > this.#version) this.#version = version;
  }

  /** Notes an expiry horizon among the covered records. */
  noteHorizon(horizon: number): void {
    if (horizon > this.#horizon) this.#horizon = horizon;
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(
      Math.max(this.#bytes.length * 2, this.#length + needed),
    );
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /**
   * The chunk, valid until the next call of {@linkcode add}; starts a new one. `seed`
   * is the segment's.
   */
  finish(
    seed: number,
    from: number,
    to: number,
    dataChecksum: number,
    synced: number,
    isFinal: boolean,
  ): Uint8Array {
    const view = this.#view;
    view.setUint32(4, this.#length, true);
    view.setUint32(8, from, true);
    view.setUint32(12, to, true);
    view.setUint32(16, this.#rows, true);
    view.setUint32(20, dataChecksum, true);
    view.setUint32(24, synced, true);
    view.setUint32(28, isFinal ? 1 : 0, true);
    setUint64(view, 32, this.#version);
    setUint64(view, 40, this.#horizon);
    const chunk = this.#bytes.subarray(0, this.#length);
    view.setUint32(
      0,
      checksum(chunk.subarray(4), recordSeed(seed, from)),
      true,
    );
    this.#length = CHUNK_HEAD_BYTES;
    this.#rows = this.#version = this.#horizon = 0;
    return chunk;
  }
}

/**
 * Reads the head of the chunk at `at`, or `undefined` if no sound chunk of the segment
 * that gave `seed` is there.
 */
export function readChunk(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  seed: number,
): ChunkHead | undefined {
  if (bytes.length - at < CHUNK_HEAD_BYTES) return undefined;
  const length = view.getUint32(at + 4, true);
  if (length < CHUNK_HEAD_BYTES || length > bytes.length - at) return undefined;
  const from = view.getUint32(at + 8, true);
  const covered = bytes.subarray(at + 4, at + length);
  const sum = checksum(covered, recordSeed(seed, from));
  if (sum !== view.getUint32(at, true)) return undefined;
  const head = readChunkHead(view, at);
  const isPossible = head.version <= VERSION_REACH &&
    head.horizon <= NUMBER_MAX;
  return isPossible ? head : undefined;
}

/** Reads the head of a chunk without checking it. */
export function readChunkHead(view: DataView, at: number = 0): ChunkHead {
  return {
    length: view.getUint32(at + 4, true),
    from: view.getUint32(at + 8, true),
    to: view.getUint32(at + 12, true),
    rows: view.getUint32(at + 16, true),
    dataChecksum: view.getUint32(at + 20, true),
    synced: view.getUint32(at + 24, true),
    isFinal: view.getUint32(at + 28, true) === 1,
    version: getUint64(view, at + 32),
    horizon: getUint64(view, at + 40),
  };
}

/** The rows of one chunk, read one after the other without allocating. */
export class ChunkRows {
  /** Kind and flags of the record. */
  flags = 0;
  /** Bytes of the key. */
  keyLength = 0;
  /** Where the key lies in the chunk's bytes. */
  keyStart = 0;
  /** When the record expires; 0 if it does not. */
  expiry = 0;
  /** Where the record lies in the segment. */
  offset: number;
  /** Bytes of the record in the segment. */
  recordLength = 0;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Starts before the first row of the chunk at `at`. */
  constructor(view: DataView, at: number, head: ChunkHead) {
    this.#view = view;
    this.#at = at + CHUNK_HEAD_BYTES;
    this.#end = at + head.length;
    this.offset = head.from;
  }

  /** The kind alone. */
  get kind(): number {
    return this.flags & KIND_MASK;
  }

  /** Goes to the next row; `false` after the last. */
  next(): boolean {
    this.offset += this.recordLength;
    let at = this.#at;
    if (this.#end - at < ROW_HEAD_BYTES) return false;
    const word = this.#view.getUint32(at, true);
    this.flags = word & 0xff;
    this.keyLength = word >>> 16;
    const valueLength = this.#view.getUint32(at + 4, true);
    at += ROW_HEAD_BYTES;
    this.expiry = 0;
    if ((this.flags & FLAG_EXPIRING) !== 0) {
      if (this.#end - at < 8) return false;
      this.expiry = getUint64(this.#view, at);
      at += 8;
    }
    if (this.#end - at < this.keyLength) return false;
    this.keyStart = at;
    this.recordLength = recordLength(this.flags, this.keyLength, valueLength);
    this.#at = at + this.keyLength;
    return true;
  }
}

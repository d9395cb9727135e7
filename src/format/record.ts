/**
 * The bytes of one record of the value log. FORMAT.md has the grammar and a worked
 * example; this file is the only one that knows the layout.
 *
 * ```text
 * offset size field
 *      0    4 checksum   CRC-32 of everything after it, seeded (see checksum.ts)
 *      4    1 flags      bits 0-1 kind, 2 expiring, 3 batch, 4 batch end,
 *                        5 sync mark, 6 bucket, 7 zero
 *      5    1 codec      0: the value is as given
 *      6    2 key length
 *      8    4 value length
 *     12    8 version
 *     20    8 expiry     only if expiring: milliseconds since 1970
 *      .    4 sync mark  only if marked: bytes of this segment known to be synced
 *      .      key, value
 * ```
 *
 * All numbers are little-endian. A zero-filled tail is no record: kind 0 is invalid.
 *
 * @module
 */

import { checksum, recordSeed } from "./checksum.ts";

/** Bytes of a record before its optional fields, key and value. */
export const RECORD_HEAD_BYTES = 20;
/** Where kind and flags lie in a record. */
export const FLAGS_OFFSET = 4;
/** Where the codec lies in a record. */
export const CODEC_OFFSET = 5;
/** Bytes of the largest head with every optional field. */
export const RECORD_HEAD_BYTES_MAX = 32;
/** Bytes of the longest key. */
export const KEY_BYTES_MAX = 65_535;

/** The highest version and time that a file may name: far away, and still exact. */
export const NUMBER_MAX: number = 2 ** 52;

/** No store gives out as many versions: half of what a file may name. */
export const VERSION_REACH: number = NUMBER_MAX / 2;

/**
 * What a version that was found counts for the next one. Versions in the upper half of
 * their reach were forged: to go on from one would soon lead out of reach.
 */
export function countedVersion(version: number): number {
  return version <= VERSION_REACH / 2 ? version : 0;
}

/** Mask of the two bits of the flags that hold the kind. */
export const KIND_MASK = 0b11;
/** A key has a value. */
export const KIND_PUT = 1;
/** A key is gone. */
export const KIND_TOMBSTONE = 2;
/** A note of the store to itself; it has no key. */
export const KIND_CONTROL = 3;
/** The record carries an expiry. */
export const FLAG_EXPIRING: number = 1 << 2;
/** The record counts only together with the rest of its batch. */
export const FLAG_BATCH: number = 1 << 3;
/** The last record of its batch. */
export const FLAG_BATCH_END: number = 1 << 4;
/** The record says how much of its segment was synced when it was appended. */
export const FLAG_SYNC_MARK: number = 1 << 5;
/** The key begins with a length-prefixed bucket name. */
export const FLAG_BUCKET: number = 1 << 6;
const FLAG_RESERVED = 1 << 7;

/** Value of a control record that carries the expiry horizon. */
export const CONTROL_EXPIRY_HORIZON = 1;
/** Bytes of the value of that control record: its type and the horizon. */
export const CONTROL_EXPIRY_HORIZON_BYTES = 9;

const WORD = 2 ** 32;

/** Bytes of a record's head: everything before the key. */
export function headLength(flags: number): number {
  return RECORD_HEAD_BYTES +
    ((flags & FLAG_EXPIRING) !== 0 ? 8 : 0) +
    ((flags & FLAG_SYNC_MARK) !== 0 ? 4 : 0);
}

/** Bytes of a whole record; the one place where its size is computed. */
export function recordLength(
  flags: number,
  keyLength: number,
  valueLength: number,
): number {
  return headLength(flags) + keyLength + valueLength;
}

/** Writes a 64-bit number as two words. */
export function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / WORD), true);
}

/** Reads a 64-bit number; values above 2^53 lose precision and are refused by callers. */
export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * WORD;
}

/** Writes a head at `at`, with a zero checksum; returns where the key goes. */
export function writeHead(
  view: DataView,
  at: number,
  flags: number,
  codec: number,
  keyLength: number,
  valueLength: number,
  version: number,
  expiry: number,
  syncMark: number,
): number {
  view.setUint32(at, 0, true);
  view.setUint32(at + 4, flags | (codec << 8) | (keyLength << 16), true);
  view.setUint32(at + 8, valueLength, true);
  setUint64(view, at + 12, version);
  let next = at + RECORD_HEAD_BYTES;
  if ((flags & FLAG_EXPIRING) !== 0) {
    setUint64(view, next, expiry);
    next += 8;
  }
  if ((flags & FLAG_SYNC_MARK) !== 0) {
    view.setUint32(next, syncMark, true);
    next += 4;
  }
  return next;
}

/** Writes the version of the record at `at`. */
export function setVersion(view: DataView, at: number, version: number): void {
  setUint64(view, at + 12, version);
}

/** The version of the record at `at`. */
export function getVersion(bytes: Uint8Array, at: number): number {
  return getUint64(new DataView(bytes.buffer, bytes.byteOffset), at + 12);
}

/** Computes and writes the checksum of a record that lies whole in `bytes`. */
export function sealRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  seed: number,
  offset: number,
): void {
  const covered = bytes.subarray(at + 4, at + length);
  view.setUint32(at, checksum(covered, recordSeed(seed, offset)), true);
}

/** True if the record that lies whole in `bytes` is the one written at `offset`. */
export function isSealed(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  seed: number,
  offset: number,
): boolean {
  const covered = bytes.subarray(at + 4, at + length);
  return checksum(covered, recordSeed(seed, offset)) ===
    view.getUint32(at, true);
}

/**
 * True if the head at `at` is that of a put of `length` bytes whose key has
 * `keyLength` bytes, with a bucket's name or not: what an index entry knows of it.
 */
export function isPutOf(
  view: DataView,
  at: number,
  length: number,
  keyLength: number,
  isBucket: boolean,
): boolean {
  const word = view.getUint32(at + 4, true);
  const kind = KIND_PUT | (isBucket ? FLAG_BUCKET : 0);
  return (word & (KIND_MASK | FLAG_BUCKET | FLAG_RESERVED)) === kind &&
    word >>> 16 === keyLength &&
    headLength(word) + keyLength + view.getUint32(at + 8, true) === length;
}

/**
 * The head of a record, read into fields so that a scan allocates nothing.
 * Nothing here is to be believed before the checksum was compared.
 */
export class RecordHead {
  /** Kind and flags. */
  flags = 0;
  /** How the value is coded. */
  codec = 0;
  /** Bytes of the key. */
  keyLength = 0;
  /** Bytes of the value. */
  valueLength = 0;
  /** The commit that wrote the record. */
  version = 0;
  /** When the record expires, in milliseconds since 1970; 0 if it does not. */
  expiry = 0;
  /** Bytes of the segment known to be synced; 0 if the record does not say. */
  syncMark = 0;
  /** Bytes before the key. */
  headLength = 0;
  /** Bytes of the whole record. */
  length = 0;

  /** The kind alone. */
  get kind(): number {
    return this.flags & KIND_MASK;
  }

  /**
   * Reads the head at `at`; `available` bytes are there to read. Returns why it
   * cannot be a head, or `undefined` when it may be one.
   */
  read(view: DataView, at: number, available: number): string | undefined {
    if (available < RECORD_HEAD_BYTES) return "the record's head is cut off";
    const word = view.getUint32(at + 4, true);
    const flags = word & 0xff;
    const kind = flags & KIND_MASK;
    if (kind === 0 || (flags & FLAG_RESERVED) !== 0) {
      return "no record starts here";
    }
    if ((flags & (FLAG_BATCH | FLAG_BATCH_END)) === FLAG_BATCH_END) {
      return "no record starts here";
    }
    this.flags = flags;
    this.codec = (word >>> 8) & 0xff;
    this.keyLength = word >>> 16;
    if ((kind === KIND_CONTROL) !== (this.keyLength === 0)) {
      return "the record's key length is impossible";
    }
    this.valueLength = view.getUint32(at + 8, true);
    this.version = getUint64(view, at + 12);
    if (this.version > NUMBER_MAX) {
      return "the record's version is impossible";
    }
    this.headLength = headLength(flags);
    if (available < this.headLength) return "the record's head is cut off";
    let next = at + RECORD_HEAD_BYTES;
    this.expiry = 0;
    if ((flags & FLAG_EXPIRING) !== 0) {
      this.expiry = getUint64(view, next);
      next += 8;
    }
    this.syncMark = (flags & FLAG_SYNC_MARK) !== 0
      ? view.getUint32(next, true)
      : 0;
    this.length = this.headLength + this.keyLength + this.valueLength;
    return undefined;
  }
}

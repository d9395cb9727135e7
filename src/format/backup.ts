/**
 * The bytes of a backup: a header, chunks of rows, and at the end the counts and the
 * digest of it all. FORMAT.md has the grammar and a worked example; this file is the
 * only one that knows the layout.
 *
 * ```text
 * header                                    chunk head
 *      0    8 magic "SETTBKUP"                   0    4 head checksum
 *      8    2 format version 1                   4    4 kind: 1 rows, 2 keys, 3 end
 *     10    2 header length 72                   8    4 number: 0, 1, 2 and so on
 *     12    4 needed features 0                 12    4 rows
 *     16   16 lineage                           16    4 body length
 *     32    8 created                           20    4 body checksum
 *     40    8 since
 *     48    8 version
 *     56    8 expiry horizon
 *     64    4 kind
 *     68    4 checksum
 * ```
 *
 * The head of a chunk has a checksum of its own, so that its length can be believed
 * before the body is there.
 *
 * @module
 */

import { checksum } from "./checksum.ts";
import {
  FLAG_BUCKET,
  FLAG_EXPIRING,
  getUint64,
  KEY_BYTES_MAX,
  KIND_MASK,
  KIND_PUT,
  KIND_TOMBSTONE,
  NUMBER_MAX,
  setUint64,
  VERSION_REACH,
} from "./record.ts";

/** Bytes of the header. */
export const BACKUP_HEADER_BYTES = 72;
/** Bytes before the body of a chunk. */
export const CHUNK_HEAD_BYTES = 24;
/** Bytes of a lineage: the id of a store, or of a store's twin. */
export const LINEAGE_BYTES = 16;
/** Bytes of the digest. */
export const DIGEST_BYTES = 32;
/** Bytes of the four numbers at the end. */
export const TOTALS_BYTES = 32;
/** Bytes of a row before key and value, with an expiry. */
export const ROW_HEAD_BYTES_MAX = 24;
const ROW_HEAD_BYTES = 16;
const KEY_ROW_HEAD_BYTES = 3;

const MAGIC = "SETTBKUP";
const BACKUP_VERSION = 1;

/** A chunk of puts and tombstones. */
export const CHUNK_ROWS = 1;
/** A chunk of keys that had a value. */
export const CHUNK_KEYS = 2;
/** The last chunk. */
export const CHUNK_END = 3;

/** Every key that had a value. */
export const BACKUP_FULL = 1;
/** What changed since a version, deletions included. */
export const BACKUP_INCREMENTAL = 2;
/** What changed since a version, and the keys of all that had a value. */
export const BACKUP_INCREMENTAL_KEYS = 3;

/** What the header of a backup says. */
export interface BackupHeader {
  /** Whose versions it speaks of. */
  lineage: Uint8Array;
  /** When it was begun, in milliseconds since 1970. */
  created: number;
  /** The version that it builds on; 0 in a full backup. */
  since: number;
  /** The newest version in it. */
  version: number;
  /** What expires at or before this time is gone for good. */
  expiryHorizon: number;
  /** What it holds: one of the constants above. */
  kind: number;
}

/** What the head of a chunk says. */
export interface ChunkHead {
  kind: number;
  number: number;
  rows: number;
  length: number;
  bodyChecksum: number;
}

/** One row, without the bytes of key and value, which follow each other. */
export interface BackupRow {
  isPut: boolean;
  isBucket: boolean;
  codec: number;
  version: number;
  expiry: number;
  keyStart: number;
  keyLength: number;
  valueLength: number;
}

/** What the end of a backup says. */
export interface BackupTotals {
  /** Puts. */
  entries: number;
  /** Tombstones. */
  deletes: number;
  /** Keys listed. */
  keys: number;
  /** Bytes of the whole backup. */
  bytes: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The header as bytes. */
export function encodeBackupHeader(header: BackupHeader): Uint8Array {
  const bytes = new Uint8Array(BACKUP_HEADER_BYTES);
  const view = viewOf(bytes);
  new TextEncoder().encodeInto(MAGIC, bytes);
  view.setUint16(8, BACKUP_VERSION, true);
  view.setUint16(10, BACKUP_HEADER_BYTES, true);
  bytes.set(header.lineage, 16);
  setUint64(view, 32, header.created);
  setUint64(view, 40, header.since);
  setUint64(view, 48, header.version);
  setUint64(view, 56, header.expiryHorizon);
  view.setUint32(64, header.kind, true);
  view.setUint32(68, checksum(bytes.subarray(0, 68)), true);
  return bytes;
}

/**
 * Reads a header. Returns what is wrong with it, or `"newer"` if it is sound and a
 * later version wrote it.
 */
export function decodeBackupHeader(bytes: Uint8Array): BackupHeader | string {
  const view = viewOf(bytes);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== MAGIC) {
    return "it does not begin as a backup does";
  }
  if (checksum(bytes.subarray(0, 68)) !== view.getUint32(68, true)) {
    // A later header may be longer and summed otherwise.
    return view.getUint16(8, true) > BACKUP_VERSION &&
        view.getUint16(10, true) > BACKUP_HEADER_BYTES
      ? "newer"
      : "the header's checksum does not match";
  }
  if (view.getUint16(8, true) > BACKUP_VERSION || view.getUint32(12, true)) {
    return "newer";
  }
  const header = {
    lineage: bytes.slice(16, 32),
    created: getUint64(view, 32),
    since: getUint64(view, 40),
    version: getUint64(view, 48),
    expiryHorizon: getUint64(view, 56),
    kind: view.getUint32(64, true),
  };
  const isPossible = header.since <= header.version &&
    header.version <= VERSION_REACH / 2 && header.created <= NUMBER_MAX &&
    header.expiryHorizon <= NUMBER_MAX && header.kind >= BACKUP_FULL &&
    header.kind <= BACKUP_INCREMENTAL_KEYS &&
    (header.kind !== BACKUP_FULL || header.since === 0);
  return isPossible ? header : "the header's numbers are impossible";
}

/** What the checksums of the chunks of a backup start from. */
export function seedOf(header: Uint8Array): number {
  return viewOf(header).getUint32(BACKUP_HEADER_BYTES - 4, true);
}

/** The head of a chunk as bytes. */
export function encodeChunkHead(head: ChunkHead, seed: number): Uint8Array {
  const bytes = new Uint8Array(CHUNK_HEAD_BYTES);
  const view = viewOf(bytes);
  view.setUint32(4, head.kind, true);
  view.setUint32(8, head.number, true);
  view.setUint32(12, head.rows, true);
  view.setUint32(16, head.length, true);
  view.setUint32(20, head.bodyChecksum, true);
  view.setUint32(0, checksum(bytes.subarray(4), seed), true);
  return bytes;
}

/** Reads the head of a chunk; `undefined` if it is not sound. */
export function decodeChunkHead(
  bytes: Uint8Array,
  seed: number,
): ChunkHead | undefined {
  const view = viewOf(bytes);
  if (checksum(bytes.subarray(4), seed) !== view.getUint32(0, true)) {
    return undefined;
  }
  return {
    kind: view.getUint32(4, true),
    number: view.getUint32(8, true),
    rows: view.getUint32(12, true),
    length: view.getUint32(16, true),
    bodyChecksum: view.getUint32(20, true),
  };
}

/** Writes what precedes key and value of a row at `at`; returns where the key goes. */
export function writeRowHead(
  view: DataView,
  at: number,
  row: Omit<BackupRow, "keyStart">,
): number {
  const { isPut, isBucket, codec, keyLength, valueLength, version } = row;
  let flags = isPut ? KIND_PUT : KIND_TOMBSTONE;
  if (row.expiry !== 0) flags |= FLAG_EXPIRING;
  if (isBucket) flags |= FLAG_BUCKET;
  view.setUint8(at, flags);
  view.setUint8(at + 1, codec);
  view.setUint16(at + 2, keyLength, true);
  view.setUint32(at + 4, valueLength, true);
  setUint64(view, at + 8, version);
  if (row.expiry === 0) return at + ROW_HEAD_BYTES;
  setUint64(view, at + ROW_HEAD_BYTES, row.expiry);
  return at + ROW_HEAD_BYTES_MAX;
}

/** Reads the row at `at` of a chunk's body; `undefined` if there can be none. */
export function readRow(body: Uint8Array, at: number): BackupRow | undefined {
  const view = viewOf(body);
  if (at + ROW_HEAD_BYTES > body.length) return undefined;
  const flags = view.getUint8(at);
  const kind = flags & KIND_MASK;
  const isExpiring = (flags & FLAG_EXPIRING) !== 0;
  const keyStart = at + (isExpiring ? ROW_HEAD_BYTES_MAX : ROW_HEAD_BYTES);
  const keyLength = view.getUint16(at + 2, true);
  const valueLength = view.getUint32(at + 4, true);
  const version = getUint64(view, at + 8);
  if ((flags & ~(KIND_MASK | FLAG_EXPIRING | FLAG_BUCKET)) !== 0) {
    return undefined;
  }
  if (keyStart + keyLength + valueLength > body.length) return undefined;
  if (keyLength === 0 || version > NUMBER_MAX) return undefined;
  const expiry = isExpiring ? getUint64(view, at + ROW_HEAD_BYTES) : 0;
  if (expiry > NUMBER_MAX) return undefined;
  if (kind === KIND_TOMBSTONE && (isExpiring || valueLength !== 0)) {
    return undefined;
  }
  if (kind !== KIND_PUT && kind !== KIND_TOMBSTONE) return undefined;
  return {
    isPut: kind === KIND_PUT,
    isBucket: (flags & FLAG_BUCKET) !== 0,
    codec: view.getUint8(at + 1),
    version,
    expiry,
    keyStart,
    keyLength,
    valueLength,
  };
}

/** Bytes of a listed key of `keyLength` bytes. */
export function keyRowLength(keyLength: number): number {
  return KEY_ROW_HEAD_BYTES + keyLength;
}

/** Writes a listed key at `at`. */
export function writeKeyRow(
  bytes: Uint8Array,
  at: number,
  key: Uint8Array,
  isBucket: boolean,
): void {
  bytes[at] = isBucket ? FLAG_BUCKET : 0;
  bytes[at + 1] = key.length & 0xff;
  bytes[at + 2] = key.length >>> 8;
  bytes.set(key, at + KEY_ROW_HEAD_BYTES);
}

/** Reads the listed key at `at` of a chunk's body; `undefined` if there is none. */
export function readKeyRow(
  body: Uint8Array,
  at: number,
): { isBucket: boolean; key: Uint8Array } | undefined {
  const flags = body[at];
  if (flags !== 0 && flags !== FLAG_BUCKET) return undefined;
  if (at + KEY_ROW_HEAD_BYTES > body.length) return undefined;
  const length = body[at + 1]! | (body[at + 2]! << 8);
  const start = at + KEY_ROW_HEAD_BYTES;
  if (length === 0 || length > KEY_BYTES_MAX || start + length > body.length) {
    return undefined;
  }
  const key = body.slice(start, start + length);
  return { isBucket: flags === FLAG_BUCKET, key };
}

/** The body of the last chunk, its digest still to be filled in. */
export function encodeTotals(totals: BackupTotals): Uint8Array {
  const bytes = new Uint8Array(TOTALS_BYTES + DIGEST_BYTES);
  const view = viewOf(bytes);
  setUint64(view, 0, totals.entries);
  setUint64(view, 8, totals.deletes);
  setUint64(view, 16, totals.keys);
  setUint64(view, 24, totals.bytes);
  return bytes;
}

/** Reads the body of the last chunk, which has the right length. */
export function decodeTotals(body: Uint8Array): BackupTotals {
  const view = viewOf(body);
  return {
    entries: getUint64(view, 0),
    deletes: getUint64(view, 8),
    keys: getUint64(view, 16),
    bytes: getUint64(view, 24),
  };
}

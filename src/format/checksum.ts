/**
 * The checksum of every format: CRC-32 (ISO-HDLC, the one of zlib and gzip).
 *
 * A record's checksum starts from a seed made of the store, the segment and the
 * offset. So bytes that are sound but stand in the wrong place (a block the device
 * wrote elsewhere, a segment of another store, a copy of a log inside a value) do
 * not pass for a record.
 *
 * @module
 */

import { crc32 } from "node:zlib";

/** CRC-32 of `bytes`, going on from `seed` (0 to start). */
export function checksum(bytes: Uint8Array, seed: number = 0): number {
  return crc32(bytes, seed);
}

/** The part of a record's seed that its segment gives; see {@linkcode recordSeed}. */
export function segmentSeed(storeId: Uint8Array, segmentId: number): number {
  const bytes = new Uint8Array(storeId.length + 4);
  bytes.set(storeId);
  new DataView(bytes.buffer).setUint32(storeId.length, segmentId, true);
  return crc32(bytes);
}

/** The seed of the record at `offset` of the segment that gave `seed`. */
export function recordSeed(seed: number, offset: number): number {
  return (seed ^ offset) >>> 0;
}

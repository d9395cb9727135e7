/**
 * The bytes of `backup.base`: of what a store is a copy, and by which name backups of
 * it speak of its versions.
 *
 * ```text
 * offset size field
 *      0    8 magic           "SETTBASE"
 *      8    2 format version  1
 *     10    2 length          80
 *     12    4 needed features 0
 *     16   16 lineage         of this store's own versions
 *     32   16 origin          lineage of the backup or store it was made of
 *     48    8 origin version  the newest version of the origin that is in it
 *     56    8 own version     the newest version of its own by then
 *     64   12 zeros
 *     76    4 checksum        CRC-32 of the 76 bytes before it
 * ```
 *
 * @module
 */

import { checksum } from "./checksum.ts";
import { getUint64, setUint64 } from "./record.ts";

const BASE_BYTES = 80;
const MAGIC = "SETTBASE";

/** Of what a store is a copy. */
export interface BackupBase {
  /** The lineage of its own versions. */
  lineage: Uint8Array;
  /** The lineage of what it was made of. */
  origin: Uint8Array;
  /** The newest version of the origin that is in it. */
  originVersion: number;
  /** The newest version of its own when it was made. */
  ownVersion: number;
}

/** The file's bytes. */
export function encodeBase(base: BackupBase): Uint8Array {
  const bytes = new Uint8Array(BASE_BYTES);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(MAGIC, bytes);
  view.setUint16(8, 1, true);
  view.setUint16(10, BASE_BYTES, true);
  bytes.set(base.lineage, 16);
  bytes.set(base.origin, 32);
  setUint64(view, 48, base.originVersion);
  setUint64(view, 56, base.ownVersion);
  view.setUint32(76, checksum(bytes.subarray(0, 76)), true);
  return bytes;
}

/** What the file says; `undefined` if it is not sound. */
export function decodeBase(bytes: Uint8Array): BackupBase | undefined {
  if (bytes.length !== BASE_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== MAGIC) return undefined;
  if (checksum(bytes.subarray(0, 76)) !== view.getUint32(76, true)) {
    return undefined;
  }
  if (view.getUint16(8, true) !== 1 || view.getUint32(12, true) !== 0) {
    return undefined;
  }
  return {
    lineage: bytes.slice(16, 32),
    origin: bytes.slice(32, 48),
    originVersion: getUint64(view, 48),
    ownVersion: getUint64(view, 56),
  };
}

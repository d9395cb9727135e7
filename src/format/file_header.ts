/**
 * The 64 bytes that start every file of a store: what it is, which format, which
 * store, which segment.
 *
 * ```text
 * offset size field
 *      0    8 magic            "SETTVLOG", "SETTHINT" or "SETTSNAP"
 *      8    2 format version   1
 *     10    2 header length    64
 *     12    4 segment id       0 in an index snapshot
 *     16   16 store id         random, the same in every file of a store
 *     32    8 created          milliseconds since 1970
 *     40    8 next version     versions below it may occur in earlier segments
 *     48    8 expiry horizon   what expires at or before it is gone for good
 *     56    4 needed features  a bit a reader does not know means: do not read
 *     60    4 checksum         CRC-32 of the 60 bytes before it
 * ```
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import { checksum } from "./checksum.ts";
import { getUint64, NUMBER_MAX, setUint64, VERSION_REACH } from "./record.ts";

/** Bytes of a file header. */
export const FILE_HEADER_BYTES = 64;
/** The version of the format this code writes. */
export const FORMAT_VERSION = 1;
/** Bytes of a store id. */
export const STORE_ID_BYTES = 16;

/** What a file is. */
export type FileKind = "VLOG" | "HINT" | "SNAP";

/** What a file header says. */
export interface FileHeader {
  /** What the file is. */
  kind: FileKind;
  /** The segment the file belongs to; 0 in an index snapshot. */
  segmentId: number;
  /** The store the file belongs to. */
  storeId: Uint8Array;
  /** When the file was made, in milliseconds since 1970. */
  created: number;
  /** The lowest version that no earlier segment can hold. */
  nextVersion: number;
  /** What expires at or before this time is gone for good. */
  expiryHorizon: number;
}

const MAGIC_PREFIX = "SETT";

/** The header as bytes. */
export function encodeFileHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(MAGIC_PREFIX + header.kind, bytes);
  view.setUint16(8, FORMAT_VERSION, true);
  view.setUint16(10, FILE_HEADER_BYTES, true);
  view.setUint32(12, header.segmentId, true);
  bytes.set(header.storeId, 16);
  setUint64(view, 32, header.created);
  setUint64(view, 40, header.nextVersion);
  setUint64(view, 48, header.expiryHorizon);
  view.setUint32(60, checksum(bytes.subarray(0, 60)), true);
  return bytes;
}

/**
 * Reads a header of the wanted kind.
 *
 * @throws {CorruptionError} If the bytes are not such a header.
 * @throws {StoreError} `UNSUPPORTED_FORMAT` if a newer version wrote the file.
 */
export function decodeFileHeader(
  bytes: Uint8Array,
  kind: FileKind,
  path: string,
): FileHeader {
  const damaged = (offset: number, reason: string) =>
    new CorruptionError("read the file header", { path, offset }, reason);
  const magic = String.fromCharCode(...bytes.subarray(0, 8));
  if (bytes.length >= 8 && magic !== MAGIC_PREFIX + kind) {
    throw damaged(0, `it does not begin with ${MAGIC_PREFIX}${kind}`);
  }
  if (bytes.length < FILE_HEADER_BYTES) {
    throw damaged(bytes.length, "the file header is cut off");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A newer header may be longer and summed otherwise, so its version comes first;
  // one flipped bit there must still read as damage, so the old sum decides.
  const isSound = isHeaderSealed(bytes);
  const version = view.getUint16(8, true);
  if (
    (isSound && (version > FORMAT_VERSION || view.getUint32(56, true) !== 0)) ||
    (!isSound && version > FORMAT_VERSION && view.getUint16(10, true) > 64)
  ) {
    throw new StoreError(
      "UNSUPPORTED_FORMAT",
      `Cannot read ${path}: it is of format version ${version} and this version reads ${FORMAT_VERSION}. ` +
        `Open the store with a newer @sett/badger`,
      { path },
    );
  }
  if (!isSound) throw damaged(0, "the file header's checksum does not match");
  const nextVersion = getUint64(view, 40);
  const expiryHorizon = getUint64(view, 48);
  if (nextVersion > VERSION_REACH + 1 || expiryHorizon > NUMBER_MAX) {
    throw damaged(40, "the file header's numbers are impossible");
  }
  return {
    kind,
    segmentId: view.getUint32(12, true),
    storeId: bytes.slice(16, 16 + STORE_ID_BYTES),
    created: getUint64(view, 32),
    nextVersion,
    expiryHorizon,
  };
}

/** True if the checksum of a header of this version matches. */
export function isHeaderSealed(bytes: Uint8Array): boolean {
  if (bytes.length < FILE_HEADER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return checksum(bytes.subarray(0, 60)) === view.getUint32(60, true);
}

/** True if two store ids are the same. */
export function sameStore(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

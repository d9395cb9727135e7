/**
 * How a bucket's name stands before its keys: its length as a variable-length
 * number, seven bits a byte, then its UTF-8 bytes. Records of buckets carry a flag,
 * so no key outside a bucket can be taken for one inside.
 *
 * @module
 */

import { describe, requireWellFormed } from "../engine/key_buffer.ts";

/** Bytes of the longest bucket name. */
export const BUCKET_NAME_BYTES_MAX = 1024;

/**
 * The bytes that precede every key of a bucket.
 *
 * @throws {TypeError} If the name is not a string or not well-formed.
 * @throws {RangeError} If the name is too long.
 */
export function bucketPrefix(name: string): Uint8Array {
  if (typeof name !== "string") {
    throw new TypeError(
      `Cannot use ${describe(name)} as a bucket's name: it must be a string`,
    );
  }
  requireWellFormed(name, "bucket's name");
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > BUCKET_NAME_BYTES_MAX) {
    throw new RangeError(
      `Cannot use this bucket's name: it has ${bytes.length} bytes, at most ${BUCKET_NAME_BYTES_MAX} are allowed`,
    );
  }
  const length = bytes.length < 128
    ? [bytes.length]
    : [(bytes.length & 0x7f) | 0x80, bytes.length >>> 7];
  const prefix = new Uint8Array(length.length + bytes.length);
  prefix.set(length);
  prefix.set(bytes, length.length);
  return prefix;
}

/** The bucket's name and the key in it, of a key that {@linkcode bucketPrefix} begins. */
export function splitBucketKey(
  whole: Uint8Array,
): { bucket: string; key: Uint8Array } {
  const first = whole[0]!;
  const isLong = (first & 0x80) !== 0;
  const length = isLong ? (first & 0x7f) | (whole[1]! << 7) : first;
  const start = isLong ? 2 : 1;
  const name = whole.subarray(start, start + length);
  return {
    bucket: new TextDecoder("utf-8", { ignoreBOM: true }).decode(name),
    key: whole.slice(start + length),
  };
}

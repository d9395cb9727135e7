/**
 * How the values of records are coded, by the codec byte of their head.
 *
 * ```text
 * 0  as given
 * 1  length u32, body   deflate (RFC 1951)
 * 2  length u32, body   zstd (RFC 8878)
 * ```
 *
 * The length is that of the value as it was given. No coded value stands for more
 * than {@linkcode RATIO_MAX} times its own bytes, so what reading one can cost is
 * known from its record.
 *
 * @module
 */

import * as zlib from "node:zlib";

/** The value is as it was given. */
export const CODEC_PLAIN = 0;
/** Deflate, which every runtime has. */
export const CODEC_DEFLATE = 1;
/** Zstandard, which Node 20 has not. */
export const CODEC_ZSTD = 2;

/** Bytes of the length before the body. */
const LENGTH_BYTES = 4;
/** A body is kept if it saves at least this part of the value. */
const SAVING_MIN = 1 / 8;
/** Deflate cannot do better; where zstd does, deflate is taken. */
const RATIO_MAX = 1032;

const { zstdCompressSync, zstdDecompressSync } = zlib as Partial<typeof zlib>;

/** True if this runtime has the codec. */
export function hasCodec(codec: number): boolean {
  if (codec === CODEC_ZSTD) return zstdDecompressSync !== undefined;
  return codec === CODEC_PLAIN || codec === CODEC_DEFLATE;
}

/** A coded value. */
export interface CodedValue {
  codec: number;
  bytes: Uint8Array;
}

/** A value in a codec; `undefined` if it would not get much smaller. */
export function encodeValue(
  codec: number,
  value: Uint8Array,
): CodedValue | undefined {
  const body = codec === CODEC_ZSTD
    ? zstdCompressSync!(value)
    : zlib.deflateRawSync(value);
  if (value.length > body.length * RATIO_MAX) {
    return encodeValue(CODEC_DEFLATE, value);
  }
  const length = LENGTH_BYTES + body.length;
  if (length > value.length * (1 - SAVING_MIN)) return undefined;
  const coded = new Uint8Array(length);
  new DataView(coded.buffer).setUint32(0, value.length, true);
  coded.set(body, LENGTH_BYTES);
  return { codec, bytes: coded };
}

/**
 * The value that `coded` stands for, as an array of its own. The codec must be one
 * that this runtime has.
 *
 * @throws {Error} If it makes no sense; never gives more than the length says.
 */
export function decodeValue(codec: number, coded: Uint8Array): Uint8Array {
  if (codec === CODEC_PLAIN) return coded.slice();
  if (coded.length <= LENGTH_BYTES) throw new Error("it is cut off");
  const length = new DataView(coded.buffer, coded.byteOffset)
    .getUint32(0, true);
  const body = coded.subarray(LENGTH_BYTES);
  if (length > body.length * RATIO_MAX) {
    throw new Error(`${body.length} bytes cannot stand for ${length}`);
  }
  const limit = { maxOutputLength: Math.max(1, length) };
  const value = codec === CODEC_ZSTD
    ? zstdDecompressSync!(body, limit)
    : zlib.inflateRawSync(body, limit);
  if (value.length !== length) {
    throw new Error(`${value.length} bytes came out, not ${length}`);
  }
  // What node:zlib gives may be a part of a larger buffer.
  return new Uint8Array(value);
}

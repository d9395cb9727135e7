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
 * than {@linkcode RATIO_MAX} times its own bytes, and no zstd frame has a window of
 * more than 8 MiB, so what reading one can cost is known from its record.
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

/**
 * The caller waits for it: against the usual level 6, values of a MiB take two thirds
 * of the time and come out 2 to 4 in 100 larger, small ones are the same.
 */
const DEFLATE_LEVEL = 4;
/** No store takes a longer value: no segment is as long. */
const VALUE_BYTES_MAX = 2 ** 31;
/** What every reader of zstd is to support (RFC 8878, 3.1.1.1.2); writers keep to it. */
const ZSTD_WINDOW_LOG_MAX = 23;
/**
 * Output is given out in pieces of at most so many bytes: memory is taken for bytes
 * that came out, never for a length that may be a lie.
 */
const PIECE_BYTES_MAX = 65_536;
const PIECE_BYTES_MIN = 64;

const ZSTD_LIMITS = {
  [zlib.constants.ZSTD_d_windowLogMax ?? 0]: ZSTD_WINDOW_LOG_MAX,
};

const { zstdCompressSync, zstdDecompressSync } = zlib as Partial<typeof zlib>;

/** True if this version knows the codec, whether this runtime has it or not. */
export function isKnownCodec(codec: number): boolean {
  return codec <= CODEC_ZSTD;
}

/** True if this runtime has the codec. */
export function hasCodec(codec: number): boolean {
  if (codec === CODEC_ZSTD) return zstdDecompressSync !== undefined;
  return isKnownCodec(codec);
}

/** A coded value. */
export interface CodedValue {
  codec: number;
  bytes: Uint8Array;
}

/**
 * A value in a codec; `undefined` if it would not get much smaller. Where zstd does
 * better than a length may claim, deflate is taken, which does nearly as well.
 */
export function encodeValue(
  codec: number,
  value: Uint8Array,
): CodedValue | undefined {
  const body = codec === CODEC_ZSTD
    ? zstdCompressSync!(value, pledge(value.length))
    : zlib.deflateRawSync(value, { level: DEFLATE_LEVEL });
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
  if (length > body.length * RATIO_MAX || length > VALUE_BYTES_MAX) {
    throw new Error(`${body.length} bytes cannot stand for ${length}`);
  }
  const limits = {
    maxOutputLength: Math.max(1, length),
    // One byte more than the value, so that no second piece is needed to see its end.
    chunkSize: Math.max(PIECE_BYTES_MIN, Math.min(PIECE_BYTES_MAX, length + 1)),
  };
  const value = codec === CODEC_ZSTD
    ? zstdDecompressSync!(body, { ...limits, params: ZSTD_LIMITS })
    : zlib.inflateRawSync(body, limits);
  if (value.length !== length) {
    throw new Error(`${value.length} bytes came out, not ${length}`);
  }
  return own(value);
}

/** With its size known, a frame asks its reader for no more memory than it takes. */
function pledge(pledgedSrcSize: number): zlib.ZstdOptions {
  const options: zlib.ZstdOptions & { pledgedSrcSize: number } = {
    pledgedSrcSize,
  };
  return options;
}

/** Plain bytes with a buffer of their own; `node:zlib` may give part of a larger one. */
function own(bytes: Uint8Array): Uint8Array {
  const { buffer, length } = bytes;
  return buffer.byteLength === length
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes);
}

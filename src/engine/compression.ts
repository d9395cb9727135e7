/**
 * Which values are compressed, and how.
 *
 * @module
 */

import {
  CODEC_DEFLATE,
  CODEC_PLAIN,
  CODEC_ZSTD,
  encodeValue,
} from "../format/codec.ts";

/** The names of the codecs, as settings give them. */
export type CompressionName = "none" | "deflate" | "zstd";

/** Compresses values from a length on. */
export class Compression {
  readonly name: CompressionName;
  /** Bytes of a value from which on it is compressed; infinite for none. */
  readonly threshold: number;
  /** The threshold that was set. */
  readonly setThreshold: number;
  /** Larger values are refused, whatever they would be compressed. */
  readonly valueBytesMax: number;
  /** How the last value is coded that {@linkcode encode} gave. */
  codec = CODEC_PLAIN;
  readonly #codec: number;

  constructor(
    name: CompressionName,
    threshold: number,
    valueBytesMax: number,
  ) {
    this.valueBytesMax = valueBytesMax;
    this.name = name;
    this.setThreshold = threshold;
    this.threshold = name === "none" ? Infinity : threshold;
    this.#codec = name === "zstd" ? CODEC_ZSTD : CODEC_DEFLATE;
  }

  /** The bytes to be stored for a value; `codec` says how they are coded. */
  encode(value: Uint8Array): Uint8Array {
    this.codec = CODEC_PLAIN;
    const { length } = value;
    if (length < this.threshold || length > this.valueBytesMax) return value;
    const coded = encodeValue(this.#codec, value);
    if (coded === undefined) return value;
    this.codec = coded.codec;
    return coded.bytes;
  }
}

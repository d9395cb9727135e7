/**
 * Coded values of records, and what is wrong with those that cannot be read.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { CODEC_ZSTD, decodeValue, hasCodec } from "../format/codec.ts";
import type { Segment } from "../log/segment.ts";

/**
 * The value of the record at `offset` of a segment, as an array of its own.
 *
 * @throws {StoreError} `UNSUPPORTED_CODEC` if this runtime does not have the codec.
 * @throws {CorruptionError} If the coded value makes no sense.
 */
export function decodeRecordValue(
  segment: Segment,
  offset: number,
  codec: number,
  coded: Uint8Array,
): Uint8Array {
  checkCodec(segment, offset, codec);
  try {
    return decodeValue(codec, coded);
  } catch (error) {
    throw segment.corruption(
      "decompress a value",
      offset,
      (error as Error).message,
    );
  }
}

/** @throws {StoreError} `UNSUPPORTED_CODEC` if this runtime does not have the codec. */
export function checkCodec(
  segment: Segment,
  offset: number,
  codec: number,
): void {
  if (hasCodec(codec)) return;
  const { path } = segment.file;
  const reason = codec === CODEC_ZSTD
    ? "it is compressed with zstd, which this runtime does not have. " +
      "Node 22.15, Bun 1.2.14 and Deno 2.7 and later do"
    // A codec that is not ours is no damage: a newer version wrote the value.
    : `it is coded with codec ${codec}, which this version does not know. ` +
      "Use a newer @sett/badger";
  throw new StoreError(
    "UNSUPPORTED_CODEC",
    `Cannot read a value at offset ${offset} of ${path}: ${reason}`,
    { path },
  );
}

/**
 * What can be set for one bucket.
 *
 * @module
 */

import { Compression, type CompressionName } from "../engine/compression.ts";
import { StoreError } from "../errors.ts";
import { CODEC_ZSTD, hasCodec } from "../format/codec.ts";
import { checkOption, OPTION_RULES } from "./options.ts";

/** Settings of one bucket. */
export interface BucketOptions {
  /**
   * How values written through this bucket are compressed; see
   * {@linkcode StoreOptions.compression}. Default: as in the store.
   */
  compression?: "none" | "deflate" | "zstd";
  /**
   * See {@linkcode StoreOptions.compressionThreshold}. Default: as in the store.
   */
  compressionThreshold?: number;
}

/** How a bucket compresses, in a store that compresses as `inherited` does. */
export function resolveCompression(
  options: BucketOptions,
  inherited: Compression,
): Compression {
  const names = ["compression", "compressionThreshold"] as const;
  for (const name of names) {
    const value = options[name];
    if (value === undefined) continue;
    const rule = OPTION_RULES.find((rule) => rule.name === name)!;
    const problem = checkOption(rule, value);
    if (problem !== undefined) throw problem;
  }
  const name = options.compression ?? inherited.name;
  requireCodec(name);
  return new Compression(
    name,
    options.compressionThreshold ?? inherited.setThreshold,
    inherited.valueBytesMax,
  );
}

/** @throws {StoreError} `UNSUPPORTED_CODEC` if this runtime does not have it. */
export function requireCodec(name: CompressionName): void {
  if (name !== "zstd" || hasCodec(CODEC_ZSTD)) return;
  throw new StoreError(
    "UNSUPPORTED_CODEC",
    'Cannot compress with "zstd": this runtime does not have it. ' +
      'Use "deflate", or Node 22.15, Bun 1.2.14 or Deno 2.7 and later',
  );
}

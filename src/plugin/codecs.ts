/**
 * The compressors that `node:zlib` has in this runtime.
 *
 * Small inputs are done at once. Large ones go through a stream slice by slice, so
 * the event loop has its turn in between; the callback functions of `node:zlib` do
 * not do that on every runtime. No decoder gives out more than it was told to
 * expect, whatever the input says.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";

/** A compressor and its decompressor. */
export interface Codec {
  /** The number in the envelope; part of the format, never to be reused. */
  readonly id: number;
  /** The name, for people and options. */
  readonly name: CodecName;
  /** Compresses. */
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Decompresses to `length` bytes and throws rather than give more. */
  decode(
    bytes: Uint8Array,
    length: number,
  ): Uint8Array | Promise<Uint8Array>;
}

/** The names of the codecs. */
export type CodecName = "raw" | "deflate" | "zstd";

/** What this file uses of `node:zlib`; older runtimes have no zstd. */
export type Zlib =
  & Pick<
    typeof zlib,
    | "createDeflateRaw"
    | "createInflateRaw"
    | "deflateRawSync"
    | "inflateRawSync"
  >
  & Partial<
    Pick<
      typeof zlib,
      | "createZstdCompress"
      | "createZstdDecompress"
      | "zstdCompressSync"
      | "zstdDecompressSync"
    >
  >;

/** Up to this many bytes in and out, one call is shorter than a turn of the loop. */
const SYNC_BYTES_MAX = 65_536;
/** Bytes a slice: some milliseconds of work. */
const SLICE_BYTES = 131_072;
const SLICE_BYTES_MIN = 512;

/** The codecs that `runtime` has, the one to prefer first. */
export function makeCodecs(runtime: Zlib = zlib): Codec[] {
  const codecs: Codec[] = [];
  const {
    createZstdCompress,
    createZstdDecompress,
    zstdCompressSync,
    zstdDecompressSync,
  } = runtime;
  if (
    createZstdCompress !== undefined && createZstdDecompress !== undefined &&
    zstdCompressSync !== undefined && zstdDecompressSync !== undefined
  ) {
    codecs.push(makeCodec(2, "zstd", {
      encodeSync: (bytes) => zstdCompressSync(bytes),
      decodeSync: (bytes, maxOutputLength) =>
        zstdDecompressSync(bytes, { maxOutputLength }),
      encoder: () => createZstdCompress(),
      decoder: () => createZstdDecompress(),
    }));
  }
  codecs.push(makeCodec(1, "deflate", {
    encodeSync: (bytes) => runtime.deflateRawSync(bytes),
    decodeSync: (bytes, maxOutputLength) =>
      runtime.inflateRawSync(bytes, { maxOutputLength }),
    encoder: () => runtime.createDeflateRaw(),
    decoder: () => runtime.createInflateRaw(),
  }));
  codecs.push(RAW_CODEC);
  return codecs;
}

/** Bytes as they are, for what does not get smaller. */
export const RAW_CODEC: Codec = {
  id: 0,
  name: "raw",
  encode: (bytes) => bytes,
  decode: (bytes) => bytes.slice(),
};

interface Functions {
  encodeSync(bytes: Uint8Array): Uint8Array;
  decodeSync(bytes: Uint8Array, maxOutputLength: number): Uint8Array;
  encoder(): Transform;
  decoder(): Transform;
}

function makeCodec(id: number, name: CodecName, functions: Functions): Codec {
  return {
    id,
    name,
    encode: (bytes) =>
      bytes.length <= SYNC_BYTES_MAX
        ? functions.encodeSync(bytes)
        : pump(functions.encoder(), bytes, SLICE_BYTES, Infinity),
    decode(bytes, length) {
      if (length <= SYNC_BYTES_MAX && bytes.length <= SYNC_BYTES_MAX) {
        return own(functions.decodeSync(bytes, Math.max(1, length)));
      }
      // A slice of what compressed well grows to many times its size.
      const growth = Math.max(1, length / bytes.length);
      const slice = Math.max(SLICE_BYTES_MIN, Math.floor(SLICE_BYTES / growth));
      return pump(functions.decoder(), bytes, slice, length);
    },
  };
}

/** Sends `bytes` through `stream` a slice a turn; at most `maxLength` bytes come out. */
function pump(
  stream: Transform,
  bytes: Uint8Array,
  sliceLength: number,
  maxLength: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let position = 0;
    const fail = (error: Error) => {
      stream.destroy();
      reject(error);
    };
    const next = () => {
      if (stream.destroyed) return;
      if (position >= bytes.length) {
        stream.end();
        return;
      }
      const slice = bytes.subarray(position, position + sliceLength);
      position += slice.length;
      stream.write(slice, (error) => {
        if (!error) setImmediate(next);
      });
    };
    stream.on("error", fail);
    stream.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > maxLength) {
        fail(new RangeError(`more than ${maxLength} bytes came out`));
      } else chunks.push(chunk);
    });
    stream.on("end", () => {
      const joined = new Uint8Array(length);
      let at = 0;
      for (const chunk of chunks) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      resolve(joined);
    });
    next();
  });
}

/** Plain bytes with a buffer of their own; `node:zlib` gives parts of larger ones. */
function own(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

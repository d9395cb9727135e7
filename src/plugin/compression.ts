/**
 * Compressed values: an envelope that says by itself how to open it.
 *
 * ```text
 * envelope := magic codec length checksum body
 * magic    : 3 bytes  c5 53 5a, which no UTF-8 text begins with
 * codec    : u8       0 raw, 1 deflate (RFC 1951), 2 zstd (RFC 8878)
 * length   : u32 LE   bytes of the original value
 * checksum : u32 LE   CRC-32 of the original value
 * body     : the rest, the value as the codec wrote it
 * ```
 *
 * The value "hi" is `c5535a 00 02000000 ac2a93d8 6869`: too short to become smaller,
 * so it is stored raw. The record's own checksum guards the bytes on the medium; the
 * one here guards against a codec that reads differently elsewhere, and against a
 * plain value that happens to begin with the magic.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { ValueBuffer } from "../store/value_buffer.ts";
import { checksum } from "../format/checksum.ts";
import { type Codec, type CodecName, makeCodecs, RAW_CODEC } from "./codecs.ts";

const MAGIC = [0xc5, 0x53, 0x5a] as const;
const CODEC_OFFSET = 3;
const LENGTH_OFFSET = 4;
const CHECKSUM_OFFSET = 8;
/** Bytes of the envelope before its body. */
export const ENVELOPE_BYTES = 12;
/** Shorter values are not worth a codec's own header. */
const COMPRESSED_LENGTH_MIN = 32;
const VALUE_LENGTH_MAX = 0xffff_ffff;

/** Where each codec can be read, for the error of a runtime that cannot. */
const RUNTIMES: Record<string, string> = {
  2: "zstd, which this runtime does not have. " +
    "Node 22.15, Bun 1.2.14 and Deno 2.7 and later do; " +
    'or write with codec "deflate", which all have',
};

const values = new ValueBuffer();

/** Wraps and unwraps values with the codecs of one runtime. */
export class Compressor {
  readonly #codecs: readonly Codec[];
  readonly #codec: Codec;

  /**
   * Makes a compressor.
   *
   * @param name The codec to write with; the best this runtime has if absent.
   * @param codecs The codecs at hand.
   * @throws {StoreError} `UNSUPPORTED_CODEC` if this runtime has no such codec.
   */
  constructor(name?: CodecName, codecs: readonly Codec[] = makeCodecs()) {
    this.#codecs = codecs;
    const codec = name === undefined
      ? codecs[0]
      : codecs.find((codec) => codec.name === name);
    if (codec === undefined) {
      throw new StoreError(
        "UNSUPPORTED_CODEC",
        `Cannot compress with ${JSON.stringify(name)}: this runtime has ` +
          codecs.map((codec) => codec.name).join(", "),
      );
    }
    this.#codec = codec;
  }

  /** The name of the codec that `wrap` uses. */
  get codec(): CodecName {
    return this.#codec.name;
  }

  /**
   * Compresses a value and puts it into an envelope; what does not get smaller is
   * put in as it is.
   *
   * @param value The original value.
   * @returns The envelope.
   * @throws {TypeError} If the value is neither a string nor bytes.
   * @throws {RangeError} If the value is longer than an envelope can say.
   */
  async wrap(value: string | Uint8Array): Promise<Uint8Array> {
    values.load(value);
    // A copy: the caller may change its bytes while a large value is compressed.
    const bytes = values.bytes.slice(0, values.length);
    if (bytes.length > VALUE_LENGTH_MAX) {
      throw new RangeError(
        `Cannot compress a value of ${bytes.length} bytes: the limit is ${VALUE_LENGTH_MAX}`,
      );
    }
    let codec = this.#codec;
    let body: Uint8Array = bytes;
    if (bytes.length >= COMPRESSED_LENGTH_MIN) body = await codec.encode(bytes);
    if (body.length >= bytes.length) [codec, body] = [RAW_CODEC, bytes];
    const envelope = new Uint8Array(ENVELOPE_BYTES + body.length);
    const view = new DataView(envelope.buffer);
    envelope.set(MAGIC);
    envelope[CODEC_OFFSET] = codec.id;
    view.setUint32(LENGTH_OFFSET, bytes.length, true);
    view.setUint32(CHECKSUM_OFFSET, checksum(bytes), true);
    envelope.set(body, ENVELOPE_BYTES);
    return envelope;
  }

  /**
   * Opens an envelope.
   *
   * @param envelope What `wrap` returned, here or in another runtime.
   * @param what What is being read, for errors.
   * @returns The original value.
   * @throws {StoreError} `NOT_COMPRESSED` if it is no envelope, `UNSUPPORTED_CODEC`
   * if this runtime cannot read it, `CORRUPT` if the body is not what its head says.
   */
  async unwrap(envelope: Uint8Array, what: string): Promise<Uint8Array> {
    if (
      envelope.length < ENVELOPE_BYTES ||
      MAGIC.some((byte, i) => envelope[i] !== byte)
    ) {
      throw new StoreError(
        "NOT_COMPRESSED",
        `Cannot decompress ${what}: it was stored plain. Read it with getValue`,
      );
    }
    const id = envelope[CODEC_OFFSET]!;
    const codec = this.#codecs.find((codec) => codec.id === id);
    if (codec === undefined) {
      throw new StoreError(
        "UNSUPPORTED_CODEC",
        `Cannot decompress ${what}: it was written with ` +
          (RUNTIMES[id] ??
            `codec ${id} of a newer version. Upgrade to read it`),
      );
    }
    const view = new DataView(envelope.buffer, envelope.byteOffset);
    const length = view.getUint32(LENGTH_OFFSET, true);
    let bytes: Uint8Array;
    try {
      bytes = await codec.decode(envelope.subarray(ENVELOPE_BYTES), length);
    } catch (error) {
      throw damaged(what, `${codec.name} cannot read it`, error);
    }
    if (bytes.length !== length) {
      throw damaged(what, `${bytes.length} bytes came out, not ${length}`);
    }
    if (checksum(bytes) !== view.getUint32(CHECKSUM_OFFSET, true)) {
      throw damaged(what, "its checksum is wrong");
    }
    return bytes;
  }
}

function damaged(what: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(
    "CORRUPT",
    `Cannot decompress ${what}: ${reason}. ` +
      "It was written by something else, or by a codec that differs",
    cause === undefined ? {} : { cause },
  );
}

/**
 * The value at hand: bytes as given, or text encoded into a buffer that is used
 * again.
 *
 * @module
 */

import type { Compression } from "../engine/compression.ts";
import { CODEC_PLAIN } from "../format/codec.ts";
import { describe, requireWellFormed } from "../engine/key_buffer.ts";

const SCRATCH_BYTES = 64 * 1024;
/** Above this many characters the platform's encoder is faster than a loop. */
const LOOP_LENGTH_MAX = 48;

const encoder = new TextEncoder();

/** Holds the value of the current call. */
export class ValueBuffer {
  /** The bytes; only the first {@linkcode length} belong to the value. */
  bytes: Uint8Array;
  /** Bytes of the value. */
  length = 0;
  /** How the value is coded. */
  codec = CODEC_PLAIN;
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);

  /** An empty buffer. */
  constructor() {
    this.bytes = this.#scratch;
  }

  /** Takes a value from a caller and compresses it, if it is large enough. */
  loadFor(value: string | Uint8Array, compression: Compression): void {
    this.load(value);
    this.codec = CODEC_PLAIN;
    if (this.length < compression.threshold) return;
    this.bytes = compression.encode(this.bytes.subarray(0, this.length));
    this.length = this.bytes.length;
    this.codec = compression.codec;
  }

  /**
   * Takes a value from a caller.
   *
   * @throws {TypeError} If it is neither a string nor bytes, or not well-formed.
   */
  load(value: string | Uint8Array): void {
    if (typeof value === "string") {
      this.#loadText(value);
      return;
    }
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot set ${
          describe(value)
        } as a value: it must be a string or a Uint8Array`,
      );
    }
    this.bytes = value;
    this.length = value.length;
  }

  #loadText(text: string): void {
    const scratch = this.#scratch;
    this.bytes = scratch;
    const { length } = text;
    if (length <= LOOP_LENGTH_MAX) {
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        scratch[i] = code;
      }
      this.length = i;
      if (i === length) return;
    }
    requireWellFormed(text, "value");
    if (length * 3 <= SCRATCH_BYTES) {
      this.length = encoder.encodeInto(text, scratch).written;
    } else {
      this.bytes = encoder.encode(text);
      this.length = this.bytes.length;
    }
  }
}

/**
 * The key at hand: its bytes in a buffer that is read word by word, and its hash.
 * One is used for all calls, so looking up a key allocates nothing.
 *
 * The hash is HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF", and its 32-bit variant in the authors' reference code), keyed with random
 * bytes a store: whoever chooses the keys cannot choose the hashes.
 *
 * @module
 */

import { KEY_BYTES_MAX } from "../format/record.ts";

/** Bit of a key's tag that says that the key begins with a bucket name. */
export const TAG_BUCKET: number = 1 << 16;
/** The bits of an index entry's tag that belong to the key itself. */
export const TAG_KEY_MASK: number = TAG_BUCKET | 0xffff;

/** Above this many characters the platform's encoder is faster than a loop. */
const LOOP_LENGTH_MAX = 48;

const encoder = new TextEncoder();

/** Holds the key of the current call. */
export class KeyBuffer {
  /** The key's bytes, followed by zeros up to a whole word. */
  readonly bytes: Uint8Array = new Uint8Array(KEY_BYTES_MAX + 9);
  /** The same bytes as words. */
  readonly words: Int32Array = new Int32Array(this.bytes.buffer, 0, 16_386);
  /** Bytes of the key. */
  length = 0;
  /** Words the key takes. */
  wordCount = 0;
  /** Length and key space in one number; equal keys have equal tags and bytes. */
  tag = 0;
  /** The keyed hash, as a signed 32-bit number. */
  hash = 0;

  #key0 = 0;
  #key1 = 0;

  /** Sets the secret of the hash: eight bytes. */
  setSecret(secret: Uint8Array): void {
    const view = new DataView(secret.buffer, secret.byteOffset, 8);
    this.#key0 = view.getInt32(0, true);
    this.#key1 = view.getInt32(4, true);
  }

  /**
   * Takes a key from a caller, in the key space that `prefix` stands for.
   *
   * @throws {TypeError} If the key is neither a string nor bytes, or not well-formed.
   * @throws {RangeError} If the key is empty or too long.
   */
  load(key: string | Uint8Array, prefix: Uint8Array | undefined): void {
    let start = 0;
    if (prefix !== undefined) {
      this.bytes.set(prefix);
      start = prefix.length;
    }
    const end = typeof key === "string"
      ? this.#copyText(key, start)
      : this.#copyBytes(key, start);
    this.#finish(end, prefix === undefined ? 0 : TAG_BUCKET);
  }

  /** Takes the key of a record, which was checked when it was written. */
  loadRecord(
    source: Uint8Array,
    start: number,
    length: number,
    isBucket: boolean,
  ): void {
    this.#copyShort(source, start, length, 0);
    this.#finish(length, isBucket ? TAG_BUCKET : 0);
  }

  /**
   * Takes the key at `start` of `source`, of which `view` is a view, whose hash is
   * known.
   */
  loadHashed(
    source: Uint8Array,
    view: DataView,
    start: number,
    length: number,
    isBucket: boolean,
    hash: number,
  ): void {
    const { bytes, words } = this;
    const wordCount = (length + 3) >>> 2;
    const rest = length & 3;
    if (length > LOOP_LENGTH_MAX) {
      bytes.set(source.subarray(start, start + length));
      if (rest !== 0) words[wordCount - 1]! &= (1 << (rest * 8)) - 1;
    } else {
      const whole = length >>> 2;
      for (let i = 0; i < whole; i++) {
        words[i] = view.getInt32(start + i * 4, true);
      }
      let word = 0;
      for (let i = length - rest; i < length; i++) {
        word |= source[start + i]! << ((i & 3) * 8);
      }
      if (rest !== 0) words[whole] = word;
    }
    this.length = length;
    this.wordCount = wordCount;
    this.tag = length | (isBucket ? TAG_BUCKET : 0);
    this.hash = hash;
  }

  /** Copies the key to `target`, of which `view` is a view, at `at`. */
  copyTo(target: Uint8Array, view: DataView, at: number): void {
    const { bytes, words, length } = this;
    if (length > LOOP_LENGTH_MAX) {
      target.set(bytes.subarray(0, length), at);
      return;
    }
    const whole = length & ~3;
    for (let i = 0; i < whole; i += 4) {
      view.setInt32(at + i, words[i >>> 2]!, true);
    }
    for (let i = whole; i < length; i++) target[at + i] = bytes[i]!;
  }

  /** True if the key is the one at `at` of `source`, of which `view` is a view. */
  equalsAt(source: Uint8Array, view: DataView, at: number): boolean {
    const { bytes, words, length } = this;
    const whole = length & ~3;
    for (let i = 0; i < whole; i += 4) {
      if (words[i >>> 2] !== view.getInt32(at + i, true)) return false;
    }
    for (let i = whole; i < length; i++) {
      if (bytes[i] !== source[at + i]) return false;
    }
    return true;
  }

  #copyText(key: string, start: number): number {
    const { bytes } = this;
    const { length } = key;
    if (length === 0) throw emptyKeyError();
    if (length <= LOOP_LENGTH_MAX) {
      const copied = (start & 3) === 0
        ? this.#packText(key, start >>> 2)
        : this.#copyAscii(key, start);
      if (copied) return start + length;
    }
    requireWellFormed(key, "key");
    const space = bytes.subarray(start, KEY_BYTES_MAX);
    const { read, written } = encoder.encodeInto(key, space);
    if (read < length) throw longKeyError(start);
    return start + written;
  }

  /** Copies a short key of ASCII characters from a word on; false if it has others. */
  #packText(key: string, firstWord: number): boolean {
    // Four characters are put together in a register: reading a word back that was
    // stored byte by byte would wait for the stores.
    const { words } = this;
    const { length } = key;
    const whole = length & ~3;
    let all = 0;
    let at = firstWord;
    let i = 0;
    for (; i < whole; i += 4) {
      const a = key.charCodeAt(i);
      const b = key.charCodeAt(i + 1);
      const c = key.charCodeAt(i + 2);
      const d = key.charCodeAt(i + 3);
      all |= a | b | c | d;
      words[at++] = a | (b << 8) | (c << 16) | (d << 24);
    }
    let word = 0;
    for (let shift = 0; i < length; i++, shift += 8) {
      const code = key.charCodeAt(i);
      all |= code;
      word |= code << shift;
    }
    words[at] = word;
    return all <= 127;
  }

  #copyAscii(key: string, start: number): boolean {
    const { bytes } = this;
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code > 127) return false;
      bytes[start + i] = code;
    }
    return true;
  }

  /** Copies `length` bytes of `source` from `from` on to `start`. */
  #copyShort(
    source: Uint8Array,
    from: number,
    length: number,
    start: number,
  ): void {
    if (length > LOOP_LENGTH_MAX) {
      this.bytes.set(source.subarray(from, from + length), start);
      return;
    }
    const { bytes } = this;
    for (let i = 0; i < length; i++) bytes[start + i] = source[from + i]!;
  }

  #copyBytes(key: Uint8Array, start: number): number {
    if (!(key instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot use ${
          describe(key)
        } as a key: it must be a string or a Uint8Array`,
      );
    }
    const { length } = key;
    if (length === 0) throw emptyKeyError();
    if (start + length > KEY_BYTES_MAX) throw longKeyError(start);
    this.#copyShort(key, 0, length, start);
    return start + length;
  }

  #finish(length: number, space: number): void {
    const { words } = this;
    this.length = length;
    this.tag = length | space;
    const wordCount = (length + 3) >>> 2;
    this.wordCount = wordCount;
    const rest = length & 3;
    if (rest !== 0) words[wordCount - 1]! &= (1 << (rest * 8)) - 1;

    let v0 = this.#key0;
    let v1 = this.#key1;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    // The words of the key, then its tag, which tells apart keys that differ only
    // in trailing zeros; then three rounds to finish.
    for (let i = 0; i <= wordCount + 3; i++) {
      let word = 0;
      if (i < wordCount) word = words[i]!;
      else if (i === wordCount) word = this.tag;
      else if (i === wordCount + 1) v2 ^= 0xff;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = (v1 << 5) | (v1 >>> 27);
      v1 ^= v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = (v3 << 8) | (v3 >>> 24);
      v3 ^= v2;
      v0 = (v0 + v3) | 0;
      v3 = (v3 << 7) | (v3 >>> 25);
      v3 ^= v0;
      v2 = (v2 + v1) | 0;
      v1 = (v1 << 13) | (v1 >>> 19);
      v1 ^= v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.hash = v1 ^ v3;
  }
}

/**
 * Refuses text that UTF-8 cannot hold.
 *
 * Encoders replace a lone surrogate, so two such keys would become one.
 *
 * @throws {TypeError} If `text` has a lone surrogate.
 */
export function requireWellFormed(text: string, what: string): void {
  if (text.isWellFormed()) return;
  throw new TypeError(
    `Cannot use this string as a ${what}: it has a lone surrogate, which UTF-8 cannot hold. ` +
      `Give bytes instead`,
  );
}

function emptyKeyError(): RangeError {
  return new RangeError("Cannot use an empty key: a key has at least 1 byte");
}

function longKeyError(prefixLength: number): RangeError {
  const limit = KEY_BYTES_MAX - prefixLength;
  return new RangeError(
    `Cannot use this key: it is longer than ${limit} bytes` +
      (prefixLength > 0 ? " (the bucket's name takes the rest)" : ""),
  );
}

/** Names a wrong argument in an error. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value;
}

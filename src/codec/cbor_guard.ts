/**
 * Reads through CBOR (RFC 8949) without making anything of it, and lets pass what
 * the encoder of this layer can have written and nothing else: definite lengths that
 * the bytes can hold, and few tags. So the decoder behind it meets no record
 * definitions (it compiles code for them), no references, no objects made by name,
 * and no numbers that take long to read, whoever made the bytes.
 *
 * @module
 */

import { BIGINT_BYTES_MAX, DEPTH_MAX } from "./storable.ts";

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

/** Seconds since 1970 (RFC 8949). */
const TAG_DATE = 1;
/** Bigints above and below 0 (RFC 8949). */
const TAG_BIGINT = 2;
const TAG_BIGINT_NEGATIVE = 3;
/** Registered at IANA: a set as an array, and a map whose keys are of any type. */
const TAG_SET = 258;
const TAG_MAP = 259;
/** Bytes of an element of each kind of typed array (RFC 8746). */
const TYPED_ARRAY_TAGS: ReadonlyMap<number, number> = new Map([
  [64, 1],
  [68, 1],
  [69, 2],
  [70, 4],
  [71, 8],
  [72, 1],
  [77, 2],
  [78, 4],
  [79, 8],
  [85, 4],
  [86, 8],
]);

const FALSE = 0xf4;
const UNDEFINED = 0xf7;
const DOUBLE = 0xfb;
const PROTO = [...new TextEncoder().encode("__proto__")];

/** Reads through one value. */
class Guard {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  position: number;
  /** Type and number of the head that was read last. */
  #major = 0;
  #argument = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.position = start;
  }

  #byte(): number {
    if (this.position >= this.#end) throw malformed("it ends too early");
    return this.#bytes[this.position++]!;
  }

  /** Reads type and number; a number of more than 32 bits reads as infinite. */
  #head(): void {
    const first = this.#byte();
    const info = first & 0x1f;
    this.#major = first >> 5;
    if (info < 24) this.#argument = info;
    else if (info === 24) this.#argument = this.#byte();
    else if (info > 27) throw malformed("it has an indefinite length");
    else {
      let argument = 0;
      for (let rest = 1 << (info - 24); rest > 0; rest--) {
        argument = argument * 256 + this.#byte();
      }
      this.#argument = argument > 0xffffffff ? Infinity : argument;
    }
  }

  /** Passes over bytes or text. */
  #skip(length: number): void {
    if (length > this.#end - this.position) {
      throw malformed("it ends too early");
    }
    this.position += length;
  }

  value(depth: number): void {
    const first = this.#bytes[this.position];
    if (first !== undefined && first >= 0xe0) return this.#simple(first);
    this.#head();
    switch (this.#major) {
      case UNSIGNED:
      case NEGATIVE:
        return;
      case BYTES:
      case TEXT:
        return this.#skip(this.#argument);
      case ARRAY:
        return this.#elements(this.#argument, depth);
      case MAP:
        return this.#properties(this.#argument, depth);
      default:
        return this.#tagged(this.#argument, depth);
    }
  }

  #simple(first: number): void {
    this.position++;
    if (first === DOUBLE) this.#skip(8);
    else if (first < FALSE || first > UNDEFINED) {
      throw malformed("it has an unknown simple value");
    }
  }

  #deeper(depth: number, count: number): number {
    if (depth === DEPTH_MAX) throw malformed("it is nested too deep");
    if (count > this.#end - this.position) throw malformed("it ends too early");
    return depth + 1;
  }

  #elements(count: number, depth: number): void {
    const inner = this.#deeper(depth, count);
    for (let i = 0; i < count; i++) this.value(inner);
  }

  #properties(count: number, depth: number): void {
    const inner = this.#deeper(depth, count);
    for (let i = 0; i < count; i++) {
      this.#head();
      if (this.#major !== TEXT) throw malformed("it has a key that is no text");
      const start = this.position;
      this.#skip(this.#argument);
      if (this.#argument === PROTO.length && this.#isProto(start)) {
        throw malformed("it has a property __proto__");
      }
      this.value(inner);
    }
  }

  #isProto(start: number): boolean {
    return PROTO.every((byte, i) => this.#bytes[start + i] === byte);
  }

  #tagged(tag: number, depth: number): void {
    if (tag === TAG_DATE) {
      if (this.#bytes[this.position] === DOUBLE) return this.value(depth);
      this.#head();
      if (this.#major === UNSIGNED && this.#argument !== Infinity) return;
    } else if (tag === TAG_BIGINT || tag === TAG_BIGINT_NEGATIVE) {
      this.#head();
      if (this.#major === BYTES && this.#argument <= BIGINT_BYTES_MAX) {
        return this.#skip(this.#argument);
      }
    } else if (tag === TAG_SET) {
      this.#head();
      if (this.#major === ARRAY) return this.#elements(this.#argument, depth);
    } else if (tag === TAG_MAP) {
      this.#head();
      if (this.#major === MAP) return this.#elements(2 * this.#argument, depth);
    } else {
      const size = TYPED_ARRAY_TAGS.get(tag);
      if (size !== undefined) {
        this.#head();
        if (this.#major === BYTES && this.#argument % size === 0) {
          return this.#skip(this.#argument);
        }
      }
    }
    throw malformed(`it has an unknown use of tag ${tag}`);
  }
}

function malformed(why: string): RangeError {
  return new RangeError(`Cannot read CBOR: ${why}`);
}

/**
 * Passes the value that begins at `start` and takes all bytes from there.
 *
 * @throws {RangeError} If there is none, or one that was not written by this layer.
 */
export function guardCbor(bytes: Uint8Array, start: number): void {
  const guard = new Guard(bytes, start);
  guard.value(0);
  if (guard.position !== bytes.length) throw malformed("more follows");
}

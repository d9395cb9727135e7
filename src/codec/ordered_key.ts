/**
 * Values as bytes in whose order the values stand, for ids and for indexes.
 *
 * The scheme is that of FoundationDB's tuple layer ("Tuple layer typecodes",
 * design/tuple.md of its repository), as in the keys of Deno.Kv: a byte says the
 * type, what follows compares byte by byte like the value, and ends where it ends
 * without a length in front. Codes and escapes are ours; there "a" begins "a\0":
 *
 * ```text
 * value  = 02                              null
 *        | 03 | 04                         false, true
 *        | 10 number                       number
 *        | 20 length magnitude             negative bigint, both inverted
 *        | 21 length magnitude             other bigint
 *        | 30 number                       Date, its milliseconds
 *        | 40 escaped 00                   string, in UTF-8
 *        | 50 escaped 00                   Uint8Array
 *        | 60 value* 00                    array
 * number = 8 bytes: the IEEE 754 double, most significant byte first; all bits
 *          inverted if it is negative, the first bit inverted if it is not
 * length = 1 byte: bytes of the magnitude, which has no leading zero
 * escaped: a byte 00 as 01 01, a byte 01 as 01 02
 * ```
 *
 * So the order is: null, false, true, numbers, bigints, dates, strings (by code
 * point), bytes, arrays (element by element, a shorter one before its extensions).
 * -0 stands directly before 0. No encoding is the beginning of another.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";

/** A value that can be an id or stand in an index. */
export type OrderedValue =
  | null
  | boolean
  | number
  | bigint
  | Date
  | string
  | Uint8Array
  | readonly OrderedValue[];

/** Bytes of the largest bigint's magnitude. */
export const ORDERED_BIGINT_BYTES_MAX = 255;
/** How deep arrays may be nested. */
export const ORDERED_DEPTH_MAX = 16;

const END = 0x00;
const ESCAPE = 0x01;
const NULL = 0x02;
const FALSE = 0x03;
const TRUE = 0x04;
const NUMBER = 0x10;
const BIGINT_NEGATIVE = 0x20;
const BIGINT = 0x21;
const DATE = 0x30;
const TEXT = 0x40;
const BYTES = 0x50;
const ARRAY = 0x60;

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

let buffer = new Uint8Array(1024);
let view = new DataView(buffer.buffer);
let at = 0;
let mergesZeros = false;

/** Makes room for `count` more bytes. */
function reserve(count: number): void {
  if (at + count <= buffer.length) return;
  const grown = new Uint8Array(Math.max(at + count, buffer.length * 2));
  grown.set(buffer.subarray(0, at));
  buffer = grown;
  view = new DataView(buffer.buffer);
}

function unfit(what: string, why: string): TypeError {
  return new TypeError(`Cannot put ${what} in order: ${why}`);
}

function writeNumber(type: number, number: number): void {
  reserve(9);
  buffer[at++] = type;
  view.setFloat64(at, number);
  if ((buffer[at]! & 0x80) === 0) {
    buffer[at]! |= 0x80;
    at += 8;
    return;
  }
  for (const end = at + 8; at < end; at++) buffer[at]! ^= 0xff;
}

function writeBigInt(value: bigint): void {
  const isNegative = value < 0n;
  let digits = (isNegative ? -value : value).toString(16);
  if (digits === "0") digits = "";
  if (digits.length % 2 === 1) digits = "0" + digits;
  const length = digits.length / 2;
  if (length > ORDERED_BIGINT_BYTES_MAX) {
    throw unfit(
      "this bigint",
      `it has ${length} bytes, at most ${ORDERED_BIGINT_BYTES_MAX} are allowed`,
    );
  }
  const mask = isNegative ? 0xff : 0;
  reserve(2 + length);
  buffer[at++] = isNegative ? BIGINT_NEGATIVE : BIGINT;
  buffer[at++] = length ^ mask;
  for (let i = 0; i < digits.length; i += 2) {
    buffer[at++] = parseInt(digits.slice(i, i + 2), 16) ^ mask;
  }
}

function writeEscaped(bytes: Uint8Array): void {
  reserve(bytes.length * 2);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte > ESCAPE) buffer[at++] = byte;
    else {
      buffer[at++] = ESCAPE;
      buffer[at++] = byte + 1;
    }
  }
}

function writeText(text: string): void {
  if (!text.isWellFormed()) {
    throw unfit(
      "this string",
      "it has a lone surrogate, which UTF-8 cannot hold",
    );
  }
  // Most are short and ASCII: a loop is faster than the platform's encoder then.
  const start = at;
  reserve(text.length + 1);
  let i = 0;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= ESCAPE || code > 127) break;
    buffer[at++] = code;
  }
  if (i === text.length) return;
  at = start;
  writeEscaped(encoder.encode(text));
}

function writeDate(date: Date): void {
  const time = date.getTime();
  if (Number.isNaN(time)) throw unfit("this date", "it is invalid");
  writeNumber(DATE, time);
}

function writeObject(value: object, depth: number): void {
  if (Array.isArray(value)) {
    if (depth === ORDERED_DEPTH_MAX) {
      throw unfit(
        "this array",
        `it is nested deeper than ${ORDERED_DEPTH_MAX} levels`,
      );
    }
    reserve(1);
    buffer[at++] = ARRAY;
    for (let i = 0; i < value.length; i++) write(value[i], depth + 1);
    writeEnd();
  } else if (value instanceof Uint8Array) {
    reserve(1);
    buffer[at++] = BYTES;
    writeEscaped(value);
    writeEnd();
  } else if (value instanceof Date) {
    writeDate(value);
  } else {
    throw unfit(
      describe(value),
      "it must be null, a boolean, number, bigint, Date, string, Uint8Array or an array of these",
    );
  }
}

function writeEnd(): void {
  reserve(1);
  buffer[at++] = END;
}

function write(value: unknown, depth: number): void {
  if (typeof value === "string") {
    reserve(1);
    buffer[at++] = TEXT;
    writeText(value);
    writeEnd();
  } else if (typeof value === "number") {
    if (Number.isNaN(value)) throw unfit("NaN", "it has no place in an order");
    writeNumber(NUMBER, mergesZeros && value === 0 ? 0 : value);
  } else if (typeof value === "bigint") {
    writeBigInt(value);
  } else if (typeof value === "boolean" || value === null) {
    reserve(1);
    buffer[at++] = value === null ? NULL : value ? TRUE : FALSE;
  } else if (typeof value === "object") {
    writeObject(value, depth);
  } else {
    throw unfit(
      describe(value),
      "it must be null, a boolean, number, bigint, Date, string, Uint8Array or an array of these",
    );
  }
}

/**
 * The bytes of a value, in whose order the values stand.
 *
 * @throws {TypeError} If the value has no place in the order.
 */
export function encodeOrdered(value: OrderedValue): Uint8Array {
  return encode(value, false, NOTHING);
}

/**
 * The same for an id or an index, in which -0 is 0, as `===` has it; behind `start`.
 *
 * @throws {TypeError} If the value has no place in the order.
 */
export function encodeKey(
  value: OrderedValue,
  start: Uint8Array = NOTHING,
): Uint8Array {
  return encode(value, true, start);
}

function encode(
  value: OrderedValue,
  merges: boolean,
  start: Uint8Array,
): Uint8Array {
  at = 0;
  reserve(start.length);
  for (let i = 0; i < start.length; i++) buffer[at++] = start[i]!;
  mergesZeros = merges;
  write(value, 0);
  return buffer.slice(0, at);
}

/**
 * What the bytes of all values begin with that begin with `prefix`: strings and bytes
 * of which it is the beginning, and arrays whose first elements are its.
 *
 * @throws {TypeError} If `prefix` is neither a string, bytes nor an array.
 */
export function encodeOrderedPrefix(
  prefix: string | Uint8Array | readonly OrderedValue[],
): Uint8Array {
  const isPrefix = typeof prefix === "string" || Array.isArray(prefix) ||
    prefix instanceof Uint8Array;
  if (!isPrefix) {
    throw new TypeError(
      `Cannot use ${
        describe(prefix)
      } as prefix: it must be a string, a Uint8Array or an array`,
    );
  }
  const bytes = encodeKey(prefix);
  return bytes.subarray(0, bytes.length - 1);
}

/** Reads values one after the other from bytes that may be anything. */
export class OrderedReader {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Where the next value starts. */
  position: number;

  /** Reads from `position` on. */
  constructor(bytes: Uint8Array, position: number = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  /**
   * The next value.
   *
   * @throws {RangeError} If the bytes are not those of a value.
   */
  read(depth: number = 0): OrderedValue {
    switch (this.#byte()) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NUMBER:
        return this.#number();
      case DATE:
        return this.#date();
      case BIGINT:
        return this.#bigint(0);
      case BIGINT_NEGATIVE:
        return -this.#bigint(0xff);
      case BYTES:
        return this.#escaped();
      case TEXT:
        try {
          return decoder.decode(this.#escaped());
        } catch {
          throw unreadable();
        }
      case ARRAY:
        return this.#array(depth);
      default:
        throw unreadable();
    }
  }

  #byte(): number {
    if (this.position >= this.bytes.length) throw unreadable();
    return this.bytes[this.position++]!;
  }

  #number(): number {
    const bytes = new Uint8Array(8);
    for (let i = 0; i < 8; i++) bytes[i] = this.#byte();
    if ((bytes[0]! & 0x80) !== 0) bytes[0]! ^= 0x80;
    else for (let i = 0; i < 8; i++) bytes[i]! ^= 0xff;
    const number = new DataView(bytes.buffer).getFloat64(0);
    if (Number.isNaN(number)) throw unreadable();
    return number;
  }

  #date(): Date {
    const date = new Date(this.#number());
    if (Number.isNaN(date.getTime())) throw unreadable();
    return date;
  }

  #bigint(mask: number): bigint {
    const length = this.#byte() ^ mask;
    let digits = "0x0";
    for (let i = 0; i < length; i++) {
      digits += (this.#byte() ^ mask).toString(16).padStart(2, "0");
    }
    return BigInt(digits);
  }

  #escaped(): Uint8Array {
    const found: number[] = [];
    for (let byte = this.#byte(); byte !== END; byte = this.#byte()) {
      if (byte === ESCAPE) {
        byte = this.#byte() - 1;
        if (byte !== END && byte !== ESCAPE) throw unreadable();
      }
      found.push(byte);
    }
    return Uint8Array.from(found);
  }

  #array(depth: number): OrderedValue[] {
    if (depth === ORDERED_DEPTH_MAX) throw unreadable();
    const values: OrderedValue[] = [];
    while (this.bytes[this.position] !== END) values.push(this.read(depth + 1));
    this.position++;
    return values;
  }
}

function unreadable(): RangeError {
  return new RangeError("Cannot read an ordered value: the bytes are not one");
}

/**
 * The value whose bytes these are.
 *
 * @throws {RangeError} If they are not those of one value and nothing more.
 */
export function decodeOrdered(bytes: Uint8Array): OrderedValue {
  const reader = new OrderedReader(bytes);
  const value = reader.read();
  if (reader.position !== bytes.length) throw unreadable();
  return value;
}

/**
 * One row as an item of a CBOR sequence (RFC 8742): an array of the key and the value
 * as byte strings and, if the row expires, the time as an unsigned integer. Only this
 * much of CBOR (RFC 8949) is known here: definite lengths, the major types 0
 * (unsigned integer), 2 (byte string), 3 (text string, taken as its UTF-8 bytes) and 4
 * (array). Heads are written in their shortest form, and read in any.
 *
 * @module
 */

import type { Row } from "./row_line.ts";

const UNSIGNED = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const WORD = 2 ** 32;

/** Bytes of the longest head. */
export const CBOR_HEAD_BYTES_MAX = 9;

function headLength(value: number): number {
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  if (value < 0x10000) return 3;
  return value < WORD ? 5 : 9;
}

function writeHead(
  view: DataView,
  at: number,
  major: number,
  value: number,
): number {
  const length = headLength(value);
  const first = major << 5;
  if (length === 1) view.setUint8(at, first | value);
  else if (length === 2) {
    view.setUint8(at, first | 24);
    view.setUint8(at + 1, value);
  } else if (length === 3) {
    view.setUint8(at, first | 25);
    view.setUint16(at + 1, value);
  } else if (length === 5) {
    view.setUint8(at, first | 26);
    view.setUint32(at + 1, value);
  } else {
    view.setUint8(at, first | 27);
    view.setUint32(at + 1, Math.floor(value / WORD));
    view.setUint32(at + 5, value >>> 0);
  }
  return at + length;
}

/** The item of a row. */
export function encodeItem({ key, value, expiry }: Row): Uint8Array {
  const bytes = new Uint8Array(
    1 + headLength(key.length) + key.length + headLength(value.length) +
      value.length + (expiry === 0 ? 0 : headLength(expiry)),
  );
  const view = new DataView(bytes.buffer);
  let at = writeHead(view, 0, ARRAY, expiry === 0 ? 2 : 3);
  at = writeHead(view, at, BYTES, key.length);
  bytes.set(key, at);
  at = writeHead(view, at + key.length, BYTES, value.length);
  bytes.set(value, at);
  if (expiry !== 0) writeHead(view, at + value.length, UNSIGNED, expiry);
  return bytes;
}

/** The head of a data item. */
export interface CborHead {
  major: number;
  value: number;
}

/** How many bytes follow the first one of a head; `undefined` if none may begin so. */
export function headRest(first: number): number | undefined {
  const info = first & 31;
  if (info < 24) return 0;
  return info < 28 ? 1 << (info - 24) : undefined;
}

/** Reads a head, all of whose bytes are there. */
export function readHead(bytes: Uint8Array): CborHead {
  const first = bytes[0]!;
  let value = first & 31;
  if (bytes.length > 1) {
    value = 0;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  }
  return { major: first >>> 5, value };
}

/** True if the head is that of a row. */
export function isRowHead({ major, value }: CborHead): boolean {
  return major === ARRAY && (value === 2 || value === 3);
}

/** True if the head is that of a key or a value. */
export function isBytesHead({ major }: CborHead): boolean {
  return major === BYTES || major === TEXT;
}

/** True if the head is that of a time. */
export function isTimeHead({ major }: CborHead): boolean {
  return major === UNSIGNED;
}

/**
 * Which keys a caller means: a prefix, bounds, or both, inside a key space.
 *
 * @module
 */

import { describe, requireWellFormed } from "../engine/key_buffer.ts";
import {
  afterPrefix,
  compareOrderKeys,
  justAfter,
  type OrderKey,
  orderKey,
} from "../engine/key_order.ts";
import type { KeyRange } from "../engine/range_scan.ts";
import type { Key, RangeOptions } from "./types.ts";

const encoder = new TextEncoder();

function boundBytes(bound: Key, what: string): Uint8Array {
  if (typeof bound === "string") {
    requireWellFormed(bound, what);
    return encoder.encode(bound);
  }
  if (bound instanceof Uint8Array) return bound;
  throw new TypeError(
    `Cannot list keys with ${
      describe(bound)
    } as ${what}: it must be a string or a Uint8Array`,
  );
}

function join(prefix: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  if (prefix === undefined) return bytes.slice();
  const joined = new Uint8Array(prefix.length + bytes.length);
  joined.set(prefix);
  joined.set(bytes, prefix.length);
  return joined;
}

/** What all keys of a key space begin with that begin with a caller's prefix. */
export function prefixBytes(
  space: Uint8Array | undefined,
  prefix: Key | undefined,
): Uint8Array {
  return join(
    space,
    prefix === undefined ? new Uint8Array(0) : boundBytes(prefix, "prefix"),
  );
}

/**
 * The range that `options` mean in the key space whose keys begin with `space`. It
 * never reaches beyond the prefix nor the key space, whatever the bounds are.
 */
export function readRange(
  space: Uint8Array | undefined,
  options: RangeOptions,
): KeyRange {
  const isBucket = space !== undefined;
  const { prefix, start, end } = options;
  const whole = prefixBytes(space, prefix);
  let first = orderKey(whole, isBucket);
  let last = afterPrefix(whole, isBucket);
  if (start !== undefined) {
    first = later(
      first,
      orderKey(join(space, boundBytes(start, "start")), isBucket),
    );
  }
  if (end !== undefined) {
    last = earlier(
      last,
      orderKey(join(space, boundBytes(end, "end")), isBucket),
    );
  }
  return { start: first, end: last };
}

function later(a: OrderKey, b: OrderKey): OrderKey {
  return compareOrderKeys(a, b) >= 0 ? a : b;
}

function earlier(a: OrderKey, b: OrderKey): OrderKey {
  return compareOrderKeys(a, b) <= 0 ? a : b;
}

/** Narrows a range to what a listing that stood at `cursor` has not given yet. */
export function goOnFrom(
  range: KeyRange,
  space: Uint8Array | undefined,
  cursor: string,
  isReverse: boolean,
): KeyRange {
  const isBucket = space !== undefined;
  const key = join(space, readCursor(cursor));
  return isReverse
    ? { start: range.start, end: earlier(range.end, orderKey(key, isBucket)) }
    : { start: later(range.start, justAfter(key, isBucket)), end: range.end };
}

/** Writes a key as a cursor: base64 in the alphabet for addresses. */
export function writeCursor(key: Uint8Array): string {
  let text = "";
  for (const byte of key) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}

function readCursor(cursor: string): Uint8Array {
  if (typeof cursor !== "string") {
    throw new TypeError(
      `Cannot list keys from ${describe(cursor)}: a cursor is a string`,
    );
  }
  try {
    const text = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    if (text.length > 0) {
      return Uint8Array.from(text, (character) => character.charCodeAt(0));
    }
  } catch { /* the same as none */ }
  throw new TypeError(
    "Cannot list keys from this cursor: it is not one that a listing gave",
  );
}

/** Checks the most entries that are asked for. */
export function readLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity;
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new RangeError(
    `Cannot list ${limit} keys: limit must be an integer of at least 0`,
  );
}

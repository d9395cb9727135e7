/**
 * The order of keys: first those outside of all buckets, then those in buckets; among
 * each other by their bytes.
 *
 * Keys are compared four bytes at a time. What follows a key in its last word is
 * zeros, so words decide unless one key is the other with zeros behind it; then the
 * shorter one comes first.
 *
 * @module
 */

import type { KeyArena } from "./key_arena.ts";
import { TAG_BUCKET } from "./key_buffer.ts";

/** A place in the order of keys; not necessarily a key that there is. */
export interface OrderKey {
  /** True for keys in buckets. */
  readonly isBucket: boolean;
  /** The bytes, the bucket's name included. */
  readonly bytes: Uint8Array;
  /** The same as words, filled up with zeros. */
  readonly words: Uint32Array;
}

/** Makes a place in the order of keys; `bytes` must not be changed afterwards. */
export function orderKey(bytes: Uint8Array, isBucket: boolean): OrderKey {
  const words = new Uint32Array((bytes.length + 3) >>> 2);
  new Uint8Array(words.buffer).set(bytes);
  return { isBucket, bytes, words };
}

/** Before every key. */
export const FIRST: OrderKey = orderKey(new Uint8Array(0), false);

/** The place of an entry's key. */
export function orderKeyOf(arena: KeyArena, pointer: number): OrderKey {
  const isBucket = (arena.tag(pointer) & TAG_BUCKET) !== 0;
  return orderKey(arena.copyKey(pointer), isBucket);
}

/** The place right behind a key. */
export function justAfter(key: Uint8Array, isBucket: boolean): OrderKey {
  const bytes = new Uint8Array(key.length + 1);
  bytes.set(key);
  return orderKey(bytes, isBucket);
}

/** The place behind all keys that begin with `prefix`. */
export function afterPrefix(prefix: Uint8Array, isBucket: boolean): OrderKey {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) {
    // Nothing follows in this space but the next one. The name of a bucket never
    // begins with all ones, so behind buckets nothing has to follow.
    return orderKey(
      isBucket ? new Uint8Array(0x10000).fill(0xff) : new Uint8Array(0),
      true,
    );
  }
  const bytes = prefix.slice(0, length);
  bytes[length - 1]!++;
  return orderKey(bytes, isBucket);
}

/** Below, at or above 0 as `a` comes before, is or comes after `b`. */
export function compareOrderKeys(a: OrderKey, b: OrderKey): number {
  if (a.isBucket !== b.isBucket) return a.isBucket ? 1 : -1;
  const count = Math.min(a.words.length, b.words.length);
  for (let i = 0; i < count; i++) {
    const x = a.words[i]!;
    const y = b.words[i]!;
    if (x !== y) return bigEndian(x) < bigEndian(y) ? -1 : 1;
  }
  return a.bytes.length - b.bytes.length;
}

function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) |
    (word >>> 24)) >>> 0;
}

/** Compares the keys of two entries. */
export function compareEntries(arena: KeyArena, a: number, b: number): number {
  const blockA = arena.blockOf(a);
  const blockB = arena.blockOf(b);
  const atA = arena.keyPlace(a);
  const atB = arena.keyPlace(b);
  const tagA = arena.tag(a);
  const tagB = arena.tag(b);
  if (((tagA ^ tagB) & TAG_BUCKET) !== 0) {
    return (tagA & TAG_BUCKET) !== 0 ? 1 : -1;
  }
  const lengthA = tagA & 0xffff;
  const lengthB = tagB & 0xffff;
  const count = (Math.min(lengthA, lengthB) + 3) >>> 2;
  for (let i = 0; i < count; i++) {
    const x = blockA[atA + i]!;
    const y = blockB[atB + i]!;
    if (x !== y) return bigEndian(x) < bigEndian(y) ? -1 : 1;
  }
  return lengthA - lengthB;
}

/** Compares an entry's key with a place. */
export function compareEntryTo(
  arena: KeyArena,
  pointer: number,
  key: OrderKey,
): number {
  const tag = arena.tag(pointer);
  const isBucket = (tag & TAG_BUCKET) !== 0;
  if (isBucket !== key.isBucket) return isBucket ? 1 : -1;
  const block = arena.blockOf(pointer);
  const at = arena.keyPlace(pointer);
  const length = tag & 0xffff;
  const count = Math.min((length + 3) >>> 2, key.words.length);
  for (let i = 0; i < count; i++) {
    const x = block[at + i]!;
    const y = key.words[i]!;
    if (x !== y) return bigEndian(x) < bigEndian(y) ? -1 : 1;
  }
  return length - key.bytes.length;
}

/**
 * The keys of a level database as keys of a store, in the same order.
 *
 * A level database may hold an empty key, a store may not. So the empty key and those
 * that begin with a zero byte get one more zero byte in front; all others, which is
 * nearly all, are the same in both.
 *
 * @module
 */

import type { RangeOptions } from "../store/types.ts";

/** The limits of a range, as `abstract-level` hands them on. */
export interface LevelRange {
  /** Only keys behind it. */
  gt?: Uint8Array;
  /** Only this key and those behind it; `gt` does not count then. */
  gte?: Uint8Array;
  /** Only keys before it. */
  lt?: Uint8Array;
  /** Only this key and those before it; `lt` does not count then. */
  lte?: Uint8Array;
}

/** The store's key for one of the database. */
export function toStoreKey(key: Uint8Array): Uint8Array {
  if (key.length > 0 && key[0] !== 0) return key;
  const shifted = new Uint8Array(key.length + 1);
  shifted.set(key, 1);
  return shifted;
}

/** The database's key for one of the store. */
export function fromStoreKey(key: Uint8Array): Uint8Array {
  return key[0] === 0 ? key.subarray(1) : key;
}

/** The first key behind `key`. */
export function keyBehind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** Compares as the store orders: byte by byte, the shorter first. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** The store's range for one of the database. */
export function toStoreRange(range: LevelRange): RangeOptions {
  const { gt, gte, lt, lte } = range;
  const bounds: RangeOptions = {};
  if (gte !== undefined) bounds.start = toStoreKey(gte);
  else if (gt !== undefined) bounds.start = keyBehind(toStoreKey(gt));
  if (lte !== undefined) bounds.end = keyBehind(toStoreKey(lte));
  else if (lt !== undefined) bounds.end = toStoreKey(lt);
  return bounds;
}

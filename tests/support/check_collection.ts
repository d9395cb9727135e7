/**
 * Holds the index entries of a collection against its items, key by key, without the
 * code that writes them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { KeySpace } from "../../mod.ts";
import {
  decodeOrdered,
  encodeOrdered,
  type OrderedValue,
} from "../../src/codec/ordered_key.ts";
import { decodeValue } from "../../src/codec/value_codec.ts";

/** An index as a test knows it: what it has of a value, and whether it is unique. */
export interface KnownIndex<T> {
  values: (value: T) => OrderedValue[];
  unique?: boolean;
}

const hex = (bytes: Iterable<number>) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Checks that the entries in the bucket are those that the items must have, and
 * returns the items. `indexes` are in the order of their numbers, which are small.
 */
export function checkCollection<T>(
  bucket: KeySpace,
  indexes: readonly KnownIndex<T>[],
): Map<OrderedValue, T> {
  const items = new Map<OrderedValue, T>();
  const found: string[] = [];
  const wanted: string[] = [];
  for (const [key, bytes] of bucket.listSync()) {
    if (key[0] === 2) found.push(`${hex(key)}=${hex(bytes)}`);
    if (key[0] !== 1) continue;
    const id = key.subarray(1);
    const value = decodeValue(bytes, valueStart(bytes)) as T;
    items.set(decodeOrdered(id), value);
    for (const [number, { values, unique = false }] of indexes.entries()) {
      for (const one of values(value)) {
        const stem = [2, number * 2 + (unique ? 1 : 0), ...encodeOrdered(one)];
        wanted.push(
          unique ? `${hex(stem)}=${hex(id)}` : `${hex(stem)}${hex(id)}=`,
        );
      }
    }
  }
  assertEquals(found.sort(), wanted.sort());
  return items;
}

/** Where the value of an item begins that has fewer than 128 entries. */
function valueStart(bytes: Uint8Array): number {
  let at = 3;
  for (let i = 0; i < bytes[2]!; i++) {
    let length = bytes[at++]!;
    if (length >= 128) length = (length & 0x7f) | (bytes[at++]! << 7);
    at += length;
  }
  return at;
}

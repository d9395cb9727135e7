/**
 * The keys and values of every workload, the same in every process and for every
 * peer: made from numbers alone, so that one phase can check what another wrote.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Different values of one size; a power of two, so that a mask chooses one. */
export const VALUE_COUNT = 4096;

const KEY_BYTES = 16;

/** Numbers that look random, from a seed; from 0 to 2^32 - 1. */
export function randomNumbers(seed) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/**
 * A permutation of the numbers below `total`, as a function from place to number.
 *
 * Each seed multiplies by factors of its own: with the same ones, one order would
 * be the other one shifted, and reads would go along the log as it was written.
 */
export function permutation(total, seed) {
  const bits = Math.max(4, Math.ceil(Math.log2(total)));
  const mask = 2 ** bits - 1;
  const half = bits >> 1;
  const random = randomNumbers(seed);
  const first = random() | 1;
  const second = random() | 1;
  const offset = random();
  const scramble = (number) => {
    let x = (number + offset) & mask;
    x ^= x >>> half;
    x = Math.imul(x, first) & mask;
    x ^= x >>> half;
    x = Math.imul(x, second) & mask;
    return x ^ (x >>> half);
  };
  return (place) => {
    // A number above the end is sent on until it comes out below.
    let number = scramble(place);
    while (number >= total) number = scramble(number);
    return number;
  };
}

/** The numbers of the first `count` of `total` keys in the order of a seed. */
export function orderOf(total, count, seed) {
  const next = permutation(total, seed);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = next(i);
  return order;
}

/**
 * The texts of keys. Those of keys that are there end in an even digit; with
 * `missing`, in the odd one after it, so that they lie between the others.
 */
export function keysOf(order, missing = false) {
  const bytes = Buffer.alloc(KEY_BYTES, "key/");
  const keys = new Array(order.length);
  for (let i = 0; i < order.length; i++) {
    let rest = order[i] * 2 + (missing ? 1 : 0);
    for (let at = KEY_BYTES - 1; at >= 4; at--) {
      bytes[at] = 48 + rest % 10;
      rest = Math.floor(rest / 10);
    }
    // A text that was put together from parts would be flattened at its first use,
    // and that would be on the clock.
    keys[i] = bytes.toString("latin1");
  }
  return keys;
}

/** Values of random bytes, which do not compress: slices of one pool. */
export function valuesOf(valueBytes) {
  const step = 1009;
  const random = randomNumbers(77);
  const pool = new Uint32Array(
    Math.ceil((step * VALUE_COUNT + valueBytes) / 4),
  );
  for (let i = 0; i < pool.length; i++) pool[i] = random();
  return Array.from(
    { length: VALUE_COUNT },
    (_, i) => new Uint8Array(pool.buffer, i * step, valueBytes),
  );
}

/** The place among the values of the one that a key has after some overwrites. */
export function valueIndex(keyNumber, generation) {
  return (keyNumber + generation * 1237) & (VALUE_COUNT - 1);
}

/** The places of the values of many keys, made before the clock starts. */
export function valueIndexes(order, generation) {
  const indexes = new Uint16Array(order.length);
  for (let i = 0; i < order.length; i++) {
    indexes[i] = valueIndex(order[i], generation);
  }
  return indexes;
}

/**
 * The entries of the hash index in the order of their keys. Made at the first use,
 * kept up afterwards; who never lists has none.
 *
 * The view is a row of leaves, each with the pointers of up to a thousand entries
 * and the lowest key that may lie in it. A leaf is sorted when somebody looks into
 * it, so making the view costs one search for a leaf an entry: where the leaves
 * begin is taken from a sample, and the first tables of the hash index are one, for
 * the hash has nothing to do with the order (samplesort: Frazer and McKellar, 1970).
 *
 * It is made in steps. The entries that lie in the arena before the cursor are in
 * the view; the others will be met when the cursor comes to them, wherever they were
 * added or dropped meanwhile.
 *
 * @module
 */

import type { HashIndex } from "./hash_index.ts";
import type { KeyArena } from "./key_arena.ts";
import {
  compareEntries,
  compareEntryTo,
  compareOrderKeys,
  FIRST,
  type OrderKey,
  orderKeyOf,
} from "./key_order.ts";

/** Entries of a leaf at which it is split. */
export const LEAF_ENTRIES_MAX = 1024;
/** Entries of a leaf when the view is made. */
export const LEAF_ENTRIES_AIM = 384;
const LEAF_ENTRIES_AT_FIRST = 16;

class Leaf {
  /** No entry of the leaf comes before it. */
  low: OrderKey;
  pointers: Uint32Array;
  count = 0;
  /** So many of the first pointers are sorted. */
  sorted = 0;

  constructor(low: OrderKey, capacity: number) {
    this.low = low;
    this.pointers = new Uint32Array(capacity);
  }

  push(pointer: number): void {
    if (this.count === this.pointers.length) {
      const larger = new Uint32Array(
        Math.min(LEAF_ENTRIES_MAX, this.count * 2),
      );
      larger.set(this.pointers);
      this.pointers = larger;
    }
    this.pointers[this.count++] = pointer;
  }

  sort(arena: KeyArena): void {
    if (this.sorted === this.count) return;
    this.pointers.subarray(0, this.count)
      .sort((a, b) => compareEntries(arena, a, b));
    this.sorted = this.count;
  }
}

/** Entries in the order of their keys. */
export class OrderedView {
  readonly #arena: KeyArena;
  readonly #leaves: Leaf[] = [];
  /** Entries before it are in the view. */
  #cursor = 1;

  /** A view on the entries of an index, empty until {@linkcode build} was called. */
  constructor(index: HashIndex) {
    this.#arena = index.arena;
    const capacity = LEAF_ENTRIES_AT_FIRST;
    this.#leaves.push(new Leaf(FIRST, capacity));
    const sample = sampleOf(index);
    sample.sort((a, b) => compareEntries(this.#arena, a, b));
    for (const pointer of sample) {
      const low = orderKeyOf(this.#arena, pointer);
      this.#leaves.push(new Leaf(low, LEAF_ENTRIES_AIM));
    }
  }

  /** True if every entry is in the view. */
  get isComplete(): boolean {
    return this.#cursor === Infinity;
  }

  /** Bytes that the view takes. */
  get bytes(): number {
    let sum = 0;
    for (const leaf of this.#leaves) {
      sum += leaf.pointers.byteLength + 2 * leaf.low.bytes.length + 100;
    }
    return sum;
  }

  /** Takes up to `count` more entries into the view. */
  build(count: number): void {
    if (this.isComplete) return;
    for (let i = 0; i < count; i++) {
      const pointer = this.#arena.entryFrom(this.#cursor);
      if (pointer === 0) {
        this.#cursor = Infinity;
        return;
      }
      this.#insert(pointer);
      this.#cursor = this.#arena.entryEnd(pointer);
    }
  }

  /** An entry was made. */
  add(pointer: number): void {
    if (pointer < this.#cursor) this.#insert(pointer);
  }

  /** An entry is about to go; its key is still there. */
  drop(pointer: number): void {
    if (pointer >= this.#cursor) return;
    const number = this.#leafOfEntry(pointer);
    const leaf = this.#leaves[number]!;
    const { pointers, count } = leaf;
    const at = pointers.subarray(0, count).indexOf(pointer);
    pointers.copyWithin(at, at + 1, count);
    leaf.count--;
    if (at < leaf.sorted) leaf.sorted--;
    if (leaf.count > 0 || this.#leaves.length === 1) return;
    this.#leaves.splice(number, 1);
    if (number === 0) this.#leaves[0]!.low = FIRST;
  }

  #insert(pointer: number): void {
    const number = this.#leafOfEntry(pointer);
    let leaf = this.#leaves[number]!;
    if (leaf.count === LEAF_ENTRIES_MAX) {
      const high = this.#split(leaf, number);
      if (compareEntryTo(this.#arena, pointer, high.low) >= 0) leaf = high;
    }
    leaf.push(pointer);
  }

  #split(leaf: Leaf, number: number): Leaf {
    leaf.sort(this.#arena);
    const half = leaf.count >>> 1;
    const low = orderKeyOf(this.#arena, leaf.pointers[half]!);
    const high = new Leaf(low, LEAF_ENTRIES_MAX);
    high.pointers.set(leaf.pointers.subarray(half, leaf.count));
    high.count = high.sorted = leaf.count - half;
    leaf.count = leaf.sorted = half;
    this.#leaves.splice(number + 1, 0, high);
    return high;
  }

  /** The last leaf whose lowest key is not behind the entry's. */
  #leafOfEntry(pointer: number): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const order = compareEntryTo(
        this.#arena,
        pointer,
        this.#leaves[middle]!.low,
      );
      if (order >= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #leafOf(key: OrderKey): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareOrderKeys(key, this.#leaves[middle]!.low) >= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How many entries of a sorted leaf come before a place. */
  #rank(leaf: Leaf, key: OrderKey): number {
    let low = 0;
    let high = leaf.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntryTo(this.#arena, leaf.pointers[middle]!, key) < 0) {
        low = middle + 1;
      } else high = middle;
    }
    return low;
  }

  /** Up to `limit` entries at or behind `start` and before `end`, in their order. */
  forward(start: OrderKey, end: OrderKey, limit: number): number[] {
    const found: number[] = [];
    if (compareOrderKeys(start, end) >= 0) return found;
    let number = this.#leafOf(start);
    let leaf = this.#leaves[number]!;
    leaf.sort(this.#arena);
    for (let at = this.#rank(leaf, start); found.length < limit;) {
      if (at === leaf.count) {
        const next = this.#leaves[++number];
        if (next === undefined) break;
        leaf = next;
        leaf.sort(this.#arena);
        at = 0;
        continue;
      }
      const pointer = leaf.pointers[at++]!;
      if (compareEntryTo(this.#arena, pointer, end) >= 0) break;
      found.push(pointer);
    }
    return found;
  }

  /** Up to `limit` entries before `end` and not before `start`, the last one first. */
  backward(start: OrderKey, end: OrderKey, limit: number): number[] {
    const found: number[] = [];
    let number = this.#leafOf(end);
    let leaf = this.#leaves[number]!;
    leaf.sort(this.#arena);
    for (let at = this.#rank(leaf, end); found.length < limit;) {
      if (at === 0) {
        if (number === 0) break;
        leaf = this.#leaves[--number]!;
        leaf.sort(this.#arena);
        at = leaf.count;
        continue;
      }
      const pointer = leaf.pointers[--at]!;
      if (compareEntryTo(this.#arena, pointer, start) < 0) break;
      found.push(pointer);
    }
    return found;
  }
}

/** Entries chosen by chance, one for each leaf but the first. */
function sampleOf(index: HashIndex): number[] {
  const wanted = Math.floor(index.entryCount / LEAF_ENTRIES_AIM);
  const sample: number[] = [];
  for (const table of index.tables()) {
    const slots = index.slotsOf(table);
    for (let at = 1; at < slots.length; at += 2) {
      if (sample.length >= wanted) return sample;
      const pointer = slots[at]! >>> 0;
      if (pointer !== 0) sample.push(pointer);
    }
  }
  return sample;
}

/**
 * Which entry holds a key: extendible hashing (Fagin, Nievergelt, Pippenger and
 * Strong, 1979) over small tables with linear probing.
 *
 * The first bits of the hash choose a table through a directory, the last ones a
 * slot in it. A full table is split in two, so growth copies a thousand slots at a
 * time and never the whole index. A slot is two words, the hash and a pointer into
 * the arena: a lookup touches one line of slots and one entry.
 *
 * @module
 */

import { KeyArena, TAG_EXPIRING } from "./key_arena.ts";
import type { KeyBuffer } from "./key_buffer.ts";

/** Slots of one table. */
export const TABLE_SLOTS = 1024;
/** Words of one table: two a slot, then the count of used slots and the depth. */
export const TABLE_WORDS: number = TABLE_SLOTS * 2 + 2;
const SLOT_MASK = TABLE_SLOTS - 1;
const COUNT = TABLE_SLOTS * 2;
const DEPTH = COUNT + 1;
/** Used slots at which a table is split: 85 in 100. */
const USED_MAX = 870;
const DEPTH_MAX = 28;

/** A table: slots of (hash, pointer), its count and its depth. */
export type Table = Int32Array;

/** Finds, adds and removes entries by key. */
export class HashIndex {
  /** The entries. */
  readonly arena: KeyArena = new KeyArena();
  /** The table of each value of the first `depth` bits of a hash. */
  directory: Table[];
  /** How many bits of the hash choose a table; at least 1. */
  depth = 1;
  /** Entries in the index, tombstones included. */
  entryCount = 0;
  #tableCount = 1;

  /** An empty index. */
  constructor() {
    const table = new Int32Array(TABLE_WORDS);
    this.directory = [table, table];
  }

  /** Bytes the index takes, the keys' own bytes included. */
  get bytes(): number {
    return this.arena.bytes + this.#tableCount * TABLE_WORDS * 4 +
      this.directory.length * 8;
  }

  /** The entry of the key at hand, or 0. */
  find(key: KeyBuffer): number {
    const { hash } = key;
    const table = this.directory[hash >>> (32 - this.depth)]!;
    let slot = (hash & SLOT_MASK) << 1;
    for (;;) {
      const pointer = table[slot + 1]!;
      if (pointer === 0) return 0;
      if (table[slot] === hash && this.arena.matches(pointer >>> 0, key)) {
        return pointer >>> 0;
      }
      slot = (slot + 2) & (COUNT - 1);
    }
  }

  /** Adds an entry for the key at hand, which has none. */
  insert(key: KeyBuffer, isExpiring: boolean): number {
    const pointer = this.arena.allocate(key, isExpiring);
    const { hash } = key;
    let table = this.directory[hash >>> (32 - this.depth)]!;
    while (table[COUNT]! >= USED_MAX && table[DEPTH]! < DEPTH_MAX) {
      this.#split(hash);
      table = this.directory[hash >>> (32 - this.depth)]!;
    }
    if (table[COUNT]! >= TABLE_SLOTS - 1) {
      // A thousand keys with one 28-bit hash: not by chance, and not by intent
      // as long as the hash's secret is one.
      throw new RangeError("Cannot add the key: the hash index is full");
    }
    place(table, hash, pointer);
    this.entryCount++;
    return pointer;
  }

  /** Takes the key's entry out. */
  remove(key: KeyBuffer, pointer: number): void {
    const table = this.directory[key.hash >>> (32 - this.depth)]!;
    let slot = this.#slotOf(table, key.hash, pointer);
    // Close the gap: move back every following slot that would not be found
    // across it.
    let next = slot;
    for (;;) {
      next = (next + 2) & (COUNT - 1);
      if (table[next + 1] === 0) break;
      const home = (table[next]! & SLOT_MASK) << 1;
      const gapFromHome = (slot - home) & (COUNT - 1);
      const nextFromHome = (next - home) & (COUNT - 1);
      if (gapFromHome < nextFromHome) {
        table[slot] = table[next]!;
        table[slot + 1] = table[next + 1]!;
        slot = next;
      }
    }
    table[slot] = table[slot + 1] = 0;
    table[COUNT] = table[COUNT]! - 1;
    this.entryCount--;
    this.arena.release(pointer);
  }

  /** Makes the entry expiring or not, which changes its size; returns its pointer. */
  resize(key: KeyBuffer, pointer: number, isExpiring: boolean): number {
    const { arena } = this;
    if (((arena.tag(pointer) & TAG_EXPIRING) !== 0) === isExpiring) {
      return pointer;
    }
    const moved = arena.allocate(key, isExpiring);
    const stateBits = arena.tag(pointer) & ~TAG_EXPIRING;
    arena.setTag(moved, stateBits | (isExpiring ? TAG_EXPIRING : 0));
    arena.setLocation(
      moved,
      arena.segmentId(pointer),
      arena.offset(pointer),
      arena.recordLength(pointer),
    );
    arena.setStalePuts(moved, arena.stalePuts(pointer));
    const table = this.directory[key.hash >>> (32 - this.depth)]!;
    table[this.#slotOf(table, key.hash, pointer) + 1] = moved;
    arena.release(pointer);
    return moved;
  }

  #slotOf(table: Table, hash: number, pointer: number): number {
    let slot = (hash & SLOT_MASK) << 1;
    while (table[slot + 1] !== (pointer | 0)) slot = (slot + 2) & (COUNT - 1);
    return slot;
  }

  /** Splits the table of `hash` by the next bit of its entries' hashes. */
  #split(hash: number): void {
    const old = this.directory[hash >>> (32 - this.depth)]!;
    const depth = old[DEPTH]!;
    if (depth === this.depth) {
      const doubled = new Array<Table>(this.directory.length * 2);
      for (let i = 0; i < this.directory.length; i++) {
        doubled[i * 2] = doubled[i * 2 + 1] = this.directory[i]!;
      }
      this.directory = doubled;
      this.depth++;
    }
    const low = new Int32Array(TABLE_WORDS);
    const high = new Int32Array(TABLE_WORDS);
    low[DEPTH] = high[DEPTH] = depth + 1;
    for (let slot = 0; slot < COUNT; slot += 2) {
      const pointer = old[slot + 1]!;
      if (pointer === 0) continue;
      const slotHash = old[slot]!;
      place((slotHash >>> (31 - depth)) & 1 ? high : low, slotHash, pointer);
    }
    const span = 1 << (this.depth - depth);
    const first = (hash >>> (32 - this.depth)) & ~(span - 1);
    for (let i = 0; i < span; i++) {
      this.directory[first + i] = i < span / 2 ? low : high;
    }
    this.#tableCount++;
  }

  /** Every table once, in the order of the directory. */
  *tables(): Generator<Table> {
    let previous: Table | undefined;
    for (const table of this.directory) {
      if (table !== previous) yield table;
      previous = table;
    }
  }

  /** Takes over tables that {@linkcode tables} gave, each with its depth. */
  restoreTables(tables: Table[], depth: number): void {
    this.directory = [];
    this.depth = depth;
    this.entryCount = 0;
    this.#tableCount = tables.length;
    for (const table of tables) {
      const span = 1 << (depth - table[DEPTH]!);
      for (let i = 0; i < span; i++) this.directory.push(table);
      this.entryCount += table[COUNT]!;
    }
  }

  /** Calls back with every entry's pointer, in no order. */
  forEach(callback: (pointer: number) => void): void {
    for (const table of this.tables()) {
      for (let slot = 0; slot < COUNT; slot += 2) {
        const pointer = table[slot + 1]!;
        if (pointer !== 0) callback(pointer >>> 0);
      }
    }
  }
}

/** Puts an entry into the first empty slot from its home on. */
function place(table: Table, hash: number, pointer: number): void {
  let slot = (hash & SLOT_MASK) << 1;
  while (table[slot + 1] !== 0) slot = (slot + 2) & (COUNT - 1);
  table[slot] = hash;
  table[slot + 1] = pointer;
  table[COUNT] = table[COUNT]! + 1;
}

/** Used slots of a table. */
export function usedSlots(table: Table): number {
  return table[COUNT]!;
}

/** Depth of a table. */
export function tableDepth(table: Table): number {
  return table[DEPTH]!;
}

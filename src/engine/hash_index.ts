/**
 * Which entry holds a key: extendible hashing (Fagin, Nievergelt, Pippenger and
 * Strong, 1979) over small tables with linear probing.
 *
 * The first bits of the hash choose a table through a directory, the last ones a
 * slot in it. A full table is split in two, so growth copies a thousand slots at a
 * time and never the whole index. A slot is two words, the hash and a pointer into
 * the arena: a lookup touches one line of slots and one entry.
 *
 * Tables lie side by side in slabs, so that an index of any size is few objects.
 *
 * @module
 */

import { KeyArena, TAG_EXPIRING } from "./key_arena.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import { OrderedView } from "./ordered_view.ts";

/** Slots of one table. */
export const TABLE_SLOTS = 1024;
const SLOT_MASK = TABLE_SLOTS - 1;
/** Words of one table: two a slot. */
const TABLE_BITS = 11;
/** Words of one table. */
export const TABLE_WORDS: number = 1 << TABLE_BITS;
const SLAB_BITS = 7;
/** Tables of one slab, which is 1 MiB. */
export const SLAB_TABLES: number = 1 << SLAB_BITS;
const SLAB_MASK = SLAB_TABLES - 1;
const SLAB_WORDS = SLAB_TABLES * TABLE_WORDS;
/** Used slots at which a table is split: 85 in 100. */
export const USED_MAX = 870;
const DEPTH_MAX = 28;

/** Finds, adds and removes entries by key. */
export class HashIndex {
  /** The entries. */
  readonly arena: KeyArena = new KeyArena();
  /** The number of the table of each value of the first `depth` bits of a hash. */
  directory: Uint32Array = new Uint32Array(2);
  /** How many bits of the hash choose a table; at least 1. */
  depth = 1;
  /** Entries in the index, tombstones included. */
  entryCount = 0;
  /** The entries in the order of their keys, once somebody asked for it. */
  view: OrderedView | undefined;
  /** Tables in use; their numbers are those below. */
  tableCount = 1;
  /** The slots of the tables. A small index has less than a slab. */
  #slabs: Int32Array[] = [new Int32Array(TABLE_WORDS)];
  /** Used slots of each table. */
  #used = new Uint16Array(1);
  /** How many bits of the hash all entries of a table have in common. */
  #depths = new Uint8Array(1);
  readonly #scratch = new Int32Array(TABLE_WORDS);
  /** Places of the directory that restored tables fill. */
  #restored = 0;

  /** Bytes the index takes, the keys' own bytes included. */
  get bytes(): number {
    let bytes = this.arena.bytes + this.directory.byteLength +
      this.#used.byteLength + this.#depths.byteLength;
    for (const slab of this.#slabs) bytes += slab.byteLength;
    return bytes;
  }

  /** Gives the memory back; the index is of no use afterwards. */
  release(): void {
    this.#slabs = [];
    this.arena.restore([], 1);
    this.view = undefined;
  }

  /** The entry of the key at hand, or 0. */
  find(key: KeyBuffer): number {
    const { hash } = key;
    const table = this.directory[hash >>> (32 - this.depth)]!;
    const slab = this.#slabs[table >>> SLAB_BITS]!;
    const base = (table & SLAB_MASK) << TABLE_BITS;
    for (let slot = hash & SLOT_MASK;;) {
      const at = base + (slot << 1);
      const pointer = slab[at + 1]!;
      if (pointer === 0) return 0;
      if (slab[at] === hash && this.arena.matches(pointer >>> 0, key)) {
        return pointer >>> 0;
      }
      slot = (slot + 1) & SLOT_MASK;
    }
  }

  /** The entries in the order of their keys; it may not be complete yet. */
  get ordered(): OrderedView {
    return this.view ??= new OrderedView(this);
  }

  /** Adds an entry for the key at hand, which has none. */
  insert(key: KeyBuffer, isExpiring: boolean): number {
    const pointer = this.arena.allocate(key, isExpiring);
    this.#add(key.hash, pointer);
    this.view?.add(pointer);
    return pointer;
  }

  #add(hash: number, pointer: number): void {
    let table = this.directory[hash >>> (32 - this.depth)]!;
    while (this.#used[table]! >= USED_MAX && this.#depths[table]! < DEPTH_MAX) {
      this.#split(hash, table);
      table = this.directory[hash >>> (32 - this.depth)]!;
    }
    if (this.#used[table]! >= TABLE_SLOTS - 1) {
      // A thousand keys with one 28-bit hash: not by chance, and not by intent
      // as long as the hash's secret is one.
      throw new RangeError("Cannot add the key: the hash index is full");
    }
    this.#place(table, hash, pointer);
    this.entryCount++;
  }

  /** Takes the key's entry out. */
  remove(key: KeyBuffer, pointer: number): void {
    const table = this.directory[key.hash >>> (32 - this.depth)]!;
    const slots = this.slotsOf(table);
    const slot = slotOf(slots, key.hash, pointer);
    // Of a snapshot that was forged an entry may be in no table.
    if (slot >= 0) {
      closeGap(slots, slot);
      this.#used[table]!--;
      this.entryCount--;
    }
    this.view?.drop(pointer);
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
    const slots = this.slotsOf(this.directory[key.hash >>> (32 - this.depth)]!);
    slots[slotOf(slots, key.hash, pointer) * 2 + 1] = moved;
    this.view?.drop(pointer);
    this.view?.add(moved);
    arena.release(pointer);
    return moved;
  }

  /** Puts an entry into the first empty slot from its home on. */
  #place(table: number, hash: number, pointer: number): void {
    const slab = this.#slabs[table >>> SLAB_BITS]!;
    const base = (table & SLAB_MASK) << TABLE_BITS;
    let slot = hash & SLOT_MASK;
    while (slab[base + (slot << 1) + 1] !== 0) slot = (slot + 1) & SLOT_MASK;
    slab[base + (slot << 1)] = hash;
    slab[base + (slot << 1) + 1] = pointer;
    this.#used[table]!++;
  }

  /** Splits the table of `hash` by the next bit of its entries' hashes. */
  #split(hash: number, low: number): void {
    const depth = this.#depths[low]!;
    if (depth === this.depth) {
      const { directory } = this;
      const doubled = new Uint32Array(directory.length * 2);
      for (let i = 0; i < directory.length; i++) {
        doubled[i * 2] = doubled[i * 2 + 1] = directory[i]!;
      }
      this.directory = doubled;
      this.depth++;
    }
    const high = this.#addTable();
    this.#depths[low] = this.#depths[high] = depth + 1;
    const slots = this.slotsOf(low);
    const old = this.#scratch;
    old.set(slots);
    slots.fill(0);
    this.#used[low] = 0;
    for (let at = 0; at < TABLE_WORDS; at += 2) {
      const pointer = old[at + 1]!;
      if (pointer === 0) continue;
      const slotHash = old[at]!;
      const table = (slotHash >>> (31 - depth)) & 1 ? high : low;
      this.#place(table, slotHash, pointer);
    }
    const span = 1 << (this.depth - depth);
    const first = (hash >>> (32 - this.depth)) & ~(span - 1);
    this.directory.fill(high, first + span / 2, first + span);
  }

  /** Makes an empty table; returns its number. */
  #addTable(): number {
    const table = this.tableCount++;
    if (table === this.#used.length) {
      const used = new Uint16Array(table * 2);
      used.set(this.#used);
      this.#used = used;
      const depths = new Uint8Array(table * 2);
      depths.set(this.#depths);
      this.#depths = depths;
    }
    const slab = this.#slabs[table >>> SLAB_BITS];
    if (slab === undefined) {
      this.#slabs.push(new Int32Array(SLAB_WORDS));
    } else if (slab.length < SLAB_WORDS && table * TABLE_WORDS >= slab.length) {
      // Only the first slab begins small.
      this.#slabs[0] = new Int32Array(Math.min(SLAB_WORDS, slab.length * 4));
      this.#slabs[0].set(slab);
    }
    return table;
  }

  /** The slots of a table: (hash, pointer) each. Valid until the next insert. */
  slotsOf(table: number): Int32Array {
    const base = (table & SLAB_MASK) << TABLE_BITS;
    return this.#slabs[table >>> SLAB_BITS]!.subarray(base, base + TABLE_WORDS);
  }

  /** Used slots of a table. */
  usedOf(table: number): number {
    return this.#used[table]!;
  }

  /** How many bits of the hash all entries of a table have in common. */
  depthOf(table: number): number {
    return this.#depths[table]!;
  }

  /** Every table once, in the order of the directory. */
  *tables(): Generator<number> {
    let previous = -1;
    for (const table of this.directory) {
      if (table !== previous) yield table;
      previous = table;
    }
  }

  /** Makes an empty index ready for {@linkcode restoreTable}. */
  beginRestore(depth: number): void {
    this.depth = depth;
    this.directory = new Uint32Array(2 ** depth);
    this.tableCount = 0;
    this.#restored = 0;
  }

  /**
   * Takes over a table, in the order that {@linkcode tables} gives: its slots are the
   * words at `from`. False if it does not fit the directory, is too full, or points
   * at `pointerEnd` or beyond.
   */
  restoreTable(
    words: Int32Array,
    from: number,
    depth: number,
    pointerEnd: number,
  ): boolean {
    const first = this.#restored;
    const span = 2 ** (this.depth - depth);
    const fits = depth >= 0 && depth <= this.depth && first % span === 0 &&
      first + span <= this.directory.length;
    if (!fits) return false;
    const table = this.#addTable();
    this.slotsOf(table).set(words.subarray(from, from + TABLE_WORDS));
    let used = 0;
    let pointerMax = 0;
    for (let at = from + 1; at < from + TABLE_WORDS; at += 2) {
      const pointer = words[at]! >>> 0;
      if (pointer !== 0) used++;
      if (pointer > pointerMax) pointerMax = pointer;
    }
    this.#depths[table] = depth;
    this.#used[table] = used;
    this.entryCount += used;
    this.directory.fill(table, first, first + span);
    this.#restored += span;
    return used < TABLE_SLOTS && pointerMax < pointerEnd;
  }

  /** True if the tables that were restored fill the directory. */
  get isRestored(): boolean {
    return this.#restored === this.directory.length;
  }

  /** True if most of the memory is of entries that are gone. */
  get isSparse(): boolean {
    return this.arena.freeWords * 2 > this.arena.end;
  }

  /** An index with the same entries that takes no more memory than they need. */
  compacted(): HashIndex {
    const index = new HashIndex();
    for (const table of this.tables()) {
      const slots = this.slotsOf(table);
      for (let at = 0; at < TABLE_WORDS; at += 2) {
        const pointer = slots[at + 1]!;
        if (pointer === 0) continue;
        index.#add(slots[at]!, index.arena.copyFrom(this.arena, pointer >>> 0));
      }
    }
    return index;
  }

  /** Calls back with every entry's pointer, in no order. */
  forEach(callback: (pointer: number) => void): void {
    for (const table of this.tables()) {
      const slots = this.slotsOf(table);
      for (let at = 1; at < TABLE_WORDS; at += 2) {
        const pointer = slots[at]!;
        if (pointer !== 0) callback(pointer >>> 0);
      }
    }
  }
}

/** The slot that holds `pointer`; -1 if there is none. */
function slotOf(slots: Int32Array, hash: number, pointer: number): number {
  let slot = hash & SLOT_MASK;
  while (slots[slot * 2 + 1] !== (pointer | 0)) {
    if (slots[slot * 2 + 1] === 0) return -1;
    slot = (slot + 1) & SLOT_MASK;
  }
  return slot;
}

/** Empties a slot, and moves back every following one not found across the gap. */
function closeGap(slots: Int32Array, slot: number): void {
  let next = slot;
  for (;;) {
    next = (next + 1) & SLOT_MASK;
    if (slots[next * 2 + 1] === 0) break;
    const home = slots[next * 2]! & SLOT_MASK;
    const gapFromHome = (slot - home) & SLOT_MASK;
    const nextFromHome = (next - home) & SLOT_MASK;
    if (gapFromHome < nextFromHome) {
      slots[slot * 2] = slots[next * 2]!;
      slots[slot * 2 + 1] = slots[next * 2 + 1]!;
      slot = next;
    }
  }
  slots[slot * 2] = slots[slot * 2 + 1] = 0;
}

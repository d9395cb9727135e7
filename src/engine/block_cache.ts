/**
 * Blocks of segment files kept in memory for reads that miss the memtables: a
 * set-associative cache, eight blocks a set, with a second chance for blocks that
 * were used since room was last needed (the clock algorithm, Corbató 1968). Only
 * bytes that no longer change are kept.
 *
 * A record whose checksum was found right is marked in the cached copy: the mark, a
 * number nobody outside knows, takes the checksum's place. The bytes do not change in
 * memory, so once is enough, and the mark lies where the reader looks anyway.
 *
 * The system gives memory to a slab page by page as blocks are read into it.
 *
 * @module
 */

import { checksum } from "../format/checksum.ts";
import type { Segment } from "../log/segment.ts";

const BLOCK_BITS = 12;
/** Bytes of one block. */
export const CACHE_BLOCK_BYTES: number = 1 << BLOCK_BITS;
const WAYS = 8;
/** Blocks of one slab, of at most 1 GiB. */
const SLAB_BITS = 18;
const SLAB_MASK = (1 << SLAB_BITS) - 1;
/** Misses after which it is asked anew how much the cache is worth. */
const MISSES_A_LOOK = 1024;
/** One in so many blocks is read into a cache that is of little use; a power of two. */
const SAMPLE_MASK = 8 - 1;

/** Keeps blocks of segments. */
export class BlockCache {
  /** The memory of the slots, {@linkcode slabOf} says which one. */
  readonly slabs: Uint8Array[] = [];
  /** The same memory, for numbers. */
  readonly views: DataView[] = [];
  /** What stands in place of the checksum of a cached record that is sound. */
  readonly soundMark: number;
  readonly #setMask: number;
  /** For each slot: segment id (0: empty), block number. One set takes 64 bytes. */
  readonly #tags: Uint32Array;
  /** For each set: a bit for each slot that was used since room was last needed. */
  readonly #used: Uint8Array;
  /** For each set: the slot that is looked at next when room is needed. */
  readonly #hands: Uint8Array;
  #blockCount = 0;
  #misses = 0;
  #hitsThen = 0;
  #isOfUse = true;

  /**
   * A cache of at most `bytes` bytes of blocks: the largest power of two that fits.
   * Nobody who does not know `secret` can write a record that passes for sound.
   */
  constructor(bytes: number, secret: Uint8Array) {
    const sets = bytes < CACHE_BLOCK_BYTES * WAYS
      ? 0
      : 2 ** Math.floor(Math.log2(bytes / (CACHE_BLOCK_BYTES * WAYS)));
    this.#setMask = sets - 1;
    this.soundMark = checksum(secret);
    this.#tags = new Uint32Array(sets * WAYS * 2);
    this.#used = new Uint8Array(sets);
    this.#hands = new Uint8Array(sets);
  }

  /** Gives the memory back; nothing may be read through the cache afterwards. */
  release(): void {
    this.slabs.length = this.views.length = 0;
  }

  /** False if the cache was given no room. */
  get isEnabled(): boolean {
    return this.#setMask >= 0;
  }

  /** Bytes of the blocks held. */
  get bytes(): number {
    return this.#blockCount * CACHE_BLOCK_BYTES;
  }

  /** The number of the slab in which a slot lies. */
  slabOf(slot: number): number {
    return slot >>> SLAB_BITS;
  }

  /** Where in its slab a slot lies. */
  placeOf(slot: number): number {
    return (slot & SLAB_MASK) << BLOCK_BITS;
  }

  /** The slot that holds the block, or -1 if it is not here. */
  find(segmentId: number, block: number): number {
    const set = this.#setOf(segmentId, block);
    const tags = this.#tags;
    const first = set * WAYS;
    for (let way = 0; way < WAYS; way++) {
      const tag = (first + way) * 2;
      if (tags[tag + 1] === block && tags[tag] === segmentId) {
        this.#used[set]! |= 1 << way;
        return first + way;
      }
    }
    return -1;
  }

  /**
   * Whether a block that was missed is to be read into the cache, after `hits` blocks
   * that were found so far. Where the data is much larger than the cache most blocks
   * go before they are wanted again, and reading them whole costs more than reading
   * the record; then only a sample of them gets in, so that a change is noticed.
   */
  admits(hits: number): boolean {
    if (++this.#misses % MISSES_A_LOOK === 0) {
      const isFull = this.#blockCount > this.#used.length * (WAYS - 1);
      this.#isOfUse = !isFull || hits - this.#hitsThen > MISSES_A_LOOK;
      this.#hitsThen = hits;
    }
    return this.#isOfUse || (this.#misses & SAMPLE_MASK) === 0;
  }

  /** Reads the block from its segment, all of which must be there; returns its slot. */
  load(segment: Segment, block: number): number {
    const set = this.#setOf(segment.id, block);
    const slot = set * WAYS + this.#makeRoom(set);
    const tags = this.#tags;
    if (tags[slot * 2] === 0) this.#blockCount++;
    else tags[slot * 2] = 0; // no block, should the read fail half-way
    const slab = this.#slab(slot >>> SLAB_BITS);
    const position = block * CACHE_BLOCK_BYTES;
    try {
      segment.read(slab, this.placeOf(slot), CACHE_BLOCK_BYTES, position);
    } catch (error) {
      this.#blockCount--;
      throw error;
    }
    tags[slot * 2] = segment.id;
    tags[slot * 2 + 1] = block;
    return slot;
  }

  /** The slot of a set whose block goes: the next that was not used of late. */
  #makeRoom(set: number): number {
    const hands = this.#hands;
    const used = this.#used;
    for (;;) {
      const way = hands[set]!;
      hands[set] = (way + 1) % WAYS;
      if ((used[set]! & (1 << way)) === 0) return way;
      used[set]! &= ~(1 << way);
    }
  }

  #slab(number: number): Uint8Array {
    let slab = this.slabs[number];
    if (slab === undefined) {
      const slots = Math.min(SLAB_MASK + 1, (this.#setMask + 1) * WAYS);
      slab = this.slabs[number] = new Uint8Array(slots * CACHE_BLOCK_BYTES);
      this.views[number] = new DataView(slab.buffer);
    }
    return slab;
  }

  #setOf(segmentId: number, block: number): number {
    const mixed = Math.imul(
      block ^ Math.imul(segmentId, 0x85ebca6b),
      0x9e3779b1,
    );
    return (mixed ^ (mixed >>> 15)) & this.#setMask;
  }
}

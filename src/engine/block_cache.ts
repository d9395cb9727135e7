/**
 * Blocks of segment files kept in memory for reads that miss the memtables: a
 * set-associative cache in one slab, eight blocks a set, the one longest unused
 * making room. Only bytes that no longer change are kept.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";

const BLOCK_BITS = 12;
/** Bytes of one block. */
export const CACHE_BLOCK_BYTES: number = 1 << BLOCK_BITS;
const WAYS = 8;
const TAG_WORDS = 3;
const SLAB_BYTES_MAX = 1 << 30;

/** Keeps blocks of segments. */
export class BlockCache {
  /** Where the block that {@linkcode find} or {@linkcode load} gave lies. */
  slab: Uint8Array = new Uint8Array(0);
  readonly #slabs: Uint8Array[] = [];
  readonly #setMask: number;
  readonly #setsASlab: number;
  /** For each way: segment id, block number, time of last use. */
  readonly #tags: Uint32Array;
  #clock = 0;

  /** A cache of about `bytes` bytes: the largest power of two that fits. */
  constructor(bytes: number) {
    const sets = bytes < CACHE_BLOCK_BYTES * WAYS
      ? 0
      : 2 ** Math.floor(Math.log2(bytes / (CACHE_BLOCK_BYTES * WAYS)));
    this.#setMask = sets - 1;
    this.#setsASlab = SLAB_BYTES_MAX / (CACHE_BLOCK_BYTES * WAYS);
    this.#tags = new Uint32Array(sets * WAYS * TAG_WORDS);
  }

  /** False if the cache was given no room. */
  get isEnabled(): boolean {
    return this.#setMask >= 0;
  }

  /** Bytes held. */
  get bytes(): number {
    let sum = this.#tags.byteLength;
    for (const slab of this.#slabs) sum += slab.length;
    return sum;
  }

  /** Where the block lies in {@linkcode slab}, or -1 if it is not here. */
  find(segmentId: number, block: number): number {
    const set = this.#setOf(segmentId, block);
    const tags = this.#tags;
    for (let way = 0; way < WAYS; way++) {
      const tag = (set * WAYS + way) * TAG_WORDS;
      if (tags[tag] === segmentId && tags[tag + 1] === block) {
        tags[tag + 2] = ++this.#clock;
        return this.#place(set, way);
      }
    }
    return -1;
  }

  /** Reads the block from its segment; all its bytes must be there. */
  load(segment: Segment, block: number): number {
    const set = this.#setOf(segment.id, block);
    const tags = this.#tags;
    let oldest = 0;
    for (let way = 1; way < WAYS; way++) {
      const tag = (set * WAYS + way) * TAG_WORDS;
      if (tags[tag + 2]! < tags[(set * WAYS + oldest) * TAG_WORDS + 2]!) {
        oldest = way;
      }
    }
    const tag = (set * WAYS + oldest) * TAG_WORDS;
    const place = this.#place(set, oldest);
    tags[tag] = 0; // no block, should the read fail half-way
    segment.read(
      this.slab,
      place,
      CACHE_BLOCK_BYTES,
      block * CACHE_BLOCK_BYTES,
    );
    tags[tag] = segment.id;
    tags[tag + 1] = block;
    tags[tag + 2] = ++this.#clock;
    return place;
  }

  #setOf(segmentId: number, block: number): number {
    const mixed = Math.imul(
      block ^ Math.imul(segmentId, 0x85ebca6b),
      0x9e3779b1,
    );
    return (mixed ^ (mixed >>> 15)) & this.#setMask;
  }

  #place(set: number, way: number): number {
    const number = Math.floor(set / this.#setsASlab);
    let slab = this.#slabs[number];
    if (slab === undefined) {
      const sets = Math.min(this.#setsASlab, this.#setMask + 1);
      slab = this.#slabs[number] = new Uint8Array(
        sets * WAYS * CACHE_BLOCK_BYTES,
      );
    }
    this.slab = slab;
    return ((set % this.#setsASlab) * WAYS + way) * CACHE_BLOCK_BYTES;
  }
}

/**
 * The entries of the hash index: where each key's record lies, and the key itself,
 * packed in blocks of words. A freed entry is used again for one of the same size.
 *
 * ```text
 * word 0  segment id
 *      1  offset in the segment
 *      2  bytes of the record
 *      3  stale puts: older puts of this key that still lie in some segment
 *      4  tag: key length, bucket bit, state bits
 *      5… the key's bytes
 *      …  if expiring: expiry (2 words), time it is queued under (2 words)
 * ```
 *
 * @module
 */

import type { KeyBuffer } from "./key_buffer.ts";
import { TAG_KEY_MASK } from "./key_buffer.ts";

/** The key's newest record is a tombstone. */
export const TAG_TOMBSTONE: number = 1 << 17;
/** The entry has an expiry. */
export const TAG_EXPIRING: number = 1 << 18;
/** The record expired and was counted as dead; it still stands as a tombstone. */
export const TAG_SWEPT: number = 1 << 19;
/** The entry was given back; its size bits still tell how large it is. */
export const TAG_FREED: number = 1 << 20;

const OFFSET = 1;
const LENGTH = 2;
const STALE = 3;
const TAG = 4;
/** Words of an entry before its key. */
export const KEY = 5;
/** Words that an expiry adds to an entry. */
export const EXPIRY_WORDS = 4;

const BLOCK_BITS = 18;
/** Words of one block: 1 MiB. */
export const BLOCK_WORDS: number = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_WORDS - 1;
/** Words of the largest entry; a list of free entries is kept for each size. */
export const ENTRY_WORDS_MAX: number = KEY + 16_384 + EXPIRY_WORDS;
const WORD = 2 ** 32;

/** Words of the entry that has `tag`. */
function entryWords(tag: number): number {
  return KEY + (((tag & 0xffff) + 3) >>> 2) +
    ((tag & TAG_EXPIRING) !== 0 ? EXPIRY_WORDS : 0);
}

/** Entries, named by pointers; 0 is no pointer. */
export class KeyArena {
  /** Blocks of words; an entry never crosses two. */
  blocks: Uint32Array[] = [];
  /** The next pointer never used. Word 0 stays unused so that 0 is no pointer. */
  end = 1;
  /** Words of entries that were given back and not used again. */
  freeWords = 0;
  /** First free entry of each size, linked through word 0. */
  readonly #free = new Uint32Array(ENTRY_WORDS_MAX + 1);

  /** Bytes held, used or not. */
  get bytes(): number {
    return this.blocks.length * BLOCK_WORDS * 4 + this.#free.byteLength;
  }

  /** Makes an entry for the key at hand; location and expiry are not set. */
  allocate(key: KeyBuffer, isExpiring: boolean): number {
    const tag = key.tag | (isExpiring ? TAG_EXPIRING : 0);
    const words = entryWords(tag);
    const pointer = this.#take(words);
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    block[at + STALE] = 0;
    block[at + TAG] = tag;
    for (let i = 0; i < key.wordCount; i++) {
      block[at + KEY + i] = key.words[i]!;
    }
    return pointer;
  }

  #take(words: number): number {
    const free = this.#free[words]!;
    if (free !== 0) {
      this.#free[words] = this.blocks[free >>> BLOCK_BITS]![free & BLOCK_MASK]!;
      this.freeWords -= words;
      return free;
    }
    if ((this.end & BLOCK_MASK) + words > BLOCK_WORDS) {
      this.end = this.blocks.length * BLOCK_WORDS;
    }
    if (this.end >= this.blocks.length * BLOCK_WORDS) {
      this.blocks.push(new Uint32Array(BLOCK_WORDS));
    }
    const pointer = this.end;
    this.end += words;
    return pointer;
  }

  /** Gives an entry back. */
  release(pointer: number): void {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const words = entryWords(block[at + TAG]!);
    block[at] = this.#free[words]!;
    block[at + TAG] = block[at + TAG]! | TAG_FREED;
    this.#free[words] = pointer;
    this.freeWords += words;
  }

  /** Makes an entry like one of another arena. */
  copyFrom(source: KeyArena, pointer: number): number {
    const block = source.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const words = entryWords(block[at + TAG]!);
    const copy = this.#take(words);
    const target = this.blocks[copy >>> BLOCK_BITS]!;
    target.set(block.subarray(at, at + words), copy & BLOCK_MASK);
    return copy;
  }

  /** Takes over blocks that an index snapshot held; {@linkcode walk} must follow. */
  restore(blocks: Uint32Array[], end: number): void {
    this.blocks = blocks;
    this.end = end;
    this.#free.fill(0);
    this.freeWords = 0;
  }

  /**
   * Looks at every entry in the order of the blocks, makes the lists of free entries
   * anew, and calls back with those that expire. Returns how many are in use; -1 if the
   * blocks do not hold whole entries, or one points beyond what `lengthOf` gives for its
   * segment.
   */
  walk(
    lengthOf: (segmentId: number) => number,
    onExpiring: (pointer: number) => void,
  ): number {
    let inUse = 0;
    let segmentId = -1;
    let length = -1;
    for (let number = 0; number < this.blocks.length; number++) {
      const block = this.blocks[number]!;
      const start = number * BLOCK_WORDS;
      const limit = Math.min(BLOCK_WORDS, this.end - start);
      for (let at = number === 0 ? 1 : 0; at + KEY < limit;) {
        const tag = block[at + TAG]!;
        if (tag === 0) break; // the rest was too small for the next entry
        const words = entryWords(tag);
        if ((tag & 0xffff) === 0 || at + words > limit) return -1;
        if ((tag & TAG_FREED) !== 0) {
          block[at] = this.#free[words]!;
          this.#free[words] = start + at;
          this.freeWords += words;
        } else {
          if (block[at] !== segmentId) {
            segmentId = block[at]!;
            length = lengthOf(segmentId);
          }
          if (block[at + OFFSET]! + block[at + LENGTH]! > length) return -1;
          inUse++;
          if ((tag & TAG_EXPIRING) !== 0) onExpiring(start + at);
        }
        at += words;
      }
    }
    return inUse;
  }

  /** The first entry in use at `pointer` or behind it; 0 if there is none. */
  entryFrom(pointer: number): number {
    while (pointer < this.end) {
      const at = pointer & BLOCK_MASK;
      const tag = at + TAG < BLOCK_WORDS
        ? this.blocks[pointer >>> BLOCK_BITS]![at + TAG]!
        : 0;
      // Without a tag the rest of the block was too small for the next entry.
      if (tag === 0) pointer = ((pointer >>> BLOCK_BITS) + 1) * BLOCK_WORDS;
      else if ((tag & TAG_FREED) === 0) return pointer;
      else pointer += entryWords(tag);
    }
    return 0;
  }

  /** The first pointer behind an entry. */
  entryEnd(pointer: number): number {
    return pointer + entryWords(this.tag(pointer));
  }

  /** The block that an entry lies in. */
  blockOf(pointer: number): Uint32Array {
    return this.blocks[pointer >>> BLOCK_BITS]!;
  }

  /** Where in its block an entry's key begins. */
  keyPlace(pointer: number): number {
    return (pointer & BLOCK_MASK) + KEY;
  }

  /** True if the entry holds the key at hand. */
  matches(pointer: number, key: KeyBuffer): boolean {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    if ((block[at + TAG]! & TAG_KEY_MASK) !== key.tag) return false;
    const { words, wordCount } = key;
    for (let i = 0; i < wordCount; i++) {
      if ((block[at + KEY + i]! | 0) !== words[i]) return false;
    }
    return true;
  }

  /** The segment of the entry's record. */
  segmentId(pointer: number): number {
    return this.blocks[pointer >>> BLOCK_BITS]![pointer & BLOCK_MASK]!;
  }

  /** The offset of the entry's record. */
  offset(pointer: number): number {
    return this
      .blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + OFFSET]!;
  }

  /** The bytes of the entry's record. */
  recordLength(pointer: number): number {
    return this
      .blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + LENGTH]!;
  }

  /** True if the entry's record is exactly this one. */
  isAt(pointer: number, segmentId: number, offset: number): boolean {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    return block[at] === segmentId && block[at + OFFSET] === offset;
  }

  /** Points the entry at a record. */
  setLocation(
    pointer: number,
    segmentId: number,
    offset: number,
    length: number,
  ): void {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    block[at] = segmentId;
    block[at + OFFSET] = offset;
    block[at + LENGTH] = length;
  }

  /** Older puts of the key that still lie in some segment. */
  stalePuts(pointer: number): number {
    return this
      .blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + STALE]!;
  }

  /** Changes the number of older puts; returns the new number. */
  addStalePuts(pointer: number, change: number): number {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = (pointer & BLOCK_MASK) + STALE;
    return block[at] = block[at]! + change;
  }

  /** Sets the number of older puts. */
  setStalePuts(pointer: number, count: number): void {
    this.blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + STALE] =
      count;
  }

  /** Key length, bucket bit and state bits. */
  tag(pointer: number): number {
    return this.blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + TAG]!;
  }

  /** Sets the state bits, which must not change the entry's size. */
  setTag(pointer: number, tag: number): void {
    this.blocks[pointer >>> BLOCK_BITS]![(pointer & BLOCK_MASK) + TAG] = tag;
  }

  /** When the entry expires; 0 if it does not. */
  expiry(pointer: number): number {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const tag = block[at + TAG]!;
    if ((tag & TAG_EXPIRING) === 0) return 0;
    const place = at + KEY + (((tag & 0xffff) + 3) >>> 2);
    return block[place]! + block[place + 1]! * WORD;
  }

  /** The time under which the expiry queue holds the entry. */
  queuedTime(pointer: number): number {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const place = at + KEY + (((block[at + TAG]! & 0xffff) + 3) >>> 2) + 2;
    return block[place]! + block[place + 1]! * WORD;
  }

  /** Sets both times of an expiring entry. */
  setExpiry(pointer: number, expiry: number, queuedTime: number): void {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const place = at + KEY + (((block[at + TAG]! & 0xffff) + 3) >>> 2);
    block[place] = expiry >>> 0;
    block[place + 1] = Math.floor(expiry / WORD);
    block[place + 2] = queuedTime >>> 0;
    block[place + 3] = Math.floor(queuedTime / WORD);
  }

  /** A copy of the entry's key. */
  copyKey(pointer: number): Uint8Array {
    const block = this.blocks[pointer >>> BLOCK_BITS]!;
    const at = pointer & BLOCK_MASK;
    const start = (at + KEY) * 4;
    return new Uint8Array(block.buffer, start, block[at + TAG]! & 0xffff)
      .slice();
  }
}

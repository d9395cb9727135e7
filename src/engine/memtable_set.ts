/**
 * The memtables of a store: the active one that is appended to and the sealed ones
 * that still serve reads. The image of one that has done its work is used again.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";
import type { Counters } from "./counters.ts";
import type { Level0 } from "./level0.ts";
import { Memtable } from "./memtable.ts";

/** A small store need not pay for a whole memtable. */
const FIRST_IMAGE_BYTES = 65_536;

/** Active and sealed memtables. */
export class MemtableSet {
  /** The memtable that is appended to. */
  active: Memtable;
  /** Sealed memtables that serve reads, the newest last. */
  readonly sealed: Memtable[] = [];
  readonly #level0: Level0;
  readonly #counters: Counters;
  readonly #memTableSize: number;
  readonly #sealedMax: number;
  #spareImage: Uint8Array | undefined;

  /** Starts with one memtable that continues `segment`. */
  constructor(
    segment: Segment,
    level0: Level0,
    counters: Counters,
    memTableSize: number,
    sealedMax: number,
  ) {
    this.#level0 = level0;
    this.#counters = counters;
    this.#memTableSize = memTableSize;
    this.#sealedMax = sealedMax;
    this.active = this.#create(segment, 0);
  }

  /** Bytes of all memtables and of the level-0 tables made from them. */
  get bytes(): number {
    let bytes = this.active.image.length + (this.#spareImage?.length ?? 0);
    for (const { image } of this.sealed) bytes += image.length;
    return bytes + this.#level0.bytes;
  }

  /** Gives the memory back; nothing may be appended or read afterwards. */
  release(): void {
    this.sealed.length = 0;
    this.#spareImage = undefined;
    this.active = new Memtable(this.active.segment, new Uint8Array(0));
  }

  /** True if `imageBytes` more go into the active memtable, which may grow for it. */
  hasRoom(imageBytes: number): boolean {
    const { active } = this;
    const needed = active.used + imageBytes;
    if (needed <= active.image.length) return true;
    if (needed > this.#memTableSize) return false;
    active.grow(Math.min(this.#memTableSize, needed * 2));
    return true;
  }

  /**
   * Seals the active memtable, whose records must be flushed, and starts one with
   * room for `imageBytes` that continues `segment`.
   */
  seal(segment: Segment, imageBytes: number): void {
    const old = this.active;
    if (old.used === 0 && old.image.length >= imageBytes) {
      this.active = new Memtable(segment, old.image);
      return;
    }
    if (old.used > 0) {
      this.sealed.push(old);
      while (this.sealed.length > this.#sealedMax) {
        this.#recycle(this.sealed.shift()!);
      }
    }
    try {
      this.active = this.#create(segment, imageBytes);
    } catch (error) {
      // Memory is short: the old one goes on.
      if (old.used > 0) this.sealed.pop();
      throw error;
    }
    if (old.used === 0) return;
    this.#counters.memtablesSealed++;
    this.#level0.add(old);
  }

  #recycle(memtable: Memtable): void {
    if (memtable.image.length === this.#memTableSize) {
      this.#spareImage = memtable.image;
    }
  }

  #create(segment: Segment, imageBytes: number): Memtable {
    const spare = this.#spareImage;
    if (spare !== undefined && spare.length >= imageBytes) {
      this.#spareImage = undefined;
      return new Memtable(segment, spare);
    }
    // A store that filled one memtable will fill the next.
    const usual = this.#counters.memtablesSealed === 0
      ? FIRST_IMAGE_BYTES
      : this.#memTableSize;
    const capacity = Math.max(usual, imageBytes);
    return new Memtable(segment, new Uint8Array(capacity));
  }

  /** True if the bytes lie in an image, as those of a view that was given out do. */
  owns(bytes: Uint8Array): boolean {
    const { buffer } = bytes;
    if (buffer === this.active.image.buffer) return true;
    for (const { image } of this.sealed) {
      if (image.buffer === buffer) return true;
    }
    return false;
  }

  /** The memtable that holds the value of the record at a place, if one does. */
  find(segmentId: number, offset: number): Memtable | undefined {
    const oldest = this.sealed[0] ?? this.active;
    // Most records are older than all memtables.
    if (segmentId < oldest.segment.id) return undefined;
    if (segmentId === oldest.segment.id && offset < oldest.start) {
      return undefined;
    }
    if (this.active.locate(segmentId, offset) >= 0) return this.active;
    for (let i = this.sealed.length - 1; i >= 0; i--) {
      const memtable = this.sealed[i]!;
      if (memtable.locate(segmentId, offset) >= 0) return memtable;
    }
    return undefined;
  }
}

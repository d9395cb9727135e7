/**
 * What every record means for the books: the index, the dead bytes of segments and
 * the expiry queue. Writing, recovery and the garbage collector all go through here,
 * so they cannot disagree.
 *
 * The books hold, after every call:
 * - an entry points at the newest record of its key, a put or a tombstone;
 * - its count of stale puts is the number of other puts of the key on disk;
 * - a tombstone without stale puts has nothing left to hide: its entry is gone and
 *   its bytes are dead, so tombstones do not live for ever;
 * - an expired put keeps its entry, as a tombstone would, until its segment goes.
 *
 * Changes made by records that are not flushed yet can be undone.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { ExpiryQueue } from "./expiry_queue.ts";
import { HashIndex } from "./hash_index.ts";
import { History } from "./history.ts";
import {
  TAG_EXPIRING,
  TAG_FREED,
  TAG_SWEPT,
  TAG_TOMBSTONE,
} from "./key_arena.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";

const GONE = TAG_TOMBSTONE | TAG_SWEPT;
const UNDO_WORDS = 8;
const WAS_ABSENT = 0;
const WAS_PRESENT = 1;
const WAS_CONTROL = 2;
const WORD = 2 ** 32;

/** Tells the time by which keys expire. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** Index, dead bytes and expiries. */
export class KeyLedger {
  /** Which record is the newest of each key. */
  readonly index: HashIndex = new HashIndex();
  /** Which entry expires next. */
  readonly expiries: ExpiryQueue = new ExpiryQueue();
  /** What keys were like at moments that are kept. */
  readonly history: History;
  /** Keys that have a value; those that expired but were not swept yet included. */
  liveKeys = 0;
  /** Entries that have an expiry. */
  expiringEntries = 0;
  /**
   * True after the settling of a segment broke off: puts may be counted that are
   * gone. That only keeps tombstones longer, until a reopen makes the books anew.
   */
  isInexact = false;
  /** Bytes that died since the books were opened; only ever grows. */
  deadBytesAdded = 0;
  readonly #log: ValueLog;
  readonly #key: KeyBuffer;
  #undo = new Uint32Array(64 * UNDO_WORDS);
  #undoCount = 0;

  /** Books for a log; `key` is the buffer that holds the key of each call. */
  constructor(log: ValueLog, key: KeyBuffer) {
    this.#log = log;
    this.#key = key;
    this.history = new History(log, key);
  }

  /** The entry of the key at hand if it has a value, else 0. */
  findLive(clock: Clock): number {
    const { index } = this;
    const pointer = index.find(this.#key);
    if (pointer === 0) return 0;
    const state = index.arena.tag(pointer) & (GONE | TAG_EXPIRING);
    if (state === 0) return pointer;
    // Most keys never expire, and the time costs more than all else here.
    return this.isLive(pointer, clock.now()) ? pointer : 0;
  }

  /** True if the entry has a value at `now`. */
  isLive(pointer: number, now: number): boolean {
    const { arena } = this.index;
    const tag = arena.tag(pointer);
    if ((tag & GONE) !== 0) return false;
    return (tag & TAG_EXPIRING) === 0 || arena.expiry(pointer) > now;
  }

  /** The key at hand was put; `imageAt` is where its record lies in the memtable. */
  put(
    segment: Segment,
    offset: number,
    length: number,
    expiry: number,
    imageAt: number,
  ): void {
    const { index } = this;
    const { arena } = index;
    let pointer = index.find(this.#key);
    if (this.history.count > 0) this.history.note(arena, pointer);
    if (pointer === 0) {
      if (imageAt >= 0) this.#noteUndo(WAS_ABSENT, 0, imageAt);
      pointer = index.insert(this.#key, expiry !== 0);
      if (expiry !== 0) {
        this.expiringEntries++;
        arena.setExpiry(pointer, 0, 0);
      }
      this.liveKeys++;
    } else {
      if (imageAt >= 0) this.#noteUndo(WAS_PRESENT, pointer, imageAt);
      this.#supersede(pointer);
      pointer = this.#resize(pointer, expiry !== 0);
      arena.setTag(pointer, arena.tag(pointer) & ~GONE);
      this.liveKeys++;
    }
    arena.setLocation(pointer, segment.id, offset, length);
    if (expiry !== 0) this.#queueExpiry(pointer, expiry);
  }

  /** The key at hand was deleted. */
  tombstone(
    segment: Segment,
    offset: number,
    length: number,
    imageAt: number,
  ): void {
    const { index } = this;
    const { arena } = index;
    let pointer = index.find(this.#key);
    if (pointer === 0) {
      // Nothing to hide: recovery meets these after their puts were collected.
      this.#addDead(segment, length);
      if (imageAt >= 0) this.#noteUndo(WAS_CONTROL, 0, imageAt);
      return;
    }
    if (this.history.count > 0) this.history.note(arena, pointer);
    if (imageAt >= 0) this.#noteUndo(WAS_PRESENT, pointer, imageAt);
    this.#supersede(pointer);
    pointer = this.#resize(pointer, false);
    arena.setTag(pointer, (arena.tag(pointer) & ~GONE) | TAG_TOMBSTONE);
    arena.setLocation(pointer, segment.id, offset, length);
  }

  /** A record without a key was appended: nothing points at it. */
  control(segment: Segment, length: number, imageAt: number): void {
    this.#addDead(segment, length);
    if (imageAt >= 0) this.#noteUndo(WAS_CONTROL, 0, imageAt);
  }

  /** The entry's record is no longer the newest of its key. */
  #supersede(pointer: number): void {
    const { arena } = this.index;
    const tag = arena.tag(pointer);
    if ((tag & TAG_SWEPT) === 0) {
      this.#addDead(
        this.#log.get(arena.segmentId(pointer)),
        arena.recordLength(pointer),
      );
    }
    if ((tag & TAG_TOMBSTONE) === 0) arena.addStalePuts(pointer, 1);
    if ((tag & GONE) === 0) this.liveKeys--;
  }

  #addDead(segment: Segment, bytes: number): void {
    segment.deadBytes += bytes;
    this.deadBytesAdded += bytes;
  }

  #resize(pointer: number, isExpiring: boolean): number {
    const moved = this.index.resize(this.#key, pointer, isExpiring);
    if (moved !== pointer) {
      this.expiringEntries += isExpiring ? 1 : -1;
      if (isExpiring) this.index.arena.setExpiry(moved, 0, 0);
    }
    return moved;
  }

  #queueExpiry(pointer: number, expiry: number): void {
    const { arena } = this.index;
    const queuedTime = arena.queuedTime(pointer);
    // An earlier place in the queue will do: it is moved on when it comes up.
    if (
      arena.expiry(pointer) !== 0 && queuedTime !== 0 && queuedTime <= expiry
    ) {
      arena.setExpiry(pointer, expiry, queuedTime);
      return;
    }
    arena.setExpiry(pointer, expiry, expiry);
    this.expiries.add(expiry, pointer);
    if (this.expiries.size > 1024 + 2 * this.expiringEntries) {
      this.expiries.keep((time, place) => this.#isQueuedAs(place, time));
    }
  }

  #isQueuedAs(pointer: number, time: number): boolean {
    const { arena } = this.index;
    return (arena.tag(pointer) & (TAG_EXPIRING | TAG_FREED)) === TAG_EXPIRING &&
      arena.queuedTime(pointer) === time;
  }

  /** Counts up to `limit` keys that expired by `now` as dead; returns how many. */
  sweep(now: number, limit: number): number {
    const { expiries } = this;
    const { arena } = this.index;
    let swept = 0;
    while (swept < limit && expiries.nextTime <= now) {
      const time = expiries.nextTime;
      const pointer = expiries.nextPointer;
      expiries.drop();
      if (!this.#isQueuedAs(pointer, time)) continue;
      const expiry = arena.expiry(pointer);
      if (expiry > now) {
        arena.setExpiry(pointer, expiry, expiry);
        expiries.add(expiry, pointer);
      } else {
        // A later put of the key finds it not queued and queues it again.
        arena.setExpiry(pointer, expiry, 0);
        if ((arena.tag(pointer) & GONE) !== 0) continue;
        this.sweepEntry(pointer);
        swept++;
      }
    }
    return swept;
  }

  /** Counts one expired entry as dead. */
  sweepEntry(pointer: number): void {
    const { arena } = this.index;
    if (this.history.count > 0) this.history.note(arena, pointer);
    arena.setTag(pointer, arena.tag(pointer) | TAG_SWEPT);
    this.#addDead(
      this.#log.get(arena.segmentId(pointer)),
      arena.recordLength(pointer),
    );
    this.liveKeys--;
  }

  /**
   * A put of the key at hand left the disk together with its segment. Returns false
   * if the books knew of no such put.
   */
  settle(segmentId: number, offset: number): boolean {
    const { index } = this;
    const { arena } = index;
    const pointer = index.find(this.#key);
    if (pointer === 0) return false;
    if (arena.isAt(pointer, segmentId, offset)) {
      // An expired put that hid nothing: it went, and its entry with it.
      if ((arena.tag(pointer) & GONE) === 0) this.liveKeys--;
      this.#removeEntry(pointer);
      return true;
    }
    if (arena.stalePuts(pointer) === 0) return false;
    if (
      arena.addStalePuts(pointer, -1) === 0 &&
      (arena.tag(pointer) & TAG_TOMBSTONE) !== 0
    ) {
      this.#addDead(
        this.#log.get(arena.segmentId(pointer)),
        arena.recordLength(pointer),
      );
      this.#removeEntry(pointer);
    }
    return true;
  }

  /**
   * Takes out the entries whose records went with their segments. To be called when
   * everything else that was written by then is in the books, so nothing that these
   * records are in the way of is left.
   */
  forget(segmentIds: ReadonlySet<number>): void {
    const { arena } = this.index;
    let pointer = arena.entryFrom(1);
    while (pointer !== 0) {
      const next = arena.entryEnd(pointer);
      if (segmentIds.has(arena.segmentId(pointer))) {
        const key = arena.copyKey(pointer);
        const tag = arena.tag(pointer);
        this.#key.loadRecord(key, 0, key.length, (tag & TAG_BUCKET) !== 0);
        if (this.history.count > 0) this.history.note(arena, pointer);
        if ((tag & GONE) === 0) this.liveKeys--;
        this.#removeEntry(pointer);
      }
      pointer = arena.entryFrom(next);
    }
  }

  #removeEntry(pointer: number): void {
    const { history, index: { arena } } = this;
    if (history.count > 0) history.noteGone(arena, pointer);
    if ((arena.tag(pointer) & TAG_EXPIRING) !== 0) {
      this.expiringEntries--;
    }
    this.index.remove(this.#key, pointer);
  }

  /** Records that can be undone. */
  get undoCount(): number {
    return this.#undoCount;
  }

  /** Forgets how to undo: the records are flushed. */
  forgetUndo(): void {
    this.#undoCount = 0;
  }

  #noteUndo(state: number, pointer: number, imageAt: number): void {
    if ((this.#undoCount + 1) * UNDO_WORDS > this.#undo.length) {
      const larger = new Uint32Array(this.#undo.length * 2);
      larger.set(this.#undo);
      this.#undo = larger;
    }
    const row = this.#undoCount++ * UNDO_WORDS;
    const undo = this.#undo;
    undo[row] = state;
    undo[row + 1] = imageAt;
    if (state !== WAS_PRESENT) return;
    const { arena } = this.index;
    const expiry = arena.expiry(pointer);
    undo[row + 2] = arena.segmentId(pointer);
    undo[row + 3] = arena.offset(pointer);
    undo[row + 4] = arena.recordLength(pointer);
    undo[row + 5] = arena.tag(pointer);
    undo[row + 6] = expiry >>> 0;
    undo[row + 7] = Math.floor(expiry / WORD);
  }

  /**
   * Undoes every change since {@linkcode forgetUndo}, the newest first. `loadKey`
   * brings the key of the record at a place in the memtable into the key buffer
   * and returns the record's length.
   */
  rollback(active: Segment, loadKey: (imageAt: number) => number): void {
    for (let count = this.#undoCount; count > 0; count--) {
      const row = (count - 1) * UNDO_WORDS;
      const length = loadKey(this.#undo[row + 1]!);
      if (this.#undo[row] === WAS_CONTROL) active.deadBytes -= length;
      else this.#undoEntry(row);
    }
    this.#undoCount = 0;
  }

  #undoEntry(row: number): void {
    const undo = this.#undo;
    const { arena } = this.index;
    let pointer = this.index.find(this.#key);
    if ((arena.tag(pointer) & GONE) === 0) this.liveKeys--;
    if (undo[row] === WAS_ABSENT) {
      this.#removeEntry(pointer);
      return;
    }
    const tag = undo[row + 5]!;
    const length = undo[row + 4]!;
    if ((tag & TAG_TOMBSTONE) === 0) arena.addStalePuts(pointer, -1);
    if ((tag & TAG_SWEPT) === 0) {
      this.#log.get(undo[row + 2]!).deadBytes -= length;
    }
    if ((tag & GONE) === 0) this.liveKeys++;
    pointer = this.#resize(pointer, (tag & TAG_EXPIRING) !== 0);
    arena.setTag(pointer, tag);
    arena.setLocation(pointer, undo[row + 2]!, undo[row + 3]!, length);
    const expiry = undo[row + 6]! + undo[row + 7]! * WORD;
    if (expiry !== 0) this.#queueExpiry(pointer, expiry);
  }
}

/**
 * What keys were like when snapshots were taken.
 *
 * A snapshot costs nothing when it is taken. From then on the first change of each
 * key notes what the key was like before, with the newest snapshot. So a key that is
 * noted with a snapshot or a later one was, at that snapshot, as the first of those
 * notes says; a key that is not noted is as it was. When a snapshot ends, its notes
 * go to the one before it, for those keys that have none there, or away.
 *
 * A noted record is no longer live, so its segment may be collected; it is pinned
 * until the note goes. What the garbage collector moves is not noted, for the key is
 * as it was.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { type KeyArena, TAG_SWEPT, TAG_TOMBSTONE } from "./key_arena.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";

/** Where the value of a key lay; `undefined` stands for a key without a value. */
export interface PastPut {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
  /** When it expires; 0 if it does not. */
  readonly expiry: number;
}

/** A key as a property name: its space and a character for each byte. */
export function keyText(key: Uint8Array, isBucket: boolean): string {
  let text = isBucket ? "b" : "k";
  // The platform's own decoder reads "latin1" as Windows-1252.
  for (let from = 0; from < key.length; from += 4096) {
    text += String.fromCharCode(...key.subarray(from, from + 4096));
  }
  return text;
}

/** The same for the key at hand. */
export function textOfKey({ bytes, length, tag }: KeyBuffer): string {
  return keyText(bytes.subarray(0, length), (tag & TAG_BUCKET) !== 0);
}

/** The key that {@linkcode keyText} named. */
export function keyBytes(text: string): Uint8Array {
  const key = new Uint8Array(text.length - 1);
  for (let i = 0; i < key.length; i++) key[i] = text.charCodeAt(i + 1);
  return key;
}

/** One moment of the store. */
export class Moment {
  /** The time by which keys have expired. */
  readonly time: number;
  /** The newest version that belongs to it. */
  readonly version: number;
  /** What keys were like, noted at their first change after it. */
  readonly notes: Map<string, PastPut | undefined> = new Map();
  /** Noted keys whose entries left the index. */
  readonly gone: Set<string> = new Set();
  /** Segments that notes need. */
  readonly pinned: Set<Segment> = new Set();
  /** The next later moment that is kept. */
  next: Moment | undefined;
  previous: Moment | undefined;
  isKept = true;

  constructor(time: number, version: number) {
    this.time = time;
    this.version = version;
  }

  /** True if a key changed since. */
  get hasChanged(): boolean {
    if (this.notes.size > 0) return true;
    for (let moment = this.next; moment; moment = moment.next) {
      if (moment.notes.size > 0) return true;
    }
    return false;
  }

  /** True if what keys were like may lie in a segment, though they changed since. */
  pins(segment: Segment): boolean {
    if (this.pinned.has(segment)) return true;
    for (let moment = this.next; moment; moment = moment.next) {
      if (moment.pinned.has(segment)) return true;
    }
    return false;
  }

  /** True if the key changed since; what it was like is in {@linkcode past} then. */
  find(text: string): boolean {
    if (this.#isNoted(this.notes, text)) return true;
    for (let moment = this.next; moment; moment = moment.next) {
      if (this.#isNoted(moment.notes, text)) return true;
    }
    return false;
  }

  #isNoted(notes: Map<string, PastPut | undefined>, text: string): boolean {
    const put = notes.get(text);
    if (put === undefined && !notes.has(text)) return false;
    this.past = put;
    return true;
  }

  /** What the key that was last found was like. */
  past: PastPut | undefined;

  /** The keys that changed since. */
  *changedKeys(): Generator<string> {
    yield* this.notes.keys();
    for (let moment = this.next; moment; moment = moment.next) {
      yield* moment.notes.keys();
    }
  }

  /** The keys that changed since and whose entries left the index. */
  *goneKeys(): Generator<string> {
    yield* this.gone;
    for (let moment = this.next; moment; moment = moment.next) {
      yield* moment.gone;
    }
  }
}

/** The moments that are kept. */
export class History {
  /** How many. */
  count = 0;
  oldest: Moment | undefined;
  /** True while what is written changes no moment, as when a put is moved. */
  isSuspended = false;
  readonly #log: ValueLog;
  readonly #key: KeyBuffer;
  #newest: Moment | undefined;

  constructor(log: ValueLog, key: KeyBuffer) {
    this.#log = log;
    this.#key = key;
  }

  /** Notes held, for all moments. */
  get noteCount(): number {
    let count = 0;
    for (let moment = this.oldest; moment; moment = moment.next) {
      count += moment.notes.size;
    }
    return count;
  }

  /** Bytes of segments whose names are gone and that notes still need. */
  get heldBytes(): number {
    const held = new Set<Segment>();
    for (let moment = this.oldest; moment; moment = moment.next) {
      for (const segment of moment.pinned) held.add(segment);
    }
    let bytes = 0;
    for (const segment of held) {
      if (!this.#log.segments.has(segment.id)) bytes += segment.length;
    }
    return bytes;
  }

  /** Keeps this moment until {@linkcode drop}. */
  keep(time: number, version: number): Moment {
    const moment = new Moment(time, version);
    moment.previous = this.#newest;
    if (this.#newest !== undefined) this.#newest.next = moment;
    else this.oldest = moment;
    this.#newest = moment;
    this.count++;
    return moment;
  }

  /** Lets go of a moment. */
  drop(moment: Moment): void {
    if (!moment.isKept) return;
    moment.isKept = false;
    this.count--;
    const { previous, next } = moment;
    if (previous !== undefined) {
      previous.next = next;
      for (const [text, put] of moment.notes) {
        if (previous.notes.has(text)) continue;
        previous.notes.set(text, put);
        if (put !== undefined) this.#pin(previous, put.segment);
      }
      for (const text of moment.gone) previous.gone.add(text);
    } else {
      this.oldest = next;
    }
    if (next !== undefined) next.previous = previous;
    else this.#newest = previous;
    for (const segment of moment.pinned) segment.unpin();
    moment.notes.clear();
    moment.gone.clear();
    moment.pinned.clear();
  }

  /** Lets go of all moments. */
  dropAll(): void {
    while (this.#newest !== undefined) this.drop(this.#newest);
  }

  #pin(moment: Moment, segment: Segment): void {
    if (moment.pinned.has(segment)) return;
    moment.pinned.add(segment);
    segment.pin();
  }

  /** The entry's key is about to change; pointer 0 stands for the key at hand. */
  note(arena: KeyArena, pointer: number): void {
    const moment = this.#newest;
    if (moment === undefined || this.isSuspended) return;
    const text = this.#textOf(arena, pointer);
    const { notes } = moment;
    if (notes.has(text)) return;
    const isGone = pointer === 0 ||
      (arena.tag(pointer) & (TAG_TOMBSTONE | TAG_SWEPT)) !== 0;
    if (isGone) {
      notes.set(text, undefined);
      return;
    }
    const segment = this.#log.get(arena.segmentId(pointer));
    this.#pin(moment, segment);
    notes.set(text, {
      segment,
      offset: arena.offset(pointer),
      length: arena.recordLength(pointer),
      expiry: arena.expiry(pointer),
    });
  }

  /** The entry is about to leave the index. */
  noteGone(arena: KeyArena, pointer: number): void {
    const text = this.#textOf(arena, pointer);
    // A key that is not noted had no value at any moment that is kept.
    if (this.oldest!.find(text)) this.#newest!.gone.add(text);
  }

  #textOf(arena: KeyArena, pointer: number): string {
    if (pointer === 0) return textOfKey(this.#key);
    const isBucket = (arena.tag(pointer) & TAG_BUCKET) !== 0;
    return keyText(arena.copyKey(pointer), isBucket);
  }
}

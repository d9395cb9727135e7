/**
 * Makes writers that await their promise wait for the garbage collector when it does
 * not keep up: in proportion to what they overwrite and to what lies uncollected, so
 * that the value log stays bounded however fast they are.
 *
 * It only ever delays the news that a write is done. Nobody waits unless a run is
 * under way, and all are let go when it ends, however it ends: a collector that is
 * switched off, closing or failing holds nobody back. A writer that overwrites more
 * slowly than the collector works never waits; synchronous writes cannot.
 *
 * @module
 */

import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceStall } from "./announcements.ts";
import type { Counters } from "./counters.ts";
import type { TimetableSettings } from "./settings.ts";

/** What may lie uncollected, as a part of the bytes that the discard ratio promises. */
const FULL_PART = 0.1;
/** Fewer segments, or bytes, may lie uncollected without anybody's noticing. */
const FREE_SEGMENTS = 3;
const FREE_BYTES = 16 * 1024 * 1024;
/** Below this ratio a run frees so little that nobody should wait for it. */
const RATIO_MIN = 0.25;
/** Twice what is needed at most, for each of the two passes over a victim. */
const PRICE = 4;
/** Progress of the collector that is had without waiting, in bytes. */
const CREDIT_BYTES = 1024 * 1024;
/** Looks at the log cost a step a segment, so they are this rare. */
const LOOK_BYTES_MIN = 256 * 1024;
const LOOK_PART = 1 / 256;

/** A group of writes that waits. */
interface Held {
  /** How far the collector has to come. */
  until: number;
  /** When the wait began. */
  since: number;
  resolve: () => void;
}

/** How far writers are held back. */
export class Backpressure {
  /** Bytes that the writers since the last group made dead. */
  deadBytes = 0;
  readonly #log: ValueLog;
  readonly #counters: Counters;
  readonly #isEnabled: boolean;
  readonly #ratio: number;
  #isRunning = false;
  #isSyncing = false;
  /** Bytes of victims that the collector went over, in both passes. */
  #progress = 0;
  /** The victim, its dead bytes at first, and where in it the collector stands. */
  #victim: Segment | undefined;
  #victimBytes = 0;
  #position = 0;
  /** Bytes of the victim still to be gone over, in both passes. */
  #toGo = 0;
  /** The progress that past groups have taken for themselves. */
  #taken = 0;
  /** From 0, where nobody waits, to 1, the most that is meant to be, and over it. */
  #pressure = 0;
  #deadUntilLook = 0;
  #held: Held[] = [];
  /** Groups that waited during this run, how long in all, and the longest of them. */
  #groups = 0;
  #milliseconds = 0;
  #longestMilliseconds = 0;

  /** Backpressure for the writers of a log. */
  constructor(log: ValueLog, counters: Counters, settings: TimetableSettings) {
    this.#log = log;
    this.#counters = counters;
    this.#isEnabled = settings.valueLogGcEnabled;
    this.#ratio = Math.max(RATIO_MIN, settings.valueLogGcDiscardRatio);
  }

  /** Takes a group that has to wait and resolves it in time; false if it need not. */
  holds(resolve: () => void): boolean {
    const { deadBytes } = this;
    this.deadBytes = 0;
    if (deadBytes === 0 || !this.#isRunning) return false;
    if ((this.#deadUntilLook -= deadBytes) <= 0) this.#look();
    const pressure = this.#pressure;
    if (pressure === 0 || (this.#isSyncing && pressure < 1)) {
      this.#releaseAll();
      return false;
    }
    const price = deadBytes * PRICE / this.#ratio;
    this.#taken = price * Math.min(1, pressure) +
      Math.max(this.#taken, this.#progress - CREDIT_BYTES);
    if (this.#taken <= this.#progress) return false;
    this.#held.push({ until: this.#taken, since: performance.now(), resolve });
    return true;
  }

  /** Weighs what lies uncollected against what the discard ratio promises. */
  #look(): void {
    const { segments } = this.#log;
    // The victim counts less and less, or pressure would come and go by segments.
    const allToGo = 2 * (this.#victim?.recordBytes ?? 0);
    let uncollected = allToGo && this.#victimBytes * this.#toGo / allToGo;
    let length = 0;
    let live = 0;
    for (const segment of segments.values()) {
      length += segment.length;
      live += segment.liveBytes;
      if (this.#isDue(segment)) uncollected += segment.deadBytes;
    }
    const promised = live / (1 - this.#ratio);
    const few = Math.max(length / segments.size * FREE_SEGMENTS, FREE_BYTES);
    const over = uncollected - Math.max(0, few - promised * this.#ratio);
    this.#pressure = Math.max(0, over / (Math.max(few, promised) * FULL_PART));
    this.#deadUntilLook = Math.max(LOOK_BYTES_MIN, length * LOOK_PART);
  }

  #isDue(segment: Segment): boolean {
    return segment !== this.#log.active && segment !== this.#victim &&
      !segment.isDamaged && segment.holds === 0 &&
      segment.discardRatio >= this.#ratio;
  }

  /** A run begins; `isWorking` is false if the last one failed. */
  begin(isWorking: boolean): void {
    this.#isRunning = this.#isEnabled && isWorking;
    this.#deadUntilLook = 0;
  }

  /** The run has ended: nobody waits until the next. */
  end(): void {
    this.#isRunning = this.#isSyncing = false;
    this.#victim = undefined;
    this.#victimBytes = 0;
    this.#taken = this.#progress;
    this.#releaseAll();
    this.#tellOfStalls();
  }

  #tellOfStalls(): void {
    if (this.#groups === 0) return;
    announceStall(
      this.#log,
      "gc",
      this.#groups,
      this.#milliseconds,
      this.#longestMilliseconds,
    );
    this.#groups = this.#milliseconds = this.#longestMilliseconds = 0;
  }

  /** A pass over a victim begins, the first or the second. */
  beginPass(victim: Segment): void {
    if (victim !== this.#victim) {
      this.#victim = victim;
      this.#victimBytes = victim.deadBytes;
      this.#toGo = 2 * victim.recordBytes;
    }
    this.#position = FILE_HEADER_BYTES;
  }

  /** The pass came as far as `position`. */
  reach(position: number): void {
    const bytes = position - this.#position;
    this.#progress += bytes;
    this.#toGo -= bytes;
    this.#position = position;
    let count = 0;
    while ((this.#held[count]?.until ?? Infinity) <= this.#progress) count++;
    if (count > 0) this.#release(this.#held.splice(0, count));
  }

  /** The collector waits for the disk; writers do so only under full pressure. */
  async whileSyncing(sync: Promise<void>): Promise<void> {
    this.#isSyncing = true;
    if (this.#pressure < 1) this.#releaseAll();
    try {
      await sync;
    } finally {
      this.#isSyncing = false;
    }
  }

  #releaseAll(): void {
    this.#release(this.#held);
    this.#held = [];
  }

  #release(held: Held[]): void {
    if (held.length === 0) return;
    const now = performance.now();
    for (const { since, resolve } of held) {
      const milliseconds = now - since;
      this.#milliseconds += milliseconds;
      this.#longestMilliseconds = Math.max(
        this.#longestMilliseconds,
        milliseconds,
      );
      this.#counters.gcStallMilliseconds += milliseconds;
      resolve();
    }
    this.#groups += held.length;
    this.#counters.gcStalls += held.length;
  }
}

/**
 * Syncs of the active segment, and the poison that a failed write or sync leaves.
 *
 * After a failed sync the kernel may have dropped the dirty pages and call them
 * clean: a second sync that succeeds would prove nothing. So none is tried, and
 * nothing is written any more until the store is reopened (Rebello and others, "Can
 * Applications Recover from fsync Failures?", 2020).
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { Counters } from "./counters.ts";

/** Makes flushed records survive the loss of power. */
export class Syncer {
  /** The failure after which nothing is written any more. */
  poison: StoreError | undefined;
  readonly #log: ValueLog;
  readonly #counters: Counters;

  /** A syncer of a log's active segment. */
  constructor(log: ValueLog, counters: Counters) {
    this.#log = log;
    this.#counters = counters;
    log.onUncertainName = (error) => this.poisonWith(error);
  }

  /** Refuses all further writes. */
  poisonWith(cause: StoreError): void {
    this.poison ??= new StoreError(
      "POISONED",
      `Cannot write: an earlier write or sync failed (${cause.message}). ` +
        `Close and reopen the store; what was acknowledged as synced is safe`,
      { cause, ...(cause.path === undefined ? {} : { path: cause.path }) },
    );
  }

  /** @throws {StoreError} `POISONED` if an earlier write or sync failed. */
  check(): void {
    if (this.poison !== undefined) throw this.poison;
  }

  /** Syncs on this thread; what was flushed is safe then. */
  sync(): void {
    this.check();
    const { active } = this.#log;
    if (!isDirty(active)) return;
    const start = performance.now();
    try {
      active.file.sync();
    } catch (error) {
      this.poisonWith(error as StoreError);
      throw error;
    }
    active.syncedCuts = active.cuts;
    this.#note(active, active.flushedLength, start);
  }

  /** Syncs off the event loop; returns the error, which poisons, instead of throwing it. */
  async syncAsync(): Promise<StoreError | undefined> {
    if (this.poison !== undefined) return this.poison;
    const { active } = this.#log;
    const length = active.flushedLength;
    if (!isDirty(active)) return undefined;
    const { cuts } = active;
    const start = performance.now();
    try {
      await active.file.syncAsync();
    } catch (error) {
      this.poisonWith(error as StoreError);
      return error as StoreError;
    }
    active.syncedCuts = Math.max(active.syncedCuts, cuts);
    this.#note(active, length, start);
    return undefined;
  }

  #note(segment: Segment, length: number, start: number): void {
    if (length > segment.syncedLength) segment.syncedLength = length;
    this.#counters.syncs++;
    this.#counters.syncLatency.add((performance.now() - start) * 1000);
  }
}

/** True if a sync has something to do. */
function isDirty(segment: Segment): boolean {
  return segment.syncedLength < segment.flushedLength ||
    segment.syncedCuts < segment.cuts;
}

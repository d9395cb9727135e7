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
import type { FileHandle } from "../fs/file_system.ts";
import type { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announcePoison } from "./announcements.ts";
import type { Counters } from "./counters.ts";

/** Makes flushed records survive the loss of power. */
export class Syncer {
  /** The failure after which nothing is written any more. */
  poison: StoreError | undefined;
  readonly #log: ValueLog;
  readonly #counters: Counters;
  /** The segment that a sync off the event loop is at work on. */
  #underWay: Segment | undefined;

  /** A syncer of a log's active segment. */
  constructor(log: ValueLog, counters: Counters) {
    this.#log = log;
    this.#counters = counters;
    log.onUncertainName = (error) => this.poisonWith(error);
  }

  /** Refuses all further writes. */
  poisonWith(cause: StoreError): void {
    if (this.poison !== undefined) return;
    this.poison = new StoreError(
      "POISONED",
      `Cannot write: an earlier write or sync failed (${cause.message}). ` +
        `Close and reopen the store; what was acknowledged as synced is safe`,
      { cause, ...(cause.path === undefined ? {} : { path: cause.path }) },
    );
    announcePoison(this.#log, cause);
  }

  /** @throws {StoreError} `POISONED` if an earlier write or sync failed. */
  check(): void {
    if (this.poison !== undefined) throw this.poison;
  }

  /**
   * Syncs on this thread; what was flushed is safe then. If that fails, it poisons; if
   * it could not even be tried because the disk is full, it only throws.
   */
  sync(): void {
    this.check();
    const { active } = this.#log;
    if (!isDirty(active)) return;
    const start = performance.now();
    if (active === this.#underWay) this.#syncAnew(active);
    else this.#syncFile(active.file);
    active.syncedCuts = active.cuts;
    this.#note(active, active.flushedLength, start);
  }

  /** The same for what is written already and can only be told to have failed. */
  syncWritten(): void {
    try {
      this.sync();
    } catch (error) {
      this.poisonWith(error as StoreError);
      throw error;
    }
  }

  #syncFile(file: FileHandle): void {
    try {
      file.sync();
    } catch (error) {
      this.poisonWith(error as StoreError);
      throw error;
    }
  }

  /**
   * Syncs while another sync of the file is under way. That one may have failed, and
   * nobody was told yet: then its bytes count as clean, and ours would succeed and
   * prove nothing. So they are made dirty again, under a handle that the system tells
   * of errors by itself.
   */
  #syncAnew(segment: Segment): void {
    const file = this.#log.files.open(segment.file.path, "write");
    try {
      this.#renew(segment, file);
      this.#syncFile(file);
    } finally {
      file.close();
    }
  }

  #renew(segment: Segment, file: FileHandle): void {
    const { syncedLength: from, flushedLength: to } = segment;
    try {
      segment.renew(file, from, to);
      // Some systems drop from memory too what could not be written.
      const scanner = new SegmentScanner(segment, from, to);
      while (scanner.next()); // as far as all is well
      if (scanner.problem !== undefined) throw isGone(file, scanner.position);
      file.truncate(to);
    } catch (error) {
      if ((error as StoreError).code !== "DISK_FULL") {
        this.poisonWith(error as StoreError);
      }
      throw error;
    }
  }

  /** Syncs off the event loop; returns the error, which poisons, instead of throwing it. */
  async syncAsync(): Promise<StoreError | undefined> {
    if (this.poison !== undefined) return this.poison;
    const { active } = this.#log;
    const length = active.flushedLength;
    if (!isDirty(active)) return undefined;
    const { cuts } = active;
    const start = performance.now();
    this.#underWay = active;
    try {
      await active.file.syncAsync();
    } catch (error) {
      this.poisonWith(error as StoreError);
      return error as StoreError;
    } finally {
      this.#underWay = undefined;
    }
    // Another that failed meanwhile may have dropped what this one was to sync.
    if (this.poison !== undefined) return this.poison;
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

function isGone({ path }: FileHandle, offset: number): StoreError {
  return new StoreError(
    "IO",
    `Cannot sync ${path}: what was written at ${offset} is gone`,
    { path },
  );
}

/** True if a sync has something to do. */
function isDirty(segment: Segment): boolean {
  return segment.syncedLength < segment.flushedLength ||
    segment.syncedCuts < segment.cuts;
}

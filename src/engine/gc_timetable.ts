/**
 * When the garbage collector runs by itself: every interval, and before its time
 * when much has died since the last run.
 *
 * @module
 */

import type { Host, Timer } from "../fs/file_system.ts";
import type { GarbageCollector } from "./garbage_collector.ts";
import { ACTIVE_DEAD_BYTES_MIN, triggerBytes } from "./gc_policy.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { TimetableSettings } from "./settings.ts";

/** Starts the runs of a garbage collector. */
export class GcTimetable {
  readonly #host: Host;
  readonly #collector: GarbageCollector;
  readonly #ledger: KeyLedger;
  readonly #settings: TimetableSettings;
  readonly #triggerBytes: number;
  #deadBytesAtRun = 0;
  #timer: Timer | undefined;
  #isRunSoon = false;
  #isStopped = false;

  /** A timetable; the first run comes after one interval. */
  constructor(
    host: Host,
    collector: GarbageCollector,
    ledger: KeyLedger,
    settings: TimetableSettings,
  ) {
    this.#host = host;
    this.#collector = collector;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#triggerBytes = settings.valueLogGcEnabled
      ? triggerBytes(settings.valueLogFileSize, settings.valueLogGcDiscardRatio)
      : Infinity;
    this.#schedule();
  }

  /** To be called after bytes died: starts a run when they are many. */
  consider(): void {
    const died = this.#ledger.deadBytesAdded - this.#deadBytesAtRun;
    if (died < this.#triggerBytes || this.#isRunSoon || this.#isStopped) return;
    this.#isRunSoon = true;
    this.#timer?.cancel();
    this.#timer = this.#host.setTimer(() => this.#run(), 0);
  }

  #schedule(): void {
    if (!this.#settings.valueLogGcEnabled || this.#isStopped) return;
    this.#timer = this.#host.setTimer(
      () => this.#run(),
      this.#settings.valueLogGcIntervalInSeconds * 1000,
    );
  }

  async #run(): Promise<void> {
    this.#isRunSoon = true;
    this.noteRun();
    try {
      await this.#collector.run({
        discardRatio: this.#settings.valueLogGcDiscardRatio,
        activeDeadBytesMin: ACTIVE_DEAD_BYTES_MIN,
      });
    } catch { /* stats().gc.lastError tells; the next run tries again */ }
    this.#isRunSoon = false;
    this.#schedule();
  }

  /** Counts dead bytes anew: a run has just begun. */
  noteRun(): void {
    this.#deadBytesAtRun = this.#ledger.deadBytesAdded;
  }

  /** Starts no more runs. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }
}

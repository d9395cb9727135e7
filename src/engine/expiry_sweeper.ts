/**
 * Counts expired keys as dead soon after they expired, and writes down how far that
 * went, so that they stay expired whatever the machine's clock does.
 *
 * @module
 */

import type { Host, Timer } from "../fs/file_system.ts";
import type { Counters } from "./counters.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { LogWriter } from "./log_writer.ts";

/** Shortest time between two sweeps. */
const SWEEP_MILLISECONDS_MIN = 250;
/** Longest delay that a timer takes. */
const TIMER_MILLISECONDS_MAX = 2 ** 31 - 1;
/** Keys swept before others have their turn. */
const KEYS_A_SLICE = 20_000;

/** Sweeps expired keys. */
export class ExpirySweeper {
  readonly #host: Host;
  readonly #writer: LogWriter;
  readonly #ledger: KeyLedger;
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #onSwept: () => void;
  /** True while keys are swept of which that is not written down. */
  #isHorizonOwed = false;
  #timer: Timer | undefined;
  #timerTime = Infinity;

  /** A sweeper; `onSwept` is called after bytes died. */
  constructor(
    host: Host,
    writer: LogWriter,
    ledger: KeyLedger,
    counters: Counters,
    now: () => number,
    onSwept: () => void,
  ) {
    this.#host = host;
    this.#writer = writer;
    this.#ledger = ledger;
    this.#counters = counters;
    this.#now = now;
    this.#onSwept = onSwept;
  }

  /** Sweeps up to `limit` keys that have expired by now. */
  sweep(limit: number = Infinity): void {
    const now = this.#now();
    if (this.#ledger.expiries.nextTime > now && !this.#isHorizonOwed) return;
    try {
      // What is swept cannot be undone, so nothing may be pending that could be.
      this.#writer.flush();
    } catch { /* the writers of those records were told */ }
    const swept = this.#ledger.sweep(now, limit);
    if (swept === 0 && !this.#isHorizonOwed) return;
    this.#counters.expired += swept;
    this.#isHorizonOwed = true;
    // The index snapshot and the next segment carry it too.
    this.#writer.expiryHorizon = now;
    try {
      this.#writer.appendHorizon(now);
      this.#writer.flush();
      this.#isHorizonOwed = false;
    } catch {
      // The disk is full or the store poisoned: the next sweep tries again.
    }
    this.#onSwept();
  }

  /** A key was swept in passing; that too must be written down. */
  noteSwept(): void {
    this.#counters.expired++;
    this.#isHorizonOwed = true;
    this.schedule();
  }

  /** Makes sure that a sweep comes soon after the next expiry. */
  schedule(): void {
    if (this.#writer.syncer.poison !== undefined) return;
    const nextTime = this.#isHorizonOwed
      ? this.#now()
      : this.#ledger.expiries.nextTime;
    if (nextTime >= this.#timerTime) return;
    this.#timer?.cancel();
    this.#timerTime = nextTime;
    const delay = Math.min(
      Math.max(nextTime - this.#now() + 1, SWEEP_MILLISECONDS_MIN),
      TIMER_MILLISECONDS_MAX,
    );
    this.#timer = this.#host.setTimer(() => {
      this.#timerTime = Infinity;
      this.sweep(KEYS_A_SLICE);
      this.schedule();
    }, delay);
  }

  /** Ends the timer. */
  stop(): void {
    this.#timer?.cancel();
    this.#timerTime = -Infinity;
  }
}

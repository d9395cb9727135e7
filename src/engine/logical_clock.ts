/**
 * The time by which keys expire. It follows the machine's clock, but where that is
 * set back it goes on from where it was, at the pace of a clock that nobody sets:
 * what has expired stays expired, and durations keep their length.
 *
 * @module
 */

import type { Host } from "../fs/file_system.ts";

/** A clock that never goes back. */
export class LogicalClock {
  readonly #host: Host;
  #time: number;
  /** When the machine's clock was found to be behind; NaN while it is not. */
  #behindSince = NaN;
  #timeThen = 0;

  /** A clock that shows at least `floor`. */
  constructor(host: Host, floor: number) {
    this.#host = host;
    this.#time = floor;
    this.now();
  }

  /** Makes the clock show at least `time`. */
  advanceTo(time: number): void {
    this.now();
    if (time <= this.#time) return;
    this.#time = time;
    this.#behindSince = NaN;
    this.now();
  }

  /** Milliseconds since 1970, or later. */
  now(): number {
    const machineTime = this.#host.now();
    if (machineTime >= this.#time) {
      this.#behindSince = NaN;
      return this.#time = machineTime;
    }
    const elapsed = this.#host.elapsed();
    if (Number.isNaN(this.#behindSince)) {
      this.#behindSince = elapsed;
      this.#timeThen = this.#time;
    }
    return this.#time = this.#timeThen +
      Math.floor(elapsed - this.#behindSince);
  }
}

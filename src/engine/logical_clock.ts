/**
 * The time by which keys expire. It follows the machine's clock, but where that is
 * set back it goes on from where it was: what has expired stays expired, and
 * durations keep their length.
 *
 * @module
 */

import type { Host } from "../fs/file_system.ts";

/** A clock that never goes back. */
export class LogicalClock {
  readonly #host: Host;
  #lastMachineTime: number;
  #time: number;

  /** A clock that shows at least `floor`. */
  constructor(host: Host, floor: number) {
    this.#host = host;
    this.#lastMachineTime = host.now();
    this.#time = Math.max(this.#lastMachineTime, floor);
  }

  /** Milliseconds since 1970, or later. */
  now(): number {
    const machineTime = this.#host.now();
    const passed = machineTime - this.#lastMachineTime;
    this.#lastMachineTime = machineTime;
    if (passed > 0) this.#time = Math.max(machineTime, this.#time + passed);
    return this.#time;
  }
}

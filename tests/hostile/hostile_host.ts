/**
 * The machine that damaged stores are opened on.
 *
 * @module
 */

import { SimulatedHost } from "../support/simulated_host.ts";
import { END_TIME, type Files } from "./store_maker.ts";
import type { Dice } from "./dice.ts";
import { MeteredFileSystem } from "./meters.ts";

/** A machine that counts, at the end of time; nobody waits on it. */
export class HostileHost extends SimulatedHost<MeteredFileSystem> {
  /** A machine with these files. */
  constructor(files: Files, dice: Dice) {
    super(dice.below(2 ** 32), new MeteredFileSystem(files), END_TIME);
  }

  /** Slices of work do not end. */
  override shouldBreathe(): boolean {
    return false;
  }
}

/**
 * A fixed host whose collector stands still where it lets others have their turn.
 *
 * @module
 */

import { FixedHost } from "./fixed_host.ts";
import { settle } from "./simulated_host.ts";

/** A collector that goes on when it is let. */
export class StoppedHost extends FixedHost {
  #turns: (() => void)[] = [];

  override shouldBreathe(): boolean {
    return true;
  }

  override breathe(): Promise<void> {
    return new Promise((resolve) => this.#turns.push(resolve));
  }

  /** Lets the collector go on until it has nothing left to do. */
  async letGo(): Promise<void> {
    for (let turn; (turn = this.#turns.pop()) !== undefined;) {
      turn();
      await settle();
    }
  }
}

/**
 * A thread that tries mutants, and is given up where one never ends.
 *
 * @module
 */

import { emptyTally, type Tally } from "./campaign.ts";
import type { Work } from "./worker.ts";

/** A store that takes this long, in milliseconds, is taken for one that never ends. */
const ENDLESS_AFTER = 120_000;

/** A thread. */
export class Thread implements Disposable {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
  });

  /** Tries the stores of one block from `first` up to, but not, `end`. */
  run(seed: number, first: number, end: number): Promise<Tally> {
    const current = new SharedArrayBuffer(4);
    const numbers = new Uint32Array(current);
    const { promise, resolve, reject } = Promise.withResolvers<Tally>();
    let seen = -1;
    const timer = setInterval(() => {
      // No engine call of a trial can be waited for: it is seen from outside only.
      if (numbers[0] === seen) resolve(endlessTally(seen));
      seen = numbers[0]!;
    }, ENDLESS_AFTER);
    this.#worker.onmessage = ({ data }: MessageEvent<Tally>) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`A thread ended: ${event.message}`));
    };
    const work: Work = { seed, first, end, current };
    this.#worker.postMessage(work);
    return promise.finally(() => clearInterval(timer));
  }

  /** Ends the thread, whatever it does. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function endlessTally(number: number): Tally {
  const failure = {
    number,
    violation: "It never ends",
    steps: [],
    base: "see --only",
    isEndless: true,
  };
  return { ...emptyTally(), stores: 1, failures: [failure] };
}

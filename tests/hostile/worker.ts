/**
 * Tries blocks of mutants on a thread of its own.
 *
 * @module
 */

import { runBlock, type Tally } from "./campaign.ts";
import { makeCorpus } from "./corpus.ts";

/** What a worker is asked to do. */
export interface Work {
  seed: number;
  first: number;
  end: number;
  /** Holds the number of the store that is being tried. */
  current: SharedArrayBuffer;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Work>) => void;
  postMessage(tally: Tally): void;
};
const corpus = makeCorpus();

scope.onmessage = async ({ data: { seed, first, end, current } }) => {
  const numbers = new Uint32Array(current);
  const tally = await runBlock(
    await corpus,
    seed,
    first,
    end,
    (number) => numbers[0] = number,
  );
  scope.postMessage(tally);
};

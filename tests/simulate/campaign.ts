/**
 * Many short histories, each from a seed of its own, and what came of them.
 *
 * @module
 */

import { generate } from "./generate.ts";
import { type History, printHistory } from "./operations.ts";
import { shrink } from "./shrink.ts";
import { runHistory } from "./simulation.ts";

/** How a campaign goes. */
export interface CampaignOptions {
  /** The seed of the first history; each further one has the next. */
  seed: number;
  /** Operations of a history. */
  length: number;
  /** The store is encrypted. */
  isEncrypted?: boolean;
  /** Failures after which it ends. */
  failuresMax: number;
  /** Told how many histories were run, says whether that is enough. */
  isOver: (histories: number) => boolean;
  /** Takes each line of the report. */
  print: (line: string) => void;
}

/** What a campaign counted. */
export interface CampaignFigures {
  passed: number;
  failed: number;
  operations: number;
  crashes: number;
  faults: number;
}

/** Runs histories until it is over, and reports. */
export async function campaign(
  options: CampaignOptions,
): Promise<CampaignFigures> {
  const { print, failuresMax, isEncrypted = false } = options;
  const run = (history: History) => runHistory(history, undefined, isEncrypted);
  const start = performance.now();
  const figures = {
    passed: 0,
    failed: 0,
    operations: 0,
    crashes: 0,
    faults: 0,
  };
  let histories = 0;
  while (!options.isOver(histories) && figures.failed < failuresMax) {
    const seed = options.seed + histories++;
    const history = generate(seed, options.length);
    const outcome = await run(history);
    figures.operations += outcome.figures.operations;
    figures.crashes += outcome.figures.crashes;
    figures.faults += outcome.figures.faults;
    if (outcome.failure === undefined) {
      figures.passed++;
      continue;
    }
    figures.failed++;
    print(`The history of seed ${seed} fails: ${outcome.failure.message}`);
    const shrunk = await shrink(
      history,
      async (history) => (await run(history)).failure,
    );
    print(`${shrunk.history.length} operations suffice:`);
    print(printHistory(shrunk.history));
    print(shrunk.failure.stack);
  }
  print(`seed ${options.seed}`);
  print(`histories ${histories}`);
  print(`operations ${figures.operations}`);
  print(`crashes ${figures.crashes}`);
  print(`faults ${figures.faults}`);
  print(`seconds ${((performance.now() - start) / 1000).toFixed(1)}`);
  print(`${figures.passed} passed, ${figures.failed} failed`);
  return figures;
}

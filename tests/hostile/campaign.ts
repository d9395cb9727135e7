/**
 * Many mutants, one after the other. Those that led to something new are mutated on.
 *
 * The work is cut into blocks that know nothing of each other: a store's number and
 * the seed say what is done to it, with no more to repeat than its block.
 *
 * @module
 */

import type { CorpusStore } from "./store_maker.ts";
import { Dice, mixSeeds } from "./dice.ts";
import { AllocationMeter } from "./meters.ts";
import { lastKind, type Mutant, mutate, untouched } from "./mutant.ts";
import { runTrial } from "./trial.ts";

/** Stores of a block. */
export const BLOCK_STORES = 2500;
/** Mutants of a block that are kept for more. */
const POOL_MAX = 200;
/** Changes of one store. */
const STEPS_MAX = 5;
/** Bytes that may be allocated at once whatever the files hold. */
const ALLOCATION_FREE = 2 ** 20 + 4096;

/** A store that was not dealt with as it must be. */
export interface Failure {
  /** The store's number. */
  number: number;
  /** What must not have happened. */
  violation: string;
  /** What had been done to it. */
  steps: string[];
  /** The store it was made from. */
  base: string;
  /** It was given up. */
  isEndless: boolean;
}

/** What came of a block. */
export interface Tally {
  /** Stores tried. */
  stores: number;
  /** How many stores ended so. */
  outcomes: Record<string, number>;
  /** How many stores were mutated last in this way. */
  kinds: Record<string, number>;
  /** How many there were of each degree of trust. */
  trusts: Record<string, number>;
  /** Ways in which stores went that no store of the block had gone before. */
  novelties: number;
  /** The most file operations of one store. */
  operationsMax: number;
  /** The most bytes allocated at once. */
  allocationMax: number;
  /** The stores that were not dealt with as they must be. */
  failures: Failure[];
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    stores: 0,
    outcomes: {},
    kinds: {},
    trusts: {},
    novelties: 0,
    operationsMax: 0,
    allocationMax: 0,
    failures: [],
  };
}

/** Adds what came of another block. */
export function addTally(to: Tally, from: Tally): void {
  to.stores += from.stores;
  to.novelties += from.novelties;
  to.operationsMax = Math.max(to.operationsMax, from.operationsMax);
  to.allocationMax = Math.max(to.allocationMax, from.allocationMax);
  to.failures.push(...from.failures);
  for (const part of ["outcomes", "kinds", "trusts"] as const) {
    for (const [name, number] of Object.entries(from[part])) {
      to[part][name] = (to[part][name] ?? 0) + number;
    }
  }
}

/** Notes rejections that nobody took up. */
class RejectionMeter implements Disposable {
  rejection: string | undefined;
  readonly #listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.rejection = `An unhandled rejection: ${event.reason?.stack}`;
  };

  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#listener);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#listener);
  }
}

/**
 * Tries the stores numbered from `first` up to, but not, `end`, which lie in one
 * block. `onStart` is told of each store before its trial.
 */
export async function runBlock(
  corpus: CorpusStore[],
  seed: number,
  first: number,
  end: number,
  onStart: (number: number, mutant: Mutant) => void = () => {},
): Promise<Tally> {
  const tally = emptyTally();
  const pool: Mutant[] = [];
  const known = new Set<string>();
  const bases = corpus.flatMap((store) => Array(store.weight).fill(store));
  using allocations = new AllocationMeter();
  using rejections = new RejectionMeter();
  const blockStart = first - first % BLOCK_STORES;
  for (let number = blockStart; number < end; number++) {
    const dice = new Dice(mixSeeds(seed, number));
    let mutant = pool.length > 0 && dice.chance(0.4)
      ? dice.pick(pool)
      : untouched(dice.pick(bases));
    for (let steps = dice.small(3); steps > 0; steps--) {
      mutant = mutate(mutant, dice, corpus);
    }
    onStart(number, mutant);
    allocations.largest = 0;
    const outcome = await runTrial(mutant, dice);
    let { violation } = outcome;
    if (number % 16 === 0) await new Promise((done) => setTimeout(done, 0));
    violation ??= rejections.rejection;
    rejections.rejection = undefined;
    const limit = Math.max(ALLOCATION_FREE, 2 * sizeOf(mutant));
    if (allocations.largest > limit) {
      violation ??= `${allocations.largest} bytes were allocated at once`;
    }
    if (!known.has(outcome.novelty)) {
      known.add(outcome.novelty);
      tally.novelties++;
      if (mutant.steps.length < STEPS_MAX && violation === undefined) {
        if (pool.length < POOL_MAX) pool.push(mutant);
        else pool[dice.below(POOL_MAX)] = mutant;
      }
    }
    if (number < first) continue;
    tally.stores++;
    count(tally.outcomes, violation === undefined ? outcome.name : "VIOLATION");
    count(tally.kinds, lastKind(mutant));
    count(tally.trusts, mutant.trust);
    tally.operationsMax = Math.max(tally.operationsMax, outcome.operations);
    tally.allocationMax = Math.max(tally.allocationMax, allocations.largest);
    if (violation === undefined) continue;
    tally.failures.push({
      number,
      violation,
      steps: mutant.steps,
      base: mutant.base.name,
      isEndless: false,
    });
  }
  return tally;
}

function sizeOf({ files }: Mutant): number {
  let sum = 0;
  for (const bytes of files.values()) sum += bytes.length;
  return sum;
}

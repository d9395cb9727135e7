/**
 * Makes a failing history small: leaves out operations by halves, quarters and so on
 * (delta debugging), then makes what is left simpler, as long as it still fails in
 * the same way.
 *
 * @module
 */

import type { History, Operation } from "./operations.ts";
import type { Failure } from "./simulation.ts";

/** Runs a history; says how it failed, if it did. */
export type Trial = (history: History) => Promise<Failure | undefined>;

/** A small history and how it fails. */
export interface Shrunk {
  history: History;
  failure: Failure;
  /** Histories tried. */
  trials: number;
}

/** Failures of one kind differ in numbers and texts at most. */
export function kindOf({ message }: Failure): string {
  return message.split(/[:0-9]/, 1)[0]!.trim();
}

/** Shrinks `history`, which must fail under `trial`, with at most so many trials. */
export async function shrink(
  history: History,
  trial: Trial,
  trialsMax: number = 3000,
): Promise<Shrunk> {
  const failure = await trial(history);
  if (failure === undefined) throw new Error("The history does not fail");
  const shrinker = new Shrinker(history, failure, trial, trialsMax);
  await shrinker.run();
  return shrinker;
}

class Shrinker implements Shrunk {
  history: History;
  failure: Failure;
  trials = 0;
  readonly #kind: string;
  readonly #trial: Trial;
  readonly #trialsMax: number;

  constructor(
    history: History,
    failure: Failure,
    trial: Trial,
    trialsMax: number,
  ) {
    this.history = history;
    this.failure = failure;
    this.#kind = kindOf(failure);
    this.#trial = trial;
    this.#trialsMax = trialsMax;
  }

  async run(): Promise<void> {
    // What comes after the failure has no part in it.
    await this.#accepts(this.history.slice(0, this.failure.step + 1));
    for (let isSmaller = true; isSmaller && !this.#isTired();) {
      const before = JSON.stringify(this.history).length;
      await this.#leaveOut();
      await this.#simplify();
      isSmaller = JSON.stringify(this.history).length < before;
    }
  }

  #isTired(): boolean {
    return this.trials >= this.#trialsMax;
  }

  /** Takes the history if it still fails in the same way. */
  async #accepts(history: History): Promise<boolean> {
    if (this.#isTired()) return false;
    this.trials++;
    const failure = await this.#trial(history);
    if (failure === undefined || kindOf(failure) !== this.#kind) return false;
    this.history = history;
    this.failure = failure;
    return true;
  }

  async #leaveOut(): Promise<void> {
    let size = Math.ceil(this.history.length / 2);
    for (; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = this.history.length; start > 0;) {
        const from = Math.max(0, start - size);
        const rest = this.history.toSpliced(from, start - from);
        await this.#accepts(rest);
        start = from;
      }
    }
  }

  async #simplify(): Promise<void> {
    for (let i = this.history.length - 1; i >= 0; i--) {
      for (let isSimpler = true; isSimpler && !this.#isTired();) {
        isSimpler = false;
        for (const simpler of simplerThan(this.history[i]!)) {
          if (await this.#accepts(this.history.with(i, simpler))) {
            isSimpler = true;
            break;
          }
        }
      }
    }
  }
}

/** Numbers that are simpler when they are smaller. */
const NUMBERS = [
  "back",
  "after",
  "times",
  "count",
  "first",
  "length",
  "milliseconds",
  "expireIn",
  "by",
];
/** Those that are at least one. */
const FROM_ONE = ["expireIn", "count", "by"];
/** What an operation can do without. */
const EXTRAS = [
  "expireIn",
  "length",
  "limit",
  "torn",
  "wait",
  "reverse",
  "start",
  "end",
  "attempts",
  "isResumed",
  "heldBytesMax",
  "count",
];
/** What an operation has several of. */
const LISTS = ["changes", "checks", "others", "reads", "ranges", "at"];

type Plain = Record<string, unknown>;

/** Operations that do less than `operation` or the same with less. */
export function simplerThan(operation: Operation): Operation[] {
  const plain = operation as unknown as Plain;
  return variantsOf(plain).map((variant) => variant as unknown as Operation);
}

function variantsOf(plain: Plain): Plain[] {
  const variants: Plain[] = [];
  for (const name of EXTRAS) {
    if (name in plain && plain.op !== "fill") {
      variants.push(without(plain, name));
    }
  }
  for (const name of NUMBERS) {
    const value = plain[name];
    if (typeof value !== "number" || value === 0) continue;
    const least = FROM_ONE.includes(name) ? 1 : 0;
    for (const smaller of [least, Math.floor(value / 2), value - 1]) {
      if (smaller >= least && smaller < value) {
        variants.push({ ...plain, [name]: smaller });
      }
    }
  }
  if (plain.op === "crash" && plain.keep !== 0 && plain.keep !== 1) {
    variants.push({ ...plain, keep: 1 }, { ...plain, keep: 0 });
  }
  const { options } = plain;
  if (typeof options === "object" && options !== null) {
    for (const name of Object.keys(options)) {
      if (name === "memTableSize") continue;
      variants.push({ ...plain, options: without(options as Plain, name) });
    }
  }
  for (const name of LISTS) {
    const parts = plain[name];
    if (!Array.isArray(parts)) continue;
    for (let i = 0; i < parts.length; i++) {
      if (name !== "at" || parts.length > 1) {
        variants.push({ ...plain, [name]: parts.toSpliced(i, 1) });
      }
      if (typeof parts[i] !== "object") continue;
      for (const variant of variantsOf(parts[i] as Plain)) {
        variants.push({ ...plain, [name]: parts.with(i, variant) });
      }
    }
  }
  return variants;
}

function without(plain: Plain, name: string): Plain {
  const { [name]: _, ...rest } = plain;
  return rest;
}

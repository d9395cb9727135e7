/**
 * One store, opened by one process after the other, each of which is killed. What the
 * next one finds is the work up to some operation, with nothing left out, and all that
 * had been acknowledged.
 *
 * @module
 */

import type { Dice } from "../hostile/dice.ts";
import { Child, type Life } from "./child.ts";
import { inspectCopy } from "./inspect.ts";
import { replay, WINDOW_MAX } from "./operations.mjs";

/** What a child does when it is killed. */
export const PHASES = ["recovery", "work", "gc", "close"] as const;
/** One of {@linkcode PHASES}. */
export type Phase = typeof PHASES[number];

/** A runtime, and what it imports as the store. */
export interface Runtime {
  /** `deno`, `node20` and so on. */
  name: string;
  /** The program. */
  path: string;
  /** The URL of the module. */
  module: string;
}

/** How long a child works before it is killed, in milliseconds. */
const WORK_MILLISECONDS: readonly [number, number] = [50, 600];
/** Of what so many kills left a copy is opened and its books are checked. */
const INSPECT_CHANCE = 0.2;

/** What a child says before and after it. */
const ACTS = [["opening", "o", "s"], ["collecting", "g", "e"], [
  "closing",
  "c",
  "r",
]] as const;

/** What happened in a chain. */
export interface ChainTotals {
  /** Kills whose leftovers the next process found right, by phase and runtime. */
  kills: Map<string, number>;
  /** Recoveries by the runtime that was killed and the one that opened next. */
  handovers: Map<string, number>;
  /** Kills in the very act: of opening, of a run of the collector, of closing. */
  inTheAct: Map<string, number>;
  /** Operations acknowledged. */
  operations: number;
  /** Operations found that had not been acknowledged in time. */
  unacknowledged: number;
  /** Torn tails that were cut. */
  cuts: number;
  /** Copies whose books were checked. */
  inspections: number;
  /** What was not right. */
  failures: string[];
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** A store and the processes that work on it. */
export class KillChain {
  readonly totals: ChainTotals = {
    kills: new Map(),
    handovers: new Map(),
    inTheAct: new Map(),
    operations: 0,
    unacknowledged: 0,
    cuts: 0,
    inspections: 0,
    failures: [],
  };
  readonly #path: string;
  readonly #seed: number;
  readonly #isSynced: boolean | undefined;
  readonly #dice: Dice;
  /** What the store holds after the operations up to `#done`. */
  #state: Map<string, number> = new Map();
  #done = 0;
  /** The last operation that was acknowledged. */
  #acknowledged = 0;
  #killed: { runtime: string; phase: Phase } | undefined;
  #openMilliseconds = new Map<string, number>();

  /** A chain over the directory `path`; `isSynced` unless that should change. */
  constructor(path: string, seed: number, dice: Dice, isSynced?: boolean) {
    this.#path = path;
    this.#seed = seed;
    this.#dice = dice;
    this.#isSynced = isSynced;
  }

  /** Lets one child of `runtime` live and kills it; false when something is wrong. */
  async live(runtime: Runtime, phase: Phase): Promise<boolean> {
    if (this.#killed !== undefined && this.#dice.chance(INSPECT_CHANCE)) {
      await this.#inspect();
    }
    const life: Life = {
      path: this.#path,
      seed: this.#seed,
      isSynced: this.#isSynced ?? this.#dice.chance(0.5),
      phase,
    };
    await using child = new Child(runtime, life);
    try {
      await this.#liveAndDie(child, runtime, phase);
    } catch (error) {
      const { runtime: before, phase: during } = this.#killed ??
        { runtime: "nobody", phase };
      this.totals.failures.push(
        `${runtime.name} after ${before} was killed during ${during}, ` +
          `operation ${this.#acknowledged}: ${(error as Error).message}`,
      );
      return false;
    }
    this.#killed = { runtime: runtime.name, phase };
    for (const [act, begin, end] of ACTS) {
      const begun = child.lines.filter((line) => line[0] === begin).length;
      const ended = child.lines.filter((line) => line[0] === end).length;
      if (begun > ended) add(this.totals.inTheAct, act);
    }
    return true;
  }

  async #liveAndDie(child: Child, runtime: Runtime, phase: Phase) {
    const { name } = runtime;
    await child.waitFor("o");
    const start = performance.now();
    if (phase === "recovery" && this.#killed !== undefined) {
      const usual = this.#openMilliseconds.get(name) ?? 20;
      await child.killAfter(this.#dice.below(1 + usual * 1.3));
      const found = child.lines.find((line) => line.startsWith("s "));
      if (found !== undefined) this.#judge(found, name);
      // Nothing was written: whoever comes next finds the same.
      else this.#count();
      return;
    }
    this.#judge(await child.waitFor("s"), name);
    this.#openMilliseconds.set(name, performance.now() - start);
    child.tell(`${this.#done}`);
    await child.waitFor("a");
    const [least, most] = WORK_MILLISECONDS;
    switch (phase) {
      case "gc":
        await child.waitFor("g", this.#dice.between(1, 6));
        await child.killAfter(this.#dice.below(8));
        break;
      case "close":
        await child.waitFor("c", this.#dice.between(1, 3));
        await child.killAfter(this.#dice.below(25));
        break;
      default:
        await child.killAfter(this.#dice.between(least, most));
    }
    const last = child.lines.findLast((line) => line.startsWith("a "));
    this.#acknowledged = Number(last!.slice(2));
    this.totals.operations += this.#acknowledged - this.#done;
  }

  /** A kill is counted once the next process has told what it found. */
  #count(): void {
    if (this.#killed === undefined) return;
    const { runtime, phase } = this.#killed;
    add(this.totals.kills, `${phase} ${runtime}`);
  }

  /** Finds the number of operations that gives just what was found. */
  #judge(line: string, runtime: string): void {
    const [, cut, , ...rest] = line.split(" ");
    const rows = rest.join(" ");
    const found = new Map(
      rows === "" ? [] : rows.split(",").map((row) => {
        const [key, n] = row.split("=");
        return [key!, Number(n)] as const;
      }),
    );
    const { acknowledged, done } = this.#findPrefix(found);
    if (Number(cut) > 0) this.totals.cuts++;
    this.totals.unacknowledged += done - acknowledged;
    this.#count();
    if (this.#killed !== undefined) {
      add(this.totals.handovers, `${this.#killed.runtime} to ${runtime}`);
    }
  }

  #findPrefix(found: Map<string, number>): {
    acknowledged: number;
    done: number;
  } {
    const acknowledged = Math.max(this.#acknowledged, this.#done);
    replay(this.#state, this.#seed, this.#done + 1, acknowledged);
    this.#done = acknowledged;
    const first = difference(this.#state, found);
    while (difference(this.#state, found) !== undefined) {
      if (this.#done > acknowledged + WINDOW_MAX) {
        throw new Error(
          `It is not the work up to ${acknowledged} or a little more: ${first}`,
        );
      }
      this.#done++;
      replay(this.#state, this.#seed, this.#done, this.#done);
    }
    this.#acknowledged = this.#done;
    return { acknowledged, done: this.#done };
  }

  /** Opens a copy of what the last kill left, in this process, and checks its books. */
  async #inspect(): Promise<void> {
    try {
      await inspectCopy(this.#path);
      this.totals.inspections++;
    } catch (error) {
      this.totals.failures.push(
        `The books are wrong after a kill: ${(error as Error).message}`,
      );
    }
  }

  /** Lets a child see what the last kill left; it ends with no other. */
  async finish(runtime: Runtime): Promise<void> {
    const life: Life = {
      path: this.#path,
      seed: this.#seed,
      isSynced: false,
      phase: "work",
    };
    await using child = new Child(runtime, life);
    try {
      this.#judge(await child.waitFor("s"), runtime.name);
    } catch (error) {
      this.totals.failures.push((error as Error).message);
    }
  }
}

/** A key that the two do not agree on. */
function difference(
  expected: Map<string, number>,
  found: Map<string, number>,
): string | undefined {
  for (const [key, n] of expected) {
    if (found.get(key) !== n) return `${key} is of ${found.get(key)}, not ${n}`;
  }
  for (const key of found.keys()) {
    if (!expected.has(key)) return `${key} should be gone`;
  }
  return undefined;
}

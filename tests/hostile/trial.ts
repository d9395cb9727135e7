/**
 * Opens a mutant, reads all of it, writes, collects garbage, closes or is killed, and
 * opens what is left; and says what came of it.
 *
 * @module
 */

import type { Engine } from "../../src/engine/engine.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { areEqual } from "./store_maker.ts";
import type { Dice } from "./dice.ts";
import { checkError, OPEN_CODES, READ_CODES } from "./expected_errors.ts";
import { HostileHost } from "./hostile_host.ts";
import { kindOf } from "./layout.ts";
import { Violation } from "./meters.ts";
import { tryOffline } from "./offline.ts";
import { lower, type Mutant } from "./mutant.ts";
import { tryReader } from "./reader.ts";
import {
  checkPrefix,
  mergeReads,
  readState,
  signOf,
  type State,
} from "./reading.ts";

/** What came of a mutant. */
export interface Outcome {
  /** In a word or two, for the count. */
  name: string;
  /** How it came about; what is new here is worth more mutations. */
  novelty: string;
  /** What must not have happened. */
  violation: string | undefined;
  /** File operations it took. */
  operations: number;
}

type Recovery = "strict" | "tail" | "salvage";
const RECOVERIES: readonly Recovery[] = [
  "tail",
  "tail",
  "tail",
  "tail",
  "strict",
  "salvage",
];
/** Of so many mutants one is verified and salvaged before it is opened. */
const OFFLINE_CHANCE = 0.15;
/** Of so many one is opened by a reader before, and beside a writer. */
const READER_CHANCE = 0.2;

class Trial {
  readonly #mutant: Mutant;
  readonly #dice: Dice;
  readonly #signs: string[] = [];
  readonly #recovery: Recovery;
  #host: HostileHost;
  #fresh = new Map<string, string>();

  constructor(mutant: Mutant, dice: Dice) {
    this.#dice = dice;
    this.#recovery = dice.pick(RECOVERIES);
    if (this.#recovery === "salvage") {
      // What is bad may be left out anywhere.
      mutant = { ...mutant, trust: lower(mutant.trust, "member") };
    }
    this.#mutant = mutant;
    this.#host = new HostileHost(mutant.files, dice);
  }

  get signs(): string {
    return this.#signs.join("; ");
  }

  get operations(): number {
    return this.#host.files.operations;
  }

  async run(): Promise<string> {
    const engine = this.#open("open", this.#recovery);
    if (typeof engine === "string") return this.#judgeRefusal(engine);
    const { recovery } = engine;
    const store = new Store(engine);
    const before = await this.#read(store, "read");
    checkPrefix(this.#mutant, before);
    this.#checkBooks(engine);
    await this.#write(store);
    await this.#host.advance(1000);
    const gc = await this.#attempt(
      "gc",
      () => store.gc({ discardRatio: this.#dice.pick([0.01, 0.3, 0.9]) }),
    );
    let after = before;
    if (this.#dice.chance(0.5)) {
      after = await this.#read(store, "read again");
      this.#compare(before, after, "garbage collection");
    }
    this.#checkBooks(engine);
    await this.#reopen(store, after);
    const errors = [...before.values()].filter((value) => value === "error");
    const parts = ["opened"];
    if (recovery.bytesCut > 0) parts.push("cut");
    if (errors.length > 0) parts.push("values unreadable");
    if (gc !== undefined) parts.push("gc refused");
    return parts.join(", ");
  }

  /** Whether it may be refused, and that nothing was done to it then. */
  #judgeRefusal(sign: string): string {
    const { trust, files } = this.#mutant;
    const code = sign.split(" ")[1]!;
    if (trust === "whole" && this.#recovery !== "strict") {
      throw new Violation(`Refused though its log is whole: ${sign}`);
    }
    if (this.#recovery === "salvage") {
      if (code === "CORRUPT") throw new Violation(`Not salvaged: ${sign}`);
      return `refused: ${code}`;
    }
    const left = this.#host.files.copy();
    for (const [name, bytes] of files) {
      if (kindOf(name) !== "segment") continue;
      const now = left.get(name);
      if (now === undefined || !areEqual(now, bytes)) {
        throw new Violation(`Refused, but ${name} was changed: ${sign}`);
      }
    }
    return `refused: ${code}`;
  }

  #open(stage: string, recovery: Recovery): Engine | string {
    const { options } = this.#mutant.base;
    const blockCacheSize = this.#dice.chance(0.2) ? 131_072 : 0;
    try {
      const engine = openEngine(
        { ...options, blockCacheSize, recovery },
        this.#host,
      );
      const { source, rowsFromHints, recordsReplayed, bytesCut } =
        engine.recovery;
      this.#signs.push(
        `${stage} ${source} ${signOf(rowsFromHints)} ${
          signOf(recordsReplayed)
        } ${signOf(bytesCut)}`,
      );
      return engine;
    } catch (error) {
      const sign = checkError(error, stage, this.#mutant.isForged, OPEN_CODES);
      this.#signs.push(sign);
      return sign;
    } finally {
      this.#checkMeter();
    }
  }

  #checkMeter(): void {
    const { violation } = this.#host.files;
    if (violation !== undefined) throw violation;
  }

  /** Does it; returns the error in short, if it was one of ours. */
  async #attempt(
    stage: string,
    action: () => Promise<unknown>,
  ): Promise<string | undefined> {
    try {
      await action();
      return undefined;
    } catch (error) {
      const sign = checkError(error, stage, this.#mutant.isForged);
      this.#signs.push(sign);
      return sign;
    } finally {
      this.#checkMeter();
    }
  }

  #read(store: Store, stage: string): Promise<State> {
    return readState(this.#mutant, store, this.#dice, (error) => {
      this.#signs.push(
        checkError(error, stage, this.#mutant.isForged, READ_CODES),
      );
    });
  }

  /** Where no file lies about the log, the books must be right. */
  #checkBooks(engine: Engine): void {
    const { trust, files } = this.#mutant;
    const isLogAlone = trust === "any" && this.#recovery !== "salvage" &&
      ![...files.keys()].some((name) =>
        ["hint", "snapshot"].includes(kindOf(name))
      );
    if ((trust !== "whole" && !isLogAlone) || !this.#dice.chance(0.3)) return;
    try {
      checkBooks(engine);
    } catch (error) {
      throw new Violation(`${error}`);
    }
  }

  /** New keys must be there from now on, if the store takes them. */
  async #write(store: Store): Promise<void> {
    const fresh: [string, string][] = [
      ["fresh 1", "a"],
      ["fresh 2", "b".repeat(300)],
      ["fresh 3", "c"],
    ];
    for (const [key, value] of fresh.slice(0, this.#dice.below(4))) {
      const failure = await this.#attempt("set", () => store.set(key, value));
      if (failure === undefined) this.#fresh.set(key, value);
      else if (this.#mutant.trust !== "any") throw new Violation(failure);
    }
    const batch = store.batch();
    batch.set("fresh 4", "d").set("fresh 1", "e").delete("not there");
    if (await this.#attempt("batch", () => batch.commit()) === undefined) {
      this.#fresh.set("fresh 4", "d").set("fresh 1", "e");
    }
    this.#checkFresh(store, "after the write");
  }

  #checkFresh(store: Store, when: string): void {
    if (this.#mutant.trust === "any") return;
    for (const [key, value] of this.#fresh) {
      const found = store.getSync(key);
      const text = found && new TextDecoder().decode(found);
      if (text !== value) {
        throw new Violation(`${key} is ${text} ${when}, not ${value}`);
      }
    }
  }

  /** What could be read must stay as it is. */
  #compare(before: State, after: State, what: string): void {
    const { trust } = this.#mutant;
    if (trust !== "whole" && trust !== "prefix") return;
    const changed = mergeReads(before, after);
    if (changed !== undefined) {
      throw new Violation(`${changed} changed through ${what}`);
    }
  }

  async #reopen(store: Store, before: State): Promise<void> {
    const isKilled = this.#dice.chance(0.4);
    const files = isKilled ? this.#host.files.copy() : undefined;
    await this.#attempt("close", () => store.close());
    this.#host = new HostileHost(
      files ?? this.#host.files.copy(),
      this.#dice,
    );
    const engine = this.#open("reopen", this.#recovery);
    if (typeof engine === "string") {
      // What an index spoke for may be met when the index is gone.
      if (this.#mutant.trust !== "whole") return;
      throw new Violation(
        `It opened once and is refused ${
          isKilled ? "after a kill" : "after its close"
        }: ${engine}`,
      );
    }
    const again = new Store(engine);
    this.#checkFresh(again, isKilled ? "after a kill" : "after reopening");
    const after = await this.#read(again, "read at last");
    this.#compare(before, after, isKilled ? "a kill" : "closing and opening");
    await this.#attempt("last close", () => again.close());
  }
}

/** Tries a mutant. */
export async function runTrial(mutant: Mutant, dice: Dice): Promise<Outcome> {
  const trial = new Trial(mutant, dice);
  let name: string;
  let violation: string | undefined;
  try {
    if (dice.chance(OFFLINE_CHANCE)) await tryOffline(mutant, dice);
    if (dice.chance(READER_CHANCE)) await tryReader(mutant, dice);
    name = await trial.run();
  } catch (error) {
    name = "VIOLATION";
    violation = error instanceof Violation
      ? error.message
      : `An untyped error: ${(error as Error).stack}`;
  }
  const { operations } = trial;
  const novelty = `${mutant.trust}: ${trial.signs}`;
  return { name, novelty, violation, operations };
}

/**
 * Runs a history: every operation on a store and on the model of one, crashes and
 * faults on the machine under it, and after each a look at whether the two agree.
 *
 * @module
 */

import { KEYS_NAME } from "../../src/fs/key_ring.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { StoreError } from "../../src/errors.ts";
import { parseFileName } from "../../src/format/file_names.ts";
import { checkBooks } from "../support/check_books.ts";
import { Machine } from "./machine.ts";
import { type Ending, type Mistake, Model } from "./model.ts";
import {
  type Address,
  addressesOf,
  brief,
  type Crash,
  type History,
  type Operation,
  textOf,
} from "./operations.ts";
import { type Call, Calls } from "./calls.ts";
import { readText } from "./reads.ts";
import { DIRECTORY, Session } from "./session.ts";
import { seededRandom } from "../support/simulated_host.ts";

/** What a run counted. */
export interface Figures {
  operations: number;
  crashes: number;
  faults: number;
}

/** How a run ended. */
export interface Outcome {
  figures: Figures;
  /** What went wrong, if something did. */
  failure: Failure | undefined;
}

/** What went wrong. */
export interface Failure {
  message: string;
  /** The number of the operation, from 0. */
  step: number;
  stack: string;
}

const DEFAULTS: StoreOptions = {
  memTableSize: 65_536,
  valueLogGcEnabled: false,
};
const ENCRYPTED: StoreOptions = {
  encryption: { key: new Uint8Array(32).fill(4) },
};
/** Cut bytes are kept in at most so many files, and one that is new. */
const LOST_FILES_MAX = 9;

/** Runs a history to its end or to its first failure. */
export async function runHistory(
  history: History,
  mistake?: Mistake,
  isEncrypted: boolean = false,
): Promise<Outcome> {
  const simulation = new Simulation(
    addressesOf(history),
    mistake,
    isEncrypted,
  );
  let step = 0;
  try {
    for (; step < history.length; step++) {
      const operation = history[step]!;
      if (!simulation.performNow(operation)) {
        await simulation.perform(operation);
      }
    }
    await simulation.finish();
    return { figures: simulation.count(), failure: undefined };
  } catch (error) {
    const { message, stack } = error as Error;
    const failure = { message, step, stack: `${stack}` };
    return { figures: simulation.count(), failure };
  }
}

class Simulation {
  readonly figures: Figures = { operations: 0, crashes: 0, faults: 0 };
  readonly #machine = new Machine();
  readonly #model: Model;
  readonly #addresses: Address[];
  readonly #isEncrypted: boolean;
  #session: Session | undefined;
  /** How the store before this one ended. */
  #ending: Ending | undefined;
  #isCrashed = false;
  #wasPoisoned = false;
  #options: StoreOptions = DEFAULTS;

  constructor(
    addresses: Address[],
    mistake: Mistake | undefined,
    isEncrypted: boolean,
  ) {
    this.#isEncrypted = isEncrypted;
    this.#addresses = addresses;
    this.#model = new Model(mistake);
  }

  /** The figures at the end. */
  count(): Figures {
    this.figures.faults = this.#machine.errors;
    return this.figures;
  }

  /** Performs what takes no time; the next operation comes in the same turn. */
  performNow(operation: Operation): boolean {
    if (operation.op === "fault") {
      this.#machine.setFault(operation.after, operation.kind);
    } else if (operation.op === "full") {
      this.#machine.medium.isFull = operation.isFull;
    } else if ("wait" in operation && this.#session !== undefined) {
      this.#calls(this.#session).issue(operation);
    } else return false;
    this.figures.operations++;
    return true;
  }

  async perform(operation: Operation): Promise<void> {
    this.figures.operations++;
    switch (operation.op) {
      case "fault":
      case "full":
        break;
      case "open":
        if (this.#session !== undefined) await this.#close();
        await this.#open(operation.options, operation.seed);
        break;
      case "close":
        if (this.#session !== undefined) await this.#close();
        break;
      case "crash":
        await this.#crash(operation);
        break;
      case "lose":
        this.#lose(operation.kind, operation.seed);
        break;
      default:
        await this.#call(operation);
    }
    this.#verify();
  }

  #calls(session: Session): Calls {
    return new Calls(
      session,
      this.#model,
      this.#machine,
      this.#options,
      this.#addresses,
    );
  }

  async #call(call: Call): Promise<void> {
    let session = await this.#openAnyhow();
    if (call.op === "empty") {
      this.#machine.clearFault();
      this.#machine.medium.isFull = false;
      if (session.isPoisoned) return;
      if (session.engine.ledger.isInexact) {
        // Tombstones stay until the books are made anew, and no longer.
        await this.#close();
        session = await this.#open(this.#options, 1);
      }
    }
    await this.#calls(session).perform(call);
  }

  async #openAnyhow(): Promise<Session> {
    return this.#session ?? await this.#open(this.#options, 1);
  }

  async #open(options: StoreOptions, seed: number): Promise<Session> {
    const machine = this.#machine;
    const model = this.#model;
    const { errors } = machine;
    const settings = this.#isEncrypted ? { ...options, ...ENCRYPTED } : options;
    let session: Session;
    try {
      session = new Session(machine, model, settings, seed);
    } catch (error) {
      const isTyped = error instanceof StoreError && error.code !== "CORRUPT";
      if (machine.errors === errors || !isTyped) throw error;
      // The disk failed; when it is well again the store must open.
      machine.clearFault();
      machine.medium.isFull = false;
      session = new Session(machine, model, settings, seed);
    }
    const { engine } = session;
    const ending = this.#ending ?? { power: true, moment: 0 };
    const problem = machine.quietly(() =>
      model.reopen(
        ending,
        this.#wasPoisoned,
        (at) => numberOf(readText(session.store, at)),
        this.#addresses,
        engine.now(),
        machine.moment,
      )
    );
    if (problem !== undefined) {
      throw new Error(`open after ${JSON.stringify(ending)}: ${problem}`);
    }
    this.#session = session;
    this.#options = options;
    this.#isCrashed = false;
    this.#checkNames(session);
    await session.settle();
    return session;
  }

  /** Every file must be one that is of use. */
  #checkNames({ engine }: Session): void {
    const names = this.#machine.quietly(() =>
      this.#machine.disk.list(DIRECTORY)
    );
    let lost = 0;
    for (const name of names) {
      if (this.#isEncrypted && name === KEYS_NAME) continue;
      const file = parseFileName(name);
      const isKnown = file !== undefined && file.kind !== "temporary" &&
        (file.kind === "snapshot" || file.kind === "lost" ||
          engine.log.segments.has(file.segmentId));
      if (!isKnown) throw new Error(`open: ${name} is left over`);
      if (file.kind === "lost") lost++;
    }
    if (lost > LOST_FILES_MAX) throw new Error(`open: ${lost} lost files`);
  }

  async #close(): Promise<void> {
    const session = this.#session!;
    const { engine, store, isPoisoned } = session;
    const machine = this.#machine;
    const { moment, errors } = machine;
    let isSafe = !isPoisoned;
    try {
      await session.wait("close", store.close());
    } catch (error) {
      isSafe = false;
      session.expectError("close", error, errors, isPoisoned);
    }
    await session.finish();
    this.#note(session);
    // What expired before the eyes of readers stays so, if the log could say it.
    if (isSafe && machine.errors === session.errorsBefore) {
      this.#model.noteSwept(engine.now(), moment, machine.moment);
    }
    if (isSafe && !session.isPoisoned) this.#model.beginSync()(machine.moment);
    if (store.status !== "closed") throw new Error("close: it is not closed");
    this.#leave(session);
    this.#ending = { power: false, moment: machine.moment };
  }

  #leave(session: Session): void {
    this.#wasPoisoned = session.isPoisoned;
    session.leave();
    this.#session = undefined;
  }

  async #crash(crash: Crash): Promise<void> {
    if (this.#isCrashed || this.#ending === undefined) await this.#openAnyhow();
    const session = this.#session;
    if (session !== undefined) {
      this.#note(session);
      this.#leave(session);
    }
    const moment = this.#machine.crash(crash);
    this.#ending = { power: crash.power, moment };
    this.#isCrashed = true;
    this.figures.crashes++;
  }

  #lose(kind: "hint" | "snapshot" | "any", seed: number): void {
    if (this.#session !== undefined) return;
    const random = seededRandom(seed);
    this.#machine.lose(DIRECTORY, (name) => {
      const file = parseFileName(name);
      const isHelper = file?.kind === "hint" || file?.kind === "snapshot";
      if (!isHelper || (kind !== "any" && kind !== file.kind)) return false;
      return random() < 0.6;
    });
  }

  #note({ engine }: Session): void {
    this.#model.timeMax = Math.max(this.#model.timeMax, engine.now());
  }

  /** Compares store and model, and the store's books with its files. */
  #verify(): void {
    const session = this.#session;
    if (session === undefined || session.isWaiting) return;
    this.#note(session);
    const { engine, store } = session;
    const now = engine.now();
    this.#machine.quietly(() => {
      for (const at of this.#addresses) {
        const known = this.#model.get(at, now);
        const expected = known && textOf(known.value, known.length);
        const found = readText(store, at);
        if (found !== expected) {
          throw new Error(
            `get ${at}: ${brief(found)}, expected ${brief(expected)}`,
          );
        }
      }
      // After a settling that broke off the books say so until they are made anew.
      const isExact = !session.isCollecting && !engine.ledger.isInexact;
      if (isExact) checkBooks(engine);
    });
    if (engine.collector.totals.unknownPuts !== 0) {
      throw new Error("gc: it met puts that the books did not know");
    }
    const { errors } = this.#machine;
    if (engine.ledger.isInexact && errors === session.errorsBefore) {
      throw new Error("The books are inexact though nothing failed");
    }
    const isStruck = this.#machine.strikes > session.strikesBefore;
    if (session.isPoisoned && !isStruck) {
      throw new Error("The store is poisoned though nothing failed for good");
    }
  }

  /** Closes and opens once more, on a disk that is well. */
  async finish(): Promise<void> {
    this.#machine.clearFault();
    this.#machine.medium.isFull = false;
    await this.#openAnyhow();
    await this.#close();
    await this.#open(DEFAULTS, 1);
    this.#verify();
    await this.#close();
  }
}

/** The number of the value that a text is of. */
function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number.parseInt(text);
}

/**
 * One opening of the store, with an ear at the engine: what it flushed and what it
 * took back, whether its garbage collector is at work, and what became of every
 * promise it gave.
 *
 * @module
 */

import type { Engine } from "../../src/engine/engine.ts";
import { StoreError } from "../../src/errors.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { settle } from "../support/simulated_host.ts";
import type { Machine } from "./machine.ts";
import type { Commit, Model } from "./model.ts";

/** Where the store lies. */
export const DIRECTORY = "/simulation";
/** Rounds after which a promise is taken to be pending for ever. */
const ROUNDS_MAX = 20_000;

/** A promise of the store and what is expected of it. */
interface Promised {
  what: string;
  /** The commit that it acknowledges, if the log took one. */
  commit: Commit | undefined;
  /** What it must resolve to. */
  expected: unknown;
  /** It should change something. */
  isChange: boolean;
  errorsBefore: number;
  wasPoisoned: boolean;
  onDone: ((moment: number) => void) | undefined;
  outcome: { value: unknown } | { error: unknown } | undefined;
  moment: number;
}

/** What is asked of the store. */
export interface Request {
  /** For messages. */
  what: string;
  /** What it changes. */
  changes?: Commit["changes"];
  /** What its promise resolves to. */
  expected?: unknown;
  /** It takes as many slices as it likes. */
  isLong?: boolean;
  /** Called with the moment at which it resolved. */
  onDone?: (moment: number) => void;
}

/** An open store. */
export class Session {
  readonly engine: Engine;
  readonly store: Store;
  readonly syncWrites: boolean;
  /** Errors of the disk before it was opened. */
  readonly errorsBefore: number;
  /** Faults that had struck before. */
  readonly strikesBefore: number;
  readonly #machine: Machine;
  readonly #model: Model;
  #runs = 0;
  /** Errors of the disk before the sync that is under way, if one is. */
  #errorsBeforeSync = Infinity;
  #promised: Promised[] = [];
  /** Runs of the garbage collector, which may take many operations. */
  #collecting: Promised[] = [];
  #isLeft = false;

  /** Opens the store; throws what opening throws. */
  constructor(
    machine: Machine,
    model: Model,
    options: StoreOptions,
    seed: number,
  ) {
    this.#machine = machine;
    this.#model = model;
    this.errorsBefore = machine.errors;
    this.strikesBefore = machine.strikes;
    this.syncWrites = options.syncWrites ?? false;
    this.engine = openEngine(
      { ...options, path: DIRECTORY },
      machine.boot(seed),
    );
    this.store = new Store(this.engine);
    this.#listen();
  }

  #listen(): void {
    const { writer, collector } = this.engine;
    const { onFlushed } = writer;
    writer.onFlushed = (error) => {
      if (!this.#isLeft) {
        const { moment } = this.#machine;
        if (error === undefined) this.#model.noteWritten(moment);
        else this.#model.noteUndone(moment);
      }
      onFlushed(error);
    };
    const { syncer } = writer;
    const syncAsync = syncer.syncAsync.bind(syncer);
    syncer.syncAsync = () => {
      this.#errorsBeforeSync = this.#machine.errors;
      const sync = syncAsync();
      sync.then(() => this.#errorsBeforeSync = Infinity);
      return sync;
    };
    const run = collector.run.bind(collector);
    collector.run = async (options) => {
      this.#runs++;
      try {
        return await run(options);
      } finally {
        this.#runs--;
      }
    };
  }

  /** The garbage collector is at work. */
  get isCollecting(): boolean {
    return this.#runs > 0;
  }

  get isPoisoned(): boolean {
    return this.engine.writer.syncer.poison !== undefined;
  }

  /** Writes wait to be flushed, or promises to be kept. */
  get isWaiting(): boolean {
    return this.#promised.length > 0;
  }

  /** Asks for something and keeps the promise in mind. */
  ask(request: Request, call: () => Promise<unknown>): void {
    const { changes = [] } = request;
    const { writer } = this.engine;
    const { moment } = this.#machine;
    // A sync that serves this call too may have failed while it was under way.
    const errors = Math.min(
      this.#promised[0]?.errorsBefore ?? this.#machine.errors,
      this.#errorsBeforeSync,
    );
    const wasPoisoned = this.isPoisoned;
    const version = writer.nextVersion;
    const promise = call();
    let commit: Commit | undefined;
    // What a run of the garbage collector writes first changes nothing.
    const isAppended = writer.nextVersion > version && !request.isLong;
    if (isAppended && changes.length === 0) {
      throw new Error(`${request.what}: wrote though it changes nothing`);
    }
    if (isAppended) {
      const isWritten = writer.pendingRecords === 0;
      const writtenAt = isWritten ? this.#machine.moment : Infinity;
      commit = this.#model.append(changes, moment, writtenAt);
    }
    const promised: Promised = {
      what: request.what,
      commit,
      expected: request.expected,
      isChange: changes.length > 0,
      errorsBefore: errors,
      wasPoisoned,
      onDone: request.onDone,
      outcome: undefined,
      moment: 0,
    };
    if (request.isLong) this.#collecting.push(promised);
    else this.#promised.push(promised);
    promise.then(
      (value) => promised.outcome = { value },
      (error) => promised.outcome = { error },
    ).then(() => promised.moment = this.#machine.moment);
  }

  /** The same for a call that does its work at once. */
  askSync(request: Request, call: () => unknown): void {
    this.ask(request, () => {
      try {
        return Promise.resolve(call());
      } catch (error) {
        return Promise.reject(error);
      }
    });
  }

  /** Waits for all promises, giving slices to whoever waits for one. */
  async settle(): Promise<void> {
    for (let i = 0; i < ROUNDS_MAX; i++) {
      await settle();
      if (this.#promised.every(({ outcome }) => outcome !== undefined)) break;
      await this.#machine.host.letBreathe();
    }
    const ended = this.#collecting.filter(({ outcome }) =>
      outcome !== undefined
    );
    this.#collecting = this.#collecting.filter(({ outcome }) =>
      outcome === undefined
    );
    const promised = this.#promised;
    this.#promised = [];
    for (const promise of [...promised, ...ended]) this.#check(promise);
  }

  /** Waits for everything, to the last run of the garbage collector. */
  async finish(): Promise<void> {
    for (let i = 0; this.isCollecting && i < ROUNDS_MAX; i++) {
      await settle();
      await this.#machine.host.letBreathe();
    }
    if (this.isCollecting) throw new Error("gc: pending for ever");
    this.#promised.push(...this.#collecting);
    this.#collecting = [];
    await this.settle();
  }

  /** Waits for a promise; throws what it rejects with. */
  async wait<T>(what: string, promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => isDone = true;
    promise.then(done, done);
    for (let i = 0; !isDone && i < ROUNDS_MAX; i++) {
      await settle();
      if (!isDone) await this.#machine.host.letBreathe();
    }
    if (!isDone) throw new Error(`${what}: pending for ever`);
    return await promise;
  }

  #check(promised: Promised): void {
    const { what, outcome, commit, expected, isChange } = promised;
    if (outcome === undefined) throw new Error(`${what}: pending for ever`);
    if ("error" in outcome) {
      this.#checkError(promised, outcome.error);
      return;
    }
    if (promised.wasPoisoned && isChange) {
      throw new Error(`${what}: accepted by a poisoned store`);
    }
    if (isChange && commit === undefined) {
      throw new Error(`${what}: acknowledged but not written`);
    }
    if (commit !== undefined && commit.writtenAt === Infinity) {
      throw new Error(`${what}: acknowledged before it was flushed`);
    }
    if (commit !== undefined && !this.#model.has(commit)) {
      throw new Error(`${what}: acknowledged though it was taken back`);
    }
    if (!Object.is(outcome.value, expected)) {
      throw new Error(
        `${what}: resolved to ${outcome.value}, expected ${expected}`,
      );
    }
    if (commit !== undefined && this.syncWrites) {
      this.#model.noteSynced(commit, promised.moment);
    }
    promised.onDone?.(promised.moment);
  }

  #checkError(promised: Promised, error: unknown): void {
    const { what, commit, wasPoisoned, isChange } = promised;
    this.expectError(what, error, promised.errorsBefore, wasPoisoned);
    if (wasPoisoned && isChange && (error as StoreError).code !== "POISONED") {
      throw new Error(`${what}: not POISONED but ${error}`, { cause: error });
    }
    if (commit === undefined || !this.#model.has(commit)) return;
    if (!this.syncWrites || !this.isPoisoned) {
      throw new Error(`${what}: rejected though it was written: ${error}`, {
        cause: error,
      });
    }
  }

  /** Checks that an error has a cause and is one that callers can tell apart. */
  expectError(
    what: string,
    error: unknown,
    errorsBefore: number,
    wasPoisoned: boolean,
  ): void {
    const hasCause = wasPoisoned || this.#machine.errors > errorsBefore;
    if (!hasCause || !(error instanceof StoreError)) {
      throw new Error(`${what}: ${error}`, { cause: error });
    }
    if (error.code === "CORRUPT" || error.code === "CLOSED") {
      throw new Error(`${what}: ${error.code}: ${error}`, { cause: error });
    }
  }

  /** Forgets the store: its process is gone, or it was closed. */
  leave(): void {
    this.#isLeft = true;
    this.#promised = [];
    this.#collecting = [];
  }
}

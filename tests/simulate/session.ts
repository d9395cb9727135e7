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
import type { Address } from "./operations.ts";
import type { KeptSnapshot } from "./snapshots.ts";
import type { Watching } from "./watching.ts";

/** Where the store lies. */
export const DIRECTORY = "/simulation";
/** Rounds after which a promise is taken to be pending for ever. */
const ROUNDS_MAX = 20_000;

/** Says what a write changes that the store makes in a turn of its own. */
export type Take = (kind: "remove" | "commit") => Commit["changes"];

/** A promise of the store and what is expected of it. */
interface Promised {
  what: string;
  /** The commit that it acknowledges, if the log took one. */
  commit: Commit | undefined;
  /** What it must resolve to, told the version that was given out last. */
  expected: (version: number) => unknown;
  version: number;
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
  /** The same where it depends on the version that was given out last. */
  expectedOf?: (version: number) => unknown;
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
  #isAsking = false;
  #take: Take | undefined;
  /** Commits that were made in turns of the store's own. */
  #taken: Commit[] = [];
  /** What was wrong with one. */
  #violation: Error | undefined;
  /** The greatest version that a reader was told of. */
  #versionTold = 0;
  /** The keys that were changed, one after the other, undone changes included. */
  readonly changed: Address[] = [];
  /** The same with those that were only tried. */
  readonly tried: Address[] = [];
  /** Snapshots by number. */
  readonly snapshots: Map<number, KeptSnapshot> = new Map();
  /** Watches by number. */
  readonly watches: Map<number, Watching> = new Map();

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
    const { engine } = this;
    const remove = engine.remove.bind(engine);
    engine.remove = () => this.#listenTo("remove", remove);
    const commit = engine.commit.bind(engine);
    engine.commit = (...args) =>
      void this.#listenTo("commit", () => {
        commit(...args);
        return true;
      });
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

  /** A write that nobody asked for in this very turn. */
  #listenTo(kind: "remove" | "commit", write: () => boolean): boolean {
    if (this.#isAsking || this.#isLeft) return write();
    const { moment } = this.#machine;
    let changes: Commit["changes"] = [];
    try {
      changes = this.#take?.(kind) ?? [];
    } catch (error) {
      this.#violation ??= error as Error;
    }
    const isWritten = write();
    if (isWritten !== changes.length > 0) {
      this.#violation ??= new Error(
        `${kind}: ${isWritten ? "nobody asked for it" : "nothing is written"}`,
      );
    }
    if (isWritten) this.#taken.push(this.#append(changes, moment));
    return isWritten;
  }

  /** The log took a commit, which has the version that was given out last. */
  #append(changes: Commit["changes"], issuedAt: number): Commit {
    const { writer } = this.engine;
    const version = writer.nextVersion - 1;
    if (version <= this.#versionTold) {
      this.#violation ??= new Error(
        `Version ${version} is given again, though somebody was told of it`,
      );
    }
    const isWritten = writer.pendingRecords === 0;
    const writtenAt = isWritten ? this.#machine.moment : Infinity;
    for (const [at] of changes) this.changed.push(at);
    return this.#model.append(changes, issuedAt, writtenAt, version);
  }

  /** A reader was told of a version: it must not be given to anything else. */
  noteTold(version: number): void {
    this.#versionTold = Math.max(this.#versionTold, version);
  }

  /** Throws if something was wrong in a turn of the store's own. */
  checkTurns(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  /**
   * Waits for work that writes in turns of its own. `take` says what each write
   * changes; resolves to what it resolved to, and whether it did.
   */
  async watchOver<T>(
    what: string,
    take: Take,
    call: () => Promise<T>,
  ): Promise<{ value: T } | { error: unknown }> {
    const machine = this.#machine;
    const errors = Math.min(
      this.#promised[0]?.errorsBefore ?? machine.errors,
      this.#errorsBeforeSync,
    );
    const wasPoisoned = this.isPoisoned;
    const taken: Commit[] = [];
    this.#take = take;
    this.#taken = taken;
    let outcome: { value: T } | { error: unknown };
    try {
      outcome = { value: await this.wait(what, call()) };
    } catch (error) {
      outcome = { error };
    }
    this.#take = undefined;
    this.checkTurns();
    if ("error" in outcome) {
      if (outcome.error instanceof StoreError) {
        const { code } = outcome.error;
        if (code === "CONFLICT") return outcome;
      }
      this.expectError(what, outcome.error, errors, wasPoisoned);
      return outcome;
    }
    const last = taken.at(-1);
    if (last === undefined) return outcome;
    if (wasPoisoned) throw new Error(`${what}: accepted by a poisoned store`);
    for (const commit of taken) {
      if (!this.#model.has(commit)) {
        throw new Error(`${what}: acknowledged though it was taken back`);
      }
      if (commit.writtenAt === Infinity) {
        throw new Error(`${what}: acknowledged before it was flushed`);
      }
    }
    if (this.syncWrites) this.#model.noteSynced(last, machine.moment);
    return outcome;
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
    for (const [at] of changes) this.tried.push(at);
    this.#isAsking = true;
    const promise = call();
    this.#isAsking = false;
    let commit: Commit | undefined;
    // What a run of the garbage collector writes first changes nothing.
    const isAppended = writer.nextVersion > version && !request.isLong;
    if (isAppended && changes.length === 0) {
      throw new Error(`${request.what}: wrote though it changes nothing`);
    }
    if (isAppended) commit = this.#append(changes, moment);
    const promised: Promised = {
      what: request.what,
      commit,
      expected: request.expectedOf ?? (() => request.expected),
      version: writer.nextVersion - 1,
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
    this.checkTurns();
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
    const { what, outcome, commit, isChange } = promised;
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
    const expected = promised.expected(promised.version);
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

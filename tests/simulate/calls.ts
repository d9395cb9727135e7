/**
 * The calls of a history on an open store, each with what the model expects of it.
 *
 * @module
 */

import type { StoreOptions } from "../../src/store/options.ts";
import type { Batch } from "../../src/store/batch.ts";
import type { KeySpace } from "../../src/store/key_space.ts";
import type { Store } from "../../src/store/store.ts";
import { writeVersionstamp } from "../../src/store/versionstamp.ts";
import type { StoreError } from "../../src/errors.ts";
import type { Machine } from "./machine.ts";
import type { Model } from "./model.ts";
import {
  type Address,
  type Change,
  filledAddress,
  type Operation,
  split,
  textOf,
} from "./operations.ts";
import { Reads, spaceOf } from "./reads.ts";
import type { Request, Session } from "./session.ts";
import { Snapshots } from "./snapshots.ts";
import { Watching } from "./watching.ts";
import { Works } from "./works.ts";

/** Operations that are calls of an open store, or happen while it is open. */
export type Call = Exclude<
  Operation,
  { op: "open" | "close" | "crash" | "lose" | "fault" | "full" }
>;

/** Bytes that an emptied store may have. */
const EMPTY_BYTES_MAX = 200;
const RUNS_MAX = 6;

function expiry(change: Change): { expireIn?: number } {
  return change.expireIn === undefined ? {} : { expireIn: change.expireIn };
}

/** What those who call remember, also when the store is opened again. */
export interface Known {
  /** The versionstamps that keys had when somebody last looked. */
  versionstamps: Map<Address, string | null>;
  /** The last versions that watches were told of, by their numbers. */
  watched: Map<number, number>;
}

/** Makes calls. */
export class Calls {
  readonly #session: Session;
  readonly #store: Store;
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #options: StoreOptions;
  readonly #addresses: Address[];
  readonly #known: Known;
  readonly #reads: Reads;
  readonly #snapshots: Snapshots;
  readonly #works: Works;

  constructor(
    session: Session,
    model: Model,
    machine: Machine,
    options: StoreOptions,
    addresses: Address[],
    known: Known,
  ) {
    this.#session = session;
    this.#store = session.store;
    this.#model = model;
    this.#machine = machine;
    this.#options = options;
    this.#addresses = addresses;
    this.#known = known;
    this.#reads = new Reads(session, model, machine, addresses);
    this.#snapshots = new Snapshots(session, model, machine, addresses);
    this.#works = new Works(
      session,
      model,
      options,
      addresses,
      (change) => this.#change(change),
    );
  }

  get #now(): number {
    return this.#session.engine.now();
  }

  #space(at: Address): { space: KeySpace; key: string } {
    return spaceOf(this.#store, at);
  }

  #expected(at: Address): string | undefined {
    return this.#reads.expected(at);
  }

  /** Makes a call in this very turn; false if it is of those that take time. */
  issue(call: Call): boolean {
    switch (call.op) {
      case "set":
        this.#set(call, call.value);
        return true;
      case "setIfAbsent":
        this.#setIfAbsent(call, call.value);
        return true;
      case "setSync":
        this.#setSync(call, call.value);
        return true;
      case "delete":
        this.#delete(call.at);
        return true;
      case "deleteSync":
        this.#deleteSync(call.at);
        return true;
      case "batch":
        return this.#batch(call.changes);
      case "fill":
        this.#fill(call);
        return true;
      case "sync": {
        const noteSynced = this.#model.beginSync();
        const request = { what: "sync", onDone: noteSynced };
        this.#session.ask(request, () => this.#store.sync());
        return true;
      }
      case "flush":
        this.#session.ask({ what: "flush" }, () => this.#store.flush());
        return true;
      case "gc":
        this.#gc(call.ratio);
        return true;
      case "setClock":
        this.#machine.host.time += call.by;
        return true;
      case "sweep":
        this.#sweep();
        return true;
      case "atomic":
        this.#atomic(call);
        return true;
      case "snapshot":
        this.#snapshots.take(call.id);
        return true;
      case "closeSnapshot":
        this.#snapshots.close(call.id);
        return true;
    }
    return false;
  }

  /** Makes a call and waits for what came of it. */
  async perform(call: Call): Promise<void> {
    if (this.issue(call)) return await this.#session.settle();
    switch (call.op) {
      case "batch":
        return await this.#batchTooLarge(call.changes);
      case "get":
        await this.#reads.get(call.at);
        break;
      case "list":
        await this.#reads.list(call, (change) => this.#change(change));
        break;
      case "range": {
        const { op: _, ...range } = call;
        await this.#reads.range(range);
        break;
      }
      case "readSnapshot": {
        const { op: _, id, at, ...range } = call;
        await this.#snapshots.read(id, at, range);
        break;
      }
      case "transaction":
        await this.#works.transaction(call);
        break;
      case "deleteRange":
        await this.#works.deleteRange(call);
        break;
      case "watch":
        await this.#watch(call);
        break;
      case "readWatch":
        await this.#session.watches.get(call.id)?.read(call.count);
        break;
      case "breathe":
        for (let i = 0; i < call.times; i++) {
          await this.#machine.host.letBreathe();
        }
        break;
      case "advance":
        await this.#machine.host.advance(call.milliseconds);
        break;
      case "empty":
        await this.#empty();
    }
    await this.#session.settle();
  }

  #change(change: Change): void {
    if (change.value === undefined) this.#delete(change.at);
    else this.#set(change, change.value);
  }

  #set(change: Change, value: number): void {
    const { space, key } = this.#space(change.at);
    const text = textOf(value, change.length);
    const request = this.#write(`set ${change.at} ${value}`, [change]);
    this.#session.ask(request, () => space.set(key, text, expiry(change)));
  }

  #write(what: string, changes: Change[], expected?: unknown): Request {
    return { what, changes: this.#model.read(changes, this.#now), expected };
  }

  #setIfAbsent(change: Change, value: number): void {
    const { space, key } = this.#space(change.at);
    const isAbsent = this.#expected(change.at) === undefined;
    const what = `setIfAbsent ${change.at} ${value}`;
    const request = this.#write(what, isAbsent ? [change] : [], isAbsent);
    const text = textOf(value, change.length);
    this.#session.ask(
      request,
      () => space.setIfAbsent(key, text, expiry(change)),
    );
  }

  #setSync(change: Change, value: number): void {
    const { space, key } = this.#space(change.at);
    const text = textOf(value, change.length);
    const request = this.#write(`setSync ${change.at} ${value}`, [change]);
    this.#session.askSync(request, () => space.setSync(key, text));
  }

  #deletion(what: string, at: Address): Request {
    const isThere = this.#expected(at) !== undefined;
    return this.#write(`${what} ${at}`, isThere ? [{ at }] : [], isThere);
  }

  #delete(at: Address): void {
    const { space, key } = this.#space(at);
    const request = this.#deletion("delete", at);
    this.#session.ask(request, () => space.delete(key));
  }

  #deleteSync(at: Address): void {
    const { space, key } = this.#space(at);
    const request = this.#deletion("deleteSync", at);
    this.#session.askSync(request, () => space.deleteSync(key));
  }

  /** Commits a batch that is not too large. */
  #batch(changes: Change[]): boolean {
    const { valueLogMaxEntries = Infinity } = this.#options;
    if (changes.length > valueLogMaxEntries) return false;
    const batch = this.#makeBatch(changes);
    const names = changes.map(({ at }) => at).join(" ");
    const request = this.#write(`batch ${names}`, changes);
    this.#session.ask(request, () => batch.commit());
    return true;
  }

  #makeBatch(changes: Change[]): Batch {
    const batch = this.#store.batch();
    for (const change of changes) {
      const { bucket, key } = split(change.at);
      const target = bucket === "" ? {} : { bucket };
      if (change.value === undefined) batch.delete(key, target);
      else {
        const text = textOf(change.value, change.length);
        batch.set(key, text, { ...target, ...expiry(change) });
      }
    }
    return batch;
  }

  #atomic({ checks, changes }: Extract<Call, { op: "atomic" }>): void {
    const { valueLogMaxEntries = Infinity } = this.#options;
    const operation = this.#store.atomic();
    const { versionstamps } = this.#known;
    const { errors } = this.#machine;
    const asked: [Address, string | null][] = [];
    for (const { at, is } of checks) {
      const { bucket, key } = split(at);
      const target = bucket === "" ? {} : { bucket };
      let versionstamp: string | null = null;
      if (is === "known") versionstamp = versionstamps.get(at) ?? null;
      if (is === "current") {
        try {
          versionstamp = this.#space(at).space.getEntry(key).versionstamp;
        } catch (error) {
          this.#session.expectError("getEntry", error, errors, false);
          return;
        }
        versionstamps.set(at, versionstamp);
        if (versionstamp !== null) {
          this.#session.noteTold(Number.parseInt(versionstamp, 16));
        }
      }
      operation.check({ key, versionstamp, ...target });
      asked.push([at, versionstamp]);
    }
    const writes = changes.slice(0, valueLogMaxEntries);
    for (const { at, value, length, expireIn, by } of writes) {
      const { bucket, key } = split(at);
      const options = {
        ...(bucket === "" ? {} : { bucket }),
        ...(expireIn === undefined ? {} : { expireIn }),
      };
      if (by !== undefined) operation.sum(key, BigInt(by), options);
      else if (value === undefined) operation.delete(key, options);
      else operation.set(key, textOf(value, length), options);
    }
    const isGood = asked.every(([at, versionstamp]) => {
      const known = this.#model.get(at, this.#now);
      return versionstamp ===
        (known === undefined ? null : writeVersionstamp(known.version));
    });
    const request = {
      what: "atomic",
      changes: isGood ? this.#model.resolve(writes, this.#now) : [],
      expectedOf: (version: number) =>
        isGood ? writeVersionstamp(version) : "conflict",
    };
    this.#session.ask(
      request,
      () =>
        operation.commit().then((result) =>
          result.ok ? result.versionstamp : "conflict"
        ),
    );
  }

  async #watch(call: Extract<Call, { op: "watch" }>): Promise<void> {
    const { id, isResumed } = call;
    const { watches } = this.#session;
    const { watched } = this.#known;
    await watches.get(id)?.cancel();
    const last = watches.get(id)?.version ?? watched.get(id);
    const since = isResumed === true ? last : undefined;
    const watching = new Watching(
      this.#session,
      this.#model,
      this.#machine,
      call,
      since,
    );
    watches.set(id, watching);
  }

  async #batchTooLarge(changes: Change[]): Promise<void> {
    const batch = this.#makeBatch(changes);
    const error = await batch.commit().then(() => undefined, (error) => error);
    if ((error as StoreError)?.code === "BATCH_TOO_LARGE") return;
    throw new Error(`batch: not refused as too large: ${error}`);
  }

  #fill(fill: Extract<Call, { op: "fill" }>): void {
    for (let i = 0; i < fill.count; i++) {
      const at = filledAddress((fill.first + i) % fill.keys);
      const value = fill.value + i;
      this.#set({ at, value, length: fill.length }, value);
    }
  }

  #gc(discardRatio: number): void {
    const request = { what: "gc", isLong: true };
    this.#session.ask(
      request,
      () => this.#store.gc({ discardRatio }).then(() => undefined),
    );
  }

  /** Asks for the size, which is exact because expired keys are counted out first. */
  #sweep(): void {
    const { errors, moment } = this.#machine;
    const now = this.#now;
    const { size } = this.#store;
    if (this.#session.isPoisoned || errors < this.#machine.errors) return;
    if (errors === this.#session.errorsBefore) {
      this.#model.noteSwept(now, moment, this.#machine.moment);
    }
    const keys = this.#addresses.filter((at) =>
      this.#expected(at) !== undefined
    );
    if (size !== keys.length) {
      throw new Error(`size: ${size}, expected ${keys.length}`);
    }
  }

  async #empty(): Promise<void> {
    await this.#session.finish();
    for (const at of this.#addresses) {
      this.#delete(at);
      await this.#session.settle();
    }
    let runs = 0;
    for (; runs < RUNS_MAX; runs++) {
      const run = this.#store.gc({ discardRatio: 0.1 });
      const report = await this.#session.wait("gc", run);
      if (report.segmentsRewritten === 0) break;
    }
    if (runs === RUNS_MAX) throw new Error("gc: it finds no end");
    const { vlogSize } = this.#store.stats();
    if (vlogSize > EMPTY_BYTES_MAX) {
      throw new Error(`gc: ${vlogSize} bytes remain of an empty store`);
    }
  }
}

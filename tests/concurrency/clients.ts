/**
 * Clients that use one store at the same time, each one operation after the other,
 * and an observer that notes what they saw.
 *
 * @module
 */

import fc from "fast-check";
import type { Engine } from "../../src/engine/engine.ts";
import { readCounter } from "../../src/store/counter.ts";
import { StoreClosedError } from "../../src/errors.ts";
import type { Store } from "../../src/store/store.ts";
import type { Observed } from "./linearizability.ts";

/** Keys that the clients fight over. */
export const KEYS = ["a", "b", "c"] as const;
/** The key at which they count. */
export const COUNTER = "n";
/** Values of this length are read off the event loop. */
const LARGE_LENGTH = 70_000;

/** What a client does. */
export type Action =
  | { kind: "set" | "setIfAbsent"; key: string; isLarge: boolean }
  | { kind: "get" | "delete"; key: string }
  | { kind: "batch"; changes: { key: string; isPut: boolean }[] }
  /** Looks, waits, and sets if nobody else did. */
  | { kind: "swap"; key: string }
  /** Reads, waits, and sets. */
  | { kind: "transaction"; reads: string[]; key: string }
  | { kind: "increment" | "list" | "gc" | "sync" | "close" };

const anyKey = fc.constantFrom(...KEYS);

/** Any action but `close`, which is rare. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: anyWrite("set") },
  { weight: 3, arbitrary: anyWrite("setIfAbsent") },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("get"),
      key: fc.constantFrom(...KEYS, COUNTER),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("delete"), key: anyKey }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("batch"),
      changes: fc.array(
        fc.record({ key: anyKey, isPut: fc.boolean() }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("swap"), key: anyKey }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("transaction"),
      reads: fc.subarray([...KEYS, COUNTER]),
      key: anyKey,
    }),
  },
  { weight: 3, arbitrary: anyCall("increment") },
  { weight: 2, arbitrary: anyCall("list") },
  { weight: 2, arbitrary: anyCall("gc") },
  { weight: 1, arbitrary: anyCall("sync") },
);

function anyWrite(kind: "set" | "setIfAbsent"): fc.Arbitrary<Action> {
  return fc.record({
    kind: fc.constant(kind),
    key: anyKey,
    isLarge: fc.boolean(),
  });
}

function anyCall(
  kind: "increment" | "list" | "gc" | "sync",
): fc.Arbitrary<Action> {
  return fc.constant({ kind });
}

/** What a listing showed, between which two moments. */
interface Listed {
  start: number;
  end: number;
  contents: string;
}

const decoder = new TextDecoder();

/** The short form of a value. */
export function nameOf(
  key: string,
  bytes: Uint8Array | undefined,
): string | undefined {
  if (key === COUNTER) return bytes && `${readCounter(bytes)}`;
  return bytes && decoder.decode(bytes.subarray(0, 20)).split(":", 1)[0]!;
}

/** The contents as one text. */
export function textOf(contents: ReadonlyMap<string, string>): string {
  return [...KEYS, COUNTER].flatMap((key) => contents.get(key) ?? []).join(" ");
}

/** What the clients use of a store. */
export type Used = Pick<
  Store,
  | "set"
  | "setIfAbsent"
  | "delete"
  | "get"
  | "batch"
  | "getEntry"
  | "atomic"
  | "increment"
  | "transaction"
  | "list"
  | "gc"
  | "sync"
  | "close"
>;

/** A transaction that may commit at any moment. */
interface Waiting {
  key: string;
  name: string;
  /** What it read. */
  read: Map<string, string | undefined>;
}

/** Runs actions and notes what came of them. */
export class Observer {
  /** What was seen of each key. */
  readonly seen: Map<string, Observed[]> = new Map(
    [...KEYS, COUNTER].map((key) => [key, []]),
  );
  /** What the store held after each change, as its calls came. */
  readonly moments: { time: number; contents: string }[] = [];
  readonly listed: Listed[] = [];
  /** When `close` was called. */
  closedAt = Infinity;
  /** Actions that were begun and not answered. */
  open = 0;
  readonly #store: Used;
  readonly #contents = new Map<string, string>();
  #time = 0;
  #values = 0;
  readonly #pause: () => Promise<unknown>;
  readonly #waiting = new Set<Waiting>();
  /** Commits of transactions that overlooked what others had changed. */
  readonly overlooked: string[] = [];

  /** An observer of a store over `engine`; `pause` lets others go on. */
  constructor(store: Used, engine: Engine, pause: () => Promise<unknown>) {
    this.#store = store;
    this.#pause = pause;
    this.#note();
    const commit = engine.commit.bind(engine);
    engine.commit = (...args) => {
      commit(...args);
      this.#noteCommit((key) => {
        engine.key.load(key, undefined);
        const pointer = engine.ledger.findLive(engine);
        if (pointer === 0) return undefined;
        engine.reader.read(pointer);
        const { buffer, start, end } = engine.reader;
        return buffer.subarray(start, end);
      });
    };
  }

  /** Something was committed: was it a transaction? No other sets what it does. */
  #noteCommit(read: (key: string) => Uint8Array | undefined): void {
    for (const waiting of this.#waiting) {
      const { key, name } = waiting;
      if (nameOf(key, read(key)) !== name) continue;
      this.#waiting.delete(waiting);
      for (const [key, value] of waiting.read) {
        const now = this.#contents.get(key);
        if (now !== value) {
          this.overlooked.push(`${name}: ${key} is ${now}, it read ${value}`);
        }
      }
      this.#change([[key, name]]);
    }
  }

  /** What the store must hold in the end. */
  get contents(): ReadonlyMap<string, string> {
    return this.#contents;
  }

  #note(): void {
    this.moments.push({ time: ++this.#time, contents: textOf(this.#contents) });
  }

  #newValue(isLarge: boolean): { name: string; value: string } {
    const name = `v${this.#values++}`;
    return { name, value: `${name}:`.padEnd(isLarge ? LARGE_LENGTH : 0, "x") };
  }

  /** Runs one action; after `close` it must be refused. */
  async run(action: Action): Promise<void> {
    const isClosed = this.closedAt !== Infinity;
    this.open++;
    try {
      await this.#run(action, isClosed);
    } catch (error) {
      if (!(error instanceof StoreClosedError)) throw error;
      // What takes several steps is ended by a close that overtakes it.
      const isOvertaken = this.closedAt !== Infinity &&
        ["list", "swap", "transaction"].includes(action.kind);
      if (!isClosed && !isOvertaken) throw error;
      return;
    } finally {
      this.open--;
    }
    if (isClosed && action.kind !== "close") {
      throw new Error(`${action.kind} was answered by a closed store`);
    }
  }

  async #run(action: Action, isClosed: boolean): Promise<void> {
    const store = this.#store;
    const start = ++this.#time;
    switch (action.kind) {
      case "set":
      case "setIfAbsent": {
        const { key, kind } = action;
        const { name, value } = this.#newValue(action.isLarge);
        const isSet = kind === "set" || !this.#contents.has(key);
        const promise = kind === "set"
          ? store.set(key, value).then(() => true)
          : store.setIfAbsent(key, value);
        if (isSet && !isClosed) this.#change([[key, name]]);
        const done = await promise;
        this.#see(key, { kind, value: name, done }, start);
        break;
      }
      case "delete": {
        const promise = store.delete(action.key);
        if (!isClosed) this.#change([[action.key, undefined]]);
        const done = await promise;
        this.#see(action.key, { kind: "delete", done }, start);
        break;
      }
      case "get": {
        const value = nameOf(action.key, await store.get(action.key));
        this.#see(action.key, { kind: "get", value }, start);
        break;
      }
      case "batch":
        await this.#batch(action.changes, isClosed, start);
        break;
      case "increment": {
        const promise = store.increment(COUNTER);
        const count = Number(this.#contents.get(COUNTER) ?? 0) + 1;
        if (!isClosed) this.#change([[COUNTER, `${count}`]]);
        const value = `${await promise}`;
        this.#see(COUNTER, { kind: "increment", value }, start);
        break;
      }
      case "swap":
        await this.#swap(action.key, start);
        break;
      case "transaction":
        await this.#transaction(action.key, action.reads, start);
        break;
      case "list":
        await this.#list(start);
        break;
      case "gc":
        await store.gc({ discardRatio: 0.1 });
        break;
      case "sync":
        await store.sync();
        break;
      case "close":
        this.closedAt = Math.min(this.closedAt, start);
        await store.close();
        break;
    }
  }

  #see(
    key: string,
    observed: Omit<Observed, "start" | "end">,
    start: number,
  ): void {
    this.seen.get(key)!.push({ ...observed, start, end: ++this.#time });
  }

  #change(changes: [string, string | undefined][]): void {
    for (const [key, name] of changes) {
      if (name === undefined) this.#contents.delete(key);
      else this.#contents.set(key, name);
    }
    this.#note();
  }

  async #batch(
    wanted: { key: string; isPut: boolean }[],
    isClosed: boolean,
    start: number,
  ): Promise<void> {
    const batch = this.#store.batch();
    const changes = new Map<string, string | undefined>();
    for (const { key, isPut } of wanted) {
      const { name, value } = this.#newValue(false);
      if (isPut) batch.set(key, value);
      else batch.delete(key);
      changes.set(key, isPut ? name : undefined);
    }
    const promise = batch.commit();
    if (!isClosed) this.#change([...changes]);
    await promise;
    // A key without a value is as one that was set to nothing.
    for (const [key, value] of changes) {
      this.#see(key, { kind: "set", value }, start);
    }
  }

  async #swap(key: string, start: number): Promise<void> {
    const entry = this.#store.getEntry(key);
    const before = nameOf(key, entry.value);
    await this.#pause();
    const { name, value } = this.#newValue(false);
    const isClosed = this.closedAt !== Infinity;
    const operation = this.#store.atomic().check(entry).set(key, value);
    const promise = operation.commit();
    // No value is set twice.
    const isSame = this.#contents.get(key) === before;
    if (isSame && !isClosed) this.#change([[key, name]]);
    const { ok: done } = await promise;
    this.#see(key, { kind: "swap", before, value: name, done }, start);
  }

  async #transaction(
    key: string,
    reads: string[],
    start: number,
  ): Promise<void> {
    const { name, value } = this.#newValue(false);
    let waiting: Waiting | undefined;
    await this.#store.transaction(async (tx) => {
      if (waiting !== undefined) this.#waiting.delete(waiting);
      const read = new Map<string, string | undefined>();
      for (const key of reads) {
        read.set(key, nameOf(key, tx.get(key)));
        await this.#pause();
      }
      tx.set(key, value);
      waiting = { key, name, read };
      this.#waiting.add(waiting);
    }, { attempts: 1000 });
    const { read } = waiting!;
    this.#see(
      key,
      read.has(key)
        ? { kind: "swap", before: read.get(key), value: name, done: true }
        : { kind: "set", value: name },
      start,
    );
  }

  async #list(start: number): Promise<void> {
    const contents = new Map<string, string>();
    for await (const [key, value] of this.#store.list()) {
      const name = decoder.decode(key);
      if (name.length === 1) contents.set(name, nameOf(name, value)!);
    }
    this.listed.push({ start, end: ++this.#time, contents: textOf(contents) });
  }

  /** Adds what a key has in the end, seen after everything else. */
  seeFinal(key: string, value: string | undefined): void {
    this.#see(key, { kind: "get", value }, ++this.#time);
  }

  /** True if the listing shows what the store held at one moment meanwhile. */
  isOfOneMoment({ start, end, contents }: Listed): boolean {
    const before = this.moments.findLastIndex(({ time }) => time <= start);
    return this.moments.slice(Math.max(0, before)).some((moment) =>
      moment.time <= end && moment.contents === contents
    );
  }
}

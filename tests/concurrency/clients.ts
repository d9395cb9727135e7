/**
 * Clients that use one store at the same time, each one operation after the other,
 * and an observer that notes what they saw.
 *
 * @module
 */

import fc from "fast-check";
import { StoreClosedError } from "../../src/errors.ts";
import type { Store } from "../../src/store/store.ts";
import type { Observed } from "./linearizability.ts";

/** Keys that the clients fight over. */
export const KEYS = ["a", "b", "c"] as const;
/** Values of this length are read off the event loop. */
const LARGE_LENGTH = 70_000;

/** What a client does. */
export type Action =
  | { kind: "set" | "setIfAbsent"; key: string; isLarge: boolean }
  | { kind: "get" | "delete"; key: string }
  | { kind: "batch"; changes: { key: string; isPut: boolean }[] }
  | { kind: "list" | "gc" | "sync" | "close" };

const anyKey = fc.constantFrom(...KEYS);

/** Any action but `close`, which is rare. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: anyWrite("set") },
  { weight: 3, arbitrary: anyWrite("setIfAbsent") },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("get"), key: anyKey }),
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

function anyCall(kind: "list" | "gc" | "sync"): fc.Arbitrary<Action> {
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
function nameOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decoder.decode(bytes.subarray(0, 20)).split(":", 1)[0]!;
}

/** The contents as one text. */
export function textOf(contents: ReadonlyMap<string, string>): string {
  return KEYS.flatMap((key) => contents.get(key) ?? []).join(" ");
}

/** What the clients use of a store. */
export type Used = Pick<
  Store,
  | "set"
  | "setIfAbsent"
  | "delete"
  | "get"
  | "batch"
  | "list"
  | "gc"
  | "sync"
  | "close"
>;

/** Runs actions and notes what came of them. */
export class Observer {
  /** What was seen of each key. */
  readonly seen: Map<string, Observed[]> = new Map(
    KEYS.map((key) => [key, []]),
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

  constructor(store: Used) {
    this.#store = store;
    this.#note();
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
      // A listing that the close overtook is ended by it.
      const isOvertaken = action.kind === "list" && this.closedAt !== Infinity;
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
        const value = nameOf(await store.get(action.key));
        this.#see(action.key, { kind: "get", value }, start);
        break;
      }
      case "batch":
        await this.#batch(action.changes, isClosed, start);
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

  async #list(start: number): Promise<void> {
    const contents = new Map<string, string>();
    for await (const [key, value] of this.#store.list()) {
      const name = decoder.decode(key);
      if (name.length === 1) contents.set(name, nameOf(value)!);
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

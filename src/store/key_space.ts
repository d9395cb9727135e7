/**
 * What a store and a bucket have in common: reading and writing by key.
 *
 * @module
 */

import { Engine } from "../engine/engine.ts";
import { describe } from "../engine/key_buffer.ts";
import { Batch } from "./batch.ts";
import { listEntries } from "./list.ts";
import type {
  Entry,
  Key,
  KeyOnlyEntry,
  ListOptions,
  SetOptions,
  Value,
} from "./types.ts";
import { ValueBuffer } from "./value_buffer.ts";

/** One call in this many is timed for the latency percentiles; a power of two. */
const TIMED_CALL_MASK = 64 - 1;

const values = new ValueBuffer();

/** Checks `expireIn` and returns it; 0 stands for none. */
export function readExpireIn(options: SetOptions | undefined): number {
  const expireIn = options?.expireIn;
  if (expireIn === undefined) return 0;
  if (typeof expireIn !== "number") {
    throw new TypeError(
      `Cannot use ${
        describe(expireIn)
      } as expireIn: it must be a number of milliseconds`,
    );
  }
  if (!(expireIn > 0) || expireIn > Number.MAX_SAFE_INTEGER / 2) {
    throw new RangeError(
      `Cannot use ${expireIn} as expireIn: it must be a finite number of milliseconds greater than 0`,
    );
  }
  return Math.ceil(expireIn);
}

/** True if the key at hand has a value. */
function hasValue(engine: Engine): boolean {
  const { counters, ledger } = engine;
  counters.reads++;
  const isPresent = ledger.findLive(engine) !== 0;
  if (isPresent) counters.hits++;
  else counters.misses++;
  return isPresent;
}

/** Counts a read; returns when it started if it is one of those that are timed. */
function startRead({ counters }: Engine): number {
  return (counters.reads++ & TIMED_CALL_MASK) === 0 ? performance.now() : NaN;
}

function finishRead({ counters }: Engine, start: number): void {
  if (Number.isNaN(start)) return;
  counters.getLatency.add((performance.now() - start) * 1000);
}

/** The value of an entry as an array of its own; `undefined` if there is none. */
function readOwned(
  engine: Engine,
  pointer: number,
  start: number,
): Uint8Array | undefined {
  const { counters } = engine;
  let value: Uint8Array | undefined;
  if (pointer === 0) {
    counters.misses++;
  } else {
    value = engine.reader.readOwned(pointer);
    counters.hits++;
  }
  finishRead(engine, start);
  return value;
}

/**
 * A set of keys with values. Keys in one bucket, or in the store outside all
 * buckets, never meet keys of another.
 *
 * Reads and writes show at once; a write is as safe as the store's settings promise
 * when its promise resolves.
 */
export abstract class KeySpace {
  readonly #engine: Engine;
  readonly #prefix: Uint8Array | undefined;

  /** Not for callers: use {@linkcode Store.open} and {@linkcode Store.bucket}. */
  constructor(engine: unknown, prefix: Uint8Array | undefined) {
    if (!(engine instanceof Engine)) {
      throw new TypeError("Cannot construct a store: call Store.open");
    }
    this.#engine = engine;
    this.#prefix = prefix;
  }

  /** Puts the caller's key into the engine's buffer. */
  #load(key: Key, action: string): Engine {
    const engine = this.#engine;
    engine.check(action);
    engine.key.load(key, this.#prefix);
    return engine;
  }

  #put(key: Key, value: Value, options: SetOptions | undefined): Engine {
    const engine = this.#load(key, "set a key");
    const expireIn = options === undefined ? 0 : readExpireIn(options);
    values.load(value);
    if ((engine.counters.writes & TIMED_CALL_MASK) !== 0) {
      engine.put(values.bytes, values.length, expireIn);
      return engine;
    }
    const start = performance.now();
    engine.put(values.bytes, values.length, expireIn);
    engine.counters.setLatency.add((performance.now() - start) * 1000);
    return engine;
  }

  /**
   * Sets a key.
   *
   * @param key The key.
   * @param value The value; the store keeps a copy.
   * @param options When the key expires.
   * @returns A promise that resolves when the write is handed to the operating
   * system or, under `syncWrites`, is on the medium.
   * @throws {TypeError} If the key or the value is neither text nor bytes.
   * @throws {RangeError} If the key is empty or too long, the value too large or
   * `expireIn` not greater than 0.
   * @throws {StoreError} `DISK_FULL`, `POISONED` or `IO` if it cannot be written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("session", "data", { expireIn: 60_000 });
   * ```
   */
  set(key: Key, value: Value, options?: SetOptions): Promise<void> {
    try {
      return this.#put(key, value, options).queue.done;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Does what {@linkcode set} does before it returns. */
  setSync(key: Key, value: Value, options?: SetOptions): void {
    this.#put(key, value, options).finishSync();
  }

  /**
   * Sets a key unless it has a value, in one step that no other write can come
   * between.
   *
   * @returns True if the key was set, false if it had a value.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * assertEquals(await store.setIfAbsent("job", "worker 1"), true);
   * assertEquals(await store.setIfAbsent("job", "worker 2"), false);
   * ```
   */
  setIfAbsent(key: Key, value: Value, options?: SetOptions): Promise<boolean> {
    try {
      const engine = this.#load(key, "set a key");
      readExpireIn(options);
      values.load(value);
      if (hasValue(engine)) return engine.queue.doneFalse;
      return this.#put(key, value, options).queue.doneTrue;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Deletes a key.
   *
   * @returns True if the key had a value.
   */
  delete(key: Key): Promise<boolean> {
    try {
      const engine = this.#load(key, "delete a key");
      return engine.remove() ? engine.queue.doneTrue : engine.queue.doneFalse;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Does what {@linkcode delete} does before it returns. */
  deleteSync(key: Key): boolean {
    const engine = this.#load(key, "delete a key");
    const existed = engine.remove();
    if (existed) engine.finishSync();
    return existed;
  }

  /** True if the key has a value. */
  has(key: Key): boolean {
    return hasValue(this.#load(key, "look up a key"));
  }

  /** Finds and reads the value of a key; `undefined` if there is none. */
  #find(key: Key): Engine | undefined {
    const engine = this.#load(key, "get a key");
    const start = startRead(engine);
    const pointer = engine.ledger.findLive(engine);
    if (pointer === 0) {
      engine.counters.misses++;
    } else {
      engine.reader.read(pointer);
      engine.counters.hits++;
    }
    finishRead(engine, start);
    return pointer === 0 ? undefined : engine;
  }

  /**
   * The value of a key.
   *
   * @returns A copy of the value, or `undefined` if the key has none. An empty value
   * is an empty array.
   * @throws {CorruptionError} If the bytes on disk are not what was written.
   */
  getSync(key: Key): Uint8Array | undefined {
    const engine = this.#load(key, "get a key");
    const start = startRead(engine);
    return readOwned(engine, engine.ledger.findLive(engine), start);
  }

  /**
   * The value of a key. Large values are read off the event loop.
   *
   * @returns A copy of the value, or `undefined` if the key has none.
   * @throws {CorruptionError} If the bytes on disk are not what was written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("greeting", "hello");
   * const value = await store.get("greeting");
   * assertEquals(new TextDecoder().decode(value), "hello");
   * assertEquals(await store.get("nothing"), undefined);
   * ```
   */
  get(key: Key): Promise<Uint8Array | undefined> {
    try {
      const engine = this.#load(key, "get a key");
      const { ledger, reader } = engine;
      const start = startRead(engine);
      const pointer = ledger.findLive(engine);
      if (pointer !== 0 && reader.isLargeInFile(pointer)) {
        engine.counters.hits++;
        return reader.readEntryAsync(pointer);
      }
      return Promise.resolve(readOwned(engine, pointer, start));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The values of several keys, in their order, `undefined` where there is none. */
  getMany(keys: Iterable<Key>): Promise<(Uint8Array | undefined)[]> {
    try {
      const found: Promise<Uint8Array | undefined>[] = [];
      for (const key of keys) found.push(this.get(key));
      return Promise.all(found);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A view on the value of a key, without a copy.
   *
   * It is valid until the next call on the store, and must not be changed or
   * transferred: its buffer holds other data too.
   */
  getView(key: Key): Uint8Array | undefined {
    const engine = this.#find(key);
    if (engine === undefined) return undefined;
    const { buffer, start, end } = engine.reader;
    return buffer.subarray(start, end);
  }

  /**
   * Copies the value of a key into `target`.
   *
   * @returns The length of the value in bytes, or `undefined` if the key has none.
   * @throws {RangeError} If `target` is too small; it is unchanged then.
   */
  getInto(key: Key, target: Uint8Array): number | undefined {
    if (!(target instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot copy a value into ${describe(target)}: it must be a Uint8Array`,
      );
    }
    const engine = this.#find(key);
    if (engine === undefined) return undefined;
    const { buffer, start, end } = engine.reader;
    const length = end - start;
    if (length > target.length) {
      throw new RangeError(
        `Cannot copy a value of ${length} bytes: the target has ${target.length}`,
      );
    }
    target.set(buffer.subarray(start, end));
    return length;
  }

  /**
   * Starts a batch: operations that take effect together or not at all.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("from", "60").set("to", "40").commit();
   * assertEquals(store.size, 2);
   * ```
   */
  batch(): Batch {
    this.#engine.check("start a batch");
    return new Batch(this.#engine, this.#prefix);
  }

  /**
   * Lists entries in the order of their keys' bytes. The whole list is of one
   * moment, that of its first entry, however long it takes.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("a/1", "x").set("a/2", "y").set("b/1", "z").commit();
   * const keys: string[] = [];
   * for await (const [key] of store.list({ prefix: "a/", keysOnly: true })) {
   *   keys.push(new TextDecoder().decode(key));
   * }
   * assertEquals(keys, ["a/1", "a/2"]);
   * ```
   */
  list(
    options: ListOptions & { keysOnly: true },
  ): AsyncIterableIterator<KeyOnlyEntry>;
  /** Lists entries with their values. */
  list(options?: ListOptions): AsyncIterableIterator<Entry>;
  list(
    options: ListOptions = {},
  ): AsyncIterableIterator<Entry> | AsyncIterableIterator<KeyOnlyEntry> {
    this.#engine.check("list keys");
    return listEntries(
      this.#engine,
      this.#prefix,
      options,
    ) as AsyncIterableIterator<Entry>;
  }
}

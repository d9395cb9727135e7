/**
 * What a store and a bucket have in common: reading and writing by key.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { describe } from "../engine/key_buffer.ts";
import { Batch } from "./batch.ts";
import { hasValue, KeyReader } from "./key_reader.ts";
import { readRange } from "./range.ts";
import { deleteRange } from "./range_work.ts";
import type { Key, RangeWorkOptions, SetOptions, Value } from "./types.ts";
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

/**
 * A set of keys with values. Keys in one bucket, or in the store outside all
 * buckets, never meet keys of another.
 *
 * Reads and writes show at once; a write is as safe as the store's settings promise
 * when its promise resolves.
 */
export abstract class KeySpace extends KeyReader {
  readonly #engine: Engine;
  readonly #prefix: Uint8Array | undefined;

  /** Not for callers: use {@linkcode Store.open} and {@linkcode Store.bucket}. */
  constructor(engine: unknown, prefix: Uint8Array | undefined) {
    super(engine, prefix);
    this.#engine = engine as Engine;
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
   * Deletes the keys of a range that have a value at the moment of the call, unless
   * they are set again before it is their turn. Works in slices that let other work
   * have its turn, and is not atomic: after a crash a part may be deleted.
   *
   * @returns How many keys were deleted.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("a/1", "x").set("a/2", "y").set("b/1", "z").commit();
   * assertEquals(await store.deleteRange({ prefix: "a/" }), 2);
   * assertEquals(store.size, 1);
   * ```
   */
  async deleteRange(options: RangeWorkOptions): Promise<number> {
    this.#engine.check("delete keys");
    return await deleteRange(
      this.#engine,
      readRange(this.#prefix, options),
      this.#prefix !== undefined,
      options.signal,
    );
  }

  /**
   * Deletes all keys of this store outside of buckets, or of this bucket, as
   * {@linkcode deleteRange} does.
   */
  clear(options: { signal?: AbortSignal } = {}): Promise<number> {
    return this.deleteRange(options);
  }
}

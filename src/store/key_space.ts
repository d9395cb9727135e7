/**
 * What a store and a bucket have in common: reading and writing by key.
 *
 * @module
 */

import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { Batch } from "./batch.ts";
import { AtomicOperation, type Merge } from "./atomic.ts";
import { checkOperand, count, readCounter } from "./counter.ts";
import { readExpireIn } from "./expire_in.ts";
import { BulkSpace } from "./bulk_space.ts";
import { hasValue } from "./key_reader.ts";
import { type BucketOptions, resolveCompression } from "./bucket_options.ts";
import { readRange } from "./range.ts";
import { deleteRange } from "./range_work.ts";
import {
  runTransaction,
  type TransactionOptions,
  type TransactionSpace,
} from "./transaction.ts";
import type { Key, RangeWorkOptions, SetOptions, Value } from "./types.ts";
import { ValueBuffer } from "./value_buffer.ts";
import { watch, type WatchedCommit, type WatchOptions } from "./watch.ts";

/** One call in this many is timed for the latency percentiles; a power of two. */
const TIMED_CALL_MASK = 64 - 1;

const values = new ValueBuffer();

/**
 * A set of keys with values. Keys in one bucket, or in the store outside all
 * buckets, never meet keys of another.
 *
 * Reads and writes show at once; a write is as safe as the store's settings promise
 * when its promise resolves.
 */
export abstract class KeySpace extends BulkSpace {
  readonly #engine: Engine;
  readonly #prefix: Uint8Array | undefined;
  readonly #compression: Compression;

  /** Not for callers: use {@linkcode Store.open} and {@linkcode Store.bucket}. */
  constructor(
    engine: unknown,
    prefix: Uint8Array | undefined,
    options?: BucketOptions,
  ) {
    const { compression: inherited } = engine as Engine;
    const compression = options === undefined
      ? inherited
      : resolveCompression(options, inherited);
    super(engine, prefix, compression);
    this.#engine = engine as Engine;
    this.#prefix = prefix;
    this.#compression = compression;
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
    values.loadFor(value, this.#compression);
    const { codec } = values;
    if ((engine.counters.writes & TIMED_CALL_MASK) !== 0) {
      engine.put(values.bytes, values.length, expireIn, codec);
      return engine;
    }
    const start = performance.now();
    engine.put(values.bytes, values.length, expireIn, codec);
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
    return new Batch(this.#engine, this.#prefix, this.#compression);
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

  /** Starts an atomic operation; see {@linkcode AtomicOperation}. */
  atomic(): AtomicOperation {
    this.#engine.check("start an atomic operation");
    return new AtomicOperation(
      this.#engine,
      this.#prefix,
      this.#compression,
    );
  }

  /**
   * Reads and writes as if nobody else did meanwhile: reads are of the moment at which
   * it begins and see its own writes, which take effect together at the end. If others
   * changed what was read, it is done again.
   *
   * @param work What to do. It may run several times, so it should change nothing but
   * through the transaction. If it throws, nothing is written.
   * @param options How often to try.
   * @returns What `work` returned.
   * @throws {StoreError} `CONFLICT` after too many attempts, `BATCH_TOO_LARGE` if the
   * writes do not fit in one segment. There is no other limit.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("a", "5").set("b", "0").commit();
   * const number = (value?: Uint8Array) =>
   *   Number(new TextDecoder().decode(value));
   * await store.transaction((tx) => {
   *   tx.set("b", `${number(tx.get("b")) + number(tx.get("a"))}`);
   *   tx.delete("a");
   * });
   * assertEquals(number(await store.get("b")), 5);
   * ```
   */
  async transaction<T>(
    work: (transaction: TransactionSpace) => T | Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    this.#engine.check("begin a transaction");
    return await runTransaction(
      this.#engine,
      this.#prefix,
      this.#compression,
      work,
      options,
    );
  }

  /**
   * Adds to a counter, an unsigned 64-bit number that wraps around; one that is not
   * there counts from 0.
   *
   * @param key The key.
   * @param by What is added.
   * @param options When the counter expires if it is new; it keeps that.
   * @returns The number afterwards.
   * @throws {StoreError} `NOT_A_COUNTER` if the key has another value.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * assertEquals(await store.increment("visits"), 1n);
   * assertEquals(await store.increment("visits", 2n, { expireIn: 1000 }), 3n);
   * assertEquals(store.getCounter("visits"), 3n);
   * ```
   */
  increment(
    key: Key,
    by: bigint = 1n,
    options?: SetOptions,
  ): Promise<bigint> {
    try {
      checkOperand(by, "sum");
      let result = 0n;
      const sum = (value: Uint8Array | undefined) => {
        const next = count(value, "sum", by);
        result = readCounter(next);
        return next;
      };
      return this.atomic().merge(key, "", sum, options).commit()
        .then(() => result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The number of a counter; `undefined` if the key has no value. */
  getCounter(key: Key): bigint | undefined {
    const value = this.getView(key);
    return value && readCounter(value);
  }

  /**
   * Changes a value in one step that no other write can come between.
   *
   * @param key The key; it keeps the time at which it expires.
   * @param operand What is merged into it.
   * @param merge Makes the new value; it must not call the store.
   * @param options When the key expires if it is new.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * const append = (value: Uint8Array | undefined, operand: Uint8Array) =>
   *   new Uint8Array([...value ?? [], ...operand]);
   * await store.merge("log", "one ", append);
   * await store.merge("log", "two", append);
   * assertEquals(new TextDecoder().decode(await store.get("log")), "one two");
   * ```
   */
  merge(
    key: Key,
    operand: Value,
    merge: Merge,
    options?: SetOptions,
  ): Promise<void> {
    try {
      return this.atomic().merge(key, operand, merge, options).commit()
        .then(() => {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Tells of every commit that changes keys of interest, in the order of the log, from
   * the present or from a versionstamp on. Each comes once, whole, and after it was
   * handed to the operating system.
   *
   * Nothing is kept in memory for a stream that is behind: it reads the log. Segments
   * that are collected meanwhile stay on disk until it has read them, up to
   * `heldBytesMax` bytes; beyond those it fails with `TOO_OLD`. A key that expires is
   * not told of. The stream ends when the store is closed.
   *
   * @throws {StoreError} `TOO_OLD` if the log does not hold everything since `since`
   * any more, because garbage was collected.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * const changes = store.watch({ prefix: "user:" });
   * await store.set("user:1", "Ada");
   * for await (const { versionstamp, changes: [change] } of changes) {
   *   assertEquals(new TextDecoder().decode(change!.key), "user:1");
   *   assertEquals(versionstamp, store.getEntry("user:1").versionstamp);
   *   break;
   * }
   * ```
   */
  watch(options: WatchOptions = {}): ReadableStream<WatchedCommit> {
    this.#engine.check("watch keys");
    return watch(this.#engine, this.#prefix, options);
  }
}

/**
 * An [`abstract-level`](https://github.com/Level/abstract-level) database over a store
 * or a bucket: for everything that takes a level database, and in place of
 * `classic-level` where native code cannot be had.
 *
 * This entry needs the package `abstract-level`, and no permission beyond the store's.
 *
 * @example Usage
 * ```ts
 * import { SettLevel } from "@sett/badger/level";
 * import { assertEquals } from "@std/assert";
 *
 * await using db = new SettLevel<string, { age: number }>(
 *   { memoryMode: true },
 *   { valueEncoding: "json" },
 * );
 * await db.batch([
 *   { type: "put", key: "ada", value: { age: 36 } },
 *   { type: "put", key: "grace", value: { age: 85 } },
 * ]);
 * assertEquals(await db.get("ada"), { age: 36 });
 * assertEquals(await db.keys({ gt: "ada" }).all(), ["grace"]);
 *
 * const cities = db.sublevel("cities");
 * await cities.put("london", "…");
 * assertEquals(await cities.has("ada"), false);
 * ```
 *
 * @module
 */

import {
  type AbstractDelOptions,
  AbstractLevel,
  type AbstractPutOptions,
} from "abstract-level";
import { StoreClosedError } from "../errors.ts";
import type { KeySpace } from "../store/key_space.ts";
import { commitTogether } from "./commit_together.ts";
import { levelError, orLevelError, toLevelError } from "./level_error.ts";
import {
  LevelCursor,
  LevelIterator,
  type LevelIteratorOptions,
  LevelKeyIterator,
  LevelSnapshot,
  LevelValueIterator,
} from "./level_iterator.ts";
import { toStoreKey, toStoreRange } from "./level_key.ts";
import { holdsStore, pathOf } from "./level_location.ts";
import type { LevelWriteOptions, SettLevelOptions } from "./level_options.ts";
import {
  type AdapterTarget,
  checkTarget,
  isOpenTarget,
  type OpenTarget,
  openTarget,
} from "./adapter_target.ts";

export type { AdapterTarget, LevelWriteOptions, SettLevelOptions };

/** Keys that one commit of a clear deletes. */
const KEYS_A_COMMIT = 1000;

interface ReadOptions {
  snapshot?: LevelSnapshot;
}

interface BatchOperation {
  type: "put" | "del";
  key: Uint8Array;
  value: Uint8Array;
}

/** The writes of a {@linkcode SettLevel} with options of its own. */
export interface SettLevel<Key = string, Value = string> {
  /** Sets a key. */
  put(key: Key, value: Value): Promise<void>;
  /** Sets a key, with options. */
  // deno-doc-ignore private-type-ref -- documented by abstract-level
  put<K = Key, V = Value>(
    key: K,
    value: V,
    options: AbstractPutOptions<K, V> & LevelWriteOptions,
  ): Promise<void>;
  /** Deletes a key. */
  del(key: Key): Promise<void>;
  /** Deletes a key, with options. */
  // deno-doc-ignore private-type-ref -- documented by abstract-level
  del<K = Key>(
    key: K,
    options: AbstractDelOptions<K> & LevelWriteOptions,
  ): Promise<void>;
}

/**
 * A level database in a store or a bucket.
 *
 * Keys and values are bytes in the store, as their encodings make them, so the store
 * can be read and written by its own methods beside.
 *
 * @typeParam Key The type of keys, unless a call brings its own encoding.
 * @typeParam Value The type of values, likewise.
 */
// deno-doc-ignore private-type-ref -- documented by abstract-level
export class SettLevel<Key = string, Value = string>
  extends AbstractLevel<Uint8Array, Key, Value> {
  /** The data directory of the store that it opens; `undefined` without one. */
  readonly location: string | undefined;
  readonly #target: AdapterTarget;
  readonly #bucket: string | undefined;
  #opened: OpenTarget | undefined;
  #kept: OpenTarget | undefined;

  /**
   * Makes a database; it opens by itself, or with `open`.
   *
   * @param target The path of a data directory or the settings of a store, which
   * `open` opens and `close` closes; or an open store or bucket, which stays open. A
   * store in memory stays with the database, so that it can be opened again.
   * @param options The settings of a store at a path, the bucket, the encodings, and
   * whether the store must or must not exist.
   */
  constructor(
    target: AdapterTarget,
    options: SettLevelOptions<Key, Value> = {},
  ) {
    const { store, bucket, ...forward } = options;
    checkTarget(target, bucket);
    const whole = typeof target === "string"
      ? { ...store, path: target }
      : target;
    const location = pathOf(whole);
    const isOnDisk = location !== undefined;
    const manifest = {
      encodings: { view: true },
      seek: true,
      has: true,
      getSync: true,
      explicitSnapshots: true,
      permanence: isOnDisk || isOpenTarget(whole),
      createIfMissing: isOnDisk,
      errorIfExists: isOnDisk,
    };
    super(manifest, forward);
    this.location = location;
    this.#target = whole;
    this.#bucket = bucket;
  }

  /** The store or bucket underneath, while the database is open. */
  get space(): KeySpace | undefined {
    return this.#opened?.space;
  }

  get #space(): KeySpace {
    if (this.#opened === undefined) throw new StoreClosedError("use a store");
    return this.#opened.space;
  }

  #reader(options: ReadOptions): KeySpace | LevelSnapshot["reader"] {
    return options.snapshot?.reader ?? this.#space;
  }

  async #attempt<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /** Writes, and waits until that is on the medium if it is asked for. */
  #write(
    options: LevelWriteOptions,
    work: (space: KeySpace) => Promise<unknown>,
  ): Promise<void> {
    return this.#attempt(async () => {
      const space = this.#space;
      if (options.sync !== true) {
        await work(space);
        return;
      }
      const store = this.#opened?.store;
      if (store === undefined) {
        throw levelError(
          "LEVEL_NOT_SUPPORTED",
          "Cannot sync a bucket: give its store and its name to the database",
        );
      }
      await work(space);
      await store.sync();
    });
  }

  /** @ignore */
  _open(
    options: { createIfMissing: boolean; errorIfExists: boolean },
  ): Promise<void> {
    return this.#attempt(async () => {
      const path = this.location;
      if (path !== undefined) {
        const exists = holdsStore(path);
        if (!exists && !options.createIfMissing) {
          throw levelError(
            "LEVEL_DATABASE_NOT_OPEN",
            `Cannot open a database: ${path} does not exist`,
          );
        }
        if (exists && options.errorIfExists) {
          throw levelError(
            "LEVEL_DATABASE_NOT_OPEN",
            `Cannot open a database: ${path} exists`,
          );
        }
      }
      this.#opened = this.#kept ?? await openTarget(this.#target, this.#bucket);
    });
  }

  /** @ignore */
  _close(): Promise<void> {
    return this.#attempt(async () => {
      if (this.location === undefined) this.#kept = this.#opened;
      else await this.#opened?.close();
      this.#opened = undefined;
    });
  }

  /** @ignore */
  _get(key: Uint8Array, options: ReadOptions): Promise<Uint8Array | undefined> {
    return this.#attempt(() => this.#reader(options).get(toStoreKey(key)));
  }

  /** @ignore */
  _getSync(key: Uint8Array, options: ReadOptions): Uint8Array | undefined {
    return orLevelError(() => this.#reader(options).getSync(toStoreKey(key)));
  }

  /** @ignore */
  _getMany(
    keys: Uint8Array[],
    options: ReadOptions,
  ): Promise<(Uint8Array | undefined)[]> {
    return this.#attempt(() => {
      // All are found before this returns, so they are of one moment.
      const reader = this.#reader(options);
      return Promise.all(keys.map((key) => reader.get(toStoreKey(key))));
    });
  }

  /** @ignore */
  _has(key: Uint8Array, options: ReadOptions): Promise<boolean> {
    return this.#attempt(() => this.#reader(options).has(toStoreKey(key)));
  }

  /** @ignore */
  _hasMany(keys: Uint8Array[], options: ReadOptions): Promise<boolean[]> {
    return this.#attempt(() => {
      const reader = this.#reader(options);
      return keys.map((key) => reader.has(toStoreKey(key)));
    });
  }

  /** @ignore */
  _put(
    key: Uint8Array,
    value: Uint8Array,
    options: LevelWriteOptions,
  ): Promise<void> {
    return this.#write(options, (space) => space.set(toStoreKey(key), value));
  }

  /** @ignore */
  _del(key: Uint8Array, options: LevelWriteOptions): Promise<void> {
    return this.#write(options, (space) => space.delete(toStoreKey(key)));
  }

  /** @ignore */
  _batch(
    operations: BatchOperation[],
    options: LevelWriteOptions,
  ): Promise<void> {
    return this.#write(options, (space) =>
      commitTogether(space, (batch) => {
        for (const { type, key, value } of operations) {
          if (type === "put") batch.set(toStoreKey(key), value);
          else batch.delete(toStoreKey(key));
        }
      }));
  }

  /** @ignore */
  _clear(options: LevelIteratorOptions & { limit: number }): Promise<void> {
    return this.#attempt(async () => {
      const space = this.#space;
      const range = toStoreRange(options);
      const { limit, reverse, snapshot } = options;
      if (limit < 0 && snapshot === undefined) {
        await space.deleteRange(range);
        return;
      }
      const listed = this.#reader(options).list({
        ...range,
        reverse,
        keysOnly: true,
        ...limit < 0 ? {} : { limit },
      });
      const batch = space.batch();
      for await (const [key] of listed) {
        batch.delete(key);
        if (batch.length === KEYS_A_COMMIT) await batch.commit();
      }
      await batch.commit();
    });
  }

  #cursor(options: LevelIteratorOptions, keysOnly: boolean): LevelCursor {
    return orLevelError(() => new LevelCursor(this.#space, options, keysOnly));
  }

  /** @ignore */
  _iterator(options: LevelIteratorOptions): LevelIterator {
    const cursor = this.#cursor(options, options.values === false);
    return new LevelIterator(this.#database, options, cursor);
  }

  /** @ignore */
  _keys(options: LevelIteratorOptions): LevelKeyIterator {
    const cursor = this.#cursor(options, true);
    return new LevelKeyIterator(this.#database, options, cursor);
  }

  /** @ignore */
  _values(options: LevelIteratorOptions): LevelValueIterator {
    const cursor = this.#cursor(options, false);
    return new LevelValueIterator(this.#database, options, cursor);
  }

  /** @ignore */
  _snapshot(options: unknown): LevelSnapshot {
    const reader = orLevelError(() => this.#space.snapshot());
    return new LevelSnapshot(options, reader);
  }

  get #database(): AbstractLevel<Uint8Array, unknown, unknown> {
    return this as unknown as AbstractLevel<Uint8Array, unknown, unknown>;
  }
}

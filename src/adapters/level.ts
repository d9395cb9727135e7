/**
 * A store as a Level database: an implementation of `abstract-level`, with all that
 * comes with it: encodings, sublevels, hooks, events, deferred open.
 *
 * A key of Level may be empty and one of the store may not, so the empty key is
 * stored as a zero byte, and keys that begin with a zero byte get one more in front.
 * That keeps the order, and leaves all other keys as they are.
 *
 * @example Usage
 * ```ts
 * import { SettLevel } from "@sett/badger/level";
 * import { assertEquals } from "@std/assert";
 *
 * const db = new SettLevel<string, { born: number }>("./data/level", {
 *   valueEncoding: "json",
 * });
 * await db.put("ada", { born: 1815 });
 * assertEquals(await db.get("ada"), { born: 1815 });
 * await db.clear();
 * await db.close();
 * ```
 *
 * @module
 */

import {
  type AbstractDatabaseOptions,
  type AbstractIterator,
  type AbstractKeyIterator,
  AbstractLevel,
  type AbstractSnapshot,
  type AbstractValueIterator,
} from "abstract-level";
import { StoreError } from "../errors.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import type { KeySpace } from "../store/key_space.ts";
import type { StoreOptions } from "../store/options.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { Store } from "../store/store.ts";
import {
  attempt,
  escapeKey,
  LevelIterator,
  LevelKeyIterator,
  type LevelRange,
  LevelSnapshot,
  LevelValueIterator,
  rangeOf,
  type SnapshotHolder,
} from "./level_iterators.ts";

/** How a {@linkcode SettLevel} is made. */
export interface SettLevelOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /** Settings of the store, where a path was given. */
  store?: Omit<StoreOptions, "path">;
}

/** True if there is a store in the directory. */
function hasStore(path: string): boolean {
  try {
    const names = new NodeFileSystem().list(path);
    return names.some((name) => name.endsWith(".vlog"));
  } catch {
    // What is wrong with the path, opening it will tell.
    return false;
  }
}

/**
 * A Level database over a store of its own at a path, or over an open store or bucket,
 * which it leaves open.
 *
 * Beside the options of Level it knows `store`, the settings of a store it opens;
 * `createIfMissing` and `errorIfExists` when it is opened at a path; and `sync` of
 * `put`, `del` and `batch`, which waits for the medium.
 */
export class SettLevel<K = string, V = string>
  extends AbstractLevel<Uint8Array, K, V> {
  /** The path of the store that it opens; `undefined` over one that was given. */
  readonly location: string | undefined;
  readonly #given: KeySpace | undefined;
  readonly #options: Omit<StoreOptions, "path">;
  #space: KeySpace | undefined;
  #store: Store | undefined;

  /**
   * A database at a path, or over an open store or bucket.
   *
   * @param location The path of a data directory, or a store or bucket.
   * @param options Encodings, as for any Level database, and settings of the store.
   */
  constructor(
    location: string | KeySpace,
    options: SettLevelOptions<K, V> = {},
  ) {
    const { store = {}, ...forward } = options;
    const isPath = typeof location === "string";
    super({
      encodings: { view: true },
      seek: true,
      has: true,
      getSync: true,
      permanence: !store.memoryMode,
      implicitSnapshots: true,
      explicitSnapshots: true,
      createIfMissing: isPath && !store.memoryMode,
      errorIfExists: isPath && !store.memoryMode,
    } as never, forward as never);
    this.location = isPath ? location : undefined;
    this.#given = isPath ? undefined : location;
    this.#options = store;
  }

  /** @ignore */
  async _open(
    options: { createIfMissing?: boolean; errorIfExists?: boolean },
  ): Promise<void> {
    if (this.#given !== undefined) {
      this.#space = this.#given;
      return;
    }
    const path = this.location!;
    const { createIfMissing = true, errorIfExists = false } = options;
    if (!this.#options.memoryMode) {
      const isThere = hasStore(path);
      if (!isThere && !createIfMissing) {
        throw new StoreError(
          "BAD_PATH",
          `Cannot open ${path}: the store does not exist, and createIfMissing is false`,
          { path },
        );
      }
      if (isThere && errorIfExists) {
        throw new StoreError(
          "BAD_PATH",
          `Cannot open ${path}: the store exists, and errorIfExists is true`,
          { path },
        );
      }
    }
    this.#store ??= await Store.open({ ...this.#options, path });
    this.#space = this.#store;
  }

  /** @ignore */
  async _close(): Promise<void> {
    this.#space = undefined;
    // What is in memory is there again when the database is opened again.
    if (this.#options.memoryMode) return;
    await this.#store?.close();
    this.#store = undefined;
  }

  async #finish(done: Promise<unknown>, sync?: boolean): Promise<void> {
    await done;
    if (!sync) return;
    if (this.#store === undefined) {
      throw new TypeError(
        "Cannot sync: the database is over a store that was given. Call its sync",
      );
    }
    await this.#store.sync();
  }

  /** @ignore */
  _put(
    key: Uint8Array,
    value: Uint8Array,
    options: { sync?: boolean },
  ): Promise<void> {
    return this.#finish(this.#space!.set(escapeKey(key), value), options.sync);
  }

  /** @ignore */
  _del(key: Uint8Array, options: { sync?: boolean }): Promise<void> {
    return this.#finish(this.#space!.delete(escapeKey(key)), options.sync);
  }

  /** @ignore */
  _batch(
    operations: { type: "put" | "del"; key: Uint8Array; value: Uint8Array }[],
    options: { sync?: boolean },
  ): Promise<void> {
    const batch = this.#space!.batch();
    for (const { type, key, value } of operations) {
      if (type === "put") batch.set(escapeKey(key), value);
      else batch.delete(escapeKey(key));
    }
    return this.#finish(batch.commit(), options.sync);
  }

  #reader(options: { snapshot?: SnapshotHolder }): KeySpace | Snapshot {
    return options.snapshot?.reader ?? this.#space!;
  }

  /** @ignore */
  _get(
    key: Uint8Array,
    options: { snapshot?: SnapshotHolder },
  ): Promise<Uint8Array | undefined> {
    return this.#reader(options).get(escapeKey(key));
  }

  /** @ignore */
  _getSync(
    key: Uint8Array,
    options: { snapshot?: SnapshotHolder },
  ): Uint8Array | undefined {
    return this.#reader(options).getSync(escapeKey(key));
  }

  /** @ignore */
  _getMany(
    keys: Uint8Array[],
    options: { snapshot?: SnapshotHolder },
  ): Promise<(Uint8Array | undefined)[]> {
    const reader = this.#reader(options);
    return Promise.all(keys.map((key) => reader.get(escapeKey(key))));
  }

  /** @ignore */
  _has(
    key: Uint8Array,
    options: { snapshot?: SnapshotHolder },
  ): Promise<boolean> {
    return attempt(() => this.#reader(options).has(escapeKey(key)));
  }

  /** @ignore */
  _hasMany(
    keys: Uint8Array[],
    options: { snapshot?: SnapshotHolder },
  ): Promise<boolean[]> {
    const reader = this.#reader(options);
    return attempt(() => keys.map((key) => reader.has(escapeKey(key))));
  }

  /** @ignore */
  async _clear(range: LevelRange): Promise<void> {
    const space = this.#space!;
    const { reverse = false, limit = -1, snapshot } = range;
    if (limit < 0 && snapshot === undefined) {
      await space.deleteRange(rangeOf(range));
      return;
    }
    const list = (snapshot?.reader ?? space).list({
      ...rangeOf(range),
      reverse,
      keysOnly: true,
      ...(limit < 0 ? {} : { limit }),
    });
    for await (const [key] of list) await space.delete(key);
  }

  /** @ignore */
  _iterator(range: LevelRange): AbstractIterator<this, K, V> {
    return new LevelIterator<K, V>(this, this.#space!, range) as never;
  }

  /** @ignore */
  _keys(range: LevelRange): AbstractKeyIterator<this, K> {
    return new LevelKeyIterator<K, V>(this, this.#space!, range) as never;
  }

  /** @ignore */
  _values(range: LevelRange): AbstractValueIterator<this, K, V> {
    return new LevelValueIterator<K, V>(this, this.#space!, range) as never;
  }

  /** @ignore */
  _snapshot(options: unknown): AbstractSnapshot {
    return new LevelSnapshot(this.#space!.snapshot(), options);
  }
}

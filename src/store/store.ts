/**
 * The store: an open data directory.
 *
 * @module
 */

import { Engine } from "../engine/engine.ts";
import type { GcPastRun, GcReport } from "../engine/gc_totals.ts";
import type { RecoveryReport } from "../engine/recovery_report.ts";
import type { SalvageReport } from "../engine/salvage.ts";
import { verify, type VerifyReport } from "../engine/verify.ts";
import type { Host } from "../fs/file_system.ts";
import { MemoryFileSystem } from "../fs/memory_file_system.ts";
import { NodeFileSystem, systemHost } from "../fs/node_file_system.ts";
import { Bucket } from "./bucket.ts";
import { findLargest, type LargeKey } from "./largest.ts";
import type { BackupReport } from "./backup.ts";
import { finishRestore, restoreNew, type RestoreOptions } from "./restore.ts";
import { salvageNew } from "./salvage_new.ts";
import { StoreCopies } from "./store_copies.ts";
import { encryptedHost, offlineHost, rotateDataKey } from "./encrypted_host.ts";
import type { OfflineOptions } from "./encryption_options.ts";
import type { BucketOptions } from "./bucket_options.ts";
import { resolveOptions, type StoreOptions } from "./options.ts";
import { readSegments, readStats, type StoreStats } from "./stats.ts";
import type { GcOptions, LargestOptions, SegmentInfo } from "./types.ts";

/** Opens an engine over a host of the caller's; tests bring simulated ones. */
export function openEngine(options: StoreOptions, host?: Host): Engine {
  const { path, memoryMode, encryption, ...settings } = resolveOptions(options);
  const files = () =>
    memoryMode ? new MemoryFileSystem() : new NodeFileSystem();
  const machine = host ?? systemHost(files());
  return Engine.open(
    path,
    encryption === undefined ? machine : encryptedHost(machine, encryption),
    settings,
  );
}

/**
 * An embedded key-value store in a directory of its own.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * await store.set("user:1", "Ada");
 * assertEquals(new TextDecoder().decode(await store.get("user:1")), "Ada");
 * assertEquals(await store.delete("user:1"), true);
 * assertEquals(await store.get("user:1"), undefined);
 * ```
 */
export class Store extends StoreCopies implements AsyncDisposable {
  /** The data directory. */
  readonly path: string;
  readonly #engine: Engine;

  /** Not for callers: use {@linkcode Store.open}. */
  constructor(engine: unknown) {
    super(engine);
    this.#engine = engine as Engine;
    this.path = this.#engine.log.directory;
  }

  /**
   * Opens a store, creating its directory where there is none.
   *
   * @param options The path of the data directory, or the settings.
   * @returns The store; `store.recovery` tells what opening found and did.
   * @throws {TypeError} If a setting is unknown or of the wrong type.
   * @throws {RangeError} If a setting is out of its range.
   * @throws {StoreError} `LOCKED` if the directory is open elsewhere, `PERMISSION` or
   * `BAD_PATH` if it cannot be used, `UNSUPPORTED_FORMAT` if a newer version wrote it,
   * `WRONG_KEY`, `ENCRYPTED` or `NOT_ENCRYPTED` if the key is not the store's, absent or
   * one too many.
   * @throws {CorruptionError} If bytes on disk are not what was written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   *
   * await using store = await Store.open("./data/example");
   * ```
   */
  static async open(options: string | StoreOptions = {}): Promise<Store> {
    const engine = openEngine(
      typeof options === "string" ? { path: options } : options,
    );
    try {
      // What a crash left of a restore; there hardly ever is something.
      await finishRestore(engine);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return new Store(engine);
  }

  /**
   * Makes a new store of a full backup. Until the backup was checked to its end the
   * directory does not open, and if it fails nothing is left in it.
   *
   * Versionstamps are the new store's own, greater than all of the backup, so one that
   * a client has from the other store never matches here.
   *
   * @param readable The backup.
   * @param target The data directory of the new store, or its settings.
   * @returns What was restored.
   * @throws {InputError} `BACKUP_DAMAGED` if it is not what was written.
   * @throws {StoreError} `BAD_PATH` if there is a store, `WRONG_BASE` if the backup is
   * an incremental one: open the store and call {@linkcode Store.restore} for that.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.bucket("users").set("1", "Ada");
   * const { readable, writable } = new TransformStream<Uint8Array>();
   * const path = `./data/restored-${Date.now()}`;
   * await Promise.all([store.backup(writable), Store.restore(readable, path)]);
   * await using copy = await Store.open(path);
   * assertEquals(copy.bucket("users").has("1"), true);
   * ```
   */
  static async restore(
    readable: ReadableStream<Uint8Array>,
    target: string | StoreOptions,
    options: RestoreOptions = {},
  ): Promise<BackupReport> {
    const settings = typeof target === "string" ? { path: target } : target;
    if (settings.memoryMode) {
      throw new TypeError(
        "Cannot restore to a new store in memory: it would be gone at once. " +
          "Open one and call its restore",
      );
    }
    return await restoreNew(readable, () => openEngine(settings), options);
  }

  /**
   * Reads every byte of a store that is not open, holds hints and index snapshot
   * against it, and tells what it found. Nothing is changed.
   *
   * @param path The data directory.
   * @param options The key, if the store is encrypted.
   * @returns What was found; damage is told, not thrown.
   * @throws {StoreError} `LOCKED` if the store is open, `BAD_PATH` if there is none,
   * `UNSUPPORTED_FORMAT` if a newer version wrote it, `WRONG_KEY`, `ENCRYPTED` or
   * `NOT_ENCRYPTED` if the key is not the store's, absent or one too many.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assert } from "@std/assert";
   *
   * const path = "./data/verified";
   * await using store = await Store.open(path);
   * await store.set("key", "value");
   * await store.close();
   * const report = await Store.verify(path);
   * assert(report.isSound);
   * ```
   */
  static async verify(
    path: string,
    options: OfflineOptions = {},
  ): Promise<VerifyReport> {
    const host = systemHost(new NodeFileSystem());
    return await verify(path, offlineHost(host, options), options);
  }

  /**
   * Copies everything of a damaged store that still makes sense to a new one: all
   * sound records in the order of the log, with their expiries. A batch of which a
   * part is lost is left out. What a lost record had replaced or deleted comes back.
   * The damaged store is not changed.
   *
   * @param path The data directory of the damaged store, which must not be open.
   * @param target The data directory of the new store, or its settings.
   * @param options The key of the damaged store, if it is encrypted.
   * @returns What was copied and what was lost.
   * @throws {StoreError} `LOCKED` if either is open, `BAD_PATH` if there is no store
   * at `path` or there is one at `target`.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * const path = `./data/damaged-${Date.now()}`;
   * await using store = await Store.open(path);
   * await store.set("key", "value");
   * await store.close();
   * const report = await Store.salvage(path, `${path}-salvaged`);
   * assertEquals(report.keys, 1);
   * assertEquals(report.lost, []);
   * ```
   */
  static async salvage(
    path: string,
    target: string | StoreOptions,
    options: OfflineOptions = {},
  ): Promise<SalvageReport> {
    const settings = typeof target === "string" ? { path: target } : target;
    const host = offlineHost(systemHost(new NodeFileSystem()), options);
    return await salvageNew(path, host, () => openEngine(settings), options);
  }

  /** Whether the store accepts calls. */
  get status(): "open" | "closing" | "closed" {
    return this.#engine.status;
  }

  /** What opening the store found and did. */
  get recovery(): RecoveryReport {
    return this.#engine.recovery;
  }

  /** Keys that have a value, those of all buckets included. */
  get size(): number {
    this.#engine.check("count keys");
    this.#engine.sweep();
    return this.#engine.ledger.liveKeys;
  }

  /**
   * A named key space in this store. The same name gives the same keys.
   *
   * @param name Up to 1,024 bytes; it takes part in the limit of a key's length.
   * @param options How values written through this bucket are compressed.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.bucket("users").set("1", "Ada");
   * assertEquals(store.bucket("users").has("1"), true);
   * assertEquals(store.bucket("orders").has("1"), false);
   * assertEquals(store.has("1"), false);
   * ```
   */
  bucket(name: string, options?: BucketOptions): Bucket {
    this.#engine.check("use a bucket");
    return new Bucket(this.#engine, name, options);
  }

  /** Hands everything written so far to the operating system. */
  flush(): Promise<void> {
    return this.#attempt("flush", () => this.#engine.writer.flush());
  }

  /**
   * Makes everything written so far survive the loss of power.
   *
   * @throws {StoreError} `IO` if the medium refused; the store takes no further
   * writes then until it is reopened.
   */
  sync(): Promise<void> {
    return this.#attempt("sync", () => this.#engine.queue.sync());
  }

  /**
   * Collects garbage: rewrites every segment whose dead bytes have reached the
   * discard ratio, the one with the most first, until none is left. Runs one after
   * the other, in slices that let other work have its turn.
   *
   * @returns What was done, and why it ended; having nothing to do is no error.
   * @throws {RangeError} If `discardRatio` is not between 0 and 1.
   * @throws {CorruptionError} If a segment is damaged; it is left as it is.
   */
  gc(options: GcOptions = {}): Promise<GcReport> {
    const { discardRatio, signal } = options;
    if (
      discardRatio !== undefined && !(discardRatio > 0 && discardRatio < 1)
    ) {
      return Promise.reject(
        new RangeError(
          `Cannot collect garbage at a discard ratio of ${discardRatio}: ` +
            `it must be greater than 0 and less than 1`,
        ),
      );
    }
    return this.#attempt(
      "collect garbage",
      () => this.#engine.gc(discardRatio, signal),
    );
  }

  /**
   * Makes a new data key for everything that is written from now on. What was written
   * before stays under the keys it has until the garbage collector rewrites it.
   *
   * @throws {StoreError} `NOT_ENCRYPTED` if the store is not encrypted.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   *
   * const key = crypto.getRandomValues(new Uint8Array(32));
   * await using store = await Store.open({ memoryMode: true, encryption: { key } });
   * await store.rotateDataKey();
   * ```
   */
  rotateDataKey(): Promise<void> {
    return this.#attempt(
      "rotate the data key",
      () => rotateDataKey(this.#engine),
    );
  }

  /** Counters, sizes and durations, read in constant time. */
  stats(): StoreStats {
    this.#engine.check("read the statistics");
    return readStats(this.#engine);
  }

  /** The latest 64 GC runs that rewrote something or failed, the oldest first. */
  gcRuns(): GcPastRun[] {
    this.#engine.check("list the GC runs");
    return this.#engine.collector.totals.pastRuns.map((run) => ({ ...run }));
  }

  /** The segments in the order of the log. */
  segments(): SegmentInfo[] {
    this.#engine.check("list the segments");
    return readSegments(this.#engine.log);
  }

  /**
   * Finds the keys with the largest values, those in buckets included. Looks at every
   * key once, in slices that let other work have its turn, and reads no value; keys
   * that come or go meanwhile may be missed.
   *
   * @param count How many keys.
   * @param options How to end it early.
   * @returns The keys, the one with the largest value first.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("small", "1");
   * await store.bucket("b").set("large", "12345");
   * const [largest] = await store.largest(1);
   * assertEquals([largest?.bucket, largest?.valueBytes], ["b", 5]);
   * ```
   */
  largest(count: number, options: LargestOptions = {}): Promise<LargeKey[]> {
    return this.#attempt(
      "list keys",
      () => {
        const { memtables } = this.#engine.writer;
        return findLargest(this.#engine, count, options.signal, memtables);
      },
    );
  }

  #attempt<T>(action: string, run: () => T | Promise<T>): Promise<T> {
    try {
      this.#engine.check(action);
      return Promise.resolve(run());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Closes the store: what was written is on the medium then, and the next open is
   * fast. A second call waits for the first. After a write or sync that failed it
   * only gives the directory back: what had been acknowledged as synced is safe.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** Closes the store at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

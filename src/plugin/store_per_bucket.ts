/**
 * A store and a directory for each bucket (`single_bucket_mode: false`).
 *
 * Stores are opened when their bucket is first used and stay open until all are
 * closed. The data directory itself is locked too, so that a second process is refused
 * at once and not at its first write to a bucket the first has open.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { DirectoryLock, FileSystem } from "../fs/file_system.ts";
import { joinPath } from "../fs/file_system.ts";
import { bucketPrefix } from "../store/bucket_name.ts";
import type { LargeKey } from "../store/largest.ts";
import type { ResolvedOptions } from "../store/options.ts";
import { Store } from "../store/store.ts";
import { type BadgerListener, bucketEvents } from "./badger_event.ts";
import {
  bucketDirectoryName,
  createBucketDirectory,
  listBuckets,
} from "./bucket_directory.ts";
import {
  type BucketStores,
  noOperations,
  type OpenBucket,
} from "./bucket_stores.ts";

interface StoreBucket extends OpenBucket {
  readonly space: Store;
}

/** The buckets of a data directory, a store each. */
export class StorePerBucket implements BucketStores {
  readonly #options: ResolvedOptions;
  /** Absent in memory mode. */
  readonly #files: FileSystem | undefined;
  readonly #lock: DirectoryLock | undefined;
  readonly #onEvent: BadgerListener | undefined;
  readonly #names: Set<string>;
  readonly #open = new Map<string, StoreBucket>();
  readonly #opening = new Map<string, Promise<StoreBucket>>();
  #closing: Promise<void> | undefined;

  /**
   * Takes the data directory.
   *
   * @param options The settings of every store; `path` is the data directory.
   * @param files The file system, or `undefined` in memory mode.
   * @param onEvent Is told what happens to the stores.
   * @throws {StoreError} `LOCKED` if another process or instance has it.
   */
  constructor(
    options: ResolvedOptions,
    files: FileSystem | undefined,
    onEvent: BadgerListener | undefined,
  ) {
    this.#options = options;
    this.#onEvent = onEvent;
    this.#files = files;
    this.#lock = files?.lock(options.path);
    try {
      this.#names = new Set(
        files === undefined ? [] : listBuckets(files, options.path),
      );
    } catch (error) {
      this.#lock?.release();
      throw error;
    }
  }

  find(
    name: string,
  ): OpenBucket | undefined | Promise<OpenBucket | undefined> {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    bucketPrefix(name); // refuses the names that the other mode refuses
    return this.#names.has(name) || this.#opening.has(name)
      ? this.#openStore(name)
      : undefined;
  }

  create(name: string): OpenBucket | Promise<OpenBucket> {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    bucketPrefix(name);
    return this.#openStore(name);
  }

  names(): string[] {
    return [...this.#names].sort();
  }

  opened(): OpenBucket[] {
    return [...this.#open.values()];
  }

  stores(): Store[] {
    return [...this.#open.values()].map(({ space }) => space);
  }

  async openAll(): Promise<Store[]> {
    for (const name of this.names()) await this.create(name);
    return this.stores();
  }

  async largest(
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<LargeKey[]> {
    await this.openAll();
    const all: LargeKey[] = [];
    for (const { name, space } of this.#open.values()) {
      const largest = await space.largest(
        count,
        signal === undefined ? {} : { signal },
      );
      all.push(...largest.map((entry) => ({ ...entry, bucket: name })));
      all.sort((a, b) => b.valueBytes - a.valueBytes);
      all.length = Math.min(all.length, count);
    }
    return all;
  }

  bookkeepingKeys(): number {
    return 0;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    const results = await Promise.allSettled(
      this.stores().map((store) => store.close()),
    );
    this.#lock?.release();
    const problems = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason] : []
    );
    if (problems.length > 1) {
      throw new AggregateError(
        problems,
        `Cannot close ${problems.length} of ${results.length} stores`,
      );
    }
    if (problems.length === 1) throw problems[0];
  }

  /** Opens a store once, however many ask; a failure is not remembered. */
  #openStore(name: string): Promise<StoreBucket> {
    if (this.#closing !== undefined) {
      return Promise.reject(new StoreClosedError("open a bucket"));
    }
    const opening = this.#opening.get(name);
    if (opening !== undefined) return opening;
    const promise = this.#openStoreNow(name)
      .finally(() => this.#opening.delete(name));
    this.#opening.set(name, promise);
    return promise;
  }

  async #openStoreNow(name: string): Promise<StoreBucket> {
    const { path } = this.#options;
    const directory = this.#files === undefined
      ? joinPath(path, bucketDirectoryName(name))
      : createBucketDirectory(this.#files, path, name);
    const space = await Store.open({
      ...this.#options,
      path: directory,
      ...bucketEvents(name, this.#onEvent),
    });
    const bucket = { name, space, operations: noOperations() };
    this.#open.set(name, bucket);
    this.#names.add(name);
    return bucket;
  }
}

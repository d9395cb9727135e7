/**
 * The life of an instance: configuration, stores, registration, and back.
 *
 * @module
 */

import { StoreClosedError, StoreError } from "../errors.ts";
import type { GcReport } from "../engine/gc_totals.ts";
import type { KeySpace } from "../store/key_space.ts";
import type { LargeKey } from "../store/largest.ts";
import type { Store } from "../store/store.ts";
import type { GcOptions, LargestOptions } from "../store/types.ts";
import { checkListener } from "../store/listener.ts";
import type { BadgerListener } from "./badger_event.ts";
import { BadgerFilter, BadgerKv, type BucketOwner } from "./badger_kv.ts";
import type { BadgerStore, BucketStores } from "./bucket_stores.ts";
import type { CodecName } from "./codecs.ts";
import { Compressor } from "./compression.ts";
import { loadConfig } from "./config.ts";
import type { EnvironmentReader } from "./environment.ts";
import type { Filter } from "./filter.ts";
import type { KvStore } from "./kv.ts";
import { openStores } from "./open_stores.ts";
import { Registration } from "./registration.ts";
import type { BadgerConfig, BadgerSettings } from "./settings.ts";
import { type BadgerStats, readStats } from "./stats.ts";
import { oneAfterTheOther } from "./turns.ts";

/** How an instance is started, beside its settings. */
export interface BadgerOptions {
  /**
   * The name to register by. A second instance in the same program needs another
   * name and another path.
   *
   * @default {"badger"}
   */
  name?: string;
  /**
   * Reads an environment variable; `BADGER_<KEY>` overrides a setting (for an
   * instance of another name: `BADGER_<NAME>_<KEY>`). By default the variables of
   * the process, as far as they may be read without asking.
   */
  env?: EnvironmentReader;
  /**
   * The codec of `addValueCompress`. By default the best one this runtime has: zstd,
   * or deflate on Node 20. Choose deflate if Node 20 must read what others write.
   */
  codec?: CodecName;
  /**
   * Is told what happens to the stores: opened, repaired, rotated, collected, stalled,
   * poisoned, closed. With a store a bucket the event names the bucket.
   */
  onEvent?: BadgerListener;
}

/**
 * A running instance of the plugin: buckets over one store or over one store each,
 * registered as key-value store and as filter.
 *
 * @example Usage
 * ```ts
 * import { Badger, filter, kv } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start({ memory_mode: true });
 * const store = kv.getStore("badger");
 * await store.addValue("users", "ada", "Ada Lovelace", { expireIn: 60_000 });
 * const seen = filter.getFilter("badger");
 * assertEquals(await seen.checkThenAdd("seen", "ada"), false);
 * assertEquals(badger.buckets(), ["seen", "users"]);
 * assertEquals(badger.stats().keys, 2);
 * ```
 */
export class Badger implements AsyncDisposable {
  /** The name it is registered by. */
  readonly name: string;
  /** Every setting with its value. */
  readonly settings: Readonly<BadgerSettings>;
  readonly #kvStore: KvStore;
  readonly #filter: Filter;
  readonly #onEvent: BadgerListener | undefined = undefined;
  #buckets: BucketStores | undefined;
  /** Openings and closings happen one after the other. */
  readonly #inTurn = oneAfterTheOther();
  readonly #registration: Registration;

  private constructor(settings: BadgerSettings, options: BadgerOptions) {
    this.name = options.name ?? "badger";
    this.settings = Object.freeze(settings);
    const { onEvent } = options;
    if (onEvent !== undefined) this.#onEvent = checkListener(onEvent);
    const owner: BucketOwner = {
      open: () => this.open(),
      close: () => this.close(),
      requireBuckets: (action) => this.#requireBuckets(action),
    };
    this.#kvStore = new BadgerKv(owner, new Compressor(options.codec));
    this.#filter = new BadgerFilter(owner);
    this.#registration = new Registration(
      this.name,
      this.#kvStore,
      this.#filter,
    );
  }

  /**
   * Starts an instance: reads the configuration, opens the stores and registers.
   *
   * With `enabled: false` it opens nothing and registers nothing. If anything fails,
   * nothing stays open and nothing stays registered.
   *
   * @param config The path of a YAML file with a section `badger`, or the settings as
   * an object. Without one, the defaults.
   * @param options The name of the instance and how it looks at the environment.
   * @returns The running instance.
   * @throws {ConfigError} If the configuration cannot be used.
   * @throws {StoreError} `ALREADY_REGISTERED` if the name is taken, `LOCKED` if the
   * data directory is in use; and whatever else opening a store may report.
   *
   * @example Usage
   * ```ts
   * import { Badger } from "@sett/badger/plugin";
   *
   * await using badger = await Badger.start({
   *   memory_mode: true,
   *   num_mem_tables: 2,
   * });
   * console.log(badger.settings.numMemTables); // 2
   * ```
   */
  static async start(
    config: string | URL | BadgerConfig = {},
    options: BadgerOptions = {},
  ): Promise<Badger> {
    const { name = "badger", env } = options;
    const settings = loadConfig(config, {
      name,
      ...(env === undefined ? {} : { env }),
    });
    const badger = new Badger(settings, options);
    await badger.open();
    return badger;
  }

  /** True while the instance is open. */
  get isOpen(): boolean {
    return this.#buckets !== undefined;
  }

  /**
   * The instance as a key-value store; the one that is registered.
   *
   * @throws {StoreError} `NOT_REGISTERED` if the instance is disabled.
   */
  get kvStore(): KvStore {
    this.#requireEnabled("use the key-value store");
    return this.#kvStore;
  }

  /**
   * The instance as a filter; the one that is registered.
   *
   * @throws {StoreError} `NOT_REGISTERED` if the instance is disabled.
   */
  get filter(): Filter {
    this.#requireEnabled("use the filter");
    return this.#filter;
  }

  /**
   * The one store of all buckets. A bucket that is only ever written to through
   * `store.bucket(name)` is not among those that `buckets()` lists; `bucket(name)`
   * takes care of that.
   *
   * @throws {TypeError} If each bucket has a store of its own.
   * @throws {StoreError} If the instance is closed or disabled.
   */
  get store(): Store {
    const buckets = this.#requireBuckets("use the store");
    if (!this.settings.singleBucketMode) {
      throw new TypeError(
        "Cannot use the one store: with single_bucket_mode: false each bucket has its own. " +
          "Use bucket(name)",
      );
    }
    return buckets.stores()[0]!;
  }

  /**
   * The key space of a bucket, made if need be: with everything a store offers.
   *
   * @param name The name of the bucket.
   * @returns The key space.
   * @throws {StoreError} If the instance is closed or disabled.
   */
  async bucket(name: string): Promise<KeySpace> {
    const buckets = this.#requireBuckets("open a bucket");
    return (await buckets.create(name)).space;
  }

  /**
   * The key space of a bucket for reading; makes nothing.
   *
   * @param name The name of the bucket.
   * @returns The key space, or `undefined` if there is none yet; what was never written
   * to may be an empty one.
   * @throws {StoreError} If the instance is closed or disabled.
   */
  async findBucket(name: string): Promise<KeySpace | undefined> {
    return (await this.#requireBuckets("open a bucket").find(name))?.space;
  }

  /**
   * Lists the buckets that were ever written to.
   *
   * @returns Their names, in order.
   */
  buckets(): string[] {
    return this.#requireBuckets("list the buckets").names();
  }

  /**
   * Lists the stores that are open: the one of all buckets, or those of the buckets
   * that were used since the start.
   *
   * @returns Each store with the name of its bucket, if it has but one.
   */
  stores(): BadgerStore[] {
    const buckets = this.#requireBuckets("list the stores");
    if (this.settings.singleBucketMode) {
      return [{ bucket: undefined, store: buckets.stores()[0]! }];
    }
    return buckets.opened()
      .map(({ name, space }) => ({ bucket: name, store: space as Store }));
  }

  /**
   * Finds the keys with the largest values in all buckets; see
   * {@linkcode Store.largest}. With a store a bucket this opens all of them.
   *
   * @param count How many keys.
   * @param options How to end it early.
   * @returns The keys, the one with the largest value first.
   */
  async largest(
    count: number,
    options: LargestOptions = {},
  ): Promise<LargeKey[]> {
    const buckets = this.#requireBuckets("list keys");
    return await buckets.largest(count, options.signal);
  }

  /**
   * Runs the garbage collector over every store, opened if need be.
   *
   * @param options The discard ratio, and a signal to stop early.
   * @returns The report, added up where there are several stores.
   */
  async gc(options?: GcOptions): Promise<GcReport> {
    const stores = await this.#requireBuckets("collect garbage").openAll();
    const total: GcReport = {
      segmentsRewritten: 0,
      bytesReclaimed: 0,
      bytesRewritten: 0,
      reason: "no segment has reached the discard ratio",
      milliseconds: 0,
    };
    for (const store of stores) {
      const report = await store.gc(options);
      total.segmentsRewritten += report.segmentsRewritten;
      total.bytesReclaimed += report.bytesReclaimed;
      total.bytesRewritten += report.bytesRewritten;
      total.milliseconds += report.milliseconds;
      total.reason = report.reason;
    }
    return total;
  }

  /**
   * Reads the counters. Costs the same however much is stored.
   *
   * @returns The statistics of the open stores together.
   */
  stats(): BadgerStats {
    return readStats(this.#requireBuckets("read the statistics"));
  }

  /** Opens the instance again after `close`; does nothing if it is open. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.settings.enabled || this.isOpen) return;
      this.#registration.refuseTakenName();
      const buckets = await openStores(this.settings, this.#onEvent);
      try {
        this.#registration.add();
      } catch (error) {
        await buckets.close();
        throw error;
      }
      this.#buckets = buckets;
    });
  }

  /**
   * Unregisters the instance and closes its stores; does nothing if it is closed.
   * Whatever is asked of it afterwards is refused until it is opened again.
   */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const buckets = this.#buckets;
      if (buckets === undefined) return;
      this.#buckets = undefined;
      this.#registration.remove();
      await buckets.close();
    });
  }

  /** Closes the instance at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requireEnabled(action: string): void {
    if (this.settings.enabled) return;
    throw new StoreError(
      "NOT_REGISTERED",
      `Cannot ${action}: ${this.name} is disabled. Set enabled: true`,
    );
  }

  #requireBuckets(action: string): BucketStores {
    this.#requireEnabled(action);
    if (this.#buckets === undefined) throw new StoreClosedError(action);
    return this.#buckets;
  }
}

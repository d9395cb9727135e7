/**
 * The Redis backend with the embedded engine before it: both of them, their
 * registration, and back.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import { BadgerKv, type BucketOwner } from "../plugin/badger_kv.ts";
import type { BucketStores } from "../plugin/bucket_stores.ts";
import { Compressor } from "../plugin/compression.ts";
import { loadConfig } from "../plugin/config.ts";
import { systemEnvironment } from "../plugin/environment.ts";
import { openStores } from "../plugin/open_stores.ts";
import { type BadgerStats, readStats } from "../plugin/stats.ts";
import { Registration } from "../plugin/registration.ts";
import { oneAfterTheOther } from "../plugin/turns.ts";
import { Invalidations } from "./invalidations.ts";
import { nested, readKvFile } from "./load_settings.ts";
import {
  partsOf,
  RedisBackend,
  type RedisBackendOptions,
  type RedisStats,
} from "./redis_backend.ts";
import type { RedisFilter } from "./redis_filter.ts";
import type { RedisConfig } from "./settings.ts";
import { RedisKeys } from "./redis_key.ts";
import {
  loadTierSettings,
  type TierConfig,
  type TierSettings,
} from "./tier_settings.ts";
import { type TierCounts, TieredKv, type TierParts } from "./tiered_kv.ts";

/** The configuration of a {@linkcode TieredBackend} as an object. */
export interface TieredConfig {
  /** The settings of the servers. */
  redis?: RedisConfig;
  /** The settings of what is kept near. */
  tiered?: TierConfig;
}

/** The statistics of a tiered backend. */
export interface TieredStats extends TierCounts {
  /** The backend in use. */
  backend: "tiered";
  /** True while the servers tell of every change. */
  isTracking: boolean;
  /** What is kept near. */
  near: BadgerStats;
  /** The far side. */
  far: RedisStats;
}

/** What an open backend works with. */
interface Tier {
  buckets: BucketStores;
  invalidations: Invalidations | undefined;
}

/**
 * A running tiered backend: keys are on the servers, and what was read is kept in the
 * embedded engine for a while. Registered as key-value store; the filter is that of the
 * servers, since only they can tell the first of all callers.
 *
 * A read gives what the servers had at most `staleness_milliseconds` ago, and what this
 * program wrote itself is seen at once.
 *
 * @example Usage
 * ```ts ignore
 * import { kv } from "@sett/badger/plugin";
 * import { TieredBackend } from "@sett/badger/redis";
 *
 * await using backend = await TieredBackend.start({
 *   redis: { nodes: ["10.0.0.1:6379", "10.0.0.2:6379"] },
 *   tiered: { staleness_milliseconds: 10_000 },
 * });
 * await kv.getStore("badger").getValue("users", "ada"); // from a server
 * await kv.getStore("badger").getValue("users", "ada"); // from near
 * console.log(backend.stats().hits); // 1
 * ```
 */
export class TieredBackend implements AsyncDisposable {
  /** The name it is registered by. */
  readonly name: string;
  /** Every setting of what is kept near, with its value. */
  readonly tier: Readonly<TierSettings>;
  /** The servers by themselves: not registered, and never out of date. */
  readonly far: RedisBackend;
  /** The backend as a key-value store; the one that is registered. */
  readonly kvStore: TieredKv;
  /** The filter of the servers; the one that is registered. */
  readonly filter: RedisFilter;
  readonly #registration: Registration | undefined;
  #open: Tier | undefined;
  /** Openings and closings happen one after the other. */
  readonly #inTurn = oneAfterTheOther();

  private constructor(
    tier: TierSettings,
    far: RedisBackend,
    compressor: Compressor,
    isRegistered: boolean,
  ) {
    this.name = far.name;
    this.tier = Object.freeze(tier);
    this.far = far;
    this.filter = far.filter;
    const owner: BucketOwner = {
      open: () => Promise.resolve(),
      close: () => Promise.resolve(),
      requireBuckets: (action) => this.#require(action).buckets,
    };
    const parts: TierParts = {
      open: () => this.open(),
      close: () => this.close(),
      near: new BadgerKv(owner, compressor),
      far: far.kvStore,
      keys: new RedisKeys(far.settings.keyPrefix),
      compressor,
      stalenessMilliseconds: tier.stalenessMilliseconds,
    };
    this.kvStore = new TieredKv(parts);
    this.#registration = isRegistered
      ? new Registration(this.name, this.kvStore, this.filter)
      : undefined;
  }

  /**
   * Starts a backend: connects to the servers, opens the near store and registers.
   *
   * If anything fails, nothing stays open and nothing stays registered.
   *
   * @param config The path of a YAML file with the sections `kv.redis` and `kv.tiered`,
   * or the two as an object.
   * @param options The name of the backend and how it looks at the environment.
   * @returns The running backend.
   * @throws {ConfigError} If the configuration cannot be used.
   * @throws {StoreError} `ALREADY_REGISTERED` if the name is taken, `UNAVAILABLE` if
   * the servers cannot be reached; and what opening a store may report.
   *
   * @example Usage
   * ```ts ignore
   * import { TieredBackend } from "@sett/badger/redis";
   *
   * await using backend = await TieredBackend.start("./config.yml");
   * console.log(backend.stats().isTracking); // true
   * ```
   */
  static async start(
    config: string | URL | TieredConfig = {},
    options: RedisBackendOptions = {},
  ): Promise<TieredBackend> {
    const isFile = typeof config === "string" || config instanceof URL;
    const given = isFile
      ? readKvFile(config).tiered
      : nested(config.tiered ?? {});
    const { name = "badger", env = systemEnvironment } = options;
    const tier = loadTierSettings(given, name, env);
    const compressor = new Compressor(options.codec);
    const far = await RedisBackend.start(
      isFile ? config : config.redis ?? {},
      { ...options, isRegistered: false },
    );
    try {
      const backend = new TieredBackend(
        tier,
        far,
        compressor,
        options.isRegistered ?? true,
      );
      await backend.open();
      return backend;
    } catch (error) {
      await far.close();
      throw error;
    }
  }

  /** True while the backend is open. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /**
   * Reads the counters of this side; asks no server.
   *
   * @returns The statistics.
   */
  stats(): TieredStats {
    const { buckets, invalidations } = this.#require("read the statistics");
    return {
      backend: "tiered",
      ...this.kvStore.counts,
      isTracking: invalidations?.isComplete ?? false,
      near: readStats(buckets),
      far: this.far.stats(),
    };
  }

  /** Opens the backend again after `close`; does nothing if it is open. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.isOpen) return;
      this.#registration?.refuseTakenName();
      await this.far.open();
      let buckets: BucketStores | undefined;
      let invalidations: Invalidations | undefined;
      try {
        const { nearPath } = this.tier;
        const settings = loadConfig(
          nearPath === "" ? { memory_mode: true } : { path: nearPath },
          { env: () => undefined },
        );
        buckets = await openStores(settings, undefined);
        // From before, and nobody told of changes meanwhile.
        this.kvStore.forgetAll();
        this.#open = { buckets, invalidations: undefined };
        if (this.tier.tracking) {
          invalidations = this.#listen();
          await invalidations.start();
        }
        this.#open = { buckets, invalidations };
        this.#registration?.add();
      } catch (error) {
        this.#open = undefined;
        invalidations?.stop();
        await buckets?.close();
        await this.far.close();
        throw error;
      }
    });
  }

  /**
   * Unregisters the backend and closes both sides; does nothing if it is closed. The
   * keys stay on the servers, and what was kept near is not used again.
   */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const open = this.#open;
      if (open === undefined) return;
      this.#registration?.remove();
      open.invalidations?.stop();
      await this.far.close();
      this.#open = undefined;
      await open.buckets.close();
    });
  }

  /** Closes the backend at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #listen(): Invalidations {
    const { router, server, keys } = partsOf(this.far, "listen for changes");
    return new Invalidations(router, server, keys.prefix, {
      onGap: () => this.kvStore.forgetAll(),
      onKey: (name) => {
        const found = keys.split(name);
        // Nobody waits; what cannot be dropped is dropped with everything else.
        if (found !== undefined && this.isOpen) {
          void this.kvStore.forget(found.bucket, found.key);
        }
      },
    });
  }

  #require(action: string): Tier {
    if (this.#open === undefined) throw new StoreClosedError(action);
    return this.#open;
  }
}

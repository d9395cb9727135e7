/**
 * The life of a Redis backend: configuration, connections, registration, and back.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import { noOperations } from "../plugin/bucket_stores.ts";
import type { CodecName } from "../plugin/codecs.ts";
import { Compressor } from "../plugin/compression.ts";
import {
  type EnvironmentReader,
  systemEnvironment,
} from "../plugin/environment.ts";
import { Registration } from "../plugin/registration.ts";
import type { BucketStats } from "../plugin/stats.ts";
import { oneAfterTheOther } from "../plugin/turns.ts";
import type { LargeKey } from "../store/largest.ts";
import { bucketNames, countKeys, largestKeys } from "./key_scan.ts";
import { loadRedisSettings, readRedisConfig } from "./load_settings.ts";
import type { RedisParts } from "./redis_calls.ts";
import { RedisFilter } from "./redis_filter.ts";
import { RedisKv } from "./redis_kv.ts";
import { makeParts } from "./redis_parts.ts";
import type { RouterCounts } from "./router.ts";
import type { RedisConfig, RedisSettings } from "./settings.ts";

/** How a backend is started, beside its settings. */
export interface RedisBackendOptions {
  /**
   * The name to register by, as key-value store and as filter.
   *
   * @default {"badger"}
   */
  name?: string;
  /**
   * Reads an environment variable; `BADGER_REDIS_<KEY>` overrides a setting (for a
   * backend of another name: `BADGER_<NAME>_REDIS_<KEY>`). By default the variables of
   * the process, as far as they may be read without asking.
   */
  env?: EnvironmentReader;
  /** The codec of `addValueCompress`; see `BadgerOptions.codec`. */
  codec?: CodecName;
  /**
   * Whether it registers in `kv` and `filter`; otherwise only who has it can use it.
   *
   * @default {true}
   */
  isRegistered?: boolean;
}

/** How to end a walk over all keys early. */
export interface KeyScanOptions {
  /** Ends it; the call rejects with the reason. */
  signal?: AbortSignal;
}

/** One server, as the backend sees it. */
export interface RedisServerStats {
  /** `host:port`. */
  address: string;
  /** True if there is a connection. */
  isConnected: boolean;
  /** Commands that wait for their answers. */
  pending: number;
}

/** The statistics of a backend: what this side of the connections knows. */
export interface RedisStats extends RouterCounts {
  /** The backend in use. */
  backend: "redis";
  /** What the nodes are. */
  mode: RedisSettings["mode"];
  /** The servers that hold keys. */
  servers: RedisServerStats[];
  /** Keys with writes under way. */
  keysBeingWritten: number;
  /** The buckets that were used since the start, in the order of their names. */
  buckets: BucketStats[];
}

/** What an open backend works with, for those beside it. */
export let partsOf: (backend: RedisBackend, action: string) => RedisParts;

/**
 * A running Redis backend: buckets on one server, on a cluster or on what sentinels
 * watch, registered as key-value store and as filter.
 *
 * @example Usage
 * ```ts ignore
 * import { filter, kv } from "@sett/badger/plugin";
 * import { RedisBackend } from "@sett/badger/redis";
 *
 * await using backend = await RedisBackend.start({
 *   mode: "cluster",
 *   nodes: ["10.0.0.1:6379", "10.0.0.2:6379"],
 * });
 * await kv.getStore("badger").addValue("users", "ada", "Ada Lovelace");
 * await filter.getFilter("badger").checkThenAdd("seen", "ada"); // false
 * await backend.buckets(); // ["seen", "users"]
 * ```
 */
export class RedisBackend implements AsyncDisposable {
  /** The name it is registered by. */
  readonly name: string;
  /** Every setting with its value; passwords are hidden. */
  readonly settings: Readonly<RedisSettings>;
  /** The backend as a key-value store; the one that is registered. */
  readonly kvStore: RedisKv;
  /** The backend as a filter; the one that is registered. */
  readonly filter: RedisFilter;
  readonly #secret: RedisSettings;
  readonly #registration: Registration | undefined;
  #parts: RedisParts | undefined;
  /** Openings and closings happen one after the other. */
  readonly #inTurn = oneAfterTheOther();

  private constructor(settings: RedisSettings, options: RedisBackendOptions) {
    this.name = options.name ?? "badger";
    this.#secret = settings;
    this.settings = Object.freeze({
      ...settings,
      password: hidden(settings.password),
      sentinelPassword: hidden(settings.sentinelPassword),
    });
    const owner = {
      open: () => this.open(),
      close: () => this.close(),
      require: (action: string) => this.#require(action),
    };
    this.kvStore = new RedisKv(owner, new Compressor(options.codec));
    this.filter = new RedisFilter(owner);
    this.#registration = options.isRegistered ?? true
      ? new Registration(this.name, this.kvStore, this.filter)
      : undefined;
  }

  /**
   * Starts a backend: reads the configuration, connects to every master and registers.
   *
   * If anything fails, no connection stays and nothing stays registered.
   *
   * @param config The path of a YAML file with a section `kv.redis`, or the settings
   * as an object.
   * @param options The name of the backend and how it looks at the environment.
   * @returns The running backend.
   * @throws {ConfigError} If the configuration cannot be used.
   * @throws {StoreError} `ALREADY_REGISTERED` if the name is taken, `UNAVAILABLE` if
   * the servers cannot be reached in time, `PERMISSION` if they refuse the password.
   *
   * @example Usage
   * ```ts ignore
   * import { RedisBackend } from "@sett/badger/redis";
   *
   * await using backend = await RedisBackend.start("./config.yml");
   * console.log(backend.stats().servers.length);
   * ```
   */
  static async start(
    config: string | URL | RedisConfig = {},
    options: RedisBackendOptions = {},
  ): Promise<RedisBackend> {
    const { name = "badger", env = systemEnvironment } = options;
    const settings = loadRedisSettings(readRedisConfig(config), name, env);
    const backend = new RedisBackend(settings, options);
    await backend.open();
    return backend;
  }

  /** True while the backend is open. */
  get isOpen(): boolean {
    return this.#parts !== undefined;
  }

  /**
   * Lists the buckets that have keys: a walk over all keys, on every master side by
   * side, in steps that hold no server up.
   *
   * @param options How to end it early.
   * @returns Their names, in order.
   */
  async buckets(options: KeyScanOptions = {}): Promise<string[]> {
    const { router, keys } = this.#require("list the buckets");
    return await bucketNames(router, keys, options.signal);
  }

  /**
   * Counts the keys of a bucket, or of all buckets: a walk as that of
   * {@linkcode RedisBackend.buckets}. A key that a server shows twice while its table
   * changes its size counts twice.
   *
   * @param bucket The bucket; all of them without one.
   * @param options How to end it early.
   * @returns How many keys there are.
   */
  async countKeys(
    bucket?: string,
    options: KeyScanOptions = {},
  ): Promise<number> {
    const { router, keys } = this.#require("count the keys");
    return await countKeys(router, keys, bucket, options.signal);
  }

  /**
   * Finds the keys with the largest values in all buckets: a walk as that of
   * {@linkcode RedisBackend.buckets}, which asks for the length of each value.
   *
   * @param count How many keys.
   * @param options How to end it early.
   * @returns The keys, the one with the largest value first.
   */
  async largest(
    count: number,
    options: KeyScanOptions = {},
  ): Promise<LargeKey[]> {
    const { router, keys } = this.#require("list keys");
    return await largestKeys(router, keys, count, options.signal);
  }

  /**
   * Reads the counters of this side; asks no server.
   *
   * @returns The statistics.
   */
  stats(): RedisStats {
    const { router, lanes, operations } = this.#require("read the statistics");
    return {
      backend: "redis",
      mode: this.settings.mode,
      ...router.counts,
      servers: router.connections().map((connection) => ({
        address: connection.address,
        isConnected: connection.isConnected,
        pending: connection.pending,
      })),
      keysBeingWritten: lanes.size,
      buckets: [...operations].map(([name, counts]) => ({
        name,
        operations: { ...noOperations(), ...counts },
      })).sort((a, b) => a.name < b.name ? -1 : 1),
    };
  }

  /** Opens the backend again after `close`; does nothing if it is open. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.isOpen) return;
      this.#registration?.refuseTakenName();
      const parts = makeParts(this.#secret);
      try {
        await parts.router.open();
        this.#registration?.add();
      } catch (error) {
        await parts.router.close();
        throw error;
      }
      this.#parts = parts;
    });
  }

  /**
   * Unregisters the backend, lets what is under way come to its end and closes the
   * connections; does nothing if it is closed. The keys stay on the servers.
   */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const parts = this.#parts;
      if (parts === undefined) return;
      this.#parts = undefined;
      this.#registration?.remove();
      await parts.lanes.drained();
      await parts.router.close();
    });
  }

  /** Closes the backend at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  static {
    partsOf = (backend, action) => backend.#require(action);
  }

  #require(action: string): RedisParts {
    if (this.#parts === undefined) throw new StoreClosedError(action);
    return this.#parts;
  }
}

function hidden(secret: string): string {
  return secret === "" ? "" : "(hidden)";
}

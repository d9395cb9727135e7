/**
 * One line of YAML chooses the backend.
 *
 * @module
 */

import { Badger } from "../plugin/badger.ts";
import type { CodecName } from "../plugin/codecs.ts";
import {
  type EnvironmentReader,
  systemEnvironment,
  variableName,
} from "../plugin/environment.ts";
import type { BadgerConfig } from "../plugin/settings.ts";
import {
  type BackendName,
  type KvSection,
  readKvFile,
  readKvObject,
} from "./load_settings.ts";
import { RedisBackend } from "./redis_backend.ts";
import type { RedisConfig } from "./settings.ts";
import type { TierConfig } from "./tier_settings.ts";
import { TieredBackend } from "./tiered_backend.ts";

/** The configuration of {@linkcode startBackend} as an object. */
export interface BackendConfig {
  /** Which backend, and the settings of the Redis one. */
  kv?: {
    /** The backend; `badger` if absent. */
    backend?: BackendName;
    /** The settings of the servers. */
    redis?: RedisConfig;
    /** The settings of what is kept near, with `backend: tiered`. */
    tiered?: TierConfig;
  };
  /** The settings of the embedded backend. */
  badger?: BadgerConfig;
}

/** How a backend is started, beside its settings. */
export interface BackendOptions {
  /**
   * The name to register by.
   *
   * @default {"badger"}
   */
  name?: string;
  /** Reads an environment variable; `BADGER_KV_BACKEND` overrides the backend. */
  env?: EnvironmentReader;
  /** The codec of `addValueCompress`; see `BadgerOptions.codec`. */
  codec?: CodecName;
}

/**
 * Starts the backend that the configuration names, so that an application changes one
 * line of YAML to go from one machine to a cluster:
 *
 * ```yaml
 * kv:
 *   backend: redis # or badger, or tiered
 *   redis:
 *     mode: cluster
 *     nodes: [10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379]
 * badger:
 *   path: ./data/badger
 * ```
 *
 * @param config The path of a YAML file, or the same as an object.
 * @param options The name of the backend and how it looks at the environment.
 * @returns The running backend, registered in `kv` and `filter`.
 * @throws {ConfigError} If the configuration cannot be used.
 * @throws {StoreError} What {@linkcode Badger.start} or
 * {@linkcode RedisBackend.start} and {@linkcode TieredBackend.start} may report.
 *
 * @example Usage
 * ```ts
 * import { filter } from "@sett/badger/plugin";
 * import { startBackend } from "@sett/badger/redis";
 * import { assertEquals } from "@std/assert";
 *
 * await using _backend = await startBackend({
 *   kv: { backend: "badger" },
 *   badger: { memory_mode: true },
 * });
 * assertEquals(await filter.checkThenAdd("seen", "a"), false);
 * ```
 */
export async function startBackend(
  config: string | URL | BackendConfig,
  options: BackendOptions = {},
): Promise<Badger | RedisBackend | TieredBackend> {
  const isFile = typeof config === "string" || config instanceof URL;
  const section = isFile ? readKvFile(config) : readKvObject(config.kv ?? {});
  const { name = "badger", env = systemEnvironment } = options;
  switch (chooseBackend(section, name, env)) {
    case "badger":
      return await Badger.start(isFile ? config : config.badger ?? {}, options);
    case "redis":
      return await RedisBackend.start(
        isFile ? config : config.kv?.redis ?? {},
        options,
      );
    case "tiered":
      return await TieredBackend.start(
        isFile ? config : config.kv ?? {},
        options,
      );
  }
}

function chooseBackend(
  section: KvSection,
  name: string,
  env: EnvironmentReader,
): BackendName {
  const variable = variableName("kv_backend", name);
  const text = env(variable);
  if (text === undefined || text === "") return section.backend;
  return readKvObject({ backend: text }).backend;
}

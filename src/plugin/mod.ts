/**
 * The plugin: settings from YAML, an object or the environment; buckets; and the
 * registries {@linkcode kv} and {@linkcode filter} through which the rest of a
 * program finds them.
 *
 * ```yaml
 * badger:
 *   path: ./data/badger
 *   sync_writes: true
 *   value_log_gc_discard_ratio: 0.5
 * ```
 *
 * A setting is taken from the environment if it is there (`BADGER_SYNC_WRITES=true`),
 * else from the file or the object, else it is the default. What cannot be used is an
 * error that names the file, line and column.
 *
 * In Deno, this entry needs `--allow-env=LOG_TOKENS,LOG_STREAM` to read YAML and
 * `--allow-read` on the file. Other variables are only looked at where that is
 * granted; nobody is ever asked.
 *
 * @example Usage
 * ```ts
 * import { Badger, filter, kv } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * await using _badger = await Badger.start({ memory_mode: true });
 *
 * const store = kv.getStore("badger");
 * await store.addValue("greetings", "en", "hello");
 * const value = await store.getValue("greetings", "en");
 * assertEquals(new TextDecoder().decode(value), "hello");
 *
 * const seen = filter.getFilter("badger");
 * assertEquals(await seen.checkThenAdd("pages", "/"), false);
 * assertEquals(await seen.checkThenAdd("pages", "/"), true);
 * ```
 *
 * @module
 */

export { Badger, type BadgerOptions } from "./badger.ts";
export type { BadgerEvent, BadgerListener } from "./badger_event.ts";
export type { BadgerStore, BucketOperations } from "./bucket_stores.ts";
export type { CodecName } from "./codecs.ts";
export { loadConfig, type LoadConfigOptions } from "./config.ts";
export { ConfigError, type ConfigPlace } from "./config_error.ts";
export type { EnvironmentReader } from "./environment.ts";
export { type Filter, filter, FilterRegistry } from "./filter.ts";
export { kv, KvRegistry, type KvStore } from "./kv.ts";
export { Registry } from "./registry.ts";
export type {
  BadgerConfig,
  BadgerSettings,
  BadgerYamlSettings,
} from "./settings.ts";
export type { BadgerStats, BucketStats } from "./stats.ts";

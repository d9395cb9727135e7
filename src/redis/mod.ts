/**
 * The same key-value store and filter as those of `@sett/badger/plugin`, over servers
 * that speak the Redis protocol: Redis and Valkey, one server, a cluster, or a master
 * that sentinels watch.
 *
 * ```yaml
 * kv:
 *   backend: redis
 *   redis:
 *     mode: cluster
 *     nodes: [10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379]
 * ```
 *
 * {@linkcode startBackend} reads the line `backend` and starts this one or the embedded
 * one; nothing else of an application changes. What is promised when servers fail is
 * in `docs/redis.md`.
 *
 * In Deno this entry needs `--allow-net` for the servers, and to read YAML what
 * `@sett/badger/plugin` needs.
 *
 * @example Usage
 * ```ts
 * import { kv } from "@sett/badger/plugin";
 * import { startBackend } from "@sett/badger/redis";
 * import { assertEquals } from "@std/assert";
 *
 * await using _backend = await startBackend({
 *   kv: { backend: "badger" }, // or "redis"
 *   badger: { memory_mode: true },
 * });
 * await kv.addValue("greetings", "en", "hello");
 * const value = await kv.getValue("greetings", "en");
 * assertEquals(new TextDecoder().decode(value), "hello");
 * ```
 *
 * @module
 */

export { isServerAddress, readServerAddress } from "./address.ts";
export {
  copyFromServers,
  type CopyOptions,
  type CopyProgress,
  type CopyReport,
  copyToServers,
  type SideReport,
} from "./copy.ts";
export {
  type ClusterLoad,
  type ClusterPlan,
  planCluster,
} from "./cluster_plan.ts";
export type { KeyLoad } from "./slot_shares.ts";
export type { BackendName } from "./load_settings.ts";
export {
  type KeyScanOptions,
  RedisBackend,
  type RedisBackendOptions,
  type RedisServerStats,
  type RedisStats,
} from "./redis_backend.ts";
export { RedisFilter } from "./redis_filter.ts";
export { type KeyAndValue, RedisKv } from "./redis_kv.ts";
export type { RouterCounts } from "./router.ts";
export type { ConnectionCounts } from "./server_connection.ts";
export type { RedisConfig, RedisSettings } from "./settings.ts";
export type { TierConfig, TierSettings } from "./tier_settings.ts";
export {
  TieredBackend,
  type TieredConfig,
  type TieredStats,
} from "./tiered_backend.ts";
export { type TierCounts, TieredKv } from "./tiered_kv.ts";
export {
  type BackendConfig,
  type BackendOptions,
  startBackend,
} from "./start_backend.ts";

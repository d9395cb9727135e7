/**
 * What the handlers tell of: the embedded engine, servers, or one before the other.
 *
 * @module
 */

import type { Badger } from "../plugin/badger.ts";
import type { RedisBackend, TieredBackend } from "../redis/mod.ts";
import type { Store } from "../store/store.ts";

/** The embedded engine: an instance of the plugin, or a store by itself. */
export type EmbeddedSource = Badger | Store;

/** What handlers tell of. */
export type Source = EmbeddedSource | RedisBackend | TieredBackend;

/** The backends, as they are named in answers. */
export type BackendKind = "embedded" | "redis" | "tiered";

// Told apart by what they can do: importing the classes would load their packages.

/** True for an instance of the plugin. */
export function isBadger(source: Source): source is Badger {
  return "singleBucketMode" in
    ((source as Partial<Badger>).settings ?? {});
}

/** True for servers with the embedded engine before them. */
export function isTiered(source: Source): source is TieredBackend {
  return "far" in source;
}

/** True for servers. */
export function isRedis(source: Source): source is RedisBackend {
  return "countKeys" in source;
}

/** True for the embedded engine. */
export function isEmbedded(source: Source): source is EmbeddedSource {
  return !isTiered(source) && !isRedis(source);
}

/** Which backend it is. */
export function kindOf(source: Source): BackendKind {
  return isTiered(source) ? "tiered" : isRedis(source) ? "redis" : "embedded";
}

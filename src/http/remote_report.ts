/**
 * What the statistics tell of servers: the fields of the embedded engine as far as
 * there are such, and the connections.
 *
 * @module
 */

import type { RedisBackend, TieredBackend } from "../redis/mod.ts";
import { isTiered } from "./source.ts";

/** The statistics of servers, named as in code. */
export interface RemoteStats {
  /** The backend in use. */
  backend: "redis" | "tiered";
  /** What the nodes are. */
  mode: string;
  /** Bytes of hint files near; 0 where nothing is kept near. */
  lsmSize: number;
  /** Bytes of segments near; 0 where nothing is kept near. */
  vlogSize: number;
  /** Keys with writes under way. */
  pendingWrites: number;
  /** Reads that were asked for. */
  numReads: number;
  /** Writes that were asked for. */
  numWrites: number;
  /** The servers that hold keys. */
  servers: { address: string; isConnected: boolean; pending: number }[];
  /** What the client did. */
  client: {
    commands: number;
    retries: number;
    redirections: number;
    refreshes: number;
    unknownOutcomes: number;
    connections: number;
    losses: number;
    timeouts: number;
  };
  /** What is kept near, with `backend: tiered`. */
  tier?: {
    hits: number;
    misses: number;
    invalidations: number;
    gaps: number;
    failures: number;
    isTracking: boolean;
  };
  /** The buckets that were used since the start. */
  buckets: { name: string; operations: Record<string, number> }[];
}

/** Reads the counters of servers. */
export function readRemoteStats(
  source: RedisBackend | TieredBackend,
): RemoteStats {
  const tiered = isTiered(source) ? source.stats() : undefined;
  const far = tiered?.far ?? (source as RedisBackend).stats();
  const { mode, servers, keysBeingWritten, backend: _, buckets, ...client } =
    far;
  const calls = (names: readonly string[]) =>
    buckets.reduce((sum, { operations }) =>
      sum + names.reduce(
        (sum, name) =>
          sum + (operations as never as Record<string, number>)[name]!,
        0,
      ), 0);
  const stats: RemoteStats = {
    backend: tiered?.backend ?? "redis",
    mode,
    lsmSize: tiered?.near.lsmSize ?? 0,
    vlogSize: tiered?.near.vlogSize ?? 0,
    pendingWrites: keysBeingWritten,
    numReads: tiered === undefined
      ? calls(["get", "getCompress", "exists"])
      : tiered.hits + tiered.misses,
    numWrites: calls(["add", "addCompress", "delete"]),
    servers,
    client,
    buckets: buckets.map(({ name, operations }) => ({
      name,
      operations: { ...operations },
    })),
  };
  if (tiered !== undefined) {
    const { hits, misses, invalidations, gaps, failures, isTracking } = tiered;
    stats.tier = { hits, misses, invalidations, gaps, failures, isTracking };
  }
  return stats;
}

/** The servers by themselves. */
export function farOf(source: RedisBackend | TieredBackend): RedisBackend {
  return isTiered(source) ? source.far : source;
}

/**
 * What a reader tells about itself: live counters, read in constant time.
 *
 * @module
 */

import type { Percentiles } from "../engine/latency_histogram.ts";
import type { ReaderEngine } from "../engine/reader_engine.ts";
import {
  type MemoryStats,
  readSnapshotStats,
  type SnapshotStats,
} from "./stats.ts";

/** How a reader stays up to date. */
export interface RefreshStats {
  /** Refreshes done. */
  count: number;
  /** Records they read, those that the garbage collector moved included. */
  records: number;
  /** How often all was read anew; see {@linkcode RefreshReport}. */
  rebuilds: number;
  /** Why the last refresh failed, if it did. */
  lastError: string | undefined;
}

/** Everything {@linkcode StoreReader.stats} tells. */
export interface ReaderStats {
  /** Bytes of segments, as far as they were read. */
  vlogSize: number;
  /** Reads asked for. */
  numReads: number;
  /** Keys that have a value. */
  keys: number;
  /** Segments. */
  segments: number;
  /** Memory held. */
  memory: Omit<MemoryStats, "memtableBytes">;
  /** Snapshots and lists that are not done yet. */
  snapshots: SnapshotStats;
  /** Refreshes. */
  refreshes: RefreshStats;
  /** Reads that found a value. */
  hits: number;
  /** Reads that found none. */
  misses: number;
  /** File blocks found in the block cache. */
  cacheHits: number;
  /** File blocks that had to be read. */
  cacheMisses: number;
  /** Durations of reads in microseconds; one in 64 is timed. */
  latencyMicroseconds: Percentiles;
}

/** Reads the counters of a reader's engine. */
export function readReaderStats(engine: ReaderEngine): ReaderStats {
  const { counters, log, ledger, cache, refreshes } = engine;
  return {
    vlogSize: log.length,
    numReads: counters.reads,
    keys: ledger.liveKeys,
    segments: log.segments.size,
    memory: {
      indexBytes: ledger.index.bytes + ledger.expiries.bytes,
      orderBytes: ledger.index.view?.bytes ?? 0,
      cacheBytes: cache.bytes,
    },
    snapshots: readSnapshotStats(engine),
    refreshes: { ...refreshes, lastError: refreshes.lastError?.message },
    hits: counters.hits,
    misses: counters.misses,
    cacheHits: counters.cacheHits,
    cacheMisses: counters.cacheMisses,
    latencyMicroseconds: counters.getLatency.percentiles(),
  };
}

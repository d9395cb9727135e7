/**
 * What a store tells about itself: live counters, read in constant time.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { ReadEngine } from "../engine/read_engine.ts";
import type { GcReport } from "../engine/gc_totals.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { Percentiles } from "../engine/latency_histogram.ts";
import type { SegmentInfo } from "./types.ts";

/** Memory a store holds, in bytes. */
export interface MemoryStats {
  /** The hash index, keys included, and the expiry queue. */
  indexBytes: number;
  /** The order of keys, which the first list makes. */
  orderBytes: number;
  /** The memtables. */
  memtableBytes: number;
  /** The block cache. */
  cacheBytes: number;
}

/** What the garbage collector did since the store was opened. */
export interface GcStats {
  /** Runs ended. */
  runs: number;
  /** Segments rewritten and removed. */
  segmentsRewritten: number;
  /** Bytes of the files removed. */
  bytesReclaimed: number;
  /** Bytes appended again because they were live. */
  bytesRewritten: number;
  /** Groups of writes that waited for the collector. */
  stalls: number;
  /** Time that these waited, one beside the other, in milliseconds. */
  stallMilliseconds: number;
  /** The report of the last run. */
  lastReport: GcReport | undefined;
  /** Why the last run failed, if it did. */
  lastError: string | undefined;
}

/** The snapshots and lists that are not done yet. */
export interface SnapshotStats {
  /** How many. */
  count: number;
  /** Milliseconds since the oldest was taken; 0 if there is none. */
  oldestAge: number;
  /** Keys that changed since and are noted in memory. */
  notes: number;
  /** Bytes of segments that were collected and stay on disk for them. */
  heldBytes: number;
}

/** How fast and how often. */
export interface PerformanceStats {
  /** Reads that found a value. */
  hits: number;
  /** Reads that found none. */
  misses: number;
  /** Values served from a memtable. */
  memtableHits: number;
  /** File blocks found in the block cache. */
  cacheHits: number;
  /** File blocks that had to be read. */
  cacheMisses: number;
  /** Cache hits / look-ups in the block cache; 0 before the first. */
  cacheHitRate: number;
  /** Writes to the active segment's file. */
  flushes: number;
  /** Syncs of segments. */
  syncs: number;
  /** Times that writers waited for level-0 tables. */
  stalls: number;
  /** Segments sealed. */
  rotations: number;
  /** Keys that expired. */
  expired: number;
  /** Memtables sealed. */
  memtablesSealed: number;
  /** Level-0 tables written to hint files. */
  level0TablesWritten: number;
  /** Values written straight to the value log. */
  directWrites: number;
  /** Durations in microseconds; of reads and writes one in 64 is timed. */
  latencyMicroseconds: {
    get: Percentiles;
    set: Percentiles;
    sync: Percentiles;
  };
}

/** Everything {@linkcode Store.stats} tells. */
export interface StoreStats {
  /** Bytes of hint files and of the index snapshot. */
  lsmSize: number;
  /** Bytes of segments. */
  vlogSize: number;
  /** Records that wait to be handed to the operating system. */
  pendingWrites: number;
  /** Reads asked for. */
  numReads: number;
  /** Writes asked for. */
  numWrites: number;
  /** Keys that have a value. */
  keys: number;
  /** Segments. */
  segments: number;
  /** Bytes of records that the index points at. */
  liveBytes: number;
  /** Bytes of records that it does not point at. */
  deadBytes: number;
  /** Memory held. */
  memory: MemoryStats;
  /** The garbage collector. */
  gc: GcStats;
  /** Snapshots and lists that are not done yet. */
  snapshots: SnapshotStats;
  /** How fast and how often. */
  performance: PerformanceStats;
}

/** What there is to say of the moments that an engine keeps. */
export function readSnapshotStats(engine: ReadEngine): SnapshotStats {
  const { history } = engine.ledger;
  const { oldest } = history;
  return {
    count: history.count,
    oldestAge: oldest === undefined ? 0 : engine.now() - oldest.time,
    notes: history.noteCount,
    heldBytes: history.heldBytes,
  };
}

/** What there is to say of each segment, in the order of the log. */
export function readSegments(log: ValueLog): SegmentInfo[] {
  return [...log.segments.values()].map((segment) => ({
    id: segment.id,
    bytes: segment.length,
    liveBytes: segment.liveBytes,
    deadBytes: segment.deadBytes,
    records: segment.recordCount,
    discardRatio: segment.discardRatio,
    active: segment === log.active,
  }));
}

/** Reads the counters of an engine. */
export function readStats(engine: Engine): StoreStats {
  const { counters, log, ledger, writer, cache, collector } = engine;
  const { totals } = collector;
  let recordBytes = 0;
  for (const segment of log.segments.values()) {
    recordBytes += segment.recordBytes;
  }
  const { deadBytes } = log;
  const lookups = counters.cacheHits + counters.cacheMisses;
  return {
    lsmSize: engine.snapshotBytes + log.hintBytes,
    vlogSize: log.length,
    pendingWrites: engine.pendingWrites,
    numReads: counters.reads,
    numWrites: counters.writes,
    keys: ledger.liveKeys,
    segments: log.segments.size,
    liveBytes: recordBytes - deadBytes,
    deadBytes,
    memory: {
      indexBytes: ledger.index.bytes + ledger.expiries.bytes,
      orderBytes: ledger.index.view?.bytes ?? 0,
      memtableBytes: writer.memtables.bytes,
      cacheBytes: cache.bytes,
    },
    gc: {
      runs: totals.runs,
      segmentsRewritten: totals.segmentsRewritten,
      bytesReclaimed: totals.bytesReclaimed,
      bytesRewritten: totals.bytesRewritten,
      stalls: counters.gcStalls,
      stallMilliseconds: counters.gcStallMilliseconds,
      lastReport: totals.lastReport,
      lastError: totals.lastError?.message,
    },
    snapshots: readSnapshotStats(engine),
    performance: {
      hits: counters.hits,
      misses: counters.misses,
      memtableHits: counters.memtableHits,
      cacheHits: counters.cacheHits,
      cacheMisses: counters.cacheMisses,
      cacheHitRate: lookups === 0 ? 0 : counters.cacheHits / lookups,
      flushes: counters.flushes,
      syncs: counters.syncs,
      stalls: counters.stalls,
      rotations: counters.rotations,
      expired: counters.expired,
      memtablesSealed: counters.memtablesSealed,
      level0TablesWritten: counters.level0TablesWritten,
      directWrites: counters.directWrites,
      latencyMicroseconds: {
        get: counters.getLatency.percentiles(),
        set: counters.setLatency.percentiles(),
        sync: counters.syncLatency.percentiles(),
      },
    },
  };
}

/**
 * The metrics: every name, what it means, and where in the statistics it stands.
 *
 * Names follow the conventions of Prometheus: seconds and bytes, `_total` at the end of
 * what only grows. No metric has a label that grows with the data: a bucket's name may
 * be a user's, and a label a bucket would be a time series a user.
 *
 * @module
 */

import type { Percentiles } from "../engine/latency_histogram.ts";
import type { StoreStats } from "../store/stats.ts";

/** A metric with one value. */
export interface MetricRow<Stats = StoreStats> {
  /** Its name; that of a counter ends in `_total`. */
  readonly name: string;
  /** Whether it only grows. */
  readonly type: "counter" | "gauge";
  /** What it means, in a sentence without a full stop. */
  readonly help: string;
  /** Reads it. */
  readonly read: (stats: Stats) => number;
}

/** A metric of durations. */
export interface DurationRow {
  /** Its name, which ends in `_seconds`. */
  readonly name: string;
  /** What it means, in a sentence without a full stop. */
  readonly help: string;
  /** Reads it; in microseconds. */
  readonly read: (stats: StoreStats) => Percentiles;
}

/** A row of a counter. */
export function counter<Stats = StoreStats>(
  name: string,
  help: string,
  read: (stats: Stats) => number,
): MetricRow<Stats> {
  return { name, type: "counter", help, read };
}

/** A row of a gauge. */
export function gauge<Stats = StoreStats>(
  name: string,
  help: string,
  read: (stats: Stats) => number,
): MetricRow<Stats> {
  return { name, type: "gauge", help, read };
}

/** The metric that names the backend in use, in its label; always 1. */
export const BACKEND_METRIC = {
  name: "badger_backend_info",
  help: "The backend in use, in the label: embedded, redis or tiered",
} as const;

/** The metrics with one value. */
export const METRIC_ROWS: readonly MetricRow[] = [
  gauge("badger_keys", "Keys that have a value", (s) => s.keys),
  gauge("badger_segments", "Segments of the value log", (s) => s.segments),
  gauge(
    "badger_value_log_bytes",
    "Bytes of segments on disk",
    (s) => s.vlogSize,
  ),
  gauge(
    "badger_live_bytes",
    "Bytes of records that the index points at",
    (s) => s.liveBytes,
  ),
  gauge(
    "badger_dead_bytes",
    "Bytes of records that the garbage collector can free",
    (s) => s.deadBytes,
  ),
  gauge(
    "badger_lsm_bytes",
    "Bytes of hint files and of the index snapshot",
    (s) => s.lsmSize,
  ),
  gauge(
    "badger_index_memory_bytes",
    "Memory of the hash index and the expiry queue",
    (s) => s.memory.indexBytes,
  ),
  gauge(
    "badger_order_memory_bytes",
    "Memory of the order of keys, which the first list makes",
    (s) => s.memory.orderBytes,
  ),
  gauge(
    "badger_memtable_memory_bytes",
    "Memory of the memtables",
    (s) => s.memory.memtableBytes,
  ),
  gauge(
    "badger_cache_memory_bytes",
    "Memory of the block cache",
    (s) => s.memory.cacheBytes,
  ),
  gauge(
    "badger_pending_writes",
    "Records that wait to be handed to the operating system",
    (s) => s.pendingWrites,
  ),
  gauge(
    "badger_snapshots",
    "Snapshots and lists that are not done yet",
    (s) => s.snapshots.count,
  ),
  gauge(
    "badger_snapshot_oldest_age_seconds",
    "Time since the oldest open snapshot was taken, 0 if there is none",
    (s) => s.snapshots.oldestAge / 1000,
  ),
  gauge(
    "badger_snapshot_held_bytes",
    "Bytes of collected segments that open snapshots keep on disk",
    (s) => s.snapshots.heldBytes,
  ),
  gauge(
    "badger_gc_last_run_failed",
    "1 if the last run of the garbage collector failed, else 0",
    (s) => s.gc.lastError === undefined ? 0 : 1,
  ),
  counter("badger_reads_total", "Reads asked for", (s) => s.numReads),
  counter("badger_writes_total", "Writes asked for", (s) => s.numWrites),
  counter(
    "badger_read_hits_total",
    "Reads that found a value",
    (s) => s.performance.hits,
  ),
  counter(
    "badger_read_misses_total",
    "Reads that found none",
    (s) => s.performance.misses,
  ),
  counter(
    "badger_memtable_hits_total",
    "Values served from a memtable",
    (s) => s.performance.memtableHits,
  ),
  counter(
    "badger_cache_hits_total",
    "File blocks found in the block cache",
    (s) => s.performance.cacheHits,
  ),
  counter(
    "badger_cache_misses_total",
    "File blocks that had to be read",
    (s) => s.performance.cacheMisses,
  ),
  counter(
    "badger_flushes_total",
    "Writes to the file of the active segment",
    (s) => s.performance.flushes,
  ),
  counter(
    "badger_syncs_total",
    "Syncs of segments",
    (s) => s.performance.syncs,
  ),
  counter(
    "badger_rotations_total",
    "Segments sealed",
    (s) => s.performance.rotations,
  ),
  counter(
    "badger_expired_keys_total",
    "Keys that expired",
    (s) => s.performance.expired,
  ),
  counter(
    "badger_memtables_sealed_total",
    "Memtables sealed",
    (s) => s.performance.memtablesSealed,
  ),
  counter(
    "badger_level0_tables_written_total",
    "Level-0 tables written to hint files",
    (s) => s.performance.level0TablesWritten,
  ),
  counter(
    "badger_direct_writes_total",
    "Values written straight to the value log",
    (s) => s.performance.directWrites,
  ),
  counter(
    "badger_level0_stalls_total",
    "Times that writers waited for level-0 tables",
    (s) => s.performance.stalls,
  ),
  counter(
    "badger_gc_stalls_total",
    "Groups of writes that waited for the garbage collector",
    (s) => s.gc.stalls,
  ),
  counter(
    "badger_gc_stall_seconds_total",
    "Time that groups of writes waited for the garbage collector",
    (s) => s.gc.stallMilliseconds / 1000,
  ),
  counter(
    "badger_gc_runs_total",
    "Runs of the garbage collector that ended",
    (s) => s.gc.runs,
  ),
  counter(
    "badger_gc_segments_rewritten_total",
    "Segments rewritten and removed",
    (s) => s.gc.segmentsRewritten,
  ),
  counter(
    "badger_gc_reclaimed_bytes_total",
    "Bytes of the files that the garbage collector removed",
    (s) => s.gc.bytesReclaimed,
  ),
  counter(
    "badger_gc_rewritten_bytes_total",
    "Live bytes that the garbage collector appended again",
    (s) => s.gc.bytesRewritten,
  ),
];

/** The metrics of durations. */
export const DURATION_ROWS: readonly DurationRow[] = [
  {
    name: "badger_get_duration_seconds",
    help: "Time of reads, of which one in 64 is timed",
    read: (s) => s.performance.latencyMicroseconds.get,
  },
  {
    name: "badger_set_duration_seconds",
    help: "Time of writes, of which one in 64 is timed",
    read: (s) => s.performance.latencyMicroseconds.set,
  },
  {
    name: "badger_sync_duration_seconds",
    help: "Time of syncs, each of which is timed",
    read: (s) => s.performance.latencyMicroseconds.sync,
  },
];

/**
 * The statistics of an instance: those of its stores together, and its buckets.
 *
 * @module
 */

import type { StoreStats } from "../store/stats.ts";
import { Store } from "../store/store.ts";
import {
  type BucketOperations,
  type BucketStores,
  noOperations,
} from "./bucket_stores.ts";

/** One bucket of an instance. */
export interface BucketStats {
  /** The name of the bucket. */
  name: string;
  /** The keys in it; known only where the bucket has a store of its own, and open. */
  keys?: number;
  /** How often each operation was asked for since the start. */
  operations: BucketOperations;
}

/**
 * The statistics of an instance. With a store a bucket, counts and bytes are sums
 * over the open stores, and a percentile is that of the slowest of them.
 */
export interface BadgerStats extends StoreStats {
  /** The buckets, in the order of their names. */
  buckets: BucketStats[];
}

/** Reads the counters; costs the same however much the buckets hold. */
export function readStats(buckets: BucketStores): BadgerStats {
  const opened = new Map(
    buckets.opened().map((bucket) => [bucket.name, bucket]),
  );
  const total = buckets.stores()
    .map((store) => store.stats())
    .reduce(addStats, NOTHING);
  return {
    ...total,
    keys: total.keys - buckets.bookkeepingKeys(),
    buckets: buckets.names().map((name) => {
      const bucket = opened.get(name);
      return {
        name,
        ...(bucket?.space instanceof Store ? { keys: bucket.space.size } : {}),
        operations: bucket === undefined
          ? noOperations()
          : { ...bucket.operations },
      };
    }),
  };
}

/** What no store at all would say. */
const NOTHING: StoreStats = {
  lsmSize: 0,
  vlogSize: 0,
  pendingWrites: 0,
  numReads: 0,
  numWrites: 0,
  keys: 0,
  liveBytes: 0,
  deadBytes: 0,
  segments: 0,
  memory: {
    indexBytes: 0,
    orderBytes: 0,
    memtableBytes: 0,
    cacheBytes: 0,
  },
  snapshots: { count: 0, oldestAge: 0, notes: 0, heldBytes: 0 },
  gc: {
    runs: 0,
    segmentsRewritten: 0,
    bytesReclaimed: 0,
    bytesRewritten: 0,
    stalls: 0,
    stallMilliseconds: 0,
    lastReport: undefined,
    lastError: undefined,
  },
  performance: {
    hits: 0,
    misses: 0,
    cacheHits: 0,
    cacheMisses: 0,
    cacheHitRate: 0,
    memtableHits: 0,
    flushes: 0,
    syncs: 0,
    stalls: 0,
    rotations: 0,
    expired: 0,
    memtablesSealed: 0,
    level0TablesWritten: 0,
    directWrites: 0,
    latencyMicroseconds: {
      get: { count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0 },
      set: { count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0 },
      sync: { count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0 },
    },
  },
};

/** Durations do not add up; the store with the longest speaks for all. */
const LARGEST_COUNTS = new Set(["p50", "p90", "p99", "max", "oldestAge"]);

function addStats(left: StoreStats, right: StoreStats): StoreStats {
  const sum = addFields(left, right) as StoreStats;
  const { performance } = sum;
  const reads = performance.cacheHits + performance.cacheMisses;
  performance.cacheHitRate = reads === 0 ? 0 : performance.cacheHits / reads;
  return sum;
}

/** Adds field by field, so that a new counter of the store is never forgotten. */
function addFields(left: object, right: object): object {
  const sum: Record<string, unknown> = { ...left };
  for (const [name, value] of Object.entries(right)) {
    const other = sum[name];
    if (typeof value === "number" && typeof other === "number") {
      sum[name] = LARGEST_COUNTS.has(name)
        ? Math.max(other, value)
        : other + value;
    } else if (isGroup(value) && isGroup(other) && name !== "lastReport") {
      sum[name] = addFields(other, value);
    } else if (value !== undefined) sum[name] = value;
  }
  return sum;
}

function isGroup(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

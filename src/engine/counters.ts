/**
 * What the engine counts while it works: plain numbers, each changed in place.
 *
 * @module
 */

import { LatencyHistogram } from "./latency_histogram.ts";

/** Live counters of one engine. */
export class Counters {
  /** Reads asked for: get, getMany, getView, getInto and has. */
  reads = 0;
  /** Records written for callers: sets and deletes, those of batches included. */
  writes = 0;
  /** Reads that found a value. */
  hits = 0;
  /** Reads that found none. */
  misses = 0;
  /** Values served from a memtable. */
  memtableHits = 0;
  /** File blocks found in the block cache. */
  cacheHits = 0;
  /** File blocks that had to be read. */
  cacheMisses = 0;
  /** Writes to the active segment's file. */
  flushes = 0;
  /** Syncs of segments. */
  syncs = 0;
  /** Times that writers waited for level-0 tables. */
  stalls = 0;
  /** Groups of writes that waited for the garbage collector. */
  gcStalls = 0;
  /** Time that these waited, in milliseconds. */
  gcStallMilliseconds = 0;
  /** Memtables sealed. */
  memtablesSealed = 0;
  /** Level-0 tables written to hint files. */
  level0TablesWritten = 0;
  /** Segments sealed. */
  rotations = 0;
  /** Keys that expired. */
  expired = 0;
  /** Values written straight to the value log. */
  directWrites = 0;
  /** Time of reads, in microseconds; one read in 64 is timed. */
  readonly getLatency: LatencyHistogram = new LatencyHistogram();
  /** Time of writes, in microseconds; one write in 64 is timed. */
  readonly setLatency: LatencyHistogram = new LatencyHistogram();
  /** Time of syncs, in microseconds; each is timed. */
  readonly syncLatency: LatencyHistogram = new LatencyHistogram();
}

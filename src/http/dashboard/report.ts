/**
 * What the dashboard asks for: the statistics, the segments and the latest GC runs.
 * It costs as much as there are segments; no key is looked at unless the largest ones
 * are asked for.
 *
 * @module
 */

import type { BadgerStore } from "../../plugin/bucket_stores.ts";
import { farOf } from "../remote_report.ts";
import { isBadger, isEmbedded, type Source } from "../source.ts";
import { makeReport, snakeCase } from "../stats_report.ts";
import { showKey } from "./show_key.ts";

/** The most segments and the most GC runs that one answer lists. */
export const SEGMENTS_MAX = 5000;
const RUNS_MAX = 64;

/** A key as it is shown. */
export interface ShownKey {
  /** The name of its bucket; absent for keys outside of any bucket. */
  bucket?: string;
  /** The key, with what is not seen escaped. */
  key: string;
  /** Bytes of its value, as they are stored. */
  bytes: number;
}

/** Reads the counters and goes over the segments. */
export async function makeDashboardReport(
  source: Source,
  isGcAllowed: boolean,
): Promise<Record<string, unknown>> {
  const stats = await makeReport(source);
  const stores = storesOf(source);
  const segments = stores.flatMap(({ bucket, store }) =>
    store.segments().map((segment) => named(bucket, segment))
  );
  const runs = stores.flatMap(({ bucket, store }) =>
    store.gcRuns().map((run) => ({ ...run, bucket }))
  ).sort((a, b) => a.startedAt - b.startedAt).slice(-RUNS_MAX);
  return {
    name: "name" in source ? source.name : "store",
    time: Date.now(),
    gc_allowed: isGcAllowed && isEmbedded(source),
    discard_ratio: isBadger(source)
      ? source.settings.valueLogGcDiscardRatio
      : null,
    stats,
    segment_count: segments.length,
    segments: segments.slice(-SEGMENTS_MAX),
    gc_runs: runs.map(({ bucket, ...run }) => named(bucket, run)),
  };
}

/** Looks at every key for the `count` with the largest values. */
export async function findShownKeys(
  source: Source,
  count: number,
  signal: AbortSignal,
): Promise<ShownKey[]> {
  const keys = isEmbedded(source) ? source : farOf(source);
  const largest = await keys.largest(count, { signal });
  return largest.map(({ bucket, key, valueBytes }) => ({
    ...(bucket === undefined ? {} : { bucket }),
    key: showKey(key),
    bytes: valueBytes,
  }));
}

/** The stores whose segments are shown: none of servers. */
function storesOf(source: Source): BadgerStore[] {
  if (!isEmbedded(source)) return [];
  return isBadger(source)
    ? source.stores()
    : [{ bucket: undefined, store: source }];
}

function named(
  bucket: string | undefined,
  value: object,
): Record<string, unknown> {
  return { ...(bucket === undefined ? {} : { bucket }), ...snakeCase(value) };
}

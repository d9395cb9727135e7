/**
 * What `GET /badger/stats` answers, as an object.
 *
 * @module
 */

import type { Badger } from "../plugin/badger.ts";
import type { BadgerStats } from "../plugin/stats.ts";
import type { Store } from "../store/store.ts";
import { showHit, TOP_HITS_MAX, type TopHitsQuery } from "./top_hits.ts";

/** The most buckets one answer lists. */
const BUCKETS_MAX = 1000;
/** How many top hits there are when only their order was asked for. */
const TOP_HITS_DEFAULT = 10;

/** A part of the question that cannot be answered. */
export class BadQueryError extends Error {}

/** What was asked for, or `undefined` if no top hits were. */
export function parseQuery(
  size: string | undefined,
  sort: string | undefined,
): TopHitsQuery | undefined {
  if (size === undefined && sort === undefined) return undefined;
  if (sort !== undefined && sort !== "size" && sort !== "count") {
    throw new BadQueryError(
      `Cannot list the top hits: sort must be size or count, not ${
        JSON.stringify(sort)
      }`,
    );
  }
  const count = size === undefined ? TOP_HITS_DEFAULT : Number(size);
  const isDigits = size === undefined || /^\d+$/.test(size);
  if (!isDigits || count < 1 || count > TOP_HITS_MAX) {
    throw new BadQueryError(
      `Cannot list the top hits: size must be an integer from 1 to ${TOP_HITS_MAX}, ` +
        `not ${JSON.stringify(size)}`,
    );
  }
  return { size: count, sort: sort ?? "count" };
}

/** The statistics, and the top hits if they are asked for. */
export async function makeReport(
  source: Badger | Store,
  query?: TopHitsQuery,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  const options = signal === undefined ? {} : { signal };
  const largest = query && await source.largest(query.size, options);
  const { buckets, ...stats } = readStats(source);
  const report = {
    ...snakeCase(stats),
    bucket_count: buckets.length,
    buckets: buckets.slice(0, BUCKETS_MAX).map(snakeCase),
  };
  if (largest === undefined) return report;
  const isShared = !isBadger(source) || source.settings.singleBucketMode;
  return {
    ...report,
    total: stats.keys,
    top_hits: largest.map((entry) => showHit(entry, isShared)),
  };
}

/** Told apart by what they can do: importing the class would load its packages. */
export function isBadger(source: Badger | Store): source is Badger {
  return "kvStore" in source;
}

/** The counters of an instance, or of a store as of one without buckets. */
export function readStats(source: Badger | Store): BadgerStats {
  return isBadger(source) ? source.stats() : { ...source.stats(), buckets: [] };
}

/** The same object with its keys in the style of JSON interfaces. */
export function snakeCase(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof inner === "object" && inner !== null ? snakeCase(inner) : inner,
    ]),
  );
}

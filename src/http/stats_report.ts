/**
 * What `GET /badger/stats` answers, as an object.
 *
 * @module
 */

import type { BadgerStats } from "../plugin/stats.ts";
import { farOf, readRemoteStats } from "./remote_report.ts";
import {
  type EmbeddedSource,
  isBadger,
  isEmbedded,
  kindOf,
  type Source,
} from "./source.ts";
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
  source: Source,
  query?: TopHitsQuery,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  const options = signal === undefined ? {} : { signal };
  const keys = isEmbedded(source) ? source : farOf(source);
  const largest = query && await keys.largest(query.size, options);
  const { buckets, ...stats } = isEmbedded(source)
    ? readStats(source)
    : readRemoteStats(source);
  const report = {
    ...snakeCase(stats),
    backend: kindOf(source),
    bucket_count: buckets.length,
    buckets: buckets.slice(0, BUCKETS_MAX).map(snakeCase),
  };
  if (largest === undefined) return report;
  const isShared = !isBadger(source) || source.settings.singleBucketMode;
  return {
    ...report,
    total: "countKeys" in keys
      ? await keys.countKeys(undefined, options)
      : keys.stats().keys,
    top_hits: largest.map((entry) => showHit(entry, isShared)),
  };
}

/** The counters of an instance, or of a store as of one without buckets. */
export function readStats(source: EmbeddedSource): BadgerStats {
  return isBadger(source) ? source.stats() : { ...source.stats(), buckets: [] };
}

/** The same object with its keys in the style of JSON interfaces. */
export function snakeCase(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      Array.isArray(inner)
        ? inner.map((item) => snakeCase(item))
        : typeof inner === "object" && inner !== null
        ? snakeCase(inner)
        : inner,
    ]),
  );
}

/**
 * The largest keys, in the field names of the plugin this one takes the place of.
 *
 * There, as here, a key counts once, so by count all keys are equal and their size
 * decides.
 *
 * @module
 */

import type { LargeKey } from "../store/largest.ts";

/** Which hits are wanted. */
export interface TopHitsQuery {
  /** How many, at most {@linkcode TOP_HITS_MAX}. */
  size: number;
  /** Sorted by what, largest first. */
  sort: "size" | "count";
}

/** One key. */
export interface TopHit {
  /** The key; where buckets share a store, the bucket's name and a comma before it. */
  Key: string;
  /** How often the key occurs: once. */
  Count: number;
  /** Bytes of its value. */
  Size: number;
  /** The name of its bucket; absent for keys outside of any bucket. */
  Bucket?: string;
}

/** The most hits one may ask for. */
export const TOP_HITS_MAX = 1000;

const decoder = new TextDecoder();

/** Shows a key; `isShared` says that buckets share a store. */
export function showHit(entry: LargeKey, isShared: boolean): TopHit {
  const { bucket } = entry;
  const key = decoder.decode(entry.key);
  return {
    Key: isShared && bucket !== undefined ? `${bucket},${key}` : key,
    Count: 1,
    Size: entry.valueBytes,
    ...(bucket === undefined ? {} : { Bucket: bucket }),
  };
}

/**
 * The largest keys, found by looking at every key: bounded in memory, in slices that
 * leave the event loop free, and ended by a signal.
 *
 * The answer has the field names of the plugin this one takes the place of. There,
 * as here, a key counts once, so by `count` all keys are equal and the first ones
 * are as good as any.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { KeySpace } from "../store/key_space.ts";

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

/** A key space to look through, and how to name its keys. */
export interface TopHitsSpace {
  /** Where the keys are. */
  readonly space: KeySpace;
  /** The name of the bucket, if it is one. */
  readonly bucket: string | undefined;
  /** True if keys are shown with the name of their bucket. */
  readonly isShared: boolean;
}

/** The most hits one may ask for. */
export const TOP_HITS_MAX = 1000;

/** Keys between two looks at the clock. */
const KEYS_A_LOOK = 256;
/** Milliseconds after which the event loop has its turn. */
const SLICE_MILLISECONDS = 8;

/** Finds the largest keys in `spaces`. */
export async function findTopHits(
  spaces: readonly TopHitsSpace[],
  query: TopHitsQuery,
  signal: AbortSignal,
): Promise<TopHit[]> {
  const best: TopHit[] = [];
  const keepBest = () => {
    best.sort((a, b) => b.Size - a.Size);
    best.length = Math.min(best.length, query.size);
  };
  let smallest = -1;
  let looked = 0;
  let sliceEnd = performance.now() + SLICE_MILLISECONDS;
  for (const { space, bucket, isShared } of spaces) {
    for await (const [key, value] of space.list({ signal })) {
      if (++looked % KEYS_A_LOOK === 0 && performance.now() > sliceEnd) {
        await breathe();
        sliceEnd = performance.now() + SLICE_MILLISECONDS;
      }
      if (query.sort === "size" && value.length <= smallest) continue;
      best.push(makeHit(key, value.length, bucket, isShared));
      if (query.sort === "count" && best.length === query.size) return best;
      if (best.length < query.size * 2) continue;
      // Sorting twice as many now and then is a heap in one line.
      keepBest();
      smallest = best.at(-1)!.Size;
    }
  }
  if (query.sort === "size") keepBest();
  return best;
}

const decoder = new TextDecoder();

function makeHit(
  key: Uint8Array,
  size: number,
  bucket: string | undefined,
  isShared: boolean,
): TopHit {
  const text = decoder.decode(key);
  return {
    Key: isShared && bucket !== undefined ? `${bucket},${text}` : text,
    Count: 1,
    Size: size,
    ...(bucket === undefined ? {} : { Bucket: bucket }),
  };
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

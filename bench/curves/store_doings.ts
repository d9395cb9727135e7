/**
 * What a store counts of its own doings that can take long: told beside an
 * operation that did.
 *
 * @module
 */

import type { Store } from "@sett/badger";

/** Counters at one moment. */
export type Doings = Record<string, number>;

/** The counters now; none of a store that is not there. */
export function doingsOf(store: Store | undefined): Doings {
  if (store === undefined) return {};
  const { gc, performance } = store.stats();
  return {
    "rotation": performance.rotations,
    "memtable sealed": performance.memtablesSealed,
    "stall": performance.stalls,
    "sync ended": performance.syncs,
    "segment retired": gc.segmentsRewritten,
  };
}

/** What happened between two moments, in words. */
export function doneBetween(before: Doings, after: Doings): string {
  return Object.keys(after).flatMap((name) => {
    const count = after[name]! - before[name]!;
    if (count === 0) return [];
    return [count === 1 ? name : `${count} × ${name}`];
  }).join(", ");
}

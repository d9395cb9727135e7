/**
 * Numbered operations: what the n-th does follows from n alone, so whoever knows how
 * many were done knows what a store must hold.
 *
 * @module
 */

import type { Store } from "../../mod.ts";

const KEYS = 300;

/** Applied in order by whoever keeps the contents. */
export interface Step {
  /** Keys and values to set. */
  set: [key: string, value: string][];
  /** Keys to delete. */
  delete: string[];
}

/** What the n-th operation does. */
export function stepOf(n: number): Step {
  const key = (salt: number) =>
    `key ${(Math.imul(n + salt, 2_654_435_761) >>> 0) % KEYS}`;
  const value = `${n} ${"x".repeat(n % 13 === 0 ? 3000 : n % 200)}`;
  if (n % 10 === 7) return { set: [], delete: [key(0)] };
  if (n % 10 === 3) {
    return {
      set: [[key(0), value], [key(1), value], ["newest batch", `${n}`]],
      delete: [key(2)],
    };
  }
  return { set: [[key(0), value]], delete: [] };
}

/** Does the n-th operation; resolves when it is acknowledged. */
export async function perform(store: Store, n: number): Promise<void> {
  const step = stepOf(n);
  if (step.set.length > 1) {
    const batch = store.batch();
    for (const [key, value] of step.set) batch.set(key, value);
    for (const key of step.delete) batch.delete(key);
    await batch.commit();
  } else if (step.delete.length > 0) await store.delete(step.delete[0]!);
  else await store.set(...step.set[0]!);
}

/** What a store holds after the operations from `from` up to `to` on top of `before`. */
export function replay(
  before: ReadonlyMap<string, string>,
  from: number,
  to: number,
): Map<string, string> {
  const contents = new Map(before);
  for (let n = from; n <= to; n++) {
    const step = stepOf(n);
    for (const [key, value] of step.set) contents.set(key, value);
    for (const key of step.delete) contents.delete(key);
  }
  return contents;
}

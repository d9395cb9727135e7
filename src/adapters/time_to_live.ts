/**
 * Setting keys for a time, as caches count it.
 *
 * @module
 */

import type { SetOptions } from "../store/types.ts";

/** A key space or a batch. */
interface Target {
  set(key: string, value: string | Uint8Array, options?: SetOptions): unknown;
  delete(key: string): unknown;
}

/**
 * Sets a key for `ttl` milliseconds: for ever without it, or if it is 0 or infinite. A
 * negative time is over already, so the key is deleted.
 */
export function setFor(
  target: Target,
  key: string,
  value: string | Uint8Array,
  ttl: number | undefined,
): unknown {
  if (ttl === undefined || ttl === 0 || ttl === Infinity) {
    return target.set(key, value);
  }
  if (ttl < 0) return target.delete(key);
  return target.set(key, value, { expireIn: ttl });
}

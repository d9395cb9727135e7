/**
 * What the benchmarks share: keys, values and directories of their own.
 *
 * @module
 */

import { Store, type StoreOptions } from "@sett/badger";
import { emptyDirSync } from "@std/fs";

const made: string[] = [];

// The stores are still open then; what is left of them goes with the process.
addEventListener("unload", () => {
  for (const path of made) Deno.removeSync(path, { recursive: true });
});

/** Keys that the benchmarks write and read. */
export const KEY_COUNT = 100_000;

/** Keys of 16 bytes. */
export const keys: readonly string[] = Array.from(
  { length: KEY_COUNT },
  (_, i) => `key/${String(i).padStart(12, "0")}`,
);

/** A value of 100 bytes. */
export const value: Uint8Array = new Uint8Array(100).fill(7);

/** An empty directory below `.tmp`. */
export function emptyPath(name: string): string {
  const path = `.tmp/bench/${name}`;
  if (!made.includes(path)) made.push(path);
  emptyDirSync(path);
  return path;
}

/** Opens an empty store that collects no garbage by itself. */
export function openEmpty(
  name: string,
  options: StoreOptions = {},
): Promise<Store> {
  const path = emptyPath(name);
  return Store.open({ path, valueLogGcEnabled: false, ...options });
}

/** Opens a store that holds every key. */
export async function openFull(
  name: string,
  options: StoreOptions = {},
): Promise<Store> {
  const store = await openEmpty(name, options);
  for (const key of keys) void store.set(key, value);
  await store.flush();
  return store;
}

/** The next index each time; around again after the last, in a scattered order. */
export function scattered(): () => number {
  let index = 0;
  // A prime, so that every key has its turn.
  return () => index = (index + 38_873) % KEY_COUNT;
}

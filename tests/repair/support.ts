/**
 * Stores to damage: made over a fixed host, their files changed byte by byte.
 */

import { openEngine, Store } from "../../src/store/store.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { FixedHost } from "../support/fixed_host.ts";

export const DIRECTORY = "/store";

/** Opens the store of a host. */
export function open(host: FixedHost, options: StoreOptions = {}) {
  const engine = openEngine({
    path: DIRECTORY,
    valueLogMaxEntries: 10,
    valueLogGcEnabled: false,
    ...options,
  }, host);
  return { engine, store: new Store(engine) };
}

/** A closed store of three segments: keys 0 to 24, a batch, a tombstone, a bucket. */
export async function makeStore(): Promise<FixedHost> {
  const host = new FixedHost();
  const { store } = open(host);
  for (let i = 0; i < 20; i++) await store.set(`key ${i}`, `value ${i}`);
  await store.delete("key 3");
  await store.batch().set("batch a", "1").set("batch b", "2").commit();
  await store.bucket("b").set("key 5", "in the bucket");
  await store.set("expiring", "later", { expireIn: 1_000_000 });
  await store.close();
  return host;
}

/** Changes one byte of a file. */
export function flip(host: FixedHost, name: string, offset: number): void {
  const file = host.files.inner.open(`${DIRECTORY}/${name}`, "write");
  const byte = new Uint8Array(1);
  file.read(byte, 0, 1, offset);
  file.write(Uint8Array.of(byte[0]! ^ 0x10), 0, 1, offset);
}

/** The contents of a store as text. */
export async function contents(store: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const decoder = new TextDecoder();
  for await (const [key, value] of store.list()) {
    found[decoder.decode(key)] = decoder.decode(value);
  }
  for await (const [key, value] of store.bucket("b").list()) {
    found[`b/${decoder.decode(key)}`] = decoder.decode(value);
  }
  return found;
}

/** What {@linkcode makeStore} put there. */
export function expected(): Record<string, string> {
  const all: Record<string, string> = {};
  for (let i = 0; i < 20; i++) if (i !== 3) all[`key ${i}`] = `value ${i}`;
  return {
    ...all,
    "batch a": "1",
    "batch b": "2",
    "b/key 5": "in the bucket",
    expiring: "later",
  };
}

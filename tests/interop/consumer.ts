/**
 * A TypeScript user of the packed artefact: compiled by `tsc`, never run. It fails to
 * compile when a public type got lost on the way.
 */
import {
  type EncryptionOptions,
  Store,
  StoreError,
  type StoreStats,
} from "@sett/badger";
import { badgerApp, badgerStats } from "@sett/badger/hono";
import { Badger, filter, kv } from "@sett/badger/plugin";
import { Hono } from "hono";

export async function useStore(): Promise<number> {
  const store: Store = await Store.open({ path: "./data", syncWrites: true });
  await store.set("k", new Uint8Array(3), { expireIn: 60_000 });
  const value: Uint8Array | undefined = await store.get("k");
  const stats: StoreStats = store.stats();
  await store.close();
  return (value?.length ?? 0) + stats.vlogSize;
}

export async function useEncryption(): Promise<boolean> {
  const encryption: EncryptionOptions = { key: new Uint8Array(32) };
  const store = await Store.open({ path: "./data", encryption });
  await store.rotateDataKey();
  await store.close();
  return (await Store.verify("./data", { encryption })).isSound;
}

export async function usePlugin(): Promise<Hono> {
  const badger = await Badger.start({ path: "./data" });
  kv.getStore("badger");
  filter.getFilter("badger");
  const app = new Hono();
  app.get("/badger/stats", badgerStats(badger));
  app.route("/", badgerApp(badger));
  return app;
}

export function codeOf(error: unknown): string | undefined {
  // @ts-expect-error: an unknown error has no code before it is narrowed
  error.code;
  return error instanceof StoreError ? error.code : undefined;
}

/**
 * A TypeScript user of the packed artefact: compiled by `tsc`, never run. It fails to
 * compile when a public type got lost on the way.
 */
import {
  type EncryptionOptions,
  logTapeEvents,
  Store,
  StoreError,
  type StoreEvent,
  type StoreStats,
} from "@sett/badger";
import {
  type Collection,
  collection,
  type StandardSchema,
} from "@sett/badger/cbor";
import { badgerApp, badgerStats } from "@sett/badger/hono";
import { type Plan, plan } from "@sett/badger/plan";
import { eventSpans, traceCall, traceKv } from "@sett/badger/otel";
import { Badger, filter, kv } from "@sett/badger/plugin";
import {
  type RedisBackend,
  type RedisConfig,
  type RedisStats,
  startBackend,
  TieredBackend,
} from "@sett/badger/redis";
import { Hono } from "hono";

export async function useStore(): Promise<number> {
  const store: Store = await Store.open({ path: "./data", syncWrites: true });
  await store.set("k", new Uint8Array(3), { expireIn: 60_000 });
  const value: Uint8Array | undefined = await store.get("k");
  const stats: StoreStats = store.stats();
  await store.close();
  return (value?.length ?? 0) + stats.vlogSize;
}

export function usePlan(): number {
  const planned: Plan = plan({ keys: 1_000_000, valueSize: 100 });
  return planned.memory.total + planned.disk.peak;
}

export async function useEvents(): Promise<number> {
  let bytesCut = 0;
  const onEvent = (event: StoreEvent) => {
    if (event.type === "recovery") bytesCut += event.bytesCut;
    // @ts-expect-error: the other kinds have no such field
    else bytesCut += event.lostBytes;
  };
  await (await Store.open({ path: "./data", onEvent })).close();
  const log = logTapeEvents(console);
  await using _badger = await Badger.start({}, {
    onEvent: (event) => event.bucket === "users" && log(event),
  });
  return bytesCut;
}

export async function useSpans(store: Store): Promise<boolean> {
  const traced = await Store.open({ path: "./data", onEvent: eventSpans() });
  await traceCall("set", () => store.set("k", "v"), { bucket: "users" });
  const size: number = traceCall("size", () => traced.size);
  return size > 0 && await traceKv(kv.getStore()).existsKey("users", "k");
}

export async function useEncryption(): Promise<boolean> {
  const encryption: EncryptionOptions = { key: new Uint8Array(32) };
  const store = await Store.open({ path: "./data", encryption });
  await store.rotateDataKey();
  await store.close();
  return (await Store.verify("./data", { encryption })).isSound;
}

export async function useCollection(
  store: Store,
  schema: StandardSchema<{ age: string }, { age: number; tags: string[] }>,
): Promise<number | undefined> {
  const typed = collection(store, "users", {
    schema,
    indexes: {
      age: (user) => user.age,
      tags: { values: (user) => user.tags },
    },
  });
  await typed.set("1", { age: "36" });
  // @ts-expect-error: the schema takes text
  await typed.set("1", { age: 36 });
  // @ts-expect-error: the index is of numbers
  await typed.findBy("age", "36");
  // @ts-expect-error: there is no such index
  await typed.findBy("name", "x");
  for await (const { id, value } of typed.listBy("tags", { value: "x" })) {
    const both: [string, number] = [id, value.age];
    if (both[1] === 0) break;
  }
  const plain: Collection<{ n: number }, { n: number }, [string, number]> =
    collection<{ n: number }, [string, number]>(store, "plain", {
      indexes: { n: (item) => item.n },
    });
  return (await plain.get(["a", 1]))?.n;
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

export async function useBackend(redis: RedisConfig): Promise<number> {
  const config = { kv: { backend: "redis" as const, redis } };
  const backend: Badger | RedisBackend | TieredBackend = await startBackend(
    config,
  );
  if (backend instanceof Badger) return backend.stats().numReads;
  if (backend instanceof TieredBackend) return backend.stats().hits;
  await backend.kvStore.addValues("users", [["ada", "Ada"]]);
  const value: Uint8Array | undefined = await backend.kvStore
    .getValue("users", "ada");
  // @ts-expect-error: a value is text or bytes
  await backend.kvStore.addValue("users", "ada", 36);
  const stats: RedisStats = backend.stats();
  await backend.close();
  return (value?.length ?? 0) + stats.retries + stats.losses;
}

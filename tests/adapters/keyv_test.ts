/**
 * The storage adapter under a real Keyv. `deno task test:suites` runs Keyv's own suite.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Store, StoreClosedError } from "@sett/badger";
import { KeyvSett } from "@sett/badger/keyv";
import Keyv, { type KeyvStoreAdapter } from "keyv";
import { tempDir } from "../support/temp.ts";

/** A key space that fails to read. */
async function closedStore(): Promise<Store> {
  const store = await Store.open({ memoryMode: true });
  await store.close();
  return store;
}

Deno.test("keyv: is what the types of Keyv ask for", async () => {
  await using store = await Store.open({ memoryMode: true });
  const adapter: KeyvStoreAdapter = new KeyvSett(store);
  assertEquals(await adapter.get("nothing"), undefined);
});

Deno.test("keyv: values of all kinds come back, also with a namespace each", async () => {
  await using store = await Store.open({ memoryMode: true });
  const users = new Keyv({ store: new KeyvSett(store), namespace: "users" });
  const cache = new Keyv({ store: new KeyvSett(store), namespace: "cache" });
  for (const value of [0, "", false, null, [1, { a: "ü" }], "text"]) {
    assertEquals(await users.set("key", value), true);
    assertEquals(await users.get("key"), value);
    assertEquals(await cache.get("key"), undefined);
  }
  assert(store.has("users:key"));
  await cache.set("other", 1);
  await users.clear();
  assertEquals(await users.has("key"), false);
  assertEquals(await cache.has("other"), true);
});

Deno.test("keyv: a namespace that begins with another one's name is its own", async () => {
  await using store = await Store.open({ memoryMode: true });
  const names = ["a", "ab", "a:b"];
  const keyvs = names.map((namespace) =>
    new Keyv({ store: new KeyvSett(store), namespace })
  );
  for (const keyv of keyvs) await keyv.set("key", keyv.namespace);
  await keyvs[1]!.clear();
  assertEquals(
    await Promise.all(keyvs.map((keyv) => keyv.get("key"))),
    ["a", undefined, "a:b"],
  );
});

Deno.test("keyv: what has expired is gone from the store too", async () => {
  await using store = await Store.open({ memoryMode: true });
  const keyv = new Keyv({ store: new KeyvSett(store) });
  await keyv.set("short", 1, 20);
  await keyv.set("long", 1, 60_000);
  await keyv.set("default", 1);
  await keyv.set("over", 1);
  await keyv.set("over", 2, -1);
  assertEquals(await keyv.get("over"), undefined);
  const { expiresAt } = store.getEntry("keyv:long");
  assert(expiresAt! > Date.now() && expiresAt! <= Date.now() + 60_000);
  assertEquals(store.getEntry("keyv:default").expiresAt, undefined);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(store.has("keyv:short"), false);
  assertEquals(await keyv.get(["short", "long"]), [undefined, 1]);
});

Deno.test("keyv: several keys at once", async () => {
  await using store = await Store.open({ memoryMode: true });
  const keyv = new Keyv({ store: new KeyvSett(store) });
  const entries = [
    { key: "a", value: 1 },
    { key: "b", value: 2, ttl: 60_000 },
    { key: "c", value: 3 },
  ];
  assertEquals(await keyv.setMany(entries), [true, true, true]);
  assert(store.getEntry("keyv:b").expiresAt !== undefined);
  assertEquals(await keyv.getMany(["c", "x", "a"]), [3, undefined, 1]);
  assertEquals(await keyv.hasMany(["c", "x"]), [true, false]);
  assertEquals(await keyv.deleteMany(["a", "x"]), false);
  assertEquals(await keyv.deleteMany(["b", "c"]), true);
  assertEquals(store.size, 0);
});

Deno.test("keyv: iterates over a namespace as of one moment", async () => {
  await using store = await Store.open({ memoryMode: true });
  const keyv = new Keyv({ store: new KeyvSett(store), namespace: "n" });
  await new Keyv({ store: new KeyvSett(store), namespace: "nn" }).set("z", 0);
  for (const key of ["b", "a", "c"]) await keyv.set(key, key.toUpperCase());
  const seen: [string, string][] = [];
  for await (const entry of keyv.iterator!("n")) {
    if (seen.length === 0) await keyv.delete("c");
    seen.push(entry);
  }
  assertEquals(seen, [["a", "A"], ["b", "B"], ["c", "C"]]);
});

Deno.test("keyv: opens a store at the first call, and closes it", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const adapter = new KeyvSett(path, { bucket: "cache" });
  const keyv = new Keyv({ store: adapter });
  await keyv.set("key", 1);
  assert((await adapter.space()).has("keyv:key"));
  await keyv.disconnect();
  await keyv.disconnect();
  await assertRejects(() => adapter.get("key"), StoreClosedError);

  await using store = await Store.open(path);
  const shared = new KeyvSett(store.bucket("cache"));
  const again = new Keyv({ store: shared });
  assertEquals(await again.get("key"), 1);
  await again.disconnect();
  assertEquals(store.status, "open");
});

Deno.test("keyv: a store that could not be opened is tried again", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const holder = await Store.open(path);
  const keyv = new Keyv({
    store: new KeyvSett(path),
    throwOnErrors: true,
  });
  await assertRejects(() => keyv.set("key", 1), Error, "Cannot");
  await holder.close();
  assertEquals(await keyv.set("key", 1), true);
  await keyv.disconnect();
});

Deno.test("keyv: errors reach those who listen, a failed read too", async () => {
  const keyv = new Keyv({ store: new KeyvSett(await closedStore()) });
  const errors: unknown[] = [];
  keyv.on("error", (error) => errors.push(error));
  assertEquals(await keyv.get("key"), undefined);
  assertEquals(await keyv.set("key", 1), false);
  assertEquals(await keyv.delete("key"), false);
  assertEquals(errors.length, 3);
  assert(errors.every((error) => error instanceof StoreClosedError));
});

Deno.test("keyv: what was not serialized is refused, and nothing of its list is set", async () => {
  await using store = await Store.open({ memoryMode: true });
  const adapter = new KeyvSett(store);
  await assertRejects(() => adapter.set("key", { a: 1 }), TypeError);
  const entries = [{ key: "a", value: "1" }, { key: "b", value: 2 }];
  await assertRejects(() => adapter.setMany(entries), TypeError);
  assertEquals(store.size, 0);
});

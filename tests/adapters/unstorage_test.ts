/**
 * The driver under a real unstorage, whose own suite for drivers is not published.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Store, StoreClosedError } from "@sett/badger";
import settDriver, { type SettDriverOptions } from "@sett/badger/unstorage";
import {
  createStorage,
  type Driver,
  prefixStorage,
  restoreSnapshot,
  snapshot,
  type Storage,
} from "unstorage";
import { tempDir } from "../support/temp.ts";

/** A storage over a store of its own, or over what `options` say. */
async function storageOver(
  options: Partial<SettDriverOptions> = {},
): Promise<{ storage: Storage; store: Store } & AsyncDisposable> {
  const store = await Store.open({ memoryMode: true });
  const storage = createStorage({
    driver: settDriver({ store, ...options }),
  });
  return {
    storage,
    store,
    async [Symbol.asyncDispose]() {
      await storage.unwatch();
      await storage.dispose();
      await store.close();
    },
  };
}

Deno.test("unstorage: is what the types of unstorage ask for", () => {
  const driver: Driver = settDriver({ memoryMode: true });
  assertEquals(driver.name, "sett");
});

Deno.test("unstorage: items of all kinds come back", async () => {
  await using over = await storageOver();
  const { storage } = over;
  assertEquals(await storage.hasItem("a:b"), false);
  assertEquals(await storage.getItem("a:b"), null);
  assertEquals(await storage.getItemRaw("a:b"), null);
  for (const value of [0, false, "", "text ü", [1], { a: { b: null } }]) {
    await storage.setItem("a:b", value);
    assertEquals(await storage.getItem("a:b"), value);
    assertEquals(await storage.hasItem("/a/b?q=1"), true);
  }
  await storage.removeItem("a:b");
  assertEquals(await storage.hasItem("a:b"), false);
  assertEquals(await storage.getItem("a:b"), null);
});

Deno.test("unstorage: raw values are bytes", async () => {
  await using over = await storageOver();
  const { storage } = over;
  const bytes = Uint8Array.of(0, 255, 7);
  const words = new Uint16Array([1, 2, 3]).subarray(1);
  for (
    const [value, expected] of [
      [bytes, bytes],
      [bytes.buffer, bytes],
      [words, new Uint8Array(words.buffer, 2)],
      ["ü", new TextEncoder().encode("ü")],
    ]
  ) {
    await storage.setItemRaw("raw", value);
    assertEquals(await storage.getItemRaw("raw"), expected);
  }
  await assertRejects(() => storage.setItemRaw("raw", { a: 1 }), TypeError);
});

Deno.test("unstorage: keys below a base, and to a depth", async () => {
  await using over = await storageOver();
  const { storage } = over;
  for (const key of ["b:2", "a:1:x", "a:1", "ab:1", "c"]) {
    await storage.setItem(key, key);
  }
  assertEquals(await storage.getKeys(), ["a:1", "a:1:x", "ab:1", "b:2", "c"]);
  assertEquals(await storage.getKeys("a"), ["a:1", "a:1:x"]);
  assertEquals(await storage.getKeys("", { maxDepth: 0 }), ["c"]);
  assertEquals(await storage.getKeys("a", { maxDepth: 1 }), ["a:1"]);
  // The storage clears a base only where a driver is mounted at it.
  await storage.getMount().driver.clear!("a:", {});
  assertEquals(await storage.getKeys(), ["ab:1", "b:2", "c"]);
  const prefixed = prefixStorage(storage, "b");
  assertEquals(await prefixed.getKeys(), ["2"]);
  await storage.clear();
  assertEquals(await storage.getKeys(), []);
  await storage.clear();
});

Deno.test("unstorage: several items at once, all or none", async () => {
  await using over = await storageOver();
  const { storage, store } = over;
  await storage.setItems([
    { key: "a", value: 1 },
    { key: "b", value: 2, options: { ttl: 60 } },
  ]);
  assertEquals(await storage.getItems(["b", "x", { key: "a" }]), [
    { key: "b", value: 2 },
    { key: "x", value: null },
    { key: "a", value: 1 },
  ]);
  assert(store.getEntry("b").expiresAt !== undefined);
  await assertRejects(() =>
    storage.setItems([
      { key: "c", value: 1 },
      { key: "d", value: 1, options: { ttl: NaN } },
    ]), RangeError);
  assertEquals(await storage.getKeys(), ["a", "b"]);
});

Deno.test("unstorage: items expire, and meta tells when", async () => {
  await using over = await storageOver({ ttl: 60 });
  const { storage, store } = over;
  await storage.setItem("default", "123");
  await storage.setItem("short", 1, { ttl: 0.02 });
  await storage.setItem("forever", 1, { ttl: 0 });
  await storage.setItemRaw("raw", Uint8Array.of(1), { ttl: 30 });
  const meta = await storage.getMeta("default");
  assertEquals([meta.size, meta.ttl], [3, 60]);
  assertEquals(meta.versionstamp, store.getEntry("default").versionstamp);
  assertEquals((await storage.getMeta("raw")).ttl, 30);
  const forever = await storage.getMeta("forever");
  assertEquals([forever.ttl, forever.expires], [undefined, undefined]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(await storage.getKeys(), ["default", "forever", "raw"]);
  assertEquals({ ...await storage.getMeta("short") }, {});
});

Deno.test("unstorage: meta of one's own goes beside, and with the item", async () => {
  await using over = await storageOver();
  const { storage } = over;
  await storage.setItem("a", "1");
  await storage.setMeta("a", { owner: "ada", mtime: new Date(5) });
  const meta = await storage.getMeta("a");
  assertEquals([meta.owner, meta.mtime, meta.size], ["ada", new Date(5), 1]);
  assertEquals(await storage.getKeys(), ["a"]);
  await storage.removeItem("a", { removeMeta: true });
  assertEquals({ ...await storage.getMeta("a") }, {});
});

Deno.test("unstorage: watching tells of every change, whoever makes it", async () => {
  await using over = await storageOver({ bucket: "items" });
  const { storage, store } = over;
  const told: string[] = [];
  let expected = 3;
  const { promise, resolve } = Promise.withResolvers<void>();
  const unwatch = await storage.watch((event, key) => {
    told.push(`${event} ${key}`);
    if (told.length === expected) resolve();
  });
  await storage.setItem("a:b", 1);
  await store.set("elsewhere", "1");
  await store.bucket("items").set("c", "1");
  await storage.removeItem("a:b");
  await promise;
  assertEquals(told, ["update a:b", "update c", "remove a:b"]);
  expected = Infinity;
  await unwatch();
  await storage.setItem("d", 1);
  await store.flush();
  assertEquals(told.length, 3);
});

Deno.test("unstorage: what ends a watch is thrown where it is stopped", async () => {
  await using store = await Store.open({ memoryMode: true });
  const driver = settDriver(store);
  const told = Promise.withResolvers<void>();
  const stop = await driver.watch(() => {
    told.resolve();
    throw new RangeError("the listener fails");
  });
  await store.set("a", "1");
  await told.promise;
  // Longer than an error that nobody handles would need to end the process.
  await new Promise((resolve) => setTimeout(resolve, 10));
  await assertRejects(stop, RangeError, "the listener fails");
  await driver.dispose();
});

Deno.test("unstorage: snapshots go in and out, and drivers are mounted", async () => {
  await using over = await storageOver();
  const { storage, store } = over;
  const cache = settDriver(store.bucket("cache"));
  storage.mount("cache", cache);
  await restoreSnapshot(storage, { "a": "1", "cache:b": "2" });
  assertEquals(store.bucket("cache").has("b"), true);
  const kept: Record<string, unknown> = await snapshot(storage, "");
  assertEquals(kept, { "a": 1, "cache:b": 2 });
});

Deno.test("unstorage: opens a store at the first call, and closes it", async () => {
  await using directory = tempDir();
  const driver = settDriver(directory.path);
  const storage = createStorage({ driver });
  await storage.setItem("a", 1);
  assertEquals((await driver.getInstance()).has("a"), true);
  await driver.dispose();
  await storage.dispose();
  await assertRejects(() => storage.getItem("a"), StoreClosedError);

  await using store = await Store.open(directory.path);
  const shared = createStorage({ driver: settDriver(store) });
  assertEquals(await shared.getItem("a"), 1);
  await shared.dispose();
  assertEquals(store.status, "open");
});

/**
 * What a user does with each adapter, on whatever runtime this is: over a path that the
 * adapter opens and closes, in the directory that is named.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { Store } from "@sett/badger";
import { KeyvSett } from "@sett/badger/keyv";
import { SettLevel } from "@sett/badger/level";
import settDriver from "@sett/badger/unstorage";

// These are installed or copied beside the packed artefact, and nowhere else.
const load = (name) => import(name);
const { default: Keyv } = await load("keyv");
const { createStorage } = await load("unstorage");
const { check, report } = await load("./checks.mjs");

const path = process.argv[2];
const wait = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

await check("level: a database with a sublevel", async () => {
  const db = new SettLevel(path, { bucket: "level", valueEncoding: "json" });
  await db.put("ada", { age: 36 });
  await db.sublevel("cities").put("london", "uk");
  await db.batch().put("grace", { age: 85 }).del("ada").write({ sync: true });
  assert.deepEqual(await db.keys({ gte: "a" }).all(), ["grace"]);
  assert.deepEqual(
    await db.sublevel("cities").iterator().all(),
    [["london", "uk"]],
  );
  await db.close();
  await db.open();
  assert.deepEqual(db.getSync("grace"), { age: 85 });
  await db.close();
});

await check("keyv: values with a time to live", async () => {
  const keyv = new Keyv({ store: new KeyvSett(path, { bucket: "keyv" }) });
  await keyv.set("long", { a: [1] }, 60_000);
  await keyv.set("short", 1, 20);
  await wait(30);
  assert.deepEqual(await keyv.get(["long", "short"]), [{ a: [1] }, undefined]);
  await keyv.disconnect();
});

await check("unstorage: items, raw values and changes", async () => {
  const driver = settDriver({ store: path, bucket: "unstorage" });
  const storage = createStorage({ driver });
  let tell;
  const told = new Promise((resolve) => tell = resolve);
  const unwatch = await storage.watch((...event) => tell(event));
  await storage.setItemRaw("a:b", Uint8Array.of(1, 255), { ttl: 60 });
  assert.deepEqual(await told, ["update", "a:b"]);
  await unwatch();
  assert.deepEqual([...await storage.getItemRaw("a:b")], [1, 255]);
  assert.deepEqual(await storage.getKeys("a"), ["a:b"]);
  assert.equal((await storage.getMeta("a:b")).ttl, 60);
  await storage.dispose();
});

await check("all of it is in one store afterwards", async () => {
  const store = await Store.open(path);
  assert.equal(store.bucket("level").has("grace"), true);
  assert.equal(store.bucket("keyv").has("keyv:long"), true);
  assert.equal(store.bucket("unstorage").has("a:b"), true);
  await store.close();
});

report();

/** Expiry: a key is gone for readers when its time is up, also after a reopen. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/ttl";
await emptyDir(path);
const wait = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

{
  await using store = await Store.open(path);
  await store.set("session/short", "x", { expireIn: 200 });
  await store.set("session/long", "x", { expireIn: 60_000 });
  await store.set("session/renewed", "x", { expireIn: 200 });
  await store.set("session/renewed", "x", { expireIn: 60_000 });
  await store.set("settings", "x");
  console.log(`before: ${store.size} keys`);
  assertEquals(store.size, 4);

  await wait(250);
  assertEquals(store.has("session/short"), false);
  assertEquals(store.has("session/renewed"), true);
  console.log(`after 250 ms: ${store.size} keys`);
  assertEquals(store.size, 3);

  // What expired is garbage: it counts as dead bytes, and GC removes it.
  const { expired } = store.stats().performance;
  console.log(`${expired} key expired, ${store.stats().deadBytes} dead bytes`);
  assertEquals(expired, 1);
}

await using store = await Store.open(path);
assertEquals(store.has("session/short"), false);
assertEquals(store.has("session/long"), true);
console.log(`reopened: ${store.size} keys`);

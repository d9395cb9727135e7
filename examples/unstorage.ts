/** unstorage: items, raw values, times to live, changes and mounts over one store. */
import { Store } from "@sett/badger";
import settDriver from "@sett/badger/unstorage";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";
import { createStorage } from "unstorage";

const path = ".tmp/examples/unstorage";
await emptyDir(path);
await using store = await Store.open(path);

const storage = createStorage({ driver: settDriver(store) });
// A bucket as a mount: sessions that live an hour, apart from all else.
storage.mount(
  "sessions",
  settDriver({ store: store.bucket("sessions"), ttl: 3600 }),
);

await storage.setItem("users:ada", { age: 36 });
await storage.setItemRaw("files:logo", Uint8Array.of(0x89, 0x50));
await storage.setItem("sessions:1", { user: "ada" });

console.log("keys:", await storage.getKeys());
assertEquals(await storage.getItem("users:ada"), { age: 36 });
assertEquals(await storage.getKeys("sessions"), ["sessions:1"]);
const { ttl, size } = await storage.getMeta("sessions:1");
console.log(`the session has ${size} bytes and ${ttl} seconds left`);
assertEquals(ttl, 3600);

// Changes are told of whoever makes them, also past the storage.
const { promise, resolve } = Promise.withResolvers<string>();
const unwatch = await storage.watch((event, key) => resolve(`${event} ${key}`));
await store.bucket("sessions").delete("1");
console.log("told:", await promise);
assertEquals(await promise, "remove sessions:1");
await unwatch();
await storage.dispose();

/** Keyv: caches with namespaces and times to live, kept in one store. */
import { Store } from "@sett/badger";
import { KeyvSett } from "@sett/badger/keyv";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";
import Keyv from "keyv";

const path = ".tmp/examples/keyv";
await emptyDir(path);

{
  // Each Keyv has an adapter of its own; they may share a store that is open.
  await using store = await Store.open(path);
  const pages = new Keyv({ store: new KeyvSett(store), namespace: "pages" });
  const users = new Keyv({ store: new KeyvSett(store), namespace: "users" });

  await pages.set("/", { title: "Start" }, 60_000);
  await pages.set("/old", { title: "Gone soon" }, 50);
  await users.setMany([
    { key: "ada", value: { age: 36 } },
    { key: "grace", value: { age: 85 } },
  ]);
  assertEquals(await pages.has("ada"), false);

  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(await pages.get("/old"), undefined);
  console.log(`${store.size} keys: what has expired is gone from the store`);
  assertEquals(store.size, 3);

  await pages.clear();
  assertEquals(store.size, 2);
}

// Over a path, the adapter opens the store itself and closes it at the end.
const users = new Keyv({ store: new KeyvSett(path), namespace: "users" });
const names: string[] = [];
for await (const [name, { age }] of users.iterator!("users")) {
  names.push(`${name} (${age})`);
}
console.log(names.join(", "));
assertEquals(names, ["ada (36)", "grace (85)"]);
await users.disconnect();

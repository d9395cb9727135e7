/** Buckets: key spaces in one store whose keys never meet. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/buckets";
await emptyDir(path);
await using store = await Store.open(path);

const users = store.bucket("users");
const orders = store.bucket("orders");
await users.set("1", "Ada");
await orders.set("1", "two oranges");
await store.set("1", "in no bucket");

// No separator can be smuggled in: the bucket's name is stored with its length.
await store.bucket("a,b").set("c", "left");
await store.bucket("a").set("b,c", "right");

const decoder = new TextDecoder();
const read = (value: Uint8Array | undefined) => decoder.decode(value);
console.log("users/1:", read(users.getSync("1")));
console.log("orders/1:", read(orders.getSync("1")));
assertEquals(read(store.getSync("1")), "in no bucket");
assertEquals(read(store.bucket("a,b").getSync("c")), "left");
assertEquals(read(store.bucket("a").getSync("b,c")), "right");

// One batch can write to several buckets.
await store.batch()
  .set("2", "Grace", { bucket: "users" })
  .set("2", "a lemon", { bucket: "orders" })
  .delete("1", { bucket: "orders" })
  .commit();

for (const bucket of [users, orders]) {
  const keys: string[] = [];
  for await (const [key] of bucket.list({ keysOnly: true })) {
    keys.push(decoder.decode(key));
  }
  console.log(`${bucket.name}: keys ${keys.join(", ")}`);
}
assertEquals(store.size, 6);

/** Batches: operations that take effect together or, after a crash, not at all. */
import { Store, StoreError } from "@sett/badger";
import { assertEquals, assertRejects } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/batch";
await emptyDir(path);
await using store = await Store.open({
  path,
  syncWrites: true,
  valueLogMaxEntries: 1000,
});

const balance = (name: string) =>
  Number(new TextDecoder().decode(store.getSync(name)));

async function transfer(from: string, to: string, amount: number) {
  await store.batch()
    .set(from, String(balance(from) - amount))
    .set(to, String(balance(to) + amount))
    .set(`log/${crypto.randomUUID()}`, `${from} ${to} ${amount}`)
    .commit();
}

await store.batch().set("ada", "100").set("grace", "0").commit();
for (let i = 0; i < 10; i++) await transfer("ada", "grace", 7);
console.log(`ada ${balance("ada")}, grace ${balance("grace")}`);
assertEquals(balance("ada") + balance("grace"), 100);

// A batch that cannot fit in one segment is refused whole, and is still there.
const large = store.batch();
for (let i = 0; i <= 1000; i++) large.set(`row/${i}`, "x");
const error = await assertRejects(() => large.commit(), StoreError);
console.log(`${error.code}: ${large.length} operations, none written`);
assertEquals(store.has("row/0"), false);

const { performance, numWrites } = store.stats();
console.log(`${numWrites} writes, ${performance.syncs} syncs`);

/** Snapshots: a report over one moment, while others go on writing. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/snapshots";
await emptyDir(path);
await using store = await Store.open(path);
const number = (value?: Uint8Array) => Number(new TextDecoder().decode(value));

for (let i = 0; i < 100; i++) await store.set(`account/${i}`, "10");

{
  using snapshot = store.snapshot();
  // Money moves, accounts are closed, garbage is collected.
  for (let i = 0; i < 100; i += 2) {
    await store.batch()
      .delete(`account/${i}`)
      .set(`account/${i + 1}`, "20")
      .commit();
  }
  await store.gc({ discardRatio: 0.1 });

  let sum = 0;
  let accounts = 0;
  for await (const [, value] of snapshot.list({ prefix: "account/" })) {
    sum += number(value);
    accounts++;
  }
  console.log(`at the moment: ${accounts} accounts with ${sum}`);
  assertEquals([accounts, sum], [100, 1000]);
  assertEquals(number(snapshot.getSync("account/0")), 10);

  const { count, notes } = store.stats().snapshots;
  console.log(`${count} snapshot, ${notes} keys changed since`);
  assertEquals([count, notes], [1, 100]);
}

console.log(`now: ${await store.count({ prefix: "account/" })} accounts`);
assertEquals(await store.count({ prefix: "account/" }), 50);
assertEquals(store.stats().snapshots.count, 0);

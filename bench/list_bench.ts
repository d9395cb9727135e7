/** Ranges, atomic operations and transactions over 100,000 keys, values of 100 bytes. */
import { KEY_COUNT, keys, openFull, scattered, value } from "./support.ts";

const next = scattered();
const store = await openFull("ranges");
// The order of the keys is made by the first list.
for (const _ of store.listSync({ limit: 1 }));

Deno.bench("listSync: a page of 100 from anywhere", () => {
  for (const _ of store.listSync({ start: keys[next()]!, limit: 100 }));
});
Deno.bench("listSync: a page of 100 keys", () => {
  const options = { start: keys[next()]!, limit: 100, keysOnly: true } as const;
  for (const _ of store.listSync(options));
});
Deno.bench("list: a page of 100 from anywhere", async () => {
  const page = store.list({ start: keys[next()]!, limit: 100 });
  for await (const _ of page);
});
Deno.bench(
  `count: all ${KEY_COUNT} keys`,
  async () => void await store.count(),
);
Deno.bench("snapshot: taken and closed", () => store.snapshot().close());
Deno.bench("atomic: check and set", async () => {
  const key = keys[next()]!;
  await store.atomic().check(store.getEntry(key)).set(key, value).commit();
});
Deno.bench(
  "increment",
  async () => void await store.increment(`counter/${next()}`),
);
Deno.bench("transaction: one read, one write", async () => {
  const key = keys[next()]!;
  await store.transaction((tx) => void tx.set(key, tx.get(key)!));
});

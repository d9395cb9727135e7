/**
 * The keys with the largest values: exact, whatever else goes on, and in slices.
 */
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { StoreClosedError } from "../../src/errors.ts";
import type { LargeKey } from "../../src/store/largest.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { tempDir } from "../support/temp.ts";

function show(entries: LargeKey[]): [string | undefined, string, number][] {
  return entries.map(({ bucket, key, valueBytes }) => [
    bucket,
    new TextDecoder().decode(key),
    valueBytes,
  ]);
}

function fill(store: Store, count: number): void {
  for (let i = 0; i < count; i++) {
    store.setSync(`key ${i}`, new Uint8Array((i * 7919) % 1000));
  }
}

Deno.test("largest: of all key spaces, the largest first", async () => {
  await using store = await Store.open({ memoryMode: true });
  assertEquals(await store.largest(5), []);
  const long = "n".repeat(1000);
  store.setSync("a", "1234");
  store.setSync("b", "");
  store.bucket("").setSync("c", "123");
  store.bucket("\ufeffé").setSync("d", "12345");
  store.bucket(long).setSync("e", "123456");
  store.setSync("gone", "1234567890");
  store.deleteSync("gone");
  assertEquals(show(await store.largest(9)), [
    [long, "e", 6],
    ["\ufeffé", "d", 5],
    [undefined, "a", 4],
    ["", "c", 3],
    [undefined, "b", 0],
  ]);
  assertEquals((await store.largest(2)).length, 2);
  assertEquals(await store.largest(0), []);
});

Deno.test("largest: the sizes are those of the values, marked, expiring and from file", async () => {
  await using directory = tempDir();
  for (const syncWrites of [false, true]) {
    const options = {
      path: `${directory.path}/${syncWrites}`,
      memTableSize: 65_536,
      valueThreshold: 20_000,
      syncWrites,
    };
    await using store = await Store.open(options);
    const expected: number[] = [];
    for (let i = 0; i < 60; i++) {
      const bytes = i * 500;
      expected.unshift(bytes);
      await store.set(
        `key ${i}`,
        new Uint8Array(bytes),
        i % 3 === 0 ? { expireIn: 600_000 } : {},
      );
    }
    const sizes = (entries: LargeKey[]) =>
      entries.map(({ valueBytes }) => valueBytes);
    assertEquals(sizes(await store.largest(60)), expected);
    await store.close();
    await using again = await Store.open(options);
    assertEquals(sizes(await again.largest(60)), expected);
  }
});

Deno.test("largest: in slices, exact while the index grows, and bounded", async () => {
  await using store = await Store.open({ memoryMode: true });
  fill(store, 200_000);
  let turns = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 100; i++) store.setSync(`new ${turns} ${i}`, "");
    turns++;
  }, 1);
  const largest = await store.largest(1000);
  clearInterval(timer);
  assertGreater(turns, 1);
  assertEquals(new Set(show(largest).map(([, key]) => key)).size, 1000);
  // 200 keys have each of the 1000 sizes.
  assertEquals(
    largest.map(({ valueBytes }) => valueBytes),
    Array.from({ length: 1000 }, (_, i) => 999 - Math.floor(i / 200)),
  );
});

Deno.test("largest: ends with its signal, and with its store", async () => {
  const host = new FixedHost();
  // Else a fast machine is done within the first slice.
  host.shouldBreathe = () => true;
  const store = new Store(openEngine({ path: "/largest" }, host));
  fill(store, 10_000);
  const controller = new AbortController();
  const search = store.largest(10, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => search, Error, "enough");
  await assertRejects(
    () => store.largest(10, { signal: AbortSignal.abort() }),
    DOMException,
  );
  const other = store.largest(10);
  await store.close();
  await assertRejects(() => other, StoreClosedError);
  await assertRejects(() => store.largest(10), StoreClosedError);
  for (const count of [-1, 1.5, NaN]) {
    await using open = await Store.open({ memoryMode: true });
    await assertRejects(() => open.largest(count), RangeError);
  }
});

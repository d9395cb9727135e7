/** A full disk at every stage: nothing is lost, and with space the store goes on. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";

const OPTIONS = {
  path: "/full",
  valueLogMaxEntries: 10,
  valueLogGcEnabled: false,
};

/** Enough of everything for a rotation, a collection and a close. */
async function work(store: Store): Promise<void> {
  for (let i = 0; i < 25; i++) await store.set(`key ${i % 7}`, `value ${i}`);
  await store.batch().set("a", "1").set("b", "2").delete("key 3").commit();
  await store.delete("key 1");
  await store.set("soon", "x", { expireIn: 10 });
  await store.gc({ discardRatio: 0.3 });
}

async function contentsOf(store: Store): Promise<Map<string, string>> {
  const decoder = new TextDecoder();
  const contents = new Map<string, string>();
  for await (const [key, value] of store.list()) {
    contents.set(decoder.decode(key), decoder.decode(value));
  }
  return contents;
}

Deno.test("full disk: wherever the space ends, what was acknowledged stays", async () => {
  let failures = 0;
  for (let free = 0; free < 2600; free += 37) {
    const host = new FixedHost();
    let engine = openEngine(OPTIONS, host);
    let store = new Store(engine);
    await store.set("first", "kept");
    host.files.freeBytes = free;
    try {
      await work(store);
    } catch (error) {
      assert(error instanceof StoreError, String(error));
      assertEquals(error.code, "DISK_FULL");
      failures++;
    }
    checkBooks(engine);
    // Reads go on, and so does the rest when there is space again.
    const before = await contentsOf(store);
    assertEquals(before.get("first"), "kept");
    host.files.freeBytes = Infinity;
    assertEquals(await contentsOf(store), before);
    await store.set("later", "written");
    await store.gc({ discardRatio: 0.3 });
    checkBooks(engine);
    const expected = new Map(before).set("later", "written");
    expected.delete("soon");
    await host.advance(1000);
    const found = await contentsOf(store);
    assertEquals([...found].toSorted(), [...expected].toSorted());
    // The same after a crash.
    engine = openEngine(OPTIONS, host.afterKill(OPTIONS.path));
    store = new Store(engine);
    assertEquals(engine.recovery.bytesCut, 0, `with ${free} bytes`);
    assertEquals(
      [...await contentsOf(store)].toSorted(),
      [...expected].toSorted(),
    );
    await store.close();
  }
  assert(failures > 20, `${failures} of the disks ran full`);
});

Deno.test("full disk: a store that cannot write its snapshot closes all the same", async () => {
  const host = new FixedHost();
  const store = new Store(openEngine(OPTIONS, host));
  await store.set("k", "v");
  host.files.freeBytes = 10;
  await store.close();
  host.files.freeBytes = Infinity;
  const again = new Store(openEngine(OPTIONS, host));
  assertEquals(again.recovery.source, "log");
  assertEquals(again.has("k"), true);
  await again.close();
});

Deno.test("full disk: a delete needs a few bytes too, and says so", async () => {
  const host = new FixedHost();
  const store = new Store(openEngine(OPTIONS, host));
  await store.set("k", "v");
  host.files.freeBytes = 0;
  const error = await assertRejects(() => store.delete("k"), StoreError);
  assertEquals(error.code, "DISK_FULL");
  assertEquals(store.has("k"), true);
  host.files.freeBytes = Infinity;
  assertEquals(await store.delete("k"), true);
  await store.close();
});

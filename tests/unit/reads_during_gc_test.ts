/** Readers on disk keep what they read, though its segment is collected meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";

const OPTIONS = {
  memTableSize: 65_536,
  valueLogMaxEntries: 60,
  valueLogGcEnabled: false,
  blockCacheSize: 0,
};
const COUNT = 400;

async function overwriteAndCollect(store: Store): Promise<number> {
  for (let i = 0; i < COUNT; i++) {
    await store.set(`${1000 + i}`, `new ${i} ${"y".repeat(500)}`);
  }
  const report = await store.gc({ discardRatio: 0.1 });
  return report.segmentsRewritten;
}

Deno.test("a list reads on in segments that are collected while it goes", async () => {
  await using directory = tempDir();
  await using store = await Store.open({ ...OPTIONS, path: directory.path });
  for (let i = 0; i < COUNT; i++) {
    await store.set(`${1000 + i}`, `old ${i} ${"x".repeat(500)}`);
  }
  const lists = [store.list(), store.list()];
  let seen = 0;
  const first = (await lists[0]!.next()).value!;
  assert(new TextDecoder().decode(first[1]).startsWith("old 0 "));
  await lists[1]!.next();
  assert(await overwriteAndCollect(store) >= 6);
  for await (const [key, value] of lists[0]!) {
    seen++;
    const text = new TextDecoder().decode(value);
    assertEquals(new TextDecoder().decode(key), `${1000 + seen}`);
    assert(text.startsWith(`old ${seen} x`), text.slice(0, 20));
  }
  assertEquals(seen, COUNT - 1);
  // The last reader to leave lets the files go; nothing is left open or behind.
  await lists[1]!.return!();
  const files = [...Deno.readDirSync(directory.path)].map(({ name }) => name);
  const segments = files.filter((name) => name.endsWith(".vlog"));
  assertEquals(segments.length, store.segments().length);
});

Deno.test("large reads under way outlive the collection of their segment", async () => {
  await using directory = tempDir();
  await using store = await Store.open({ ...OPTIONS, path: directory.path });
  const large = new Uint8Array(3_000_000).map((_, i) => i * 7);
  for (let round = 0; round < 5; round++) {
    await store.set("large", large);
    await overwriteAndCollect(store);
    const reads = Array.from({ length: 8 }, () => store.get("large"));
    await store.delete("large");
    await store.gc({ discardRatio: 0.1 });
    for (const value of await Promise.all(reads)) {
      assertEquals(value?.length, large.length);
      assert(value!.every((byte, i) => byte === large[i]));
    }
    assertEquals(await store.get("large"), undefined);
  }
});

/** Copies of stores whose files are encrypted, and of values that are compressed. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Store, StoreError } from "../../mod.ts";
import type { Store as FullStore } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";
import { backUp, collect, contentsOf, streamOf } from "./support.ts";

const KEY = new Uint8Array(32).fill(9);
const SECRET = "a secret that is looked for";

async function fill(store: Store): Promise<void> {
  await store.load((function* () {
    for (let i = 0; i < 200; i++) yield [`${i}`, `${SECRET} ${i}`] as const;
  })());
  await store.delete("7");
}

/** True if a file of the directory has the secret in clear. */
function isInClear(path: string): boolean {
  const secret = new TextEncoder().encode(SECRET).join();
  return [...Deno.readDirSync(path)].some(({ name }) =>
    Deno.readFileSync(`${path}/${name}`).join().includes(secret)
  );
}

for (const memoryMode of [false, true]) {
  Deno.test(`a twin of an encrypted store is encrypted, ${memoryMode ? "out of memory" : "by links"}`, async () => {
    await using directory = tempDir();
    const path = `${directory.path}/store`;
    const twinPath = `${directory.path}/twin`;
    const encryption = { key: KEY };
    await using store = await Store.open({
      path,
      memoryMode,
      encryption,
      valueLogMaxEntries: 50,
    });
    await fill(store);
    const { linked, copied } = await store.checkpoint(twinPath);
    assertEquals(linked > 2, !memoryMode);
    assertEquals(copied > 2, memoryMode);
    assertEquals(isInClear(twinPath), false);
    await assertRejects(() => Store.open(twinPath), StoreError, "encrypted");
    await using twin = await Store.open({ path: twinPath, encryption });
    assertEquals(
      contentsOf(twin as FullStore),
      contentsOf(store as FullStore),
    );
    await twin.set("own", "x");
    const { bytes } = await backUp(store as FullStore);
    await twin.restore(streamOf(bytes));
    assertEquals(twin.size, 199);
    assertEquals(isInClear(twinPath), false);
  });
}

Deno.test("a restored store is encrypted if it is to be, and left empty if it fails", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await using store = await Store.open({ memoryMode: true });
  await fill(store);
  const { bytes } = await backUp(store as FullStore);
  const target = { path, encryption: { key: KEY } };
  await assertRejects(() =>
    Store.restore(streamOf(bytes.slice(0, -1)), target)
  );
  const left = [...Deno.readDirSync(path)].map(({ name }) => name);
  assertEquals(left.filter((name) => name !== "LOCK.os"), []);
  await Store.restore(streamOf(bytes), target);
  assertEquals(isInClear(path), false);
  await using copy = await Store.open(target);
  assertEquals(contentsOf(copy as FullStore), contentsOf(store as FullStore));
});

Deno.test("values stay compressed in backups, and are not in exports", async () => {
  const value = "words ".repeat(400);
  const compression = { compression: "deflate", memoryMode: true } as const;
  await using store = await Store.open(compression);
  await store.load([["a", value]]);
  await store.bucket("b", { compression: "none" }).load([["a", value]]);
  const { bytes } = await backUp(store as FullStore);
  assert(bytes.length > value.length && bytes.length < value.length * 1.2);
  await using copy = await Store.open({ memoryMode: true });
  await copy.restore(streamOf(bytes));
  assertEquals(
    contentsOf(copy as FullStore, ["b"]),
    contentsOf(store as FullStore, ["b"]),
  );
  const exported = collect();
  await copy.export(exported.writable, { format: "ndjson" });
  assertEquals(
    new TextDecoder().decode(exported.bytes()),
    `{"key":"a","value":"${value}"}\n`,
  );
  await using imported = await Store.open(compression);
  await imported.import(streamOf(exported.bytes()), { format: "ndjson" });
  assert(imported.stats().liveBytes < 200);
  assertEquals(
    contentsOf(imported as FullStore).get("a"),
    `${value} @0`,
  );
});

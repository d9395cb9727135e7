/** What snapshots hold on to, and what they let go. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type KeyReader, StoreClosedError, StoreError } from "../../mod.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { SimulatedHost } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";

const OPTIONS = {
  memTableSize: 65_536,
  valueLogMaxEntries: 60,
  valueLogGcEnabled: false,
  blockCacheSize: 0,
};
const COUNT = 300;

async function fill(store: Store, what: string): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    await store.set(`${1000 + i}`, `${what} ${i} ${"x".repeat(500)}`);
  }
}

function assertHolds(
  reader: Pick<KeyReader, "getSync" | "listSync">,
  what: string,
): void {
  const decoder = new TextDecoder();
  for (let i = 0; i < COUNT; i++) {
    const value = decoder.decode(reader.getSync(`${1000 + i}`));
    assert(value.startsWith(`${what} ${i} `), value.slice(0, 20));
  }
  const values = [...reader.listSync()].map(([, value]) =>
    decoder.decode(value)
  );
  assertEquals(values.length, COUNT);
  assert(values.every((value) => value.startsWith(what)));
}

Deno.test("snapshots on disk outlive overwriting, deletion and collection", async () => {
  await using directory = tempDir();
  await using store = await Store.open({ ...OPTIONS, path: directory.path });
  await fill(store, "first");
  const first = store.snapshot();
  await fill(store, "second");
  const second = store.snapshot();
  await fill(store, "third");
  const third = store.snapshot();
  assertEquals(await store.clear(), COUNT);
  // Collected until nothing is left, so the entries leave the index too.
  for (let i = 0; i < 4; i++) await store.gc({ discardRatio: 0.01 });
  assertEquals(store.size, 0);
  assertHolds(first, "first");
  assertHolds(second, "second");
  assertHolds(third, "third");
  assertEquals([...store.listSync()], []);
  assert(store.stats().snapshots.heldBytes > 3 * COUNT * 500);

  // The one in the middle leaves what the one before it needs.
  second.close();
  third.close();
  assertHolds(first, "first");
  assertThrows(
    () => second.getSync("1000"),
    StoreClosedError,
    "Cannot read a snapshot: the snapshot is closed",
  );
  first.close();
  assertEquals(store.stats().snapshots, {
    count: 0,
    oldestAge: 0,
    notes: 0,
    heldBytes: 0,
  });
});

Deno.test("what the collector merely moves is not held for a snapshot", async () => {
  await using directory = tempDir();
  await using store = await Store.open({ ...OPTIONS, path: directory.path });
  await fill(store, "old");
  for (let i = 0; i < COUNT; i += 2) await store.set(`${1000 + i}`, "new");
  using snapshot = store.snapshot();
  const report = await store.gc({ discardRatio: 0.3 });
  assert(report.segmentsRewritten >= 4 && report.bytesRewritten > 0);
  const { notes, heldBytes, count } = store.stats().snapshots;
  assertEquals({ notes, heldBytes, count }, {
    notes: 0,
    heldBytes: 0,
    count: 1,
  });
  assertEquals(new TextDecoder().decode(snapshot.getSync("1000")), "new");
  assert(new TextDecoder().decode(snapshot.getSync("1001")).startsWith("old"));
});

Deno.test("a snapshot ends with its store", async () => {
  const store = await Store.open({ memoryMode: true });
  await store.set("key", "value");
  const snapshot = store.snapshot();
  const list = snapshot.list();
  await list.next();
  await store.close();
  assertThrows(() => snapshot.has("key"), StoreClosedError);
  snapshot.close();
  snapshot.close();
});

Deno.test("clear with other snapshots about leaves them what they had", async () => {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, "kept");
  using snapshot = store.snapshot();
  await store.clear();
  assertHolds(snapshot, "kept");
});

Deno.test("clear leaves what is set while it goes", async () => {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, "old");
  const cleared = store.clear();
  store.setSync("1299", "new");
  store.setSync("1300", "new");
  assertEquals(await cleared, COUNT - 1);
  assertEquals(
    [...store.listSync({ keysOnly: true })].map(([key]) =>
      new TextDecoder().decode(key)
    ),
    ["1299", "1300"],
  );
});

Deno.test("a snapshot shows what a collection that broke off had moved", async () => {
  const disk = new SimulatedDisk();
  const host = new SimulatedHost(1, disk);
  const engine = openEngine({
    path: "d",
    memTableSize: 65_536,
    valueLogMaxEntries: 3,
    valueLogGcEnabled: false,
    blockCacheSize: 0,
  }, host);
  const store = new Store(engine);
  await store.set("moved", "1");
  await store.set("dead", "2");
  await store.set("damaged", "3");
  await store.set("dead", "4");
  const [path] = [...disk.files().keys()].filter((name) =>
    name.endsWith("1.vlog")
  );
  const { length } = disk.files().get(path!)!;
  disk.open(path!, "write").write(new Uint8Array(1), 0, 1, length - 1);
  const snapshot = store.snapshot();
  await assertRejects(
    async () => {
      const done = store.gc({ discardRatio: 0.01 });
      while (await host.letBreathe());
      await done;
    },
    StoreError,
    "checksum",
  );
  // The copy, were it still pending, would be undone with this.
  disk.freeBytes = 10;
  await assertRejects(() => store.set("moved", "5"), StoreError);
  disk.freeBytes = Infinity;
  await store.set("other", "6");
  assertEquals(new TextDecoder().decode(snapshot.getSync("moved")), "1");
});

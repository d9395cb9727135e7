/** Keys: the right one, a wrong one, none, one too many, and new ones. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  CorruptionError,
  Store,
  StoreError,
  type StoreOptions,
} from "../../mod.ts";
import { tempDir } from "../support/temp.ts";

const newKey = () => crypto.getRandomValues(new Uint8Array(32));

function read(path: string, name: string): Uint8Array {
  return Deno.readFileSync(`${path}/${name}`);
}

/** All files by name, without those that go away by themselves. */
function filesOf(path: string): Map<string, Uint8Array> {
  return new Map(
    [...Deno.readDirSync(path)]
      .filter(({ name }) => !name.endsWith(".retired.tmp"))
      .map(({ name }) => [name, read(path, name)]),
  );
}

/** The data key that a file names. */
function dataKeyOf(path: string, name: string): number {
  return new DataView(read(path, name).buffer).getUint32(12, true);
}

async function text(store: Store, key: string): Promise<string | undefined> {
  const value = await store.get(key);
  return value && new TextDecoder().decode(value);
}

async function makeStore(options: StoreOptions): Promise<void> {
  const store = await Store.open(options);
  await store.set("a", "1");
  await store.bucket("b").set("a", "2");
  await store.close();
}

async function assertCode(
  promise: Promise<unknown>,
  code: string,
  message: string,
): Promise<void> {
  const error = await assertRejects(() => promise, StoreError, message);
  assertEquals(error.code, code);
}

Deno.test("encryption: the key opens the store, in this process and the next", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const encryption = { key: newKey() };
  await makeStore({ path, encryption });
  await using store = await Store.open({ path, encryption });
  assertEquals(store.recovery.source, "snapshot");
  assertEquals(await text(store, "a"), "1");
  assertEquals(store.size, 2);
});

Deno.test("encryption: a wrong key and no key are refused, and nothing is changed", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await makeStore({ path, encryption: { key: newKey() } });
  const before = filesOf(path);
  const wrong = { encryption: { key: newKey(), previousKeys: [newKey()] } };
  const isWrong = "the key is not the one of this store, nor is a previous key";
  const target = `${path}-copy`;
  for (let i = 0; i < 2; i++) {
    await assertCode(Store.open({ path, ...wrong }), "WRONG_KEY", isWrong);
    await assertCode(Store.verify(path, wrong), "WRONG_KEY", isWrong);
    await assertCode(
      Store.salvage(path, target, wrong),
      "WRONG_KEY",
      isWrong,
    );
    const without = "the store is encrypted and no key was given";
    for (const recovery of ["strict", "tail", "salvage"] as const) {
      await assertCode(Store.open({ path, recovery }), "ENCRYPTED", without);
    }
    await assertCode(Store.verify(path), "ENCRYPTED", without);
    await assertCode(Store.salvage(path, target), "ENCRYPTED", without);
  }
  assertEquals(filesOf(path), before);
});

Deno.test("encryption: with no segment left, no key is refused all the same", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await makeStore({ path, encryption: { key: newKey() } });
  for (const name of filesOf(path).keys()) {
    if (name !== "KEYS") Deno.removeSync(`${path}/${name}`);
  }
  await assertCode(Store.open(path), "ENCRYPTED", "no key was given");
});

Deno.test("encryption: a key for a plain store is refused, and the way out works", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/plain`;
  await makeStore({ path });
  const before = filesOf(path);
  const encryption = { key: newKey() };
  await assertCode(
    Store.open({ path, encryption }),
    "NOT_ENCRYPTED",
    "Store.salvage(path, { path: newPath, encryption })",
  );
  await assertCode(
    Store.verify(path, { encryption }),
    "NOT_ENCRYPTED",
    "the store is not encrypted",
  );
  assertEquals(filesOf(path), before);
  const newPath = `${directory.path}/encrypted`;
  const report = await Store.salvage(path, { path: newPath, encryption });
  assertEquals([report.keys, report.lost.length], [2, 0]);
  const store = await Store.open({ path: newPath, encryption });
  assertEquals(await text(store, "a"), "1");
  await store.close();
  // And back.
  const plain = `${directory.path}/plain again`;
  await Store.salvage(newPath, plain, { encryption });
  await using again = await Store.open(plain);
  assertEquals(again.size, 2);
});

Deno.test("encryption: without its file of keys a store says so", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const encryption = { key: newKey() };
  await makeStore({ path, encryption });
  const keys = read(path, "KEYS");
  Deno.removeSync(`${path}/KEYS`);
  const error = await assertRejects(
    () => Store.open({ path, encryption }),
    CorruptionError,
    "the file is missing",
  );
  assertEquals(error.path, `${path}/KEYS`);
  Deno.writeFileSync(`${path}/KEYS`, keys);
  await using store = await Store.open({ path, encryption });
  assertEquals(store.size, 2);
});

Deno.test("encryption: a new key takes the place of the old one, and only KEYS changes", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const [first, second, third] = [newKey(), newKey(), newKey()];
  await makeStore({ path, encryption: { key: first } });
  const before = filesOf(path);
  // Looking does not change anything.
  const both = { key: second, previousKeys: [third, first] };
  const report = await Store.verify(path, { encryption: both });
  assert(report.isSound);
  assertEquals(filesOf(path), before);

  const store = await Store.open({ path, encryption: both });
  assertEquals(await text(store, "a"), "1");
  await store.close();
  const after = filesOf(path);
  assertEquals([...after.keys()].sort(), [...before.keys()].sort());
  for (const [name, bytes] of after) {
    const isSame = bytes.join() === before.get(name)!.join();
    assertEquals(isSame, name !== "KEYS", name);
  }
  await assertCode(
    Store.open({ path, encryption: { key: first } }),
    "WRONG_KEY",
    "the key is not the one",
  );
  for (const previousKeys of [[first], [], [second]]) {
    const again = await Store.open({
      path,
      encryption: { key: second, previousKeys },
    });
    assertEquals(again.size, 2);
    await again.close();
    assertEquals(read(path, "KEYS"), after.get("KEYS"), "written once");
  }
});

Deno.test("encryption: a new data key is that of new files; the old ones age out", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const encryption = { key: newKey() };
  const options = { path, encryption, valueLogGcEnabled: false };
  let store = await Store.open(options);
  for (let i = 0; i < 50; i++) await store.set(`k${i}`, `first ${i}`);
  const segment = read(path, "0000000001.vlog");
  await store.rotateDataKey();
  assertEquals(read(path, "0000000001.vlog"), segment, "nothing is rewritten");
  for (let i = 0; i < 40; i++) await store.set(`k${i}`, `second ${i}`);
  assertEquals(dataKeyOf(path, "0000000001.vlog"), 1);
  assertEquals(dataKeyOf(path, "0000000002.vlog"), 2);
  await store.close();

  store = await Store.open(options);
  await store.rotateDataKey();
  await store.rotateDataKey();
  assertEquals(await text(store, "k0"), "second 0");
  assertEquals(await text(store, "k49"), "first 49");
  await store.set("k0", "third");
  const report = await store.gc({ discardRatio: 0.01 });
  assert(report.segmentsRewritten >= 2);
  const ids = [...filesOf(path).keys()]
    .filter((name) => name.endsWith(".vlog"))
    .map((name) => dataKeyOf(path, name));
  assertEquals([...new Set(ids)], [4]);
  await store.close();

  // Both kinds of rotation together: all data keys go over to the new key.
  const next = { key: newKey(), previousKeys: [encryption.key] };
  store = await Store.open({ ...options, encryption: next });
  assertEquals(await text(store, "k0"), "third");
  assertEquals(await text(store, "k45"), "first 45");
  assertEquals(store.size, 50);
  await store.close();
  assert((await Store.verify(path, { encryption: next })).isSound);
});

Deno.test("encryption: an empty active segment is under the new data key too", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const encryption = { key: newKey() };
  const options = { path, encryption, valueLogGcEnabled: false };
  let store = await Store.open(options);
  await store.rotateDataKey();
  await store.set("a", "1");
  assertEquals(dataKeyOf(path, "0000000002.vlog"), 2);
  await store.close();
  store = await Store.open(options);
  assertEquals(await text(store, "a"), "1");
  await store.gc();
  assertEquals(store.segments().length, 1);
  await store.close();
});

Deno.test("encryption: a plain store has no data key to rotate", async () => {
  await using store = await Store.open({ memoryMode: true });
  await assertCode(store.rotateDataKey(), "NOT_ENCRYPTED", "not encrypted");
  await store.set("a", "1");
  assertEquals(await text(store, "a"), "1");
});

Deno.test("encryption: a store in memory may have a key as well", async () => {
  const store = await Store.open({
    memoryMode: true,
    encryption: { key: newKey() },
    blockCacheSize: 0,
    memTableSize: 65_536,
  });
  for (let i = 0; i < 3000; i++) await store.set(`k${i}`, `value ${i}`);
  await store.rotateDataKey();
  for (let i = 0; i < 3000; i += 2) await store.delete(`k${i}`);
  await store.gc();
  for (let i = 0; i < 3000; i++) {
    assertEquals(await text(store, `k${i}`), i % 2 ? `value ${i}` : undefined);
  }
  await store.close();
});

Deno.test("encryption: verify and salvage read a damaged store with its key", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/damaged`;
  const encryption = { key: newKey() };
  const options = { path, encryption, valueLogGcEnabled: false };
  let store = await Store.open(options);
  for (let i = 0; i < 100; i++) {
    await store.set(`k${i}`, `${i}`.repeat(500));
  }
  await store.close();
  assert((await Store.verify(path, { encryption })).isSound);
  const bytes = read(path, "0000000001.vlog");
  bytes[40_000]! ^= 1;
  Deno.writeFileSync(`${path}/0000000001.vlog`, bytes);
  const before = filesOf(path);

  const verified = await Store.verify(path, { encryption });
  assert(!verified.isSound);
  const salvaged = await Store.salvage(
    path,
    { path: `${directory.path}/new`, encryption: { key: newKey() } },
    { encryption },
  );
  // A frame of one record, or of a part of it.
  assertEquals(salvaged.keys, 99);
  assertEquals(salvaged.lost.length, 1);
  assertEquals(filesOf(path), before);

  store = await Store.open({ ...options });
  const failures: unknown[] = [];
  for (let i = 0; i < 100; i++) {
    try {
      assertEquals(await text(store, `k${i}`), `${i}`.repeat(500));
    } catch (error) {
      failures.push(error);
    }
  }
  await store.close();
  assertEquals(failures.length, 1);
  assertInstanceOf(failures[0], CorruptionError);
  assertEquals(failures[0].path, `${path}/0000000001.vlog`);
});

Deno.test("encryption: options of verify and salvage are checked", async () => {
  await assertRejects(
    () => Store.verify("x", { key: newKey() } as object),
    TypeError,
    'unknown option "key"',
  );
  await assertRejects(
    () => Store.verify("x", { encryption: { key: new Uint8Array(5) } }),
    RangeError,
    "a key has 32 bytes",
  );
});

Deno.test("encryption: a checkpoint has the keys of all its files, also if a new one is made meanwhile", async () => {
  await using directory = tempDir();
  const encryption = { key: newKey() };
  const path = `${directory.path}/store`;
  const store = await Store.open({ path, encryption });
  for (let turns = 0; turns < 12; turns++) {
    await store.set("turns", `${turns}`);
    const target = `${directory.path}/checkpoint ${turns}`;
    const checkpoint = store.checkpoint(target);
    // At another moment of the checkpoint each time.
    for (let i = 0; i < turns; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await store.rotateDataKey();
    await store.set("after", `${turns}`);
    await checkpoint;
    const twin = await Store.open({ path: target, encryption });
    assertEquals(await text(twin, "turns"), `${turns}`);
    await twin.close();
  }
  await store.close();
});

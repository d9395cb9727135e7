/**
 * What a user does with a store, from the first `open` to the last `close`, on
 * whatever runtime this is.
 */
import assert from "node:assert/strict";
import {
  CorruptionError,
  Store,
  StoreClosedError,
  StoreError,
} from "@sett/badger";
import { bytesOf, check, text } from "./checks.mjs";

const MIB = 1_048_576;
/** More than the threshold, less than a segment. */
const LARGE = 900_001;

/** Runs every check on a fresh directory. */
export async function runSuite(directory) {
  const options = {
    path: directory,
    valueLogFileSize: MIB,
    memTableSize: 65_536,
    valueThreshold: 500_000,
    valueLogGcEnabled: false,
  };
  let store = await Store.open(options);

  await check("set and get strings and bytes", async () => {
    await store.set("greeting", "grüß dich");
    assert.equal(text(await store.get("greeting")), "grüß dich");
    const key = Uint8Array.of(0, 255, 1, 254);
    await store.set(key, bytesOf(7, 1_000));
    assert.deepEqual(plain(await store.get(key)), bytesOf(7, 1_000));
  });

  await check("absence is undefined, an empty value is not", async () => {
    await store.set("empty", "");
    assert.equal((await store.get("empty"))?.length, 0);
    assert.equal(await store.get("nobody"), undefined);
    assert.equal(store.has("empty"), true);
    assert.equal(store.has("nobody"), false);
  });

  await check("delete says whether the key was there", async () => {
    await store.set("gone", "soon");
    assert.equal(await store.delete("gone"), true);
    assert.equal(await store.delete("gone"), false);
    assert.equal(await store.get("gone"), undefined);
  });

  await check("the synchronous calls see the same store", async () => {
    store.setSync("sync", "one");
    assert.equal(text(store.getSync("sync")), "one");
    assert.equal(text(store.getView("sync")), "one");
    const target = new Uint8Array(16);
    assert.equal(store.getInto("sync", target), 3);
    assert.equal(text(target.subarray(0, 3)), "one");
    assert.equal(store.deleteSync("sync"), true);
    assert.equal(await store.get("sync"), undefined);
  });

  await check("getMany keeps the order, setIfAbsent adds once", async () => {
    assert.equal(await store.setIfAbsent("once", "first"), true);
    assert.equal(await store.setIfAbsent("once", "second"), false);
    const values = await store.getMany(["once", "nobody", "greeting"]);
    assert.deepEqual(values.map(text), ["first", undefined, "grüß dich"]);
  });

  await check("a batch is committed as one", async () => {
    await store.set("batch-old", "x");
    await store.batch().set("batch-a", "1").set("batch-b", "2")
      .delete("batch-old").commit();
    assert.equal(text(await store.get("batch-a")), "1");
    assert.equal(text(await store.get("batch-b")), "2");
    assert.equal(store.has("batch-old"), false);
  });

  await check("a value with a TTL goes when its time has come", async () => {
    await store.set("short", "lived", { expireIn: 200 });
    await store.set("long", "lived", { expireIn: 3_600_000 });
    assert.equal(text(await store.get("short")), "lived");
    await new Promise((resolve) => setTimeout(resolve, 260));
    assert.equal(await store.get("short"), undefined);
    assert.equal(text(await store.get("long")), "lived");
  });

  await check("list gives keys in order, with prefix and limit", async () => {
    for (const name of ["c", "a", "b"]) await store.set(`list-${name}`, name);
    const pairs = [];
    for await (const [key, value] of store.list({ prefix: "list-" })) {
      pairs.push([text(key), text(value)]);
    }
    pairs.sort();
    assert.deepEqual(pairs, [["list-a", "a"], ["list-b", "b"], [
      "list-c",
      "c",
    ]]);
    let count = 0;
    const two = { prefix: "list-", limit: 2, keysOnly: true };
    for await (const [, value] of store.list(two)) {
      assert.equal(value, undefined);
      count++;
    }
    assert.equal(count, 2);
  });

  await check("a bucket is a key space of its own", async () => {
    const users = store.bucket("users");
    await users.set("greeting", "hello");
    assert.equal(text(await users.get("greeting")), "hello");
    assert.equal(text(await store.get("greeting")), "grüß dich");
    assert.equal(await store.bucket("user").get("greeting"), undefined);
  });

  await check(
    "a value that bypasses the memtable is whole",
    async () => {
      await store.set("large", bytesOf(3, LARGE));
      assert.deepEqual(plain(await store.get("large")), bytesOf(3, LARGE));
    },
  );

  await check("gc gives space back and loses nothing", async () => {
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 100; i++) {
        store.setSync(`gc-${i}`, bytesOf(round * 100 + i, 10_000));
      }
      await store.flush();
    }
    const before = store.stats().vlogSize;
    const gc = await store.gc({ discardRatio: 0.5 });
    assert.ok(gc.segmentsRewritten > 0, "no segment was rewritten");
    assert.ok(gc.bytesReclaimed > 0, "no byte was reclaimed");
    assert.ok(store.stats().vlogSize < before, "the value log did not shrink");
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(
        plain(store.getSync(`gc-${i}`)),
        bytesOf(400 + i, 10_000),
      );
    }
  });

  await check("a second opener in this process is refused", async () => {
    await assert.rejects(
      Store.open(options),
      (error) => error instanceof StoreError && error.code === "LOCKED",
    );
  });

  await check("what was set is there after close and open", async () => {
    const keys = store.size;
    await store.sync();
    await store.close();
    store = await Store.open(options);
    assert.equal(store.size, keys);
    assert.notEqual(store.recovery.source, "new");
    assert.equal(text(await store.get("greeting")), "grüß dich");
    assert.equal(await store.get("gone"), undefined);
    assert.equal(text(await store.bucket("users").get("greeting")), "hello");
    assert.deepEqual(plain(await store.get("large")), bytesOf(3, LARGE));
  });

  await check("a closed store says so", async () => {
    await store.close();
    await assert.rejects(store.get("greeting"), StoreClosedError);
    assert.throws(() => store.getSync("greeting"), StoreClosedError);
  });

  await check("a memory store keeps nothing", async () => {
    const memory = await Store.open({ memoryMode: true });
    await memory.set("k", "v");
    assert.equal(text(await memory.get("k")), "v");
    await memory[Symbol.asyncDispose]();
    assert.equal(typeof CorruptionError, "function");
  });

  await check("an encrypted store opens with its key alone", async () => {
    const encryption = { key: new Uint8Array(32).fill(5) };
    const path = `${directory}-encrypted`;
    const memTableSize = 65_536;
    let encrypted = await Store.open({ path, memTableSize, encryption });
    for (let i = 0; i < 300; i++) {
      await encrypted.set(`k${i}`, bytesOf(i, i * 11));
    }
    await encrypted.set("large", bytesOf(9, LARGE));
    await encrypted.close();
    const refusals = [
      [{ path }, "ENCRYPTED"],
      [{ path, encryption: { key: new Uint8Array(32) } }, "WRONG_KEY"],
    ];
    for (const [wrong, code] of refusals) {
      await assert.rejects(
        Store.open(wrong),
        (error) => error instanceof StoreError && error.code === code,
      );
    }
    encrypted = await Store.open({ path, memTableSize, encryption });
    for (let i = 0; i < 300; i++) {
      assert.deepEqual(plain(await encrypted.get(`k${i}`)), bytesOf(i, i * 11));
    }
    assert.deepEqual(plain(await encrypted.get("large")), bytesOf(9, LARGE));
    await encrypted.close();
    assert.ok((await Store.verify(path, { encryption })).isSound);
  });

  await check("a wrong option is named", async () => {
    await assert.rejects(Store.open({ pth: "x" }), TypeError);
    await assert.rejects(Store.open({ memTableSize: 1 }), RangeError);
  });

  await check("a value that no segment can hold is refused", async () => {
    const memory = await Store.open({
      memoryMode: true,
      valueLogFileSize: MIB,
    });
    await assert.rejects(memory.set("k", bytesOf(1, MIB + 1)), RangeError);
    await memory.close();
  });
}

/** The same bytes as a `Uint8Array`, whatever subclass they came as. */
function plain(bytes) {
  assert.ok(bytes !== undefined, "the value is absent");
  assert.equal(bytes.constructor, Uint8Array);
  return bytes;
}

/** What comes from a file is checked every time, by every way of reading. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { CorruptionError } from "../../src/errors.ts";
import { joinPath } from "../../src/fs/file_system.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";

const PATH = "/reader";
const SEGMENT = joinPath(PATH, "0000000001.vlog");

/** Below and above the sizes at which records are read in other ways. */
const SIZES = [0, 10, 1900, 2100, 3000, 60_000, 70_000, 1_200_000];

/** Every way to read a value. */
const WAYS: Record<string, (store: Store, key: string) => unknown> = {
  get: (store, key) => store.get(key),
  getSync: (store, key) => Promise.resolve().then(() => store.getSync(key)),
  getView: (store, key) => Promise.resolve().then(() => store.getView(key)),
  getInto: (store, key) =>
    Promise.resolve().then(() => store.getInto(key, new Uint8Array(2_000_000))),
  getMany: (store, key) => store.getMany([key]),
  list: async (store, key) => {
    for await (const _ of store.list({ prefix: key }));
  },
};

/** A store that has to read its values from the file. */
async function storeOnFile(
  blockCacheSize: number,
): Promise<{ engine: Engine; store: Store; offsets: Map<string, number> }> {
  const host = new FixedHost();
  const options = { path: PATH, valueLogGcEnabled: false, blockCacheSize };
  let engine = openEngine(options, host);
  let store = new Store(engine);
  const offsets = new Map<string, number>();
  for (const size of SIZES) {
    for (const name of ["a", "b"]) {
      const key = `${name} ${String(size).padStart(8)}`;
      offsets.set(key, engine.log.active.length);
      await store.set(key, new Uint8Array(size).fill(size));
    }
  }
  await store.close();
  engine = openEngine(options, host);
  store = new Store(engine);
  return { engine, store, offsets };
}

async function assertRefused(
  store: Store,
  key: string,
  offset: number,
  message: string,
): Promise<void> {
  for (const [way, read] of Object.entries(WAYS)) {
    const error = await assertRejects(
      async () => await read(store, key),
      CorruptionError,
      message,
      `${way} of ${key}`,
    );
    assertEquals(error.path, SEGMENT);
    assertEquals([error.segmentId, error.offset], [1, offset], way);
  }
}

for (const blockCacheSize of [0, 1_048_576]) {
  Deno.test(`reader: a flipped bit anywhere in a record is met (cache of ${blockCacheSize} bytes)`, async () => {
    const { engine, store, offsets } = await storeOnFile(blockCacheSize);
    for (const size of SIZES) {
      const key = `a ${String(size).padStart(8)}`;
      const offset = offsets.get(key)!;
      const end = offset + 20 + key.length + size;
      const places = [offset, offset + 8, offset + 15, offset + 22, end - 1];
      if (size > 0) places.push(end - Math.ceil(size / 2));
      for (const place of places) {
        const byte = new Uint8Array(1);
        const file = engine.log.files.open(SEGMENT, "write");
        const flip = () => {
          file.read(byte, 0, 1, place);
          byte[0]! ^= 4;
          file.write(byte, 0, 1, place);
        };
        flip();
        // A block read before the damage is as good as it was.
        const fresh = openEngine(
          { path: PATH, valueLogGcEnabled: false, blockCacheSize },
          new FixedHost(engineFiles(engine).afterKill(PATH)),
        );
        await assertRefused(
          new Store(fresh),
          key,
          offset,
          "Cannot read a value",
        );
        flip();
        file.close();
      }
    }
    await store.close();
  });
}

function engineFiles(engine: Engine): FixedHost["files"] {
  return engine.log.files as FixedHost["files"];
}

Deno.test("reader: a sound record of another key is refused", async () => {
  const { engine, store, offsets } = await storeOnFile(0);
  const { arena } = engine.ledger.index;
  for (const size of SIZES) {
    const [a, b] = ["a", "b"].map((name) =>
      `${name} ${String(size).padStart(8)}`
    );
    engine.key.load(a!, undefined);
    const pointer = engine.ledger.index.find(engine.key);
    const offset = offsets.get(b!)!;
    arena.setLocation(pointer, 1, offset, arena.recordLength(pointer));
    await assertRefused(store, a!, offset, "another key");
    assertEquals((await store.get(b!))?.length, size);
  }
});

Deno.test("reader: a sound record of the wrong kind or length is refused", async () => {
  const host = new FixedHost();
  const options = { path: PATH, valueLogGcEnabled: false };
  const first = new Store(openEngine(options, host));
  await first.set("k", "value");
  await first.delete("k");
  await first.bucket("").set("k", "in a bucket");
  await first.close();
  const engine = openEngine(options, host);
  const store = new Store(engine);
  await store.set("k", "again");
  const { arena } = engine.ledger.index;
  engine.key.load("k", undefined);
  const pointer = engine.ledger.index.find(engine.key);
  const message = "the record is not the one that the index names";
  const [put, tombstone, bucket] = [64, 90, 111];
  for (const [offset, length] of [[put, 27], [tombstone, 21], [bucket, 33]]) {
    arena.setLocation(pointer, 1, offset!, length!);
    await assertRefused(store, "k", offset!, message);
  }
  arena.setLocation(pointer, 1, put, 26);
  assertEquals(new TextDecoder().decode(await store.get("k")), "value");
});

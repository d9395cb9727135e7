/** The index snapshot: round trips, and damage of every kind. */
import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { TABLE_WORDS } from "../../src/engine/hash_index.ts";
import { readSnapshot } from "../../src/engine/index_snapshot.ts";
import { KeyBuffer } from "../../src/engine/key_buffer.ts";
import { KeyLedger } from "../../src/engine/key_ledger.ts";
import { joinPath, readFile } from "../../src/fs/file_system.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { littleEndian, slowCrc32 } from "../support/reference.ts";
import { seededRandom } from "../support/simulated_host.ts";

const DIRECTORY = "/snapshot";
const PATH = joinPath(DIRECTORY, "index.snapshot");
const OPTIONS = { path: DIRECTORY, valueLogMaxEntries: 500 };
const HEADER_BYTES = 64;

/** A closed store whose index has entries of every kind. */
async function closedStore(
  keys: number,
  look: (engine: Engine) => void = () => {},
): Promise<Engine> {
  const host = new FixedHost();
  const engine = openEngine({ ...OPTIONS, valueLogGcEnabled: false }, host);
  const store = new Store(engine);
  const random = seededRandom(keys);
  for (let i = 0; i < keys; i++) {
    const target = random() < 0.3 ? store.bucket("bucket") : store;
    const key = "k".repeat(1 + Math.floor(random() * 40)) + i;
    const expireIn = [1000, 1_000_000][Math.floor(random() * 4)];
    target.setSync(key, `${i}`, expireIn === undefined ? {} : { expireIn });
    if (random() < 0.2) target.setSync(key, `${i} again`);
    if (random() < 0.2) target.deleteSync(key);
  }
  await host.advance(2000);
  look(engine);
  await store.close();
  return engine;
}

/** Everything that an index says, key by key. */
function describe(ledger: KeyLedger): Map<string, number[]> {
  const { arena } = ledger.index;
  const entries = new Map<string, number[]>();
  ledger.index.forEach((pointer) => {
    entries.set(arena.copyKey(pointer).join(), [
      arena.tag(pointer),
      arena.segmentId(pointer),
      arena.offset(pointer),
      arena.recordLength(pointer),
      arena.stalePuts(pointer),
      arena.expiry(pointer),
    ]);
  });
  return entries;
}

/** Reads the snapshot of an engine's directory into empty books. */
function read(engine: Engine, storeId = engine.log.storeId) {
  const key = new KeyBuffer();
  const ledger = new KeyLedger(engine.log, key);
  const { files } = engine.log;
  const loaded = readSnapshot(files, DIRECTORY, storeId, ledger);
  if (loaded !== undefined) key.setSecret(loaded.secret);
  return { loaded, ledger, key };
}

/** Replaces the snapshot by these bytes. */
function replace(engine: Engine, bytes: Uint8Array): void {
  const file = engine.log.files.open(PATH, "write");
  file.truncate(0);
  file.write(bytes, 0, bytes.length, 0);
}

/** Puts a sum over the body that is right for it. */
function reseal(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  const sum = slowCrc32(bytes.subarray(HEADER_BYTES, end));
  bytes.set(littleEndian(sum, 4), end);
  return bytes;
}

Deno.test("index snapshot: gives back the index as it was", async () => {
  for (const keys of [0, 1, 300, 3000]) {
    let entries: Map<string, number[]> | undefined;
    const engine = await closedStore(keys, ({ ledger }) => {
      entries = describe(ledger);
    });
    const { loaded, ledger, key } = read(engine);
    assert(loaded !== undefined, `${keys} keys`);
    assertEquals(describe(ledger), entries);
    assertEquals(ledger.liveKeys, engine.ledger.liveKeys);
    assertEquals(ledger.expiringEntries, engine.ledger.expiringEntries);
    assertEquals(loaded.header.nextVersion, engine.writer.nextVersion);
    assertEquals(loaded.header.expiryHorizon, engine.writer.expiryHorizon);
    assertEquals(loaded.bytes, engine.snapshotBytes);
    const segments = [...engine.log.segments.values()];
    assertEquals(
      loaded.segments,
      segments.map(({ id, length, recordCount, deadBytes, hintBytes }) => (
        { id, length, recordCount, deadBytes, hintBytes }
      )),
    );
    // Keys are found, so the secret came with it.
    const { arena } = ledger.index;
    ledger.index.forEach((pointer) => {
      const bytes = arena.copyKey(pointer);
      const isBucket = (arena.tag(pointer) & (1 << 16)) !== 0;
      key.loadRecord(bytes, 0, bytes.length, isBucket);
      assertEquals(ledger.index.find(key), pointer);
    });
  }
});

Deno.test("index snapshot: a store opens from it and has what it had", async () => {
  let entries: Map<string, number[]> | undefined;
  const engine = await closedStore(2000, ({ ledger }) => {
    entries = describe(ledger);
  });
  const reopened = openEngine(OPTIONS, engine.log.host);
  assertEquals(reopened.recovery.source, "snapshot");
  assertEquals(reopened.recovery.recordsReplayed, 0);
  assertEquals(describe(reopened.ledger), entries);
  await reopened.close();
});

Deno.test("index snapshot: what is gone takes no room in it", async () => {
  const host = new FixedHost();
  const options = { ...OPTIONS, valueLogGcEnabled: false };
  const engine = openEngine(options, host);
  const store = new Store(engine);
  for (let i = 0; i < 20_000; i++) {
    store.setSync(`key ${i}`, "v", i % 2 === 0 ? {} : { expireIn: 1e6 });
  }
  for (let i = 100; i < 20_000; i++) store.deleteSync(`key ${i}`);
  while ((await store.gc({ discardRatio: 0.1 })).segmentsRewritten > 0);
  const entries = describe(engine.ledger);
  const { bytes } = engine.ledger.index;
  assertEquals(entries.size, 100);
  await store.close();
  const reopened = openEngine(options, host);
  assertEquals(reopened.recovery.source, "snapshot");
  assertEquals(describe(reopened.ledger), entries);
  assert(reopened.snapshotBytes < 20_000, `${reopened.snapshotBytes}`);
  assert(reopened.ledger.index.bytes < bytes, "the memory is given back");
  checkBooks(reopened);
  await reopened.close();
});

Deno.test("index snapshot: none, or one of another store, is none", async () => {
  const engine = await closedStore(10);
  assertEquals(read(engine, new Uint8Array(16)).loaded, undefined);
  engine.log.files.remove(PATH);
  assertEquals(read(engine).loaded, undefined);
});

Deno.test("index snapshot: one that is cut off, or longer than it says, is none", async () => {
  const engine = await closedStore(50);
  const bytes = readFile(engine.log.files, PATH);
  const lengths = [bytes.length - 1, bytes.length - 4, HEADER_BYTES + 40, 104];
  for (let i = 0; i <= HEADER_BYTES + 40; i++) lengths.push(i);
  for (const length of lengths) {
    replace(engine, bytes.slice(0, length));
    assertEquals(read(engine).loaded, undefined, `cut at ${length}`);
  }
  for (const more of [1, 4, 8200]) {
    const longer = new Uint8Array(bytes.length + more);
    longer.set(bytes);
    replace(engine, longer);
    assertEquals(read(engine).loaded, undefined, `${more} bytes more`);
  }
});

Deno.test("index snapshot: no flipped bit in any field goes unnoticed", async () => {
  const engine = await closedStore(40);
  const bytes = readFile(engine.log.files, PATH);
  const places = new Set<number>();
  for (let i = 0; i < HEADER_BYTES + 10 * 4 + 6 * 4; i++) places.add(i);
  for (let i = HEADER_BYTES; i < bytes.length; i += 97) places.add(i);
  for (let i = 1; i <= 60; i++) places.add(bytes.length - i);
  for (const place of places) {
    const damaged = bytes.slice();
    damaged[place]! ^= 1 << (place & 7);
    replace(engine, damaged);
    assertEquals(read(engine).loaded, undefined, `byte ${place}`);
  }
});

Deno.test("index snapshot: nonsense under a right sum is refused or read, never a crash", async () => {
  const engine = await closedStore(40);
  const bytes = readFile(engine.log.files, PATH);
  const view = new DataView(bytes.buffer);
  const segmentCount = view.getUint32(HEADER_BYTES + 20, true);
  const tableStart = HEADER_BYTES + 40 + segmentCount * 24;
  const arenaStart = tableStart +
    view.getUint32(HEADER_BYTES + 28, true) * 8200;
  const places: number[] = [];
  for (let i = 0; i < 10 + segmentCount * 6; i++) {
    places.push(HEADER_BYTES + i * 4);
  }
  for (let i = 0; i < 60; i++) places.push(tableStart + i * 132);
  places.push(tableStart + 8192, tableStart + 8196);
  for (let i = 0; i < 60; i++) places.push(arenaStart + i * 4);
  let refused = 0;
  for (const place of places) {
    for (const word of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setUint32(place, word, true);
      replace(engine, reseal(damaged));
      if (read(engine).loaded === undefined) refused++;
    }
  }
  assert(refused > 50, `${refused} were refused`);
});

Deno.test("index snapshot: entries that the tables do not name are refused", async () => {
  const engine = await closedStore(50);
  const bytes = readFile(engine.log.files, PATH);
  const view = new DataView(bytes.buffer);
  const tablesAt = HEADER_BYTES + 40 +
    view.getUint32(HEADER_BYTES + 20, true) * 24;
  const slots = new Uint32Array(
    bytes.buffer.slice(tablesAt, tablesAt + TABLE_WORDS * 4),
  );
  const used = slots.findIndex((word, i) => i % 2 === 1 && word !== 0);
  view.setUint32(tablesAt + used * 4 - 4, 0, true);
  view.setUint32(tablesAt + used * 4, 0, true);
  const usedAt = tablesAt + TABLE_WORDS * 4;
  view.setUint32(usedAt, view.getUint32(usedAt, true) - 1, true);
  assert(read(engine).loaded !== undefined);
  replace(engine, reseal(bytes));
  assertEquals(read(engine).loaded, undefined);
});

Deno.test("index snapshot: words in the other byte order are refused", async () => {
  const engine = await closedStore(10);
  const bytes = readFile(engine.log.files, PATH);
  for (let at = HEADER_BYTES; at < bytes.length; at += 4) {
    bytes.subarray(at, at + 4).reverse();
  }
  replace(engine, reseal(bytes));
  assertEquals(read(engine).loaded, undefined);
});

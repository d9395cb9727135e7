/** The garbage collector: what it takes, what it leaves, and that it lets others live. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { CorruptionError, StoreClosedError } from "../../src/errors.ts";
import {
  KIND_MASK,
  KIND_PUT,
  KIND_TOMBSTONE,
} from "../../src/format/record.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { repair } from "../hostile/layout.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { settle, SimulatedHost } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";

const DIRECTORY = "/gc";
const MIB = 1024 * 1024;

/** A store over a simulated machine that rotates every ten records. */
function openSmall(host: SimulatedHost, valueLogGcEnabled = false) {
  const engine = openEngine({
    path: DIRECTORY,
    valueLogMaxEntries: 10,
    valueLogGcEnabled,
  }, host);
  return { engine, store: new Store(engine) };
}

Deno.test("gc: one key overwritten a million times ends with live data and one segment", async () => {
  await using directory = tempDir();
  await using store = await Store.open({
    path: directory.path,
    valueLogFileSize: 8 * MIB,
    valueLogMaxEntries: 4_000_000,
  });
  const value = new Uint8Array(100);
  for (let i = 0; i < 1_000_000; i++) {
    value[0] = i;
    const done = store.set("the key", value);
    if (i % 1000 === 999) await done;
    // The collector is started by dead bytes, and works between the writes.
    if (i % 20_000 === 0) await new Promise((go) => setTimeout(go, 0));
  }
  assertGreater(
    store.stats().gc.segmentsRewritten,
    0,
    "no run started by itself",
  );
  await store.gc();
  assertEquals(store.getSync("the key")![0], 999_999 & 255);
  assertLess(store.stats().vlogSize, 8 * MIB + 1000);
  assertEquals(store.segments().length, 1);
});

Deno.test("gc: a store whose keys were all deleted shrinks to nearly nothing, and rests", async () => {
  const host = new FixedHost();
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 500; i++) await store.set(`key ${i}`, "x".repeat(50));
  for (let i = 0; i < 500; i++) await store.delete(`key ${i}`);
  assertEquals(store.size, 0);
  let runs = 0;
  while ((await store.gc()).segmentsRewritten > 0) assertLess(++runs, 5);
  assertLess(store.stats().vlogSize, 200);
  assertEquals(engine.ledger.index.entryCount, 0);
  assertEquals(
    (await store.gc()).reason,
    "no segment has reached the discard ratio",
  );
  checkBooks(engine);
  await store.close();
});

Deno.test("gc: the segment with the most dead bytes goes first, others below the ratio stay", async () => {
  const host = new FixedHost();
  const { store } = openSmall(host);
  for (let i = 0; i < 30; i++) await store.set(`key ${i}`, "x".repeat(50));
  // Of segment 1 two die, of segment 2 nine, of segment 3 none.
  for (const i of [0, 1, 10, 11, 12, 13, 14, 15, 16, 17, 18]) {
    await store.set(`key ${i}`, "y");
  }
  const before = store.segments().find(({ id }) => id === 2)!;
  const report = await store.gc({ discardRatio: 0.5 });
  assertEquals(report.segmentsRewritten, 1);
  assertEquals(report.bytesReclaimed, before.bytes);
  assertEquals(report.bytesRewritten, before.liveBytes);
  assertEquals(store.segments().map(({ id }) => id).includes(2), false);
  assertEquals(store.segments().map(({ id }) => id).includes(1), true);
  for (let i = 0; i < 30; i++) assert(store.has(`key ${i}`), `key ${i}`);
  await store.close();
});

Deno.test("gc: an active segment that is mostly dead is sealed and never stands in the way", async () => {
  const host = new FixedHost();
  const engine = openEngine(
    { path: DIRECTORY, valueLogGcEnabled: false },
    host,
  );
  const store = new Store(engine);
  for (let i = 0; i < 100; i++) await store.set("key", `${i}`);
  assertEquals(store.segments().length, 1);
  const report = await store.gc();
  assertEquals(report.segmentsRewritten, 1);
  assertEquals(store.segments().map(({ id, records }) => [id, records]), [
    [2, 1],
  ]);
  await store.close();
});

Deno.test("gc: runs by itself, every interval and when much has died", async () => {
  const host = new FixedHost();
  const { store } = openSmall(host, true);
  for (let i = 0; i < 100; i++) {
    await store.set(`key ${i % 10}`, "x".repeat(50));
  }
  assertGreater(store.segments().length, 5);
  await host.advance(119_000);
  assertEquals(store.stats().gc.runs, 0);
  await host.advance(2000);
  for (let i = 0; i < 100; i++) await settle();
  assertEquals(store.stats().gc.runs, 1);
  assertLess(store.segments().length, 4);
  // 64 MiB / 2 of dead bytes do not wait for the clock.
  const value = new Uint8Array(8 * MIB);
  for (let i = 0; i < 6; i++) await store.set("large", value);
  await host.advance(0);
  for (let i = 0; i < 100; i++) await settle();
  assertEquals(store.stats().gc.runs, 2);
  await store.close();
});

Deno.test("gc: lets the event loop breathe", async () => {
  await using store = await Store.open({
    memoryMode: true,
    valueLogMaxEntries: 50_000,
    valueLogGcEnabled: false,
  });
  for (let i = 0; i < 200_000; i++) store.set(`key ${i % 60_000}`, "value");
  await store.flush();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const report = await store.gc();
  clearInterval(timer);
  assertGreater(report.segmentsRewritten, 2);
  // A run that never let go would leave no turn at all.
  assertGreater(turns, report.milliseconds / 200);
});

Deno.test("gc: one run at a time, others wait for it", async () => {
  const host = new SimulatedHost(1);
  const { store } = openSmall(host);
  for (let i = 0; i < 200; i++) {
    await store.set(`key ${i % 15}`, "x".repeat(50));
  }
  const order: number[] = [];
  const runs = [1, 2, 3].map((number) =>
    store.gc().then(() => order.push(number))
  );
  while (order.length < 3) await host.letBreathe();
  await Promise.all(runs);
  assertEquals(order, [1, 2, 3]);
  assertEquals(store.stats().gc.runs, 3);
  await store.close();
});

Deno.test("gc: what is written while it works wins over what it moves", async () => {
  const host = new SimulatedHost(2);
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 400; i++) await store.set(`key ${i % 100}`, `old ${i}`);
  let isDone = false;
  const run = store.gc({ discardRatio: 0.1 }).then(() => isDone = true);
  for (let i = 0; !isDone; i++) {
    if (i < 50) await store.set(`key ${i}`, `new ${i}`);
    if (i >= 50 && i < 100) await store.delete(`key ${i}`);
    await host.letBreathe();
  }
  await run;
  const text = (i: number) =>
    new TextDecoder().decode(store.getSync(`key ${i}`) ?? new Uint8Array(0));
  for (let i = 0; i < 50; i++) {
    if (text(i) !== `new ${i}`) assertEquals(text(i), `old ${300 + i}`);
  }
  checkBooks(engine);
  await store.close();
});

Deno.test("gc: ends with its signal and says so", async () => {
  const host = new SimulatedHost(3);
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 400; i++) await store.set(`key ${i % 100}`, "x");
  const controller = new AbortController();
  const run = store.gc({ discardRatio: 0.1, signal: controller.signal });
  await settle();
  controller.abort();
  let isDone = false;
  run.finally(() => isDone = true);
  while (!isDone) await host.letBreathe();
  assertEquals((await run).reason, "the signal was aborted");
  assertGreater(store.segments().length, 10);
  for (let i = 0; i < 100; i++) assert(store.has(`key ${i}`));
  checkBooks(engine);
  await store.close();
});

Deno.test("gc: a store that closes ends the run between two slices", async () => {
  const host = new SimulatedHost(4);
  const { store } = openSmall(host);
  for (let i = 0; i < 400; i++) await store.set(`key ${i % 100}`, `${i}`);
  const run = store.gc({ discardRatio: 0.1 });
  await settle();
  let isClosed = false;
  const closing = store.close().then(() => isClosed = true);
  while (!isClosed) await host.letBreathe();
  await closing;
  assertEquals((await run).reason, "the store is closing");
  await assertRejects(() => store.gc(), StoreClosedError);
  const again = openSmall(new SimulatedHost(5, host.files));
  assertEquals(again.store.size, 100);
  checkBooks(again.engine);
  await again.store.close();
});

Deno.test("gc: a damaged segment is an error once, stays in place and does not block others", async () => {
  const host = new FixedHost();
  const { store } = openSmall(host);
  for (let i = 0; i < 40; i++) await store.set(`key ${i % 10}`, "x".repeat(50));
  const file = host.files.inner.open(`${DIRECTORY}/0000000002.vlog`, "write");
  const byte = new Uint8Array(1);
  file.read(byte, 0, 1, 200);
  file.write(Uint8Array.of(byte[0]! ^ 1), 0, 1, 200);
  const error = await assertRejects(() => store.gc(), CorruptionError);
  assertEquals(error.segmentId, 2);
  assertEquals(store.stats().gc.lastError, error.message);
  const report = await store.gc();
  assertEquals(report.reason, "no segment has reached the discard ratio");
  assertEquals(store.segments().map(({ id }) => id).includes(2), true);
  assertEquals(store.segments().map(({ id }) => id).includes(1), false);
});

Deno.test("gc: a victim that rots before it is settled is an error, and the books say so", async () => {
  const host = new FixedHost();
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 20; i++) await store.set(`key ${i % 10}`, "x");
  const { file } = engine.log.segments.get(1)!;
  const { files } = host;
  const remove = files.remove.bind(files);
  files.remove = (path) => {
    remove(path);
    if (path === file.path) file.write(Uint8Array.of(0xff), 0, 1, 100);
  };
  const error = await assertRejects(() => store.gc(), CorruptionError);
  assertEquals(error.path, file.path);
  assertEquals(engine.ledger.isInexact, true);
  await store.close();
  // Such books are not saved; the next open makes them anew.
  const { engine: reopened, store: again } = openSmall(host);
  assertEquals(reopened.recovery.source, "log");
  checkBooks(reopened);
  assertEquals(again.size, 10);
  await again.close();
});

Deno.test("gc: on a full disk it fails, loses nothing, and works when space returns", async () => {
  const host = new FixedHost();
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 100; i++) {
    await store.set(`key ${i % 45}`, "x".repeat(50));
  }
  host.files.freeBytes = 20;
  const error = await assertRejects(() => store.gc({ discardRatio: 0.1 }));
  assertEquals((error as { code?: string }).code, "DISK_FULL");
  for (let i = 0; i < 45; i++) assert(store.has(`key ${i}`));
  checkBooks(engine);
  host.files.freeBytes = Infinity;
  const report = await store.gc({ discardRatio: 0.1 });
  assertGreater(report.segmentsRewritten, 0);
  for (let i = 0; i < 45; i++) {
    assertEquals(store.getSync(`key ${i}`)!.length, 50);
  }
  checkBooks(engine);
  await store.close();
});

Deno.test("gc: tombstones go once the puts they hide are gone, not before", async () => {
  const host = new FixedHost();
  const { engine, store } = openSmall(host);
  for (let i = 0; i < 10; i++) await store.set(`key ${i}`, "x".repeat(200));
  await store.set("keeper", "1");
  await store.delete("key 0");
  for (let i = 0; i < 8; i++) await store.set("filler", "1");
  assertEquals(store.segments().map(({ records }) => records), [10, 10]);
  await store.set("filler", "2");
  // The put of key 0 is a tenth of segment 1, which stays; so must the tombstone.
  await store.gc();
  assertEquals(store.segments()[0]!.id, 1);
  await host.advance(0);
  const killed = openSmall(host.afterKill(DIRECTORY));
  assertEquals(killed.store.has("key 0"), false);
  for (let i = 1; i < 10; i++) assert(killed.store.has(`key ${i}`));
  // When the rest of segment 1 dies, the tombstone has nothing left to hide.
  for (let i = 1; i < 10; i++) await store.delete(`key ${i}`);
  while ((await store.gc({ discardRatio: 0.1 })).segmentsRewritten > 0);
  assertEquals(engine.ledger.index.entryCount, 2);
  checkBooks(engine);
  await store.close();
});

Deno.test("gc: a tombstone that a forged hint calls a put is moved as a tombstone", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const options = { path, valueLogMaxEntries: 10, valueLogGcEnabled: false };
  let store = await Store.open(options);
  for (let i = 0; i < 10; i++) await store.set(`key ${i}`, "x".repeat(200));
  await store.set("keeper", "1");
  await store.delete("key 0");
  for (let i = 0; i < 9; i++) await store.set("filler", "1");
  await store.close();

  const name = "0000000002.hint";
  const hint = Deno.readFileSync(`${path}/${name}`);
  const key = [...new TextEncoder().encode("key 0")];
  const flagsAt =
    hint.findIndex((_, i) => key.every((byte, j) => hint[i + j] === byte)) - 8;
  assertEquals(hint[flagsAt]! & KIND_MASK, KIND_TOMBSTONE);
  hint[flagsAt] = (hint[flagsAt]! & ~KIND_MASK) | KIND_PUT;
  repair(name, hint, { header: false, blocks: true });
  Deno.writeFileSync(`${path}/${name}`, hint);
  Deno.removeSync(`${path}/index.snapshot`);

  store = await Store.open(options);
  assert(store.has("key 0"), "the hint was believed");
  assertEquals((await store.gc()).segmentsRewritten, 1);
  assertEquals(store.segments().map(({ id }) => id).slice(0, 2), [1, 3]);
  for (let i = 0; i < 2; i++) {
    assertEquals(store.getSync("key 0"), undefined);
    assertEquals(store.getSync("key 1")?.length, 200);
    await store.close();
    store = await Store.open(options);
  }
  await store.close();
});

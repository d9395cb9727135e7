/** Writers wait for the garbage collector, in proportion, and never for good. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Timer } from "../../src/fs/file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { settle } from "../support/simulated_host.ts";
import { StoppedHost } from "../support/stopped_host.ts";

const MIB = 1 << 20;
const OPTIONS: StoreOptions = { path: "/pressure", valueLogFileSize: MIB };

/** A collector that does as little as it can in a turn, and goes on by itself. */
class SlowHost extends FixedHost {
  override shouldBreathe(): boolean {
    return true;
  }

  override breathe(): Promise<void> {
    return settle();
  }

  override setTimer(callback: () => void, milliseconds: number): Timer {
    if (milliseconds > 0) return super.setTimer(callback, milliseconds);
    let isOff = false;
    queueMicrotask(() => isOff || callback());
    return { cancel: () => void (isOff = true) };
  }
}

/** Overwrites `keys` keys `rounds` times; returns the most bytes the log had. */
async function overwrite(
  store: Store,
  keys: number,
  rounds: number,
): Promise<number> {
  const value = new Uint8Array(1000);
  let most = 0;
  for (let i = 0; i < keys * rounds;) {
    let done: Promise<unknown> | undefined;
    for (const end = i + 200; i < end; i++) {
      const key = `key ${i * 7919 % keys}`;
      // All ways to write but those that cannot wait.
      if (i % 3 === 0) done = store.batch().set(key, value).commit();
      else if (i % 3 === 1) done = store.set(key, value);
      else done = store.delete(key), store.set(key, value);
    }
    await done;
    most = Math.max(most, store.stats().vlogSize);
  }
  return most;
}

for (const syncWrites of [false, true]) {
  Deno.test(`backpressure: bounds the log of a writer without rest, sync writes ${syncWrites}`, async () => {
    const engine = openEngine({ ...OPTIONS, syncWrites }, new SlowHost());
    const store = new Store(engine);
    const most = await overwrite(store, 20_000, 8);
    const { liveBytes, gc } = store.stats();
    // Twice the live bytes is what a ratio of 0.5 stands for. Without backpressure
    // there is no bound: all of it, nine times the live bytes, stays.
    assertLess(most, 2 * liveBytes);
    assertGreater(gc.stalls, 0);
    assertGreater(gc.stallMilliseconds, 0);
    await store.gc();
    checkBooks(engine);
    await store.close();
  });
}

Deno.test("backpressure: a small store never feels it", async () => {
  const store = new Store(openEngine(OPTIONS, new SlowHost()));
  await overwrite(store, 1000, 10);
  await store.gc();
  const { gc } = store.stats();
  assertGreater(gc.runs, 1);
  assertEquals(gc.stalls, 0);
  await store.close();
});

/** Some thirty segments, of each of which one record is live. */
async function openDead(valueLogGcEnabled = true) {
  const host = new StoppedHost();
  const engine = openEngine({ ...OPTIONS, valueLogGcEnabled }, host);
  const store = new Store(engine);
  const value = new Uint8Array(10_000);
  for (let i = 0; i < 3000; i++) {
    await store.set(i % 100 === 0 ? `kept ${i}` : "dead", value);
  }
  assertGreater(store.segments().length, 20);
  return { host, engine, store, value };
}

/** The same with a run under way and a write that waits for it. */
async function openHeld() {
  const opened = await openDead();
  const { host, store, value } = opened;
  await host.advance(0);
  const state = { isDone: false };
  const held = (async () => {
    while (!state.isDone) await store.set("dead", value.slice(0, 100));
  })();
  // What is had without waiting comes to an end.
  for (let i = 0; i < 1000; i++) await settle();
  const { numWrites } = store.stats();
  for (let i = 0; i < 100; i++) await settle();
  assertEquals(store.stats().numWrites, numWrites, "the writer does not wait");
  state.isDone = true;
  return { ...opened, held };
}

Deno.test("backpressure: what cannot or must not wait does not", async () => {
  const { host, store, held } = await openHeld();
  store.setSync("sync", "v");
  assert(store.deleteSync("sync"));
  store.setSync("sync", "v");
  // The collector waits for this one too.
  await store.sync();
  await store.flush();
  assertEquals(await store.setIfAbsent("sync", "w"), false);
  await host.letGo();
  await held;
  assertEquals(store.has("kept 0"), true);
  assertLess(store.segments().length, 5);
  await store.close();
});

Deno.test("backpressure: a write that overwrites nothing does not wait", async () => {
  const { host, store } = await openDead();
  await host.advance(0);
  for (let i = 0; i < 500; i++) await store.set(`new ${i}`, "v".repeat(10_000));
  assertEquals(store.stats().gc.stalls, 0);
  await host.letGo();
  await store.close();
});

Deno.test("backpressure: nobody waits for a collector that is switched off", async () => {
  const { host, store, value } = await openDead(false);
  const run = store.gc();
  await settle();
  for (let i = 0; i < 500; i++) await store.set("dead", value);
  assertEquals(store.stats().gc.stalls, 0);
  await host.letGo();
  assertGreater((await run).segmentsRewritten, 20);
  await store.close();
});

Deno.test("backpressure: closing lets go", async () => {
  const { host, store, held } = await openHeld();
  const closing = store.close();
  await host.letGo();
  await held;
  await closing;
});

Deno.test("backpressure: poison lets go", async () => {
  const { host, store, held } = await openHeld();
  host.files.failsSync = true;
  await host.letGo();
  await held;
  await store.close();
});

Deno.test("backpressure: a full disk lets go, and nobody waits until a run succeeds", async () => {
  const { host, store, held } = await openHeld();
  host.files.freeBytes = 0;
  await host.letGo();
  await held;
  assertGreater(store.stats().gc.lastError?.length ?? 0, 0);
  host.files.freeBytes = 5 * MIB;
  const { stalls } = store.stats().gc;
  for (let i = 0; i < 70; i++) await store.set("dead", "v".repeat(10_000));
  await host.advance(0);
  for (let i = 0; i < 100; i++) await store.set("dead", "v".repeat(10_000));
  assertEquals(store.stats().gc.stalls, stalls);
  host.files.freeBytes = Infinity;
  await host.letGo();
  assertEquals(store.stats().gc.lastError, undefined);
  await store.close();
});

Deno.test("backpressure: a damaged victim lets go, and no longer counts", async () => {
  const { host, engine, store, held } = await openHeld();
  for (const segment of engine.log.segments.values()) {
    if (segment === engine.log.active) continue;
    segment.file.write(new Uint8Array(20_000), 0, 20_000, MIB / 2);
  }
  await host.letGo();
  await held;
  let runs = 0;
  do {
    assertLess(++runs, 100);
    // Each run comes as far as the next one that is damaged.
    for (let i = 0; i < 70; i++) await store.set("dead", "v".repeat(10_000));
    await host.advance(0);
    await host.letGo();
  } while (store.stats().gc.lastError !== undefined);
  // All the damaged ones are still there, and nobody waits for what cannot be had.
  const { stalls } = store.stats().gc;
  for (let i = 0; i < 100; i++) await store.set("dead", "v".repeat(10_000));
  await host.advance(0);
  for (let i = 0; i < 100; i++) await store.set("dead", "v".repeat(10_000));
  assertGreater(store.segments().length, 20);
  assertEquals(store.stats().gc.stalls, stalls);
  await host.letGo();
  await store.close();
});

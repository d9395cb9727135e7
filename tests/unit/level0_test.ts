/** Level-0 tables: when their rows are written, and what it costs when they cannot be. */
import { assert, assertEquals } from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import type { FileHandle, OpenMode } from "../../src/fs/file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { FailingFileSystem } from "../support/simulated_host.ts";

const PATH = "/level0";
/** So many of these fill a memtable of 65,536 bytes. */
const VALUE = new Uint8Array(1000);
const A_MEMTABLE = 64;

function open(options: StoreOptions, host = new FixedHost()) {
  const engine = openEngine({
    path: PATH,
    memTableSize: 65_536,
    valueLogGcEnabled: false,
    ...options,
  }, host);
  return { host, engine, store: new Store(engine) };
}

async function fillMemtables(store: Store, count: number): Promise<void> {
  for (let i = 0; i < count * A_MEMTABLE; i++) {
    await store.set(`key ${crypto.randomUUID()}`, VALUE);
  }
}

Deno.test("level 0: the rows of a sealed memtable are written in the next turn", async () => {
  const { host, engine, store } = open({});
  await fillMemtables(store, 1);
  assertEquals(engine.counters.level0TablesWritten, 0);
  await store.set("one more", VALUE);
  assertEquals(engine.counters.memtablesSealed, 1);
  await host.advance(0);
  assertEquals(engine.counters.level0TablesWritten, 1);
  assertEquals(engine.counters.stalls, 0);
  assert(engine.log.active.hintBytes > 64);
  assertEquals(store.stats().lsmSize, engine.log.active.hintBytes);
  await store.close();
});

Deno.test("level 0: so many tables start their writing, and so many make writers wait", async () => {
  for (const [start, stall] of [[1, 2], [2, 3], [3, 7]] as const) {
    const { engine, host, store } = open({
      numLevel0Tables: start,
      numLevel0TablesStall: stall,
    });
    const { counters } = engine;
    while (counters.memtablesSealed < start - 1) await fillMemtables(store, 1);
    await host.advance(0);
    assertEquals(counters.level0TablesWritten, 0, "too few to start");
    while (counters.memtablesSealed < start) await fillMemtables(store, 1);
    await host.advance(0);
    assertEquals(counters.level0TablesWritten, start);
    // Without a turn of the event loop in between, the writer does the work itself.
    while (counters.memtablesSealed < start + stall) {
      await fillMemtables(store, 1);
    }
    assertEquals(counters.stalls, 1);
    assertEquals(counters.level0TablesWritten, start + stall);
    await store.close();
  }
});

Deno.test("level 0: a crash leaves few memtables to be read again", async () => {
  const { engine, host, store } = open({});
  for (let i = 0; i < 20; i++) {
    await fillMemtables(store, 1);
    await host.advance(0);
  }
  const records = engine.log.active.recordCount;
  const after = open({}, host.afterKill(PATH));
  const { recordsReplayed, rowsFromHints } = after.engine.recovery;
  assertEquals(recordsReplayed + rowsFromHints, records);
  assert(recordsReplayed <= 2 * A_MEMTABLE, `${recordsReplayed} were read`);
  checkBooks(after.engine);
});

/** Hint files cannot be written. */
class NoHints extends FailingFileSystem {
  override open(path: string, mode: OpenMode): FileHandle {
    if (path.endsWith(".hint")) {
      throw new StoreError("IO", `Cannot open ${path}: not today`, { path });
    }
    return super.open(path, mode);
  }
}

Deno.test("level 0: a store without hint files only opens more slowly", async () => {
  const host = new FixedHost(new NoHints());
  const { engine, store } = open({ valueLogMaxEntries: 100 }, host);
  await fillMemtables(store, 5);
  await store.set("k", "v");
  await store.gc({ discardRatio: 0.5 });
  checkBooks(engine);
  assertEquals(engine.log.active.hintBytes, 0);
  await store.close();
  const after = open({}, host.afterKill(PATH));
  assertEquals(new TextDecoder().decode(after.store.getSync("k")), "v");
  assertEquals(after.store.size, 5 * A_MEMTABLE + 1);
});

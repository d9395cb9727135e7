/** When writes are done, and what becomes of them when the disk is full or fails. */
import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { settle } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";

const PATH = "/queue";

function open(options: StoreOptions = {}, host = new FixedHost()) {
  const engine = openEngine(
    { path: PATH, valueLogGcEnabled: false, ...options },
    host,
  );
  return { host, engine, store: new Store(engine) };
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, StoreError)).code;
}

Deno.test("commit: writes of one turn share a flush", async () => {
  const { engine, store } = open();
  const writes = Array.from({ length: 100 }, (_, i) => store.set(`${i}`, "v"));
  assertEquals(engine.pendingWrites, 100);
  assertEquals(engine.counters.flushes, 0);
  await Promise.all(writes);
  assertEquals(engine.pendingWrites, 0);
  assertEquals(engine.counters.flushes, 1);
  assertEquals(engine.counters.syncs, 0);
  await store.close();
});

Deno.test("commit: writes that wait share a sync", async () => {
  const { engine, store } = open({ syncWrites: true });
  for (let round = 1; round <= 3; round++) {
    const writes = Array.from(
      { length: 100 },
      (_, i) => store.set(`${i}`, "v"),
    );
    await Promise.all(writes);
    assertEquals(engine.counters.syncs, round);
  }
  assertEquals(engine.log.active.syncedLength, engine.log.active.length);
  await store.close();
});

Deno.test("commit: a synchronous write under sync writes is synced when it returns", async () => {
  const { engine, store } = open({ syncWrites: true });
  store.setSync("k", "v");
  assertEquals(engine.log.active.syncedLength, engine.log.active.length);
  store.deleteSync("k");
  assertEquals(engine.log.active.syncedLength, engine.log.active.length);
  await store.close();
});

Deno.test("commit: sync makes safe what was written before, flush hands it over", async () => {
  const { host, engine, store } = open();
  store.set("k", "v");
  await store.flush();
  assertEquals(engine.pendingWrites, 0);
  assertEquals(engine.log.active.syncedLength, 64);
  await store.sync();
  assertEquals(engine.log.active.syncedLength, engine.log.active.length);
  const after = open({}, host.afterKill(PATH));
  assertEquals(text(after.store.getSync("k")), "v");
});

Deno.test("commit: a full disk undoes the writes that did not fit, and nothing else", async () => {
  for (const free of [0, 1, 19, 30]) {
    const { host, engine, store } = open();
    await store.set("kept", "before");
    await store.set("deleted", "before");
    host.files.freeBytes = free;
    const writes = [
      store.set("kept", "after"),
      store.delete("deleted"),
      store.set("new", "after"),
      store.batch().set("batch", "x").delete("kept").commit(),
    ];
    // Until it is known, they show.
    assertEquals(text(store.getSync("new")), "after");
    for (const write of writes) assertEquals(await codeOf(write), "DISK_FULL");
    checkBooks(engine);
    for (const key of ["kept", "deleted"]) {
      assertEquals(text(await store.get(key)), "before");
    }
    assertEquals(store.has("new"), false);
    assertEquals(store.size, 2);
    // With space the store goes on as if nothing had been.
    host.files.freeBytes = Infinity;
    await store.set("kept", "later");
    assertEquals(await store.delete("deleted"), true);
    checkBooks(engine);
    const after = open({}, host.afterKill(PATH));
    assertEquals(after.engine.recovery.bytesCut, 0);
    assertEquals(text(after.store.getSync("kept")), "later");
    assertEquals(after.store.size, 1);
  }
});

Deno.test("commit: a full disk in a synchronous write throws, and the value shows no more", async () => {
  const { host, engine, store } = open({ valueThreshold: 1000 });
  await store.set("k", "before");
  for (const size of [10, 100_000]) {
    host.files.freeBytes = 5;
    let code = "";
    try {
      store.setSync("k", new Uint8Array(size));
    } catch (error) {
      code = (error as StoreError).code;
    }
    assertEquals(code, "DISK_FULL");
    assertEquals(text(store.getSync("k")), "before");
    checkBooks(engine);
  }
  host.files.freeBytes = Infinity;
  await store.close();
});

Deno.test("commit: after a failed sync nothing is written any more, and reads go on", async () => {
  for (const syncWrites of [false, true]) {
    const { host, store } = open({ syncWrites });
    await store.set("k", "safe");
    host.files.failsSync = true;
    const write = syncWrites ? store.set("k", "unsafe") : store.sync();
    if (!syncWrites) await assertRejects(() => write, StoreError);
    else assertEquals(await codeOf(write), "IO");
    // The medium may have recovered; what it lost is lost all the same.
    host.files.failsSync = false;
    for (
      const call of [
        () => store.set("k", "v"),
        () => store.delete("k"),
        () => store.batch().set("k", "v").commit(),
        () => store.sync(),
      ]
    ) {
      assertEquals(await codeOf(call()), "POISONED");
    }
    assert(text(store.getSync("k")) !== undefined);
    await store.close();
    const after = open({}, host.afterKill(PATH));
    await after.store.set("k", "goes on");
    assertEquals(text(after.store.getSync("k")), "goes on");
  }
});

Deno.test("commit: a sync is not believed if another failed while it was under way", async () => {
  const { host, engine, store } = open({ syncWrites: true });
  const { file } = engine.log.active;
  let finish = () => {};
  file.syncAsync = () => new Promise((resolve) => finish = resolve);
  const write = store.set("k", "dropped by the sync that fails");
  await settle();
  host.files.failsSync = true;
  assertThrows(() => store.setSync("l", "v"), StoreError);
  host.files.failsSync = false;
  finish();
  assertEquals(await codeOf(write), "POISONED");
  await store.close();
});

Deno.test("commit: a sync beside one that is under way looks at what it syncs", async () => {
  const { engine, store } = open({ syncWrites: true });
  const { file } = engine.log.active;
  let finish = () => {};
  file.syncAsync = () => new Promise((resolve) => finish = resolve);
  const write = store.set("k", "v");
  await settle();
  store.setSync("l", "v");
  assertEquals(engine.log.active.syncedLength, engine.log.active.length);
  // The failure of the first has the system forget what was written.
  const lost = store.set("m", "v");
  await store.flush();
  const { syncedLength } = engine.log.active;
  file.write(new Uint8Array(10), 0, 10, syncedLength);
  const error = assertThrows(() => store.setSync("n", "v"), StoreError);
  assertEquals(error.code, "IO");
  finish();
  assertEquals(await codeOf(write), "POISONED");
  assertEquals(await codeOf(lost), "POISONED");
  await store.close();
});

Deno.test("commit: a store that is closed has synced everything", async () => {
  const { engine, store } = open();
  store.set("k", "v");
  const closing = store.close();
  assertEquals(store.status, "closing");
  await closing;
  assertEquals(store.status, "closed");
  const { active } = engine.log;
  assertEquals(active.syncedLength, active.length);
});

Deno.test("commit: a list never shows what a full disk then undoes", async () => {
  const { host, store } = open();
  await store.set("kept", "v");
  host.files.freeBytes = 0;
  const failure = codeOf(store.set("undone", "v"));
  const keys: string[] = [];
  for await (const [key] of store.list({ keysOnly: true })) {
    keys.push(new TextDecoder().decode(key));
  }
  assertEquals(keys, ["kept"]);
  assertEquals(await failure, "DISK_FULL");
  host.files.freeBytes = Infinity;
  await store.close();
});

Deno.test("commit: a loop that only awaits writes gives the event loop its turns", async () => {
  let isStarving = false;
  const turns: (() => void)[] = [];
  class StarvingHost extends FixedHost {
    isStarving = () => isStarving;
    override breathe(): Promise<void> {
      return new Promise((resolve) => turns.push(resolve));
    }
  }
  const { store } = open({}, new StarvingHost());
  await store.set("a", "1");
  assertEquals(turns.length, 0);
  isStarving = true;
  let isDone = false;
  const write = store.set("b", "2").then(() => isDone = true);
  await settle();
  assertEquals([isDone, turns.length], [false, 1]);
  assertEquals(text(store.getSync("b")), "2", "it shows at once all the same");
  turns.pop()!();
  await write;
  isStarving = false;
  await store.close();
});

/** A store whose syncs off the event loop take as long as many writes. */
function openSlow(host: FixedHost) {
  const opened = open({ valueLogFileSize: 40 << 20 }, host);
  const found = { rotations: 0, unsynced: 0, isUnderWay: false };
  const { files } = host;
  const openFile = files.open.bind(files);
  files.open = (path, mode) => {
    const file = openFile(path, mode);
    const { sync, syncAsync } = file;
    let underWay = 0;
    file.syncAsync = async () => {
      underWay++;
      for (let i = 0; i < 15; i++) await settle();
      underWay--;
      return syncAsync();
    };
    file.sync = () => {
      const { active } = opened.engine.log;
      if (active.file === file) {
        found.rotations++;
        const unsynced = active.flushedLength - active.syncedLength;
        found.unsynced = Math.max(found.unsynced, unsynced);
        found.isUnderWay ||= underWay > 0;
      }
      sync();
    };
    return file;
  };
  return { ...opened, found };
}

Deno.test("commit: a rotation finds little to sync when writes are awaited", async () => {
  for (const [recordBytes, count] of [[100_000, 1], [20_000, 40]] as const) {
    const { engine, store, found } = openSlow(new FixedHost());
    // Of the first segment's file nothing is known: it was there before.
    engine.writer.rotate();
    const value = new Uint8Array(recordBytes);
    for (let bytes = 0; bytes < 150 << 20;) {
      let done: Promise<void> | undefined;
      for (let i = 0; i < count; i++, bytes += recordBytes) {
        done = store.set(`${i}`, value);
      }
      await done;
    }
    assertEquals(found.rotations, 3);
    // What may be left, what is written while others wait, and one group.
    assertLess(found.unsynced, (2 << 20) + 2 * recordBytes * count);
    assertEquals(found.isUnderWay, false);
    await store.close();
  }
});

Deno.test("commit: a sync that fails before a rotation does not undo what was flushed", async () => {
  const { host, engine, store } = open({ valueLogFileSize: 3 << 20 });
  const value = new Uint8Array(100_000);
  host.files.failsSync = true;
  let count = 0;
  let failure: StoreError | undefined;
  for (; count < 30 && failure === undefined; count++) {
    failure = await store.set(`${count}`, value).then(
      () => undefined,
      (e) => e,
    );
  }
  // The write that waited for the sync is done; the next one is refused.
  assertEquals(failure?.code, "POISONED");
  assertEquals(engine.counters.rotations, 0);
  assertEquals(store.size, count - 1);
  await store.close();
  assertEquals(open({}, host.afterKill(PATH)).store.size, count - 1);
});

Deno.test("disk: awaited writes alone let timers fire", async () => {
  await using directory = tempDir();
  await using store = await Store.open(directory.path);
  let fired = 0;
  const timer = setInterval(() => fired++, 1);
  // Without turns of the event loop, this would never end.
  while (fired < 3) await store.set("key", "value");
  clearInterval(timer);
});

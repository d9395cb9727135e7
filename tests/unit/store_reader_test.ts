/** Readers beside a writer, in memory and on a disk of the test's own. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  CorruptionError,
  Store,
  StoreClosedError,
  StoreError,
  StoreReader,
} from "../../mod.ts";
import { segmentIds } from "../../src/engine/segment_files.ts";
import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import { readChunkHead } from "../../src/format/hint.ts";
import { hintName, segmentName } from "../../src/format/file_names.ts";
import {
  type FileHandle,
  joinPath,
  type OpenMode,
  readFile,
} from "../../src/fs/file_system.ts";
import type { ReaderOptions } from "../../src/store/reader_options.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine } from "../../src/store/store.ts";
import { openReaderEngine } from "../../src/store/store_reader.ts";
import { repair } from "../hostile/layout.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { FailingFileSystem } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";

const PATH = "/store";
const decoder = new TextDecoder();

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decoder.decode(bytes);
}

function openStore(host: FixedHost, options: StoreOptions = {}): Store {
  return new Store(openEngine(
    { path: PATH, valueLogGcEnabled: false, memTableSize: 65_536, ...options },
    host,
  ));
}

function openReader(host: FixedHost, options: ReaderOptions = {}): StoreReader {
  return new StoreReader(openReaderEngine({ path: PATH, ...options }, host));
}

function newest(host: FixedHost): string {
  const id = segmentIds(host.files.list(PATH)).at(-1)!;
  return joinPath(PATH, segmentName(id));
}

/** Changes bytes of a file behind everybody's back. */
function overwrite(
  host: FixedHost,
  path: string,
  bytes: Uint8Array,
  at: number,
): void {
  const file = host.files.inner.open(path, "write");
  file.write(bytes, 0, bytes.length, at);
}

function flip(host: FixedHost, path: string, at: number): void {
  const byte = readFile(host.files, path)[at]!;
  overwrite(host, path, Uint8Array.of(byte ^ 1), at);
}

Deno.test("reader: everything that reads is there, for the store and its buckets", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  const large = new Uint8Array(200_000).map((_, i) => i * 31);
  await store.set("a", "1");
  await store.set("large", large);
  await store.set("empty", "");
  await store.set("gone", "x");
  await store.delete("gone");
  await store.bucket("b").set("a", "2", { expireIn: 1000 });
  await using reader = openReader(host);
  assertEquals(reader.path, PATH);
  assertEquals(reader.status, "open");
  assertEquals(reader.size, 4);
  assertEquals(reader.versionstamp, store.snapshot().versionstamp);
  const bucket = reader.bucket("b");
  assertEquals(bucket.name, "b");
  for (const [space, value] of [[reader, "1"], [bucket, "2"]] as const) {
    assert(space.has("a"));
    assert(!space.has("gone"));
    assertEquals(textOf(space.getSync("a")), value);
    assertEquals(textOf(await space.get("a")), value);
    assertEquals((await space.getMany(["a", "gone"])).map(textOf), [
      value,
      undefined,
    ]);
    assertEquals(textOf(space.getView("a")), value);
    const target = new Uint8Array(3);
    assertEquals(space.getInto("a", target), 1);
    assertEquals(target[0], value.charCodeAt(0));
    assertEquals(textOf(space.getEntry("a").value), value);
    using snapshot = space.snapshot();
    assertEquals(textOf(await snapshot.get("a")), value);
  }
  assertEquals(reader.getEntry("a"), store.getEntry("a"));
  assertEquals(bucket.getEntry("a"), store.bucket("b").getEntry("a"));
  assertEquals(await reader.get("large"), large);
  assertEquals(reader.getSync("large"), large);
  assertEquals(reader.getSync("empty"), new Uint8Array(0));
  const keys = (await Array.fromAsync(reader.list())).map(([key]) =>
    textOf(key)
  );
  assertEquals(keys, ["a", "empty", "large"]);
  assertEquals([...bucket.listSync({ keysOnly: true })].length, 1);
  assertEquals(await reader.count({ prefix: "e" }), 1);
  const stats = reader.stats();
  assertEquals([stats.keys, stats.segments], [4, 1]);
  assertEquals(stats.vlogSize, store.stats().vlogSize);
  assert(stats.memory.indexBytes > 0 && stats.hits > 0 && stats.numReads > 0);
  await store.close();
});

Deno.test("reader: what was flushed shows after a refresh, whole commits and not before", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await using reader = openReader(host);
  await store.batch().set("a", "1").set("b", "1").commit();
  assertEquals(reader.has("a"), false);
  const pending = store.set("pending", "1");
  assertEquals((await reader.refresh()).records, 2);
  assertEquals([reader.has("a"), reader.has("pending")], [true, false]);
  await pending;
  assertEquals((await reader.refresh()).records, 1);
  assert(reader.has("pending"));
  void store.set("later", "1");
  assertEquals(reader.refreshSync().records, 0);
  assertEquals(reader.has("later"), false);
  await store.flush();
  const report = reader.refreshSync();
  assert(report.milliseconds >= 0);
  assertEquals({ ...report, milliseconds: 0 }, {
    records: 1,
    segmentsAdded: 0,
    segmentsRemoved: 0,
    isRebuilt: false,
    milliseconds: 0,
  });
  assert(reader.has("later"));
  const { refreshes } = reader.stats();
  assertEquals(refreshes, {
    count: 4,
    records: 4,
    rebuilds: 0,
    lastError: undefined,
  });
  await store.close();
});

Deno.test("reader: a refresh reads what is new and nothing else", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogFileSize: 1 << 20 });
  const value = new Uint8Array(10_000);
  for (let i = 0; i < 900; i++) await store.set(`${i}`, value);
  await store.sync();
  await store.set("synced", "");
  await using reader = openReader(host);
  await reader.refresh();
  let bytes = 0;
  const { open } = host.files;
  host.files.open = (path: string, mode: OpenMode): FileHandle => {
    const handle = open.call(host.files, path, mode);
    const { read } = handle;
    return Object.assign(handle, {
      read: (...args: Parameters<typeof read>) => {
        bytes += args[2];
        return read(...args);
      },
    });
  };
  const { segments } = reader.stats();
  for (let i = 0; i < 120; i++) await store.set(`${i}`, value);
  const report = await reader.refresh();
  assertEquals(report.records, 120);
  assertEquals(report.segmentsAdded, store.segments().length - segments);
  assert(bytes > 0 && bytes < 3_600_000, `${bytes} bytes of new segments`);
  await store.close();
});

Deno.test("reader: it neither locks nor changes anything, and others may lock beside it", async () => {
  await using directory = tempDir();
  const options = { path: directory.path, valueLogGcEnabled: false };
  const first = await Store.open(options);
  await first.set("a", "1");
  await first.close();
  const look = () =>
    [...Deno.readDirSync(directory.path)]
      .map(({ name }) => [name, Deno.readFileSync(`${directory.path}/${name}`)])
      .sort();
  const before = look();
  {
    await using reader = await StoreReader.open(directory.path);
    await using other = await StoreReader.open({ path: directory.path });
    assertEquals(textOf(reader.getSync("a")), "1");
    assertEquals(textOf(other.getSync("a")), "1");
    await reader.refresh();
    assertEquals(look(), before);
    const store = await Store.open(options);
    await store.set("a", "2");
    await other.refresh();
    assertEquals(textOf(reader.getSync("a")), "1");
    assertEquals(textOf(other.getSync("a")), "2");
    await store.close();
    await reader.refresh();
    assertEquals(textOf(reader.getSync("a")), "2");
  }
  const last = look();
  const reader = await StoreReader.open(directory.path);
  await reader.close();
  assertEquals(look(), last);
});

Deno.test("reader: where there is no store it says so, and makes none", async () => {
  await using directory = tempDir();
  const missing = `${directory.path}/missing`;
  for (const path of [directory.path, missing]) {
    const error = await assertRejects(
      () => StoreReader.open(path),
      StoreError,
      "there is none",
    );
    assertEquals(error.code, "BAD_PATH");
  }
  assertEquals([...Deno.readDirSync(directory.path)], []);
  // The writer has just begun to make its first segment.
  Deno.writeFileSync(
    `${directory.path}/${segmentName(1)}`,
    new Uint8Array(20),
  );
  await assertRejects(() => StoreReader.open(directory.path), StoreError);
});

Deno.test("reader: wrong settings are refused", async () => {
  const open = (options: unknown) => StoreReader.open(options as ReaderOptions);
  await assertRejects(() => open(5), TypeError, "a path or an object");
  await assertRejects(
    () => open({ refreshIntervall: 1 }),
    TypeError,
    'did you mean "refreshInterval"',
  );
  await assertRejects(() => open({ syncWrites: true }), TypeError, "unknown");
  await assertRejects(() => open({ refreshInterval: -1 }), RangeError);
  await assertRejects(() => open({ refreshInterval: "1" }), TypeError);
  await assertRejects(() => open({ blockCacheSize: 0.5 }), RangeError);
  assertThrows(() => new StoreReader({}), TypeError, "Cannot construct");
});

Deno.test("reader: a closed one refuses every call, and closes twice", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  const reader = openReader(host);
  const bucket = reader.bucket("b");
  const snapshot = reader.snapshot();
  const list = reader.list();
  await list.next();
  await reader.close();
  await reader.close();
  assertEquals(reader.status, "closed");
  const calls: (() => unknown)[] = [
    () => reader.has("a"),
    () => reader.getSync("a"),
    () => reader.getView("a"),
    () => reader.getInto("a", new Uint8Array(1)),
    () => reader.getEntry("a"),
    () => reader.list(),
    () => reader.listSync(),
    () => reader.snapshot(),
    () => reader.bucket("b"),
    () => reader.stats(),
    () => reader.size,
    () => reader.versionstamp,
    () => reader.refreshSync(),
    () => bucket.has("a"),
    () => snapshot.getSync("a"),
  ];
  for (const call of calls) assertThrows(call, StoreClosedError);
  await assertRejects(() => reader.refresh(), StoreClosedError);
  await assertRejects(() => reader.get("a"), StoreClosedError);
  await assertRejects(() => reader.getMany(["a"]), StoreClosedError);
  await assertRejects(() => reader.count(), StoreClosedError);
  await assertRejects(() => list.next(), StoreClosedError);
  await store.close();
});

Deno.test("reader: on disk, collected segments stay readable until a refresh, and snapshots for ever", async () => {
  await using directory = tempDir();
  const path = directory.path;
  await using store = await Store.open({
    path,
    valueLogGcEnabled: false,
    valueLogMaxEntries: 50,
    memTableSize: 65_536,
  });
  for (let i = 0; i < 300; i++) await store.set(`${i}`, `old ${i}`);
  await using reader = await StoreReader.open({ path, blockCacheSize: 0 });
  using snapshot = reader.snapshot();
  const list = reader.list();
  await list.next();
  for (let i = 0; i < 300; i++) {
    if (i % 3 === 0) await store.delete(`${i}`);
    else await store.set(`${i}`, `new ${i}`);
  }
  const { segmentsRewritten } = await store.gc({ discardRatio: 0.1 });
  assert(segmentsRewritten >= 6);
  // What is freed off the event loop is freed by then.
  const isRetired = (name: string) => name.endsWith(".tmp");
  while ([...Deno.readDirSync(path)].some(({ name }) => isRetired(name))) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let i = 0; i < 300; i++) {
    assertEquals(textOf(reader.getSync(`${i}`)), `old ${i}`);
  }
  const report = await reader.refresh();
  assert(report.segmentsRemoved >= 6);
  assertEquals(reader.stats().segments, store.segments().length);
  assert(reader.stats().snapshots.heldBytes > 0);
  for (let i = 0; i < 300; i++) {
    const expected = i % 3 === 0 ? undefined : `new ${i}`;
    assertEquals(textOf(reader.getSync(`${i}`)), expected);
    assertEquals(textOf(snapshot.getSync(`${i}`)), `old ${i}`);
  }
  let seen = 1;
  for await (const [key, value] of list) {
    assertEquals(textOf(value), `old ${textOf(key)}`);
    seen++;
  }
  assertEquals(seen, 300);
  snapshot.close();
  assertEquals(reader.stats().snapshots.heldBytes, 0);
});

Deno.test("reader: keys expire by the clock, and nothing is written for it", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1", { expireIn: 50 });
  await store.set("b", "1");
  // A writer that was killed sweeps nothing any more.
  const files = host.files.afterKill(PATH);
  const later = new FixedHost(files, host.time);
  await using reader = openReader(later);
  const before = files.list(PATH).map((name) =>
    readFile(files, joinPath(PATH, name))
  );
  assertEquals([reader.size, reader.has("a")], [2, true]);
  later.time += 50;
  assertEquals([reader.has("a"), reader.size], [false, 1]);
  // As in a store, what was seen to expire does not come back.
  later.time -= 50;
  assertEquals([reader.has("a"), reader.size], [false, 1]);
  await reader.refresh();
  assertEquals(reader.has("a"), false);
  const after = files.list(PATH).map((name) =>
    readFile(files, joinPath(PATH, name))
  );
  assertEquals(after, before);
});

Deno.test("reader: what the writer saw expire is gone for it after a refresh, whatever its clock", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  const other = new FixedHost(host.files, host.time);
  await store.set("a", "1", { expireIn: 50 });
  await using reader = openReader(other);
  assert(reader.has("a"));
  await host.advance(2000);
  await store.set("b", "1");
  assertEquals(store.has("a"), false);
  assert(reader.has("a"));
  await reader.refresh();
  assertEquals(reader.has("a"), false);
  await store.close();
});

Deno.test("reader: the interval refreshes by itself, and errors are told", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  const other = new FixedHost(host.files, host.time);
  const reader = openReader(other, { refreshInterval: 100 });
  await store.set("a", "1");
  await other.advance(99);
  assertEquals(reader.has("a"), false);
  await other.advance(1);
  assert(reader.has("a"));
  await store.set("b", "1");
  await other.advance(100);
  assert(reader.has("b"));
  const { list } = host.files;
  host.files.list = () => {
    throw new StoreError("IO", "Cannot list: on strike");
  };
  await other.advance(100);
  assertEquals(reader.stats().refreshes.lastError, "Cannot list: on strike");
  assert(reader.has("b"));
  host.files.list = list;
  await store.set("c", "1");
  await other.advance(100);
  assertEquals(reader.stats().refreshes.lastError, undefined);
  assert(reader.has("c"));
  await reader.close();
  await other.advance(1000);
  await store.close();
});

Deno.test("reader: a refresh called during another shows what was there at its own call", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogMaxEntries: 5 });
  const other = new FixedHost(host.files, host.time);
  await using reader = openReader(other);
  for (let i = 0; i < 50; i++) await store.set(`${i}`, "1");
  let calls = 0;
  let release = () => {};
  const waits = new Promise<void>((resolve) => release = resolve);
  other.shouldBreathe = () => calls++ === 0;
  other.breathe = () => waits;
  const first = reader.refresh();
  await store.set("late", "1");
  const second = reader.refresh();
  const third = reader.refresh();
  assert(second === third && second !== first);
  assertEquals(reader.has("49"), false);
  release();
  assert((await first).records >= 50);
  assertEquals(reader.has("late"), false);
  assertEquals((await second).records, 1);
  assert(reader.has("late"));
  await store.close();
});

Deno.test("reader: refreshed on this thread, or closed, while a refresh is under way", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogMaxEntries: 5 });
  const other = new FixedHost(host.files, host.time);
  const reader = openReader(other);
  const begin = async () => {
    for (let i = 0; i < 30; i++) await store.set(`${i}`, "1");
    let release = () => {};
    const waits = new Promise<void>((resolve) => release = resolve);
    let calls = 0;
    other.shouldBreathe = () => calls++ === 0;
    other.breathe = () => waits;
    return { refresh: reader.refresh(), release };
  };
  const one = await begin();
  assertEquals(reader.refreshSync().records, 30);
  one.release();
  assertEquals((await one.refresh).records, 0);
  assertEquals(reader.size, 30);
  const two = await begin();
  await reader.close();
  two.release();
  await assertRejects(() => two.refresh, StoreClosedError);
  await store.close();
});

Deno.test("reader: the end of the log may be in the middle of anything", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  const start = host.files.open(newest(host), "read").size();
  await store.batch().set("b", "1").set("c", "2").commit();
  await store.set("d", "1");
  const path = newest(host);
  const bytes = readFile(host.files, path);
  await store.close();
  for (let end = start; end <= bytes.length; end++) {
    const cut = new FixedHost();
    cut.files.open(path, "create").write(bytes, 0, end, 0);
    await using reader = openReader(cut);
    assert(reader.has("a"));
    assertEquals(reader.has("b"), reader.has("c"));
    const before = reader.size;
    overwrite(cut, path, bytes.subarray(end), end);
    const { isRebuilt, records } = reader.refreshSync();
    assertEquals([isRebuilt, records], [false, 4 - before]);
    assertEquals(reader.size, 4);
  }
});

Deno.test("reader: a segment that is being made is not there yet", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  await store.sync();
  await using reader = openReader(host);
  const path = joinPath(PATH, segmentName(2));
  for (const length of [0, 1, 63]) {
    const file = host.files.open(path, "create");
    file.write(new Uint8Array(64), 0, length, 0);
    assertEquals(reader.refreshSync().segmentsAdded, 0);
    await using other = openReader(host);
    assert(other.has("a"));
    host.files.remove(path);
  }
  // It failed, and the old one goes on.
  await store.set("b", "1");
  assertEquals(reader.refreshSync().records, 1);
  assert(reader.has("b"));
  await store.close();
});

Deno.test("reader: segments that come and go while it looks make it look again", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogMaxEntries: 10 });
  for (let i = 0; i < 40; i++) await store.set(`${i}`, "1");
  await using reader = openReader(host);
  const stale = host.files.list(PATH);
  for (let i = 0; i < 40; i++) await store.set(`${i % 20}`, "2");
  const grown = host.files.list(PATH);
  await store.gc({ discardRatio: 0.1 });
  const { list } = host.files;
  for (const former of [stale, grown]) {
    let calls = 0;
    // The list was made before the collection, the rest comes after it.
    host.files.list = (path) =>
      calls++ === 0 ? former : list.call(host.files, path);
    await using other = openReader(host);
    assert(calls > 2);
    assertEquals(other.size, 40);
    for (let i = 0; i < 40; i++) {
      assertEquals(textOf(other.getSync(`${i}`)), i < 20 ? "2" : "1");
    }
  }
  let calls = 0;
  host.files.list = (path) =>
    calls++ === 0 ? grown : list.call(host.files, path);
  reader.refreshSync();
  for (let i = 0; i < 40; i++) {
    assertEquals(textOf(reader.getSync(`${i}`)), i < 20 ? "2" : "1");
  }
  host.files.list = (path) => {
    const names = list.call(host.files, path);
    return calls++ % 2 === 0 ? names.slice(1) : names;
  };
  assertThrows(() => reader.refreshSync(), StoreError, "change faster");
  host.files.list = list;
  await store.close();
});

Deno.test("reader: damage anywhere but at the end of the log is told, and a refresh leaves the reader as it is", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogMaxEntries: 10 });
  for (let i = 0; i < 10; i++) await store.set(`${i}`, "1");
  await using reader = openReader(host, { blockCacheSize: 0 });
  for (let i = 10; i < 25; i++) await store.set(`${i}`, "1");
  const sealed = joinPath(PATH, segmentName(2));
  flip(host, sealed, 100);
  host.files.remove(joinPath(PATH, hintName(2)));
  const error = assertThrows(() => reader.refreshSync(), CorruptionError);
  assertEquals([error.segmentId, error.path], [2, sealed]);
  await assertRejects(() => reader.refresh(), CorruptionError);
  assertEquals([reader.size, reader.has("5"), reader.has("20")], [
    10,
    true,
    false,
  ]);
  assertEquals(reader.stats().segments, 1);
  assertThrows(() => openReader(host), CorruptionError);
  flip(host, sealed, 100);
  assertEquals(reader.refreshSync().records, 15);
  assertEquals(reader.size, 25);
  // A value of a record that was read is another matter.
  flip(host, joinPath(PATH, segmentName(1)), 85);
  assertThrows(() => reader.getSync("0"), CorruptionError);
  await assertRejects(() => reader.get("0"), CorruptionError);
  assertEquals(textOf(reader.getSync("1")), "1");
  await store.close();
});

Deno.test("reader: bytes that were synced are no write under way", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  await store.set("b", "2");
  await using reader = openReader(host);
  const end = host.files.open(newest(host), "read").size();
  for (let i = 0; i < 5; i++) await store.set(`${i}`, "x");
  await store.sync();
  await store.set("c", "marked");
  flip(host, newest(host), end + 4);
  assertThrows(
    () => reader.refreshSync(),
    CorruptionError,
    "were synced",
  );
  assertThrows(() => openReader(host), CorruptionError, "were synced");
  assertEquals(reader.size, 2);
  flip(host, newest(host), end + 4);
  assertEquals(reader.refreshSync().records, 6);
  await store.close();
});

Deno.test("reader: an older segment is refused where hints know of more, though a snapshot does not", async () => {
  for (const isSealed of [false, true]) {
    const host = new FixedHost();
    let store = openStore(host);
    await store.set("a", "1");
    await store.close();
    const copy = host.files.afterKill(PATH);
    store = openStore(host);
    await store.set("b", "1");
    await store.close();
    for (const name of [segmentName(1), "index.snapshot"]) {
      const path = joinPath(PATH, name);
      const bytes = readFile(copy, path);
      host.files.remove(path);
      host.files.open(path, "create").write(bytes, 0, bytes.length, 0);
    }
    if (isSealed) host.files.open(joinPath(PATH, segmentName(2)), "create");
    for (const open of [openReader, openStore]) {
      assertThrows(() => open(host), CorruptionError, "were synced");
    }
  }
});

Deno.test("reader: a hint that knows of more than there is, is refused as a writer does", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  await store.close();
  const name = hintName(1);
  const bytes = readFile(host.files, joinPath(PATH, name));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertEquals(readChunkHead(view, FILE_HEADER_BYTES).isFinal, false);
  view.setUint32(FILE_HEADER_BYTES + 24, 1_000_000, true);
  repair(name, bytes, { header: false, blocks: true });
  overwrite(host, joinPath(PATH, name), bytes, 0);
  for (const open of [openReader, openStore]) {
    assertThrows(() => open(host), CorruptionError, "were synced");
  }
});

Deno.test("reader: a segment of another store is refused", async () => {
  const host = new FixedHost();
  const store = openStore(host);
  await store.set("a", "1");
  await using reader = openReader(host);
  const other = new FixedHost(new FailingFileSystem(), host.time + 1);
  other.randomBytes = (length) => new Uint8Array(length).fill(7);
  const foreign = openStore(other, { valueLogMaxEntries: 1 });
  await foreign.set("a", "1");
  await foreign.set("b", "1");
  const bytes = readFile(other.files, joinPath(PATH, segmentName(2)));
  const path = joinPath(PATH, segmentName(2));
  host.files.open(path, "create").write(bytes, 0, bytes.length, 0);
  assertThrows(() => reader.refreshSync(), CorruptionError, "another store");
  assertThrows(() => openReader(host), CorruptionError, "another store");
  host.files.remove(path);
  reader.refreshSync();
  await store.close();
  await foreign.close();
});

Deno.test("reader: a log that went back is read anew", async () => {
  const host = new FixedHost();
  const store = openStore(host, { valueLogMaxEntries: 5 });
  for (let i = 0; i < 5; i++) await store.set(`${i}`, "1");
  const copy = host.files.afterKill(PATH);
  for (let i = 0; i < 12; i++) await store.set(`${i}`, "2");
  await using reader = openReader(host);
  const snapshot = reader.snapshot();
  const list = reader.list();
  await list.next();
  await store.close();
  // An older copy of the directory takes its place.
  for (const name of host.files.list(PATH)) {
    host.files.remove(joinPath(PATH, name));
  }
  for (const name of copy.list(PATH)) {
    const bytes = readFile(copy, joinPath(PATH, name));
    const path = joinPath(PATH, name);
    host.files.open(path, "create").write(bytes, 0, bytes.length, 0);
  }
  const report = await reader.refresh();
  assert(report.isRebuilt);
  assertEquals(reader.stats().refreshes.rebuilds, 1);
  assertEquals(reader.size, 5);
  assertEquals(textOf(reader.getSync("4")), "1");
  assertThrows(() => snapshot.getSync("1"), StoreClosedError, "closed");
  await assertRejects(() => list.next(), StoreClosedError, "moment is over");
});

Deno.test("reader: an encrypted store is read with its key, also under data keys that are new", async () => {
  const host = new FixedHost();
  const key = (byte: number) => ({ key: new Uint8Array(32).fill(byte) });
  const store = openStore(host, { encryption: key(1) });
  await store.set("a", "1");
  const codeOf = (open: () => unknown) => assertThrows(open, StoreError).code;
  assertEquals(codeOf(() => openReader(host)), "ENCRYPTED");
  assertEquals(
    codeOf(() => openReader(host, { encryption: key(2) })),
    "WRONG_KEY",
  );
  assertThrows(
    () => openReader(host, { encryption: { key: new Uint8Array(3) } }),
    RangeError,
  );
  await using reader = openReader(host, { encryption: key(1) });
  assertEquals(textOf(reader.getSync("a")), "1");
  for (let i = 0; i < 3; i++) {
    await store.set("a", `under ${i}`);
    await store.rotateDataKey();
    await store.set("b", `under ${i}`);
    const { isRebuilt } = await reader.refresh();
    assertEquals(isRebuilt, false);
    assertEquals(textOf(reader.getSync("a")), `under ${i}`);
    assertEquals(textOf(reader.getSync("b")), `under ${i}`);
  }
  const before = host.files.list(PATH).length;
  await reader.close();
  assertEquals(host.files.list(PATH).length, before);
  await store.close();
  const plain = new FixedHost();
  const other = openStore(plain);
  assertEquals(
    codeOf(() => openReader(plain, { encryption: key(1) })),
    "NOT_ENCRYPTED",
  );
  await other.close();
});

Deno.test("reader: compressed values are read as they were given", async () => {
  const host = new FixedHost();
  const store = openStore(host, { compression: "deflate" });
  const value = "compressible ".repeat(10_000);
  await store.set("a", value);
  await using reader = openReader(host);
  assertEquals(textOf(reader.getSync("a")), value);
  assertEquals(textOf(await reader.get("a")), value);
  assertEquals(textOf(reader.getEntry("a").value), value);
  using snapshot = reader.snapshot();
  assertEquals(textOf(snapshot.getSync("a")), value);
  await store.close();
});

/** Files that let a test look before bytes are taken back. */
class SeenFiles extends FailingFileSystem {
  beforeCut: () => void = () => {};

  override open(path: string, mode: OpenMode): FileHandle {
    const handle = super.open(path, mode);
    const { truncate } = handle;
    return Object.assign(handle, {
      truncate: (length: number) => {
        this.beforeCut();
        truncate(length);
      },
    });
  }
}

/** A reader that has read a commit that then failed. */
async function staleReader(): Promise<{ store: Store; reader: StoreReader }> {
  const files = new SeenFiles();
  const host = new FixedHost(files);
  const store = openStore(host);
  await store.set("a", "old");
  const reader = openReader(host, { blockCacheSize: 0 });
  files.beforeCut = () => reader.refreshSync();
  files.freeBytes = 60;
  const failed = [store.set("a", "undone"), store.set("b", "no room for it")];
  for (const write of failed) await assertRejects(() => write, StoreError);
  files.freeBytes = Infinity;
  files.beforeCut = () => {};
  return { store, reader };
}

Deno.test("reader: a read of a write that was taken back gives what is there instead", async () => {
  const reads: ((reader: StoreReader) => unknown)[] = [
    (reader) => textOf(reader.getSync("a")),
    (reader) => reader.get("a").then(textOf),
    (reader) => reader.getMany(["a"]).then(([value]) => textOf(value)),
    (reader) => textOf(reader.getView("a")),
    (reader) => textOf(reader.getEntry("a").value),
    (reader) => {
      const target = new Uint8Array(3);
      reader.getInto("a", target);
      return textOf(target);
    },
  ];
  for (const read of reads) {
    const { store, reader } = await staleReader();
    assertEquals(await read(reader), "old");
    assertEquals(reader.stats().refreshes.rebuilds, 1);
    await store.set("a", "new");
    await reader.refresh();
    assertEquals(await read(reader), "new");
    await reader.close();
    await store.close();
  }
});

Deno.test("reader: lists and snapshots of a write that was taken back say so", async () => {
  const { store, reader } = await staleReader();
  const isStale = (error: unknown) => {
    assertInstanceOf(error, StoreError);
    assertEquals(error.code, "STALE");
  };
  using snapshot = reader.snapshot();
  isStale(assertThrows(() => snapshot.getSync("a")));
  isStale(assertThrows(() => [...reader.listSync()]));
  isStale(await assertRejects(() => Array.fromAsync(reader.list())));
  assert((await reader.refresh()).isRebuilt);
  assertEquals(textOf([...reader.listSync()][0]![1]), "old");
  assertThrows(() => snapshot.getSync("a"), StoreClosedError);
  await reader.close();
  await store.close();
});

Deno.test("reader: a write in the place of one that was taken back is not missed, though it ends alike", async () => {
  const { store, reader } = await staleReader();
  await store.set("a", "UNDONE");
  await store.set("c", "x");
  assertEquals((await reader.refresh()).isRebuilt, true);
  assertEquals(textOf(reader.getSync("a")), "UNDONE");
  assertEquals((await reader.refresh()).isRebuilt, false);
  await reader.close();
  await store.close();
});

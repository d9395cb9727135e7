/** Store.salvage, and opening with `recovery`: what is brought back and what is told. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CorruptionError, Store, StoreError } from "../../mod.ts";
import { segmentSeed } from "../../src/format/checksum.ts";
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
} from "../../src/format/file_header.ts";
import { hintName, segmentName } from "../../src/format/file_names.ts";
import {
  RecordHead,
  sealRecord,
  setUint64,
  VERSION_REACH,
} from "../../src/format/record.ts";
import { readFile } from "../../src/fs/file_system.ts";
import { salvage } from "../../src/engine/salvage.ts";
import { openEngine } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { SimulatedHost } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";
import {
  contents,
  DIRECTORY,
  expected,
  flip,
  makeStore,
  open,
} from "./support.ts";

/** Gives the first record of a segment a version, and the checksum for it. */
function forgeFirstVersion(host: FixedHost, id: number, version: number): void {
  const path = `${DIRECTORY}/${segmentName(id)}`;
  const bytes = readFile(host.files, path);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const head = new RecordHead();
  const at = FILE_HEADER_BYTES;
  head.read(view, at, bytes.length - at);
  setUint64(view, at + 12, version);
  const { storeId } = decodeFileHeader(bytes.subarray(0, at), "VLOG", path);
  sealRecord(bytes, view, at, head.length, segmentSeed(storeId, id), at);
  host.files.open(path, "write").write(bytes, 0, bytes.length, 0);
}

async function salvaged(host: FixedHost) {
  const target = new FixedHost();
  const report = await salvage(
    DIRECTORY,
    host,
    () => openEngine({ path: DIRECTORY }, target),
  );
  const { engine, store } = open(target);
  checkBooks(engine);
  const found = await contents(store);
  await store.close();
  return { report, found, target };
}

Deno.test("salvage: a sound store is copied whole, versions and expiries included", async () => {
  const host = await makeStore();
  const { report, found, target } = await salvaged(host);
  assertEquals(found, expected());
  assertEquals(report.lost, []);
  assertEquals([report.keys, report.segments, report.skipped], [23, 3, 0]);
  const original = open(host.afterKill(DIRECTORY)).engine;
  const copy = open(target).engine;
  assertEquals(copy.writer.nextVersion >= original.writer.nextVersion, true);
  await target.advance(1_000_001);
  assertEquals(new Store(copy).has("expiring"), false);
});

Deno.test("salvage: of a store with one bad byte, all but what it hit", async () => {
  const sound = await makeStore();
  const all = expected();
  for (const name of ["0000000001.vlog", "0000000003.vlog"]) {
    const size = sound.files.inner.open(`${DIRECTORY}/${name}`, "read").size();
    for (let offset = 0; offset < size; offset++) {
      const host = sound.afterKill(DIRECTORY);
      flip(host, name, offset);
      const { report, found } = await salvaged(host);
      assertEquals(report.lost.length, 1, `${name} ${offset}`);
      let missing = 0;
      for (const [key, value] of Object.entries(all)) {
        if (found[key] === undefined) missing++;
        else assertEquals(found[key], value);
      }
      // A record, or a batch of two; a lost tombstone brings its key back.
      assert(missing <= 2, `${name} ${offset}: ${missing} are missing`);
      const isBatchWhole = (found["batch a"] === undefined) ===
        (found["batch b"] === undefined);
      assertEquals(isBatchWhole, true, `${name} ${offset}`);
      const extra = Object.keys(found).filter((key) => !(key in all));
      assert(extra.every((key) => key === "key 3"), extra.join());
    }
  }
});

Deno.test("salvage: of a store whose only header is damaged, nothing, and it says so", async () => {
  const host = new FixedHost();
  const { store } = open(host);
  await store.set("key", "value");
  await store.close();
  flip(host, "0000000001.vlog", 20);
  const { report, found } = await salvaged(host);
  assertEquals(found, {});
  assertEquals(
    report.lost.map(({ offset, segmentId }) => [offset, segmentId]),
    [
      [0, 1],
    ],
  );
  assert(report.lost[0]!.bytes > 64);
});

Deno.test("salvage: never over a store, never from one that is open or not there", async () => {
  await using directory = tempDir();
  const [source, target] = ["source", "target"].map((name) =>
    `${directory.path}/${name}`
  ) as [string, string];
  const codeOf = async (run: () => Promise<unknown>) =>
    (await assertRejects(run, StoreError)).code;
  Deno.mkdirSync(source);
  assertEquals(await codeOf(() => Store.salvage(source, target)), "BAD_PATH");
  assertThrows(() => Deno.statSync(target), Deno.errors.NotFound);
  await using store = await Store.open(source);
  await store.set("key", "value");
  assertEquals(await codeOf(() => Store.salvage(source, target)), "LOCKED");
  await store.close();
  const before = [...Deno.readDirSync(source)].map(({ name }) => name).sort();
  assertEquals((await Store.salvage(source, target)).keys, 1);
  assertEquals(
    [...Deno.readDirSync(source)].map(({ name }) => name).sort(),
    before,
  );
  assertEquals(await codeOf(() => Store.salvage(source, target)), "BAD_PATH");
  await using copy = await Store.open(target);
  assertEquals(new TextDecoder().decode(copy.getSync("key")), "value");
});

Deno.test("recovery: strict opens nothing that has a torn tail, and changes nothing", async () => {
  const host = (await makeStore()).afterKill(DIRECTORY);
  const file = host.files.inner.open(`${DIRECTORY}/0000000003.vlog`, "write");
  const size = file.size();
  file.write(new Uint8Array(9), 0, 9, size);
  host.files.remove(`${DIRECTORY}/index.snapshot`);
  const error = assertThrows(
    () => open(host, { recovery: "strict" }),
    CorruptionError,
  );
  assertEquals([error.segmentId, error.offset], [3, size]);
  assertEquals(file.size(), size + 9);
  const { engine, store } = open(host.afterKill(DIRECTORY), {
    recovery: "tail",
  });
  assertEquals(engine.recovery.bytesCut, 9);
  assertEquals(await contents(store), expected());
});

Deno.test("recovery: salvage opens over any bad byte, tells it, and works on", async () => {
  const sound = await makeStore();
  const size = sound.files.inner.open(`${DIRECTORY}/0000000002.vlog`, "read")
    .size();
  for (let offset = 0; offset < size; offset += 3) {
    const host = sound.afterKill(DIRECTORY);
    for (const name of host.files.list(DIRECTORY)) {
      if (!name.endsWith(".vlog")) host.files.remove(`${DIRECTORY}/${name}`);
    }
    flip(host, "0000000002.vlog", offset);
    assertThrows(() => open(host.afterKill(DIRECTORY)), StoreError);
    const { engine, store } = open(host, { recovery: "salvage" });
    assertEquals(engine.recovery.lost.length, 1);
    assertEquals(engine.recovery.lost[0]!.segmentId, 2);
    const found = await contents(store);
    assert(Object.keys(found).length >= (offset < 64 ? 13 : 22));
    await store.set("new", "1");
    await store.delete("key 1");
    await store.gc({ discardRatio: 0.1 });
    await store.close();
    const again = open(host, { recovery: "salvage" });
    assertEquals(again.store.has("new"), true);
    assertEquals(again.store.has("key 1"), false);
    await again.store.close();
  }
});

Deno.test("recovery: a sealed record with an impossible version is damage, not a torn tail", async () => {
  const sound = (await makeStore()).afterKill(DIRECTORY);
  sound.files.remove(`${DIRECTORY}/index.snapshot`);
  const name = "0000000003.vlog";
  sound.files.remove(`${DIRECTORY}/${hintName(3)}`);
  forgeFirstVersion(sound, 3, VERSION_REACH + 1);
  for (const recovery of ["tail", "strict"] as const) {
    const host = sound.afterKill(DIRECTORY);
    const error = assertThrows(() => open(host, { recovery }), CorruptionError);
    assertEquals([error.segmentId, error.offset], [3, FILE_HEADER_BYTES]);
    assert(error.message.includes("version is impossible"), error.message);
  }
  const host = sound.afterKill(DIRECTORY);
  const { engine, store } = open(host, { recovery: "salvage" });
  assertEquals(engine.recovery.lost.length, 1);
  assertEquals(engine.recovery.lost[0]!.path, `${DIRECTORY}/${name}`);
  assert(engine.writer.nextVersion < 100, "versions go on where they were");
  const found = Object.keys(await contents(store));
  assert(found.length >= Object.keys(expected()).length - 1, found.join());
  await store.set("new", "1");
  await store.gc({ discardRatio: 0.01 });
  await store.close();
  const again = open(host, { recovery: "salvage" });
  assertEquals(again.store.has("new"), true);
  await again.store.close();
});

Deno.test("salvage: a version at the end of its reach does not lead out of it", async () => {
  const host = (await makeStore()).afterKill(DIRECTORY);
  forgeFirstVersion(host, 3, VERSION_REACH);
  for (const name of ["index.snapshot", hintName(3)]) {
    host.files.remove(`${DIRECTORY}/${name}`);
  }
  const { report, found } = await salvaged(host.afterKill(DIRECTORY));
  assertEquals(report.lost, []);
  assertEquals(found, expected());
  const { engine, store } = open(host);
  assert(engine.writer.nextVersion < 100, `${engine.writer.nextVersion}`);
  await store.set("new", "1");
  await store.close();
  assertEquals(open(host).store.has("new"), true);
});

Deno.test("recovery: salvage over a missing segment and a snapshot of another time", async () => {
  const host = await makeStore();
  host.files.remove(`${DIRECTORY}/0000000001.vlog`);
  assertThrows(() => open(host.afterKill(DIRECTORY)), CorruptionError);
  const { store } = open(host.afterKill(DIRECTORY), { recovery: "salvage" });
  const found = await contents(store);
  assertEquals(found["key 15"], "value 15");
  assertEquals(found["key 5"], undefined);
});

Deno.test("recovery: salvage makes safe what it read before it goes on", async () => {
  const disk = new SimulatedDisk();
  const options = { path: DIRECTORY, valueLogGcEnabled: false };
  const first = new Store(openEngine(options, new SimulatedHost(1, disk)));
  await first.set("unsynced", "1");
  // The process is killed; what it wrote is in the page cache only.
  const next = disk.fork(disk.log.length);
  const store = new Store(
    openEngine(
      { ...options, recovery: "salvage" },
      new SimulatedHost(2, next),
    ),
  );
  assertEquals(store.recovery.lost, []);
  // Nothing new to sync: what was found must be safe by itself.
  await store.sync();
  const prefix = next.log.length;
  const files = next.crash({ prefix, lost: next.log.unsafe(prefix) });
  const after = new Store(
    openEngine(options, new SimulatedHost(3, new SimulatedDisk(files))),
  );
  assertEquals(after.has("unsynced"), true);
});

Deno.test("salvage: a target is no store before all of it is there, and none if it fails", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const target = `${directory.path}/target`;
  const store = await Store.open(path);
  for (let i = 0; i < 100; i++) await store.set(`key${i}`, "value");
  await store.close();
  const names = () => [...Deno.readDirSync(target)].map(({ name }) => name);
  let begun: string[] = [];
  await assertRejects(
    () =>
      Store.salvage(path, target, {
        onProgress: () => {
          begun = names();
          throw new Error("Ended half way");
        },
      }),
    Error,
    "Ended half way",
  );
  assert(begun.includes("0000000001.vlog"));
  assert(begun.includes("UNFINISHED"));
  assertEquals(names().filter((name) => !name.startsWith("LOCK")), []);
  assertEquals((await Store.salvage(path, target)).keys, 100);
  await using salvaged = await Store.open(target);
  assertEquals(salvaged.size, 100);
});

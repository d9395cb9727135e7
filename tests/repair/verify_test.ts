/** Store.verify: what it says of sound and of damaged stores. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Store, StoreError } from "../../mod.ts";
import { verify } from "../../src/engine/verify.ts";
import { tempDir } from "../support/temp.ts";
import { DIRECTORY, flip, makeStore, open } from "./support.ts";

Deno.test("verify: a sound store, its hints and its snapshot", async () => {
  const host = await makeStore();
  const report = await verify(DIRECTORY, host);
  assertEquals(report.isSound, true);
  assertEquals(report.keys, 23);
  assertEquals(report.tornBytes, 0);
  assertEquals(report.snapshot, "sound");
  assertEquals(
    report.segments.map(({ id, puts, tombstones, hint, lost }) => ({
      id,
      puts,
      tombstones,
      hint,
      lost,
    })),
    [
      { id: 1, puts: 10, tombstones: 0, hint: "sound", lost: [] },
      { id: 2, puts: 10, tombstones: 0, hint: "sound", lost: [] },
      { id: 3, puts: 4, tombstones: 1, hint: "sound", lost: [] },
    ],
  );
  // It has let the directory go.
  await open(host).store.close();
});

Deno.test("verify: each damaged byte of a segment is found, and where it is", async () => {
  const sound = await makeStore();
  const size = sound.files.inner.open(`${DIRECTORY}/0000000002.vlog`, "read")
    .size();
  for (let offset = 0; offset < size; offset++) {
    const host = sound.afterKill(DIRECTORY);
    flip(host, "0000000002.vlog", offset);
    const report = await verify(DIRECTORY, host);
    assertEquals(report.isSound, false, `byte ${offset}`);
    const lost = report.segments.flatMap(({ lost }) => lost);
    assertEquals(lost.length, 1, `byte ${offset}`);
    assertEquals(lost[0]!.segmentId, 2);
    assert(
      lost[0]!.offset <= offset && offset < lost[0]!.offset + lost[0]!.bytes,
      `byte ${offset}: ${JSON.stringify(lost[0])}`,
    );
    // All but one record are still there.
    assertEquals(report.segments[1]!.puts, offset < 64 ? 10 : 9);
  }
});

Deno.test("verify: a damaged hint or snapshot is told and loses nothing", async () => {
  const sound = await makeStore();
  for (const name of ["0000000002.hint", "index.snapshot"]) {
    const size = sound.files.inner.open(`${DIRECTORY}/${name}`, "read").size();
    for (let offset = 0; offset < Math.min(size, 500); offset += 7) {
      const host = sound.afterKill(DIRECTORY);
      flip(host, name, offset);
      const report = await verify(DIRECTORY, host);
      assertEquals(report.isSound, true, `${name} ${offset}`);
      assertEquals(
        name === "index.snapshot" ? report.snapshot : report.segments[1]!.hint,
        "wrong",
        `${name} ${offset}`,
      );
    }
  }
});

Deno.test("verify: hints and snapshots of other stores, older ones and none", async () => {
  const host = await makeStore();
  const { store } = open(host);
  await store.set("more", "1");
  const killed = host.afterKill(DIRECTORY);
  await store.close();
  const after = await verify(DIRECTORY, killed);
  assertEquals([after.snapshot, after.isSound], ["outdated", true]);
  assertEquals(after.segments.at(-1)!.hint, "partial");
  for (const name of killed.files.list(DIRECTORY)) {
    if (!name.endsWith(".vlog")) killed.files.remove(`${DIRECTORY}/${name}`);
  }
  const bare = await verify(DIRECTORY, killed);
  assertEquals(bare.snapshot, "absent");
  assertEquals(bare.segments.map(({ hint }) => hint), [
    "absent",
    "absent",
    "absent",
  ]);
  // The hints of one segment under the name of another.
  const mixed = host.afterKill(DIRECTORY);
  mixed.files.remove(`${DIRECTORY}/0000000001.hint`);
  mixed.files.rename(
    `${DIRECTORY}/0000000002.hint`,
    `${DIRECTORY}/0000000001.hint`,
  );
  const wrong = await verify(DIRECTORY, mixed);
  assertEquals(wrong.segments[0]!.hint, "wrong");
});

Deno.test("verify: a torn tail is told, and is no damage", async () => {
  const host = await makeStore();
  const file = host.files.inner.open(`${DIRECTORY}/0000000003.vlog`, "write");
  file.write(new Uint8Array(33).fill(7), 0, 33, file.size());
  const report = await verify(DIRECTORY, host);
  assertEquals([report.isSound, report.tornBytes], [true, 33]);
});

Deno.test("verify: a segment that was being made is told, and is no damage", async () => {
  const sound = await makeStore();
  const first = sound.files.inner.open(`${DIRECTORY}/0000000001.vlog`, "read");
  const header = new Uint8Array(64);
  first.read(header, 0, 64, 0);
  for (const length of [0, 1, 8, 20, 63]) {
    const host = sound.afterKill(DIRECTORY);
    host.files.open(`${DIRECTORY}/0000000004.vlog`, "create")
      .write(header, 0, length, 0);
    const report = await verify(DIRECTORY, host);
    assertEquals([report.isSound, report.tornBytes], [true, length]);
    assertEquals(open(host).store.size, 23);
  }
});

Deno.test("verify: on the real file system, of stores that are open or not there", async () => {
  await using directory = tempDir();
  await using store = await Store.open(directory.path);
  await store.set("key", "value");
  const locked = await assertRejects(
    () => Store.verify(directory.path),
    StoreError,
  );
  assertEquals(locked.code, "LOCKED");
  await store.close();
  const report = await Store.verify(directory.path);
  assertEquals([report.isSound, report.keys], [true, 1]);
  await using empty = tempDir();
  const nothing = await assertRejects(
    () => Store.verify(empty.path),
    StoreError,
  );
  assertEquals(nothing.code, "BAD_PATH");
  assertEquals([...Deno.readDirSync(empty.path)], []);
});

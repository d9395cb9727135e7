/**
 * The loss of power at any moment of a restore or a checkpoint, over a simulated disk
 * that loses what was not synced in any combination; and the failure of every single
 * operation of the disk.
 */
import { assert, assertEquals } from "@std/assert";
import { StoreError } from "../../mod.ts";
import { checkpoint } from "../../src/store/checkpoint.ts";
import { finishRestore, restoreNew } from "../../src/store/restore.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { crashChoices } from "../crash/states/choices.ts";
import { checkBooks } from "../support/check_books.ts";
import type { DiskFiles } from "../support/disk_log.ts";
import { type FaultKind, SimulatedDisk } from "../support/simulated_disk.ts";
import { seededRandom, SimulatedHost } from "../support/simulated_host.ts";
import { backUp, contentsOf, streamOf } from "./support.ts";

const OPTIONS = {
  memTableSize: 65_536,
  valueLogMaxEntries: 6,
  valueLogGcEnabled: false,
  blockCacheSize: 0,
};
const THOROUGHNESS = { allSubsetsOf: 3, samples: 6, everyByteOf: 0 };
const FAULTS: FaultKind[] = ["EIO", "ENOSPC", "EMFILE", "short", "dropped"];
const EMPTY = new Map<string, string>();

/** A host that never makes its caller wait. */
class StillHost extends SimulatedHost<SimulatedDisk> {
  constructor(disk: SimulatedDisk) {
    super(1, disk);
  }

  override shouldBreathe(): boolean {
    return false;
  }

  override breathe(): Promise<void> {
    return Promise.resolve();
  }
}

function open(disk: SimulatedDisk, path: string): Store {
  return new Store(openEngine({ ...OPTIONS, path }, new StillHost(disk)));
}

async function fill(store: Store, what: string): Promise<void> {
  for (let i = 0; i < 9; i++) await store.set(`${i}`, `${what} ${i}`);
  await store.bucket("b").set("1", what);
  for (let i = 0; i < 9; i += 4) await store.delete(`${i}`);
}

/** A store, its full backup, and an incremental one with a list of keys. */
async function makeBackups() {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, "first");
  const full = await backUp(store);
  const first = contentsOf(store, ["b"]);
  await store.delete("1");
  await store.delete("2");
  await store.set("new", "x");
  while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
  const { bytes } = await backUp(store, { since: full.report.versionstamp });
  return {
    full: full.bytes,
    first,
    incremental: bytes,
    second: contentsOf(store, ["b"]),
  };
}

/** What a store in `path` holds, or the code of the error that refuses it. */
async function look(
  files: DiskFiles,
  path: string,
): Promise<Map<string, string> | string> {
  const disk = new SimulatedDisk(files);
  let engine;
  try {
    engine = openEngine({ ...OPTIONS, path }, new StillHost(disk));
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  await finishRestore(engine);
  const contents = contentsOf(new Store(engine), ["b"]);
  checkBooks(engine);
  await engine.close();
  return contents;
}

/** What is left after the last operation if nothing survives that was not synced. */
function lastCrash(disk: SimulatedDisk): DiskFiles {
  const prefix = disk.log.length;
  return disk.crash({ prefix, lost: disk.log.unsafe(prefix) });
}

function isSame(a: unknown, b: Map<string, string>): boolean {
  return a instanceof Map &&
    JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}

Deno.test("a crash in a restore to a new store leaves none, or the whole", async () => {
  const { full, first } = await makeBackups();
  const disk = new SimulatedDisk();
  await restoreNew(
    streamOf(full),
    () => openEngine({ ...OPTIONS, path: "/new" }, new StillHost(disk)),
    {},
  );
  const counts = { none: 0, refused: 0, whole: 0 };
  for (const choice of crashChoices(disk.log, seededRandom(1), THOROUGHNESS)) {
    const found = await look(disk.crash(choice), "/new");
    if (found === "UNFINISHED") counts.refused++;
    else if (isSame(found, first)) counts.whole++;
    else {
      assertEquals(found, EMPTY, JSON.stringify(choice));
      counts.none++;
    }
  }
  console.log(counts);
  assert(Math.min(...Object.values(counts)) > 0);
  assertEquals(await look(lastCrash(disk), "/new"), first);
});

Deno.test("a crash while a backup is applied leaves what was, or the whole", async () => {
  const { full, first, incremental, second } = await makeBackups();
  for (const isFull of [false, true]) {
    let disk = new SimulatedDisk();
    let store = open(disk, "/store");
    if (isFull) await fill(store, "other");
    else await store.restore(streamOf(full));
    const before = contentsOf(store, ["b"]);
    await store.close();
    disk = new SimulatedDisk(disk.files());
    store = open(disk, "/store");
    await store.restore(streamOf(isFull ? full : incremental));
    const after = isFull ? first : second;
    assertEquals(contentsOf(store, ["b"]), after);
    let [old, whole] = [0, 0];
    for (
      const choice of crashChoices(disk.log, seededRandom(2), THOROUGHNESS)
    ) {
      const found = await look(disk.crash(choice), "/store");
      if (isSame(found, after)) whole++;
      else {
        assertEquals(found, before, JSON.stringify(choice));
        old++;
      }
    }
    console.log({ old, whole });
    assertEquals(await look(lastCrash(disk), "/store"), after);
    assert(old > 0 && whole > 0);
    const left = disk.files().keys().filter((name) => /spool|tmp/.test(name));
    assertEquals([...left], []);
  }
});

Deno.test("a crash in a checkpoint leaves the store, and no half of a twin", async () => {
  const disk = new SimulatedDisk();
  const host = new StillHost(disk);
  const engine = openEngine({ ...OPTIONS, path: "/store" }, host);
  const store = new Store(engine);
  await fill(store, "first");
  await store.sync();
  const expected = contentsOf(store, ["b"]);
  const start = disk.log.length;
  await checkpoint(engine, "/twin", {});
  const counts = { none: 0, refused: 0, whole: 0 };
  for (const choice of crashChoices(disk.log, seededRandom(3), THOROUGHNESS)) {
    if (choice.prefix < start) continue;
    const files = disk.crash(choice);
    const found = await look(files, "/twin");
    if (found === "UNFINISHED") counts.refused++;
    else if (isSame(found, expected)) counts.whole++;
    else {
      assertEquals(found, EMPTY, JSON.stringify(choice));
      counts.none++;
    }
    assertEquals(await look(files, "/store"), expected);
    if (!isSame(found, expected)) continue;
    // Both go on over the same bytes, one after the other.
    const shared = new SimulatedDisk(files);
    for (const path of ["/twin", "/store"]) {
      const one = open(shared, path);
      await fill(one, path);
      await one.gc({ discardRatio: 0.2 });
      shared.unlock();
    }
    const store = await look(shared.files(), "/store");
    assert(store instanceof Map);
    assertEquals(store.get("7"), "/store 7 @0");
    const twin = await look(shared.files(), "/twin");
    assert(twin instanceof Map);
    assertEquals(twin.get("7"), "/twin 7 @0");
  }
  console.log(counts);
  assert(Math.min(...Object.values(counts)) > 0);
  assertEquals(await look(lastCrash(disk), "/twin"), expected);
});

Deno.test("every operation of the disk that fails in a restore or a checkpoint is told of", async () => {
  const { full, first, incremental, second } = await makeBackups();
  let failed = 0;
  for (const kind of FAULTS) {
    for (const work of ["new", "over", "checkpoint"] as const) {
      for (let at = 1;; at++) {
        let disk = new SimulatedDisk();
        let store: Store | undefined;
        if (work !== "new") {
          store = open(disk, "/store");
          await store.restore(streamOf(full));
          await store.close();
          disk = new SimulatedDisk(disk.files());
          store = open(disk, "/store");
        }
        disk.fault = { at: disk.count + at, kind };
        const run = () =>
          work === "new"
            ? restoreNew(
              streamOf(full),
              () =>
                openEngine({ ...OPTIONS, path: "/new" }, new StillHost(disk)),
              {},
            )
            : work === "over"
            ? store!.restore(streamOf(incremental))
            : store!.checkpoint("/twin");
        let error: unknown;
        try {
          await run();
        } catch (thrown) {
          error = thrown;
        }
        if (!disk.hasFailed) {
          assertEquals(error, undefined);
          break;
        }
        const place =
          `${kind} at ${at} of ${work}: ${disk.failed?.action} ${disk.failed?.path}`;
        if (error !== undefined) {
          assert(error instanceof StoreError, `${place}: ${error}`);
          failed++;
        }
        const files = disk.files();
        if (work === "new") {
          const found = await look(files, "/new");
          const isWhole = isSame(found, first);
          assert(
            isWhole || found === "UNFINISHED" || isSame(found, EMPTY),
            `${place}: ${JSON.stringify(found)}`,
          );
          if (error === undefined) assert(isWhole, place);
        } else if (work === "over") {
          const found = await look(files, "/store");
          const isWhole = isSame(found, second);
          assert(isWhole || isSame(found, first), place);
          if (error === undefined) assert(isWhole, place);
        } else {
          assertEquals(await look(files, "/store"), first, place);
          const found = await look(files, "/twin");
          const isWhole = isSame(found, first);
          assert(
            isWhole || found === "UNFINISHED" || isSame(found, EMPTY),
            `${place}: ${JSON.stringify(found)}`,
          );
          if (error === undefined) assert(isWhole, place);
        }
      }
    }
  }
  console.log({ failed });
  assert(failed > 100);
});

/**
 * What the crash states and faults brought to light, each in the fewest steps.
 */
import { assertEquals } from "@std/assert";
import { openEngine } from "../../../src/store/store.ts";
import { checkBooks } from "../../support/check_books.ts";
import { SimulatedDisk } from "../../support/simulated_disk.ts";
import { Driver } from "./driver.ts";
import { DIRECTORY, readContents } from "./recovered.ts";
import type { Contents } from "./history.ts";

const NOTHING = new Map([["", new Map() as Contents]]);
const SEGMENT = `${DIRECTORY}/0000000001.vlog`;

/** A driver of a new store. */
function opened(options = {}): Driver {
  const driver = new Driver(options, 1);
  driver.open();
  return driver;
}

/** What a store holds after the power went and all that was not safe was lost. */
function afterPowerLoss(
  disk: SimulatedDisk,
  paths: string[],
  lost?: number[],
): Record<string, string> {
  const prefix = disk.log.length;
  const choice = { prefix, lost: lost ?? disk.log.unsafe(prefix) };
  const driver = new Driver({}, 2, new SimulatedDisk(disk.crash(choice)));
  for (const path of paths) driver.life.history.paths.add(path);
  driver.engine = openEngine(driver.options, driver.host);
  checkBooks(driver.engine);
  return Object.fromEntries(readContents(driver.engine, paths));
}

Deno.test("a torn header of a new segment is not taken for a newer format", () => {
  const { disk } = opened().life;
  for (let bytes = 0; bytes < 64; bytes++) {
    for (const fill of ["cut", "zeros", "garbage"] as const) {
      const torn = { index: 1, bytes, fill };
      const files = disk.crash({ prefix: 2, lost: [], torn });
      new Driver({}, 2, new SimulatedDisk(files)).openAs(NOTHING);
    }
  }
});

Deno.test("the next process makes safe the names that a killed one left", async () => {
  const { disk } = opened().life;
  for (let prefix = 0; prefix <= disk.log.length; prefix++) {
    const next = new Driver({}, 2, disk.fork(prefix));
    next.openAs(NOTHING);
    await next.set("a", "1");
    await next.sync();
    assertEquals(
      afterPowerLoss(next.life.disk, ["a"]),
      { a: "1" },
      `${prefix}`,
    );
  }
});

Deno.test("a write that a full disk refused does not come back after a sync", async () => {
  const driver = opened();
  await driver.set("a", "1");
  await driver.reopen();
  const { disk } = driver.life;
  disk.freeBytes = 30;
  await Promise.all([driver.set("a", "2"), driver.set("b", "3")]);
  disk.freeBytes = Infinity;
  await driver.kill();
  await driver.sync();
  const { log } = disk;
  const cuts = log.unsafe(log.length).filter((index) =>
    log.operations[index]!.kind === "truncate"
  );
  assertEquals(afterPowerLoss(disk, ["a", "b"], cuts), { a: "1" });
});

Deno.test("what a failed sync dropped is written again by the next process", async () => {
  const driver = opened();
  const { disk } = driver.life;
  await driver.set("a", "1");
  disk.fault = { at: disk.count + 1, kind: "dropped" };
  await driver.sync();
  assertEquals(disk.failed?.action, "sync");
  await driver.kill();
  await driver.set("b", "2");
  await driver.sync();
  assertEquals(afterPowerLoss(disk, ["a", "b"]), { a: "1", b: "2" });
});

Deno.test("books that a failed collection left wrong are not saved", async () => {
  for (let read = 1; read < 8; read++) {
    const driver = opened({ valueLogMaxEntries: 3 });
    const { disk } = driver.life;
    for (const key of ["a", "b", "a", "b"]) {
      await driver.set(key, `${driver.at}`);
    }
    disk.fault = { at: disk.count + read, kind: "EIO" };
    await driver.gc();
    await driver.close();
    driver.nextHost();
    driver.open();
    checkBooks(driver.engine!);
  }
});

Deno.test("a large value that was written is not refused with the next one", async () => {
  const driver = opened({ valueThreshold: 100 });
  driver.life.disk.freeBytes = 200;
  const large = driver.store.set("a", "L".repeat(150)).then(() => "kept");
  const small = driver.store.set("b", "1".repeat(90)).then(() => "kept");
  const outcomes = await Promise.all(
    [large, small].map((promise) => promise.catch(() => "refused")),
  );
  const kept = ["a", "b"].map((key) =>
    driver.store.has(key) ? "kept" : "refused"
  );
  assertEquals(outcomes, kept);
});

Deno.test("a successor that could not be made leaves the log's end a torn tail", async () => {
  const driver = opened({ valueLogMaxEntries: 3 });
  const { disk } = driver.life;
  await driver.set("a", "1");
  await driver.set("b", "2");
  disk.freeBytes = 20;
  const batch = ["a", "b", "c"].map((path) => ({ path, value: `3${path}` }));
  await driver.batch(batch);
  disk.freeBytes = Infinity;
  await driver.set("c", "4");
  const { log } = disk;
  const prefix = log.length;
  const index = log.unsafe(prefix).findLast((at) => {
    const operation = log.operations[at]!;
    return operation.kind === "write" && operation.name === SEGMENT;
  })!;
  const removals = log.unsafe(prefix).filter((at) =>
    log.operations[at]!.kind === "remove"
  );
  const torn = { index, bytes: 20, fill: "garbage" } as const;
  const files = disk.crash({ prefix, lost: removals, torn });
  const next = new Driver({}, 2, new SimulatedDisk(files));
  for (const path of ["a", "b", "c"]) next.life.history.paths.add(path);
  next.openAs(driver.life.history.legal({ prefix, isKill: false }, 0));
});

Deno.test("writes go on when a half-made segment could not be removed", async () => {
  for (let operation = 1; operation <= 8; operation++) {
    const driver = opened({ valueLogMaxEntries: 2 });
    const { disk } = driver.life;
    await driver.set("a", "1");
    await driver.set("b", "2");
    disk.freeBytes = 20;
    disk.fault = { at: disk.count + operation, kind: "EIO" };
    await driver.set("a", "3");
    disk.freeBytes = Infinity;
    if (driver.isPoisoned) await driver.kill();
    await driver.set("a", "4");
    driver.checkReads("in the end");
  }
});

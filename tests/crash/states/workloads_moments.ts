/**
 * Small named histories of atomic operations, transactions, ranges, snapshots and
 * watches.
 *
 * @module
 */

import type { StoreOptions } from "../../../src/store/options.ts";
import type { Driver } from "./driver.ts";
import type { Workload } from "./workloads.ts";

const SYNCED: StoreOptions = { syncWrites: true };
const SMALL_SEGMENTS: StoreOptions = { valueLogMaxEntries: 3 };

async function fill(d: Driver, count: number, value: string): Promise<void> {
  for (let i = 0; i < count; i++) await d.set(`k${i}`, `${value}${i}`);
}

/** A snapshot, a list and a watch over what `play` does. */
async function observe(d: Driver, play: () => Promise<void>): Promise<void> {
  const watch = d.watch();
  const snapshot = d.snapshot();
  const forwards = await d.list();
  const backwards = await d.list(true);
  await play();
  snapshot.check("after all");
  await forwards.finish();
  await backwards.finish();
  await watch.read();
  snapshot.close();
}

/** Histories of what is about more than one key, or more than one moment. */
export const MOMENT_WORKLOADS: Workload[] = [
  {
    name: "atomic operations with checks and counters",
    options: { valueLogMaxEntries: 5 },
    async play(d) {
      d.open();
      await d.atomic([{ path: "a", value: "1" }, { path: "#n", by: 1 }], {
        a: null,
        "#n": null,
      });
      const first = d.stampOf("a");
      await d.atomic([{ path: "a", value: "2" }, { path: "#n", by: 2 }], {
        a: first,
      });
      await d.atomic([{ path: "a", value: "3" }, { path: "b", value: "4" }], {
        a: first,
      });
      await d.atomic([{ path: "c", value: "5" }], { "#n": null });
      await d.atomic([{ path: "b" }, { path: "x:#n", by: 5 }]);
      await d.sync();
      await d.atomic([{ path: "a" }, { path: "#n", by: 4 }], {
        a: d.stampOf("a"),
      });
      await d.gc();
      await d.increment("#n");
    },
  },
  {
    name: "a counter, each step synced",
    options: SYNCED,
    async play(d) {
      d.open();
      for (let i = 0; i < 3; i++) await d.increment("#n");
      await d.kill();
      await Promise.all([d.increment("#n"), d.set("a", "1")]);
      await d.increment("#n");
    },
  },
  {
    name: "a counter over segments, collections and losses of power",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (let i = 0; i < 4; i++) await d.increment("#n");
      await d.gc();
      await d.increment("#n");
      await d.powerLoss("all");
      await d.increment("#n");
      await d.gc();
      await d.powerLoss("none");
      await d.increment("#n");
    },
  },
  {
    name: "a transaction that another write makes begin anew",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.transaction({
        reads: ["a", "c"],
        others: () => d.set("a", "3"),
        writes: (read) => [
          { path: "c", value: `sum of ${read}` },
          { path: "b" },
        ],
      });
      await d.transaction({
        reads: ["c"],
        others: () => d.set("d", "4"),
        writes: () => [{ path: "a" }, { path: "e", value: "5" }],
      });
    },
  },
  {
    name: "transactions over ranges, synced",
    options: { ...SYNCED, valueLogMaxEntries: 4 },
    async play(d) {
      d.open();
      await d.set("job1", "1");
      const take = (value: string, others?: () => Promise<void>) =>
        d.transaction({
          prefixes: ["job"],
          ...(others === undefined ? {} : { others }),
          writes: (read) => [
            { path: `taken${value}`, value: `${value}: ${read.length}` },
            ...read.slice(0, 1).map((entry) => ({
              path: entry.split("=")[0]!,
            })),
          ],
        });
      await take("2", () => d.set("job0", "3"));
      await take("4", () => d.delete("job1"));
      await take("5", () => d.set("other", "6"));
    },
  },
  {
    name: "a transaction inside of which another commits",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.transaction({
        reads: ["a", "b"],
        others: () =>
          d.transaction({
            reads: ["a"],
            writes: () => [{ path: "a", value: "2" }],
          }),
        writes: ([read]) => [{ path: "b", value: `after ${read}` }],
      });
    },
  },
  {
    name: "the deletion of a range over segments",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await fill(d, 7, "1");
      await d.set("x:k1", "2");
      await d.deleteRange({ start: "k1", end: "k6" });
      await d.set("k2", "3");
      await d.gc();
      await d.deleteRange({ prefix: "k" });
    },
  },
  {
    name: "the deletion of a range beside writes and a collection",
    options: { ...SYNCED, valueLogMaxEntries: 4 },
    async play(d) {
      d.open();
      await fill(d, 6, "1");
      await d.set("k0", "2");
      const collected = d.startGc();
      const deleted = d.startDeleteRange({ prefix: "k" });
      await d.set("k3", "3");
      await d.breathe();
      await deleted();
      await collected();
      await d.set("k1", "4");
    },
  },
  {
    name: "versions over collections, closes and kills",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.delete("b");
      await d.gc();
      await d.reopen();
      await d.set("b", "3");
      await d.kill();
      await d.set("c", "4");
      await d.delete("c");
      // The newest version was that of a tombstone, of which nothing is left.
      await d.gc();
      await d.kill();
      await d.set("c", "5");
      await d.gc();
      await d.reopen();
      await d.set("a", "6");
    },
  },
  {
    name: "versions after a loss of power",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.delete("a");
      await d.gc();
      await d.sync();
      await d.set("b", "2");
      await d.powerLoss("all");
      await d.set("b", "3");
      await d.sync();
      await d.delete("b");
      await d.powerLoss("none");
      await d.set("c", "4");
    },
  },
  {
    name: "versions of writes that a full disk undoes",
    async play(d) {
      d.open();
      await d.set("a", "1");
      d.life.disk.freeBytes = 30;
      const writes = [d.set("a", "2"), d.set("b", "3")];
      const stamp = d.stampOf("a");
      await Promise.all(writes);
      d.life.disk.freeBytes = Infinity;
      await d.atomic([{ path: "c", value: "4" }], { a: stamp });
      await d.set("a", "5");
    },
  },
  {
    name: "a snapshot, lists and a watch over writes and collections",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await fill(d, 4, "1");
      await d.delete("k3");
      await observe(d, async () => {
        await d.set("k0", "2");
        await d.set("k3", "3");
        await d.delete("k1");
        await d.atomic([{ path: "k2", value: "4" }, { path: "#n", by: 1 }]);
        await d.gc();
        const later = d.snapshot();
        await d.set("k0", "5");
        await d.delete("#n");
        await d.gc();
        later.check("later");
        await d.deleteRange({ prefix: "k" });
        await d.gc();
        await d.gc();
        later.check("after everything is gone");
        later.close();
      });
      await d.set("k0", "6");
      await d.set("new", "7");
      await (await d.list()).finish();
    },
  },
  {
    name: "a snapshot, lists and a watch beside a collection, synced",
    options: { ...SYNCED, valueLogMaxEntries: 20 },
    async play(d) {
      d.open();
      const changes = Array.from({ length: 18 }, (_, i) => ({
        path: `k${i}`,
        value: `1 ${i}`,
      }));
      await d.batch(changes);
      await d.set("k0", "2");
      await observe(d, async () => {
        const collected = d.startGc();
        await d.breathe();
        await d.delete("k17");
        await d.set("k16", "3");
        await collected();
        await d.set("k17", "4");
      });
    },
  },
  {
    name: "a snapshot of what expires",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "older");
      await d.set("a", "brief", 100);
      await d.set("b", "brief too", 100);
      await d.set("c", "1");
      const snapshot = d.snapshot();
      await d.advance(500);
      await d.gc();
      snapshot.check("after expiry and collection");
      await d.set("b", "2");
      await d.gc();
      snapshot.check("after more");
      snapshot.close();
    },
  },
  {
    name: "a snapshot, lists and a watch on a full disk",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await fill(d, 4, "1");
      await observe(d, async () => {
        const { disk } = d.life;
        disk.freeBytes = 30;
        await Promise.all([d.set("k0", "2"), d.set("k9", "3")]);
        const between = d.snapshot();
        await d.delete("k1");
        await d.atomic([{ path: "k2", value: "4" }, { path: "#n", by: 1 }]);
        await d.deleteRange({ prefix: "k" });
        between.check("on a full disk");
        disk.freeBytes = Infinity;
        await d.set("k0", "5");
        await d.gc();
        between.check("with room again");
        between.close();
      });
    },
  },
  {
    name: "a watch of writes that are not awaited, on a full disk",
    async play(d) {
      d.open();
      await d.set("a", "1");
      const watch = d.watch();
      d.life.disk.freeBytes = 70;
      await Promise.all([
        d.set("a", "2"),
        d.set("b", "3"),
        d.increment("#n"),
      ]);
      await watch.read();
      d.life.disk.freeBytes = Infinity;
      await Promise.all([d.set("a", "4"), d.delete("b"), d.set("c", "5")]);
      await watch.read();
    },
  },
];

/**
 * Small named histories with garbage collection.
 *
 * @module
 */

import type { StoreOptions } from "../../../src/store/options.ts";
import type { Driver } from "./driver.ts";
import type { Workload } from "./workloads.ts";

const SYNCED: StoreOptions = { syncWrites: true };
const SMALL_SEGMENTS: StoreOptions = { valueLogMaxEntries: 3 };

/** A batch of so many sets as one step, so that a collection has many slices. */
function fill(d: Driver, count: number, value: string): Promise<void> {
  return d.batch(
    Array.from({ length: count }, (_, i) => ({
      path: `k${i}`,
      value: `${value}${i}`,
    })),
  );
}

/** Histories with garbage collection. */
export const GC_WORKLOADS: Workload[] = [
  {
    name: "gc of overwrites",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.set("a", "3");
      await d.set("c", "4");
      await d.gc();
      await d.set("a", "5");
    },
  },
  {
    name: "gc whose copies are overwritten",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b", "c", "a"]) await d.set(key, `1${d.at}`);
      await d.gc();
      await d.set("b", "2");
      await d.delete("c");
      await d.gc();
      await d.sync();
      await d.set("c", "3");
    },
  },
  {
    name: "gc of tombstones, the older puts first",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.set("c", "3");
      await d.delete("a");
      await d.set("d", "4");
      await d.gc(0.3);
      await d.gc();
      await d.set("e", "5");
    },
  },
  {
    name: "gc of tombstones, their segment first",
    options: { valueLogMaxEntries: 4 },
    async play(d) {
      d.open();
      for (const key of ["a", "b", "c", "d"]) await d.set(key, `1${key}`);
      await d.delete("a");
      await d.set("e", "2");
      await d.set("e", "3");
      await d.set("e", "4");
      await d.set("f", "5");
      // The second segment has more dead bytes than the first.
      await d.gc(0.4);
      await d.reopen();
      await d.gc();
    },
  },
  {
    name: "gc of everything deleted",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b", "c"]) await d.set(key, `1${key}`);
      for (const key of ["a", "b", "c"]) await d.delete(key);
      await d.gc();
      await d.set("a", "2");
      await d.close();
    },
  },
  {
    name: "gc of everything deleted, synced, killed, and again",
    options: { ...SMALL_SEGMENTS, ...SYNCED },
    async play(d) {
      d.open();
      for (const key of ["a", "b"]) await d.set(key, `1${key}`);
      for (const key of ["a", "b"]) await d.delete(key);
      await d.gc();
      await d.kill();
      await d.set("a", "2");
      await d.delete("a");
      await d.gc();
    },
  },
  {
    name: "gc of expired records",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "older");
      await d.set("b", "brief", 100);
      await d.set("a", "brief too", 100);
      await d.set("c", "1");
      await d.advance(500);
      await d.gc();
      await d.set("b", "2");
      await d.gc();
    },
  },
  {
    name: "gc of expired records before their sweep",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "older");
      await d.set("b", "1");
      await d.set("b", "2");
      await d.set("a", "brief", 100);
      await d.set("c", "brief", 100);
      await d.set("d", "3");
      await d.advance(110);
      await d.gc(0.3);
      await d.gc();
      await d.reopen();
      await d.set("a", "4");
    },
  },
  {
    name: "gc with the snapshot of the last close",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b", "c", "a"]) await d.set(key, `1${d.at}`);
      await d.reopen();
      await d.gc();
      await d.set("b", "2");
      await d.reopen();
      await d.delete("b");
      await d.gc();
    },
  },
  {
    name: "gc with hints",
    options: { valueLogMaxEntries: 5 },
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.hint();
      await d.set("a", "3");
      await d.hint();
      await d.delete("b");
      await d.gc();
      await d.hint();
      await d.set("c", "4");
    },
  },
  {
    name: "gc twice with writes between",
    options: { ...SMALL_SEGMENTS, ...SYNCED },
    async play(d) {
      d.open();
      for (const key of ["a", "b", "a"]) await d.set(key, `1${key}${d.at}`);
      await d.gc();
      await d.batch([{ path: "a" }, { path: "b", value: "2" }]);
      await d.gc();
      await d.set("a", "3");
    },
  },
  {
    name: "gc of buckets and batches",
    options: { valueLogMaxEntries: 4 },
    async play(d) {
      d.open();
      await d.batch([
        { path: "x:a", value: "1" },
        { path: "a", value: "2" },
        { path: "y:a", value: "3" },
      ]);
      await d.batch([{ path: "a" }, { path: "x:a", value: "4" }]);
      await d.delete("y:a");
      await d.gc();
      await d.set("y:a", "5");
    },
  },
  {
    name: "gc of large values",
    options: { ...SMALL_SEGMENTS, valueThreshold: 60 },
    async play(d) {
      d.open();
      await d.set("a", "v".repeat(80));
      await d.set("b", "w".repeat(90));
      await d.set("a", "1");
      await d.set("c", "x".repeat(70));
      await d.gc();
      await d.delete("b");
      await d.gc();
    },
  },
  {
    name: "writes while gc is at work",
    options: { valueLogMaxEntries: 40 },
    async play(d) {
      d.open();
      await fill(d, 36, "first ");
      await d.set("k0", "second");
      const finish = d.startGc();
      await d.breathe();
      await Promise.all([d.set("k1", "third"), d.delete("k35")]);
      await d.breathe();
      await d.set("k34", "fourth");
      await finish();
      await d.delete("k1");
    },
  },
  {
    name: "synced writes while gc is at work",
    options: { ...SYNCED, valueLogMaxEntries: 20 },
    async play(d) {
      d.open();
      await fill(d, 18, "first ");
      await d.set("k0", "second");
      const finish = d.startGc();
      await d.breathe();
      await d.delete("k17");
      await finish();
      await d.set("k17", "third");
    },
  },
  {
    name: "close while gc is at work",
    options: { valueLogMaxEntries: 40 },
    async play(d) {
      d.open();
      await fill(d, 36, "first ");
      await d.delete("k3");
      const finish = d.startGc();
      await d.breathe();
      await d.close();
      await finish();
      d.nextHost();
      d.open();
      await d.set("k3", "second");
    },
  },
  {
    name: "gc on a full disk, then with room",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b", "c", "a"]) await d.set(key, `1${d.at}`);
      await d.delete("b");
      d.life.disk.freeBytes = 50;
      await d.gc();
      d.life.disk.freeBytes = Infinity;
      await d.set("d", "2");
      await d.gc();
      await d.delete("c");
    },
  },
  {
    name: "gc after the loss of power",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b", "a"]) await d.set(key, `1${d.at}`);
      await d.delete("a");
      await d.powerLoss("all");
      await d.gc();
      await d.delete("b");
      await d.sync();
      await d.gc();
      await d.set("a", "2");
    },
  },
];

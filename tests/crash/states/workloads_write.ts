/**
 * Small named histories of writes: sets, deletes, batches, expiries, rotations.
 *
 * @module
 */

import type { StoreOptions } from "../../../src/store/options.ts";
import type { Workload } from "./workloads.ts";

const LARGE = "L".repeat(150);
/** Longer than a page of an encrypted file, so that a part of it can be left. */
const PAGES = "P".repeat(5000);
const SYNCED: StoreOptions = { syncWrites: true };
const SMALL_SEGMENTS: StoreOptions = { valueLogMaxEntries: 3 };
const DIRECT: StoreOptions = { valueThreshold: 100 };

/** Histories of writes. */
export const WRITE_WORKLOADS: Workload[] = [
  {
    name: "set",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
    },
  },
  {
    name: "set, each synced",
    options: SYNCED,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.set("a", "3");
    },
  },
  {
    name: "overwrite",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("a", "2 longer");
      await d.sync();
      await d.set("a", "3");
      await d.set("a", "");
    },
  },
  {
    name: "delete",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.sync();
      await d.delete("a");
      await d.delete("nothing");
      await d.set("b", "3");
      await d.delete("b");
    },
  },
  {
    name: "delete, each synced",
    options: SYNCED,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.delete("a");
      await d.set("a", "2");
      await d.delete("a");
    },
  },
  {
    name: "writes of one turn",
    async play(d) {
      d.open();
      await Promise.all([d.set("a", "1"), d.set("b", "2"), d.delete("a")]);
      await Promise.all([d.set("c", "3"), d.set("a", "4")]);
      await d.sync();
      await Promise.all([d.delete("b"), d.set("c", "5")]);
    },
  },
  {
    name: "writes of one turn, synced as a group",
    options: SYNCED,
    async play(d) {
      d.open();
      await Promise.all([d.set("a", "1"), d.set("b", "2")]);
      const early = d.set("c", "3");
      await d.breathe();
      await Promise.all([early, d.set("a", "4"), d.delete("b")]);
    },
  },
  {
    name: "a set at once beside a sync that is under way",
    options: SYNCED,
    async play(d) {
      d.open();
      for (let steps = 0; steps < 6; steps++) {
        const early = d.set("a", `early ${steps}`);
        for (let i = 0; i < steps; i++) await Promise.resolve();
        await Promise.all([early, d.setSync("b", `at once ${steps}`)]);
      }
    },
  },
  {
    name: "batch",
    async play(d) {
      d.open();
      await d.set("a", "0");
      await d.batch([
        { path: "a", value: "1" },
        { path: "b", value: "2" },
        { path: "c", value: "3" },
      ]);
      await d.batch([{ path: "a" }, { path: "d", value: "4" }]);
      await d.batch([{ path: "e", value: "alone" }]);
    },
  },
  {
    name: "batch, synced, with a key twice",
    options: SYNCED,
    async play(d) {
      d.open();
      await d.batch([
        { path: "a", value: "1" },
        { path: "a" },
        { path: "b", value: "2" },
        { path: "a", value: "3" },
      ]);
      await d.batch([{ path: "a" }, { path: "b" }]);
      await d.set("b", "4");
    },
  },
  {
    name: "batches across segments",
    options: { valueLogMaxEntries: 4 },
    async play(d) {
      d.open();
      const batch = (n: number) =>
        d.batch([
          { path: "a", value: `a${n}` },
          { path: "b", value: `b${n}` },
          { path: "c", value: `c${n}` },
        ]);
      await batch(1);
      await batch(2);
      await d.set("a", "x");
      await batch(3);
    },
  },
  {
    name: "buckets",
    async play(d) {
      d.open();
      await d.set("a", "outside");
      await d.set("x:a", "in x");
      await d.set("y:a", "in y");
      await d.sync();
      await d.delete("x:a");
      await d.batch([{ path: "y:a" }, { path: "x:b", value: "both" }]);
      await d.reopen();
      await d.set("x:a", "again");
    },
  },
  {
    name: "expiry",
    async play(d) {
      d.open();
      await d.set("a", "brief", 100);
      await d.set("b", "long", 10_000);
      await d.set("c", "for ever");
      await d.sync();
      await d.advance(500);
      await d.set("a", "again");
      await d.set("b", "refreshed", 60_000);
    },
  },
  {
    name: "expiry of an overwrite",
    options: SYNCED,
    async play(d) {
      d.open();
      await d.set("a", "older");
      await d.set("a", "brief", 100);
      await d.advance(500);
      await d.kill();
      await d.set("b", "1", 300);
      await d.advance(200);
      await d.advance(300);
    },
  },
  {
    name: "expiry over a close",
    async play(d) {
      d.open();
      await d.set("a", "brief", 100);
      await d.set("b", "older");
      await d.set("b", "brief too", 200);
      await d.advance(150);
      await d.reopen();
      await d.advance(1000);
      await d.set("c", "1", 50);
      await d.close();
    },
  },
  {
    name: "large values go straight to the file",
    options: DIRECT,
    async play(d) {
      d.open();
      await d.set("a", LARGE + "1");
      await d.set("b", "small");
      await d.set("a", LARGE + "2");
      await d.delete("b");
    },
  },
  {
    name: "large and small values of one turn",
    options: { ...DIRECT, ...SYNCED },
    async play(d) {
      d.open();
      await Promise.all([d.set("b", "1"), d.set("a", LARGE + "1")]);
      await Promise.all([d.set("a", LARGE + "2"), d.set("b", "2")]);
      await d.delete("a");
    },
  },
  {
    name: "rotation",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (let i = 0; i < 8; i++) await d.set("abc"[i % 3]!, String(i));
    },
  },
  {
    name: "rotation, each synced",
    options: { ...SMALL_SEGMENTS, ...SYNCED },
    async play(d) {
      d.open();
      for (let i = 0; i < 4; i++) await d.set("abc"[i % 3]!, String(i));
      await d.delete("a");
      await d.delete("b");
      await d.set("d", "x");
    },
  },
  {
    name: "rotation in the middle of a turn",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await Promise.all(
        ["a", "b", "c", "d", "e"].map((path, i) => d.set(path, `1${i}`)),
      );
      await Promise.all([d.delete("a"), d.set("b", "21"), d.set("c", "22")]);
    },
  },
  {
    name: "values across pages",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await Promise.all([d.set("b", "2"), d.set("c", PAGES), d.set("a", "3")]);
      await d.batch([
        { path: "a", value: "4" },
        { path: "b", value: `${PAGES}5` },
        { path: "c" },
      ]);
      await d.sync();
      await Promise.all([d.set("d", "6"), d.set("c", `${PAGES}7`)]);
      await d.kill();
      await Promise.all([d.set("a", "8"), d.set("d", `${PAGES}9`)]);
      await d.powerLoss("none");
      await Promise.all([d.set("b", "10"), d.set("a", `${PAGES}11`)]);
      await d.sync();
    },
  },
];

/**
 * Small named histories of a store that is closed, killed, cut off from power or out of space.
 *
 * @module
 */

import type { StoreOptions } from "../../../src/store/options.ts";
import type { Workload } from "./workloads.ts";

const LARGE = "L".repeat(150);
const SYNCED: StoreOptions = { syncWrites: true };
const SMALL_SEGMENTS: StoreOptions = { valueLogMaxEntries: 3 };
const DIRECT: StoreOptions = { valueThreshold: 100 };

/** Histories of more than one life, and of full disks. */
export const LIFE_WORKLOADS: Workload[] = [
  {
    name: "hints of an unsynced log",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.hint();
      await d.delete("a");
      await d.hint();
      await d.sync();
      await d.set("b", "3");
      await d.hint();
      await d.set("c", "4");
    },
  },
  {
    name: "hints after a kill",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.hint();
      await d.set("a", "2");
      await d.kill();
      await d.set("b", "3", 1000);
      await d.hint();
      await d.kill();
      await d.set("b", "4");
    },
  },
  {
    name: "hints of batches and expiries",
    options: { valueLogMaxEntries: 6 },
    async play(d) {
      d.open();
      await d.batch([{ path: "a", value: "1" }, { path: "b", value: "2" }]);
      await d.set("c", "3", 100);
      await d.hint();
      await d.advance(500);
      await d.hint();
      await d.batch([{ path: "a" }, { path: "c", value: "4" }]);
      await d.set("d", "5");
      await d.hint();
    },
  },
  {
    name: "close",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.delete("a");
      await d.close();
    },
  },
  {
    name: "close and reopen",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.reopen();
      await d.set("a", "2");
      await d.set("b", "3");
      await d.reopen();
      await d.delete("a");
    },
  },
  {
    name: "snapshot, then rotation, then snapshot",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.reopen();
      await d.set("a", "3");
      await d.set("c", "4");
      await d.delete("b");
      await d.close();
    },
  },
  {
    name: "snapshot behind the log",
    options: SYNCED,
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.reopen();
      await d.delete("a");
      await d.kill();
      await d.set("b", "3");
      await d.kill();
      await d.set("a", "4");
    },
  },
  {
    name: "open, close, open",
    async play(d) {
      d.open();
      await d.reopen();
      await d.reopen();
      await d.set("a", "1");
    },
  },
  {
    name: "kill and go on",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.set("b", "2");
      await d.kill();
      await d.set("a", "3");
      await d.sync();
      await d.set("b", "4");
      await d.kill();
      await d.delete("a");
    },
  },
  {
    name: "loss of power and go on",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.sync();
      await d.set("a", "2");
      await d.set("b", "3");
      await d.powerLoss("all");
      await d.set("b", "4");
      await d.sync();
      await d.set("b", "5");
      await d.powerLoss("none");
      await d.set("c", "6");
    },
  },
  {
    name: "loss of power beyond a rotation",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (let i = 0; i < 4; i++) await d.set("ab"[i % 2]!, `1${i}`);
      await d.powerLoss("all");
      for (let i = 0; i < 3; i++) await d.set("ab"[i % 2]!, `2${i}`);
      await d.close();
    },
  },
  {
    name: "a full disk, then room again",
    async play(d) {
      d.open();
      await d.set("a", "1");
      d.life.disk.freeBytes = 30;
      await Promise.all([d.set("b", "2"), d.set("c", "3")]);
      await d.delete("a");
      d.life.disk.freeBytes = Infinity;
      await d.set("a", "4");
      await d.sync();
      await d.set("b", "5");
    },
  },
  {
    name: "a full disk, synced, with batch and large value",
    options: { ...DIRECT, ...SYNCED },
    async play(d) {
      d.open();
      await d.batch([{ path: "a", value: "1" }, { path: "b", value: "2" }]);
      d.life.disk.freeBytes = 40;
      await d.batch([{ path: "a", value: "3" }, { path: "b" }]);
      d.life.disk.freeBytes = 100;
      await d.set("b", LARGE);
      d.life.disk.freeBytes = Infinity;
      await d.set("b", "4");
    },
  },
  {
    name: "a full disk at a rotation",
    options: SMALL_SEGMENTS,
    async play(d) {
      d.open();
      for (const key of ["a", "b"]) await d.set(key, `1${key}`);
      d.life.disk.freeBytes = 20;
      await d.batch([
        { path: "a", value: "2" },
        { path: "b", value: "3" },
        { path: "c", value: "4" },
      ]);
      d.life.disk.freeBytes = 100;
      await d.set("c", "5");
      d.life.disk.freeBytes = Infinity;
      await d.set("d", "6");
      await d.set("a", "7");
    },
  },
  {
    name: "a full disk, then a kill",
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.reopen();
      d.life.disk.freeBytes = 30;
      await Promise.all([d.set("a", "2"), d.set("b", "3")]);
      d.life.disk.freeBytes = Infinity;
      await d.kill();
      await d.sync();
      await d.set("b", "4");
      await d.sync();
    },
  },
];

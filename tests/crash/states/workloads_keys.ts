/**
 * Small named histories of an encrypted store whose keys change.
 *
 * @module
 */

import type { Workload } from "./workloads.ts";

const OLD_KEY = new Uint8Array(32).fill(1);
const KEY = new Uint8Array(32).fill(2);
const NEW_KEY = new Uint8Array(32).fill(3);

/** Histories with new keys, each about a moment at which a crash may come. */
export const KEY_WORKLOADS: Workload[] = [
  {
    name: "new data keys",
    options: { encryption: { key: KEY } },
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.rotateDataKey();
      await d.set("b", "2");
      await d.sync();
      await d.set("a", "3");
      await d.rotateDataKey();
      await d.rotateDataKey();
      await d.set("b", "4");
      await d.kill();
      await d.set("c", "5");
      await d.rotateDataKey();
      await d.gc();
      await d.set("a", "6");
      await d.close();
    },
  },
  {
    name: "a new data key after the loss of power",
    options: { encryption: { key: KEY }, syncWrites: true },
    async play(d) {
      d.open();
      await d.set("a", "1");
      await d.rotateDataKey();
      await d.powerLoss("all");
      await d.set("b", "2");
      await d.rotateDataKey();
      await d.set("a", "3");
      await d.powerLoss("none");
      await d.set("b", "4");
    },
  },
  {
    name: "a new key",
    async play(d) {
      d.useKey(OLD_KEY, []);
      d.open();
      await d.set("a", "1");
      await d.rotateDataKey();
      await d.set("b", "2");
      await d.close();
      d.useKey(KEY, [OLD_KEY]);
      d.nextHost();
      d.open();
      await d.set("a", "3");
      await d.kill();
      d.useKey(NEW_KEY, [KEY, OLD_KEY]);
      await d.kill();
      await d.rotateDataKey();
      await d.set("b", "4");
      await d.sync();
      await d.set("a", "5");
    },
  },
];

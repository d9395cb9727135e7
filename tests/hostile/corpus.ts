/**
 * The stores that are mutated: small, and of every kind of file and record.
 *
 * @module
 */

import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import { Dice } from "./dice.ts";
import { type CorpusStore, StoreMaker } from "./store_maker.ts";

const LONG = 50 * 365 * 86_400_000;

/** A bit of everything: `rounds` rounds of sets, overwrites, deletes and batches. */
async function work(maker: StoreMaker, rounds: number, first = 0) {
  for (let round = first; round < first + rounds; round++) {
    for (let i = 0; i < 5; i++) await maker.set(`key ${i}`, `${round} ${i}`);
    await maker.set(`round ${round}`, "r".repeat(20 + round * 7));
    await maker.set(`users/${round % 3}`, `user of round ${round}`);
    await maker.set("empty", round % 2 === 0 ? "" : "not now");
    await maker.delete(`key ${round % 5}`);
    await maker.batch(["batch", `users/${round}`, "-key 4"], `b ${round}`);
    await maker.set(`soon ${round}`, "expires", 5000);
    await maker.set(`late ${round}`, "expires much later", LONG);
    await maker.wait(3000);
  }
}

/** The names of the stores, and how each is made. */
const RECIPES: [name: string, make: () => Promise<StoreMaker>][] = [
  ["one segment, killed", async () => {
    const maker = new StoreMaker({});
    await work(maker, 2);
    maker.remember();
    await work(maker, 1, 2);
    return maker;
  }],
  ["several segments with hints, killed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 14 });
    await work(maker, 3);
    maker.remember();
    await work(maker, 2, 3);
    return maker;
  }],
  ["several segments, closed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 20 });
    await work(maker, 3);
    maker.remember();
    await maker.reopen(false);
    maker.remember();
    await work(maker, 1, 3);
    return maker;
  }],
  ["every commit synced, killed", async () => {
    const maker = new StoreMaker({ syncWrites: true, valueLogMaxEntries: 24 });
    await work(maker, 2);
    maker.remember();
    await work(maker, 1, 2);
    return maker;
  }],
  ["reopened in the middle of a segment, killed", async () => {
    const maker = new StoreMaker({});
    await work(maker, 1);
    await maker.reopen(true);
    maker.remember();
    await work(maker, 1, 1);
    await maker.reopen(true);
    await work(maker, 1, 2);
    return maker;
  }],
  ["snapshot and a tail behind it, killed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 16 });
    await work(maker, 2);
    await maker.reopen(false);
    maker.remember();
    await work(maker, 2, 2);
    return maker;
  }],
  ["garbage collected, closed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 14 });
    await work(maker, 3);
    maker.remember();
    await maker.gc();
    maker.remember();
    await work(maker, 2, 3);
    await maker.gc();
    return maker;
  }],
  ["garbage collected, killed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 14 });
    await work(maker, 2);
    await maker.reopen(false);
    maker.remember();
    await work(maker, 2, 2);
    await maker.gc();
    return maker;
  }],
  ["large values, closed", async () => {
    const maker = new StoreMaker({ valueThreshold: 30_000 });
    await work(maker, 1);
    await maker.set("large", "L".repeat(70_000));
    maker.remember();
    await maker.set("direct", "D".repeat(33_000));
    await work(maker, 1, 1);
    return maker;
  }],
  ["large values, killed", async () => {
    const maker = new StoreMaker({ valueThreshold: 40_000 });
    await maker.set("large", "L".repeat(66_000));
    await maker.sync();
    await work(maker, 1);
    maker.remember();
    await maker.set("large", "M".repeat(69_000));
    await maker.set("k".repeat(300), "a long key");
    return maker;
  }],
  ["hints of what was never synced, killed", async () => {
    const maker = new StoreMaker({});
    await work(maker, 1);
    for (let i = 0; i < 9; i++) {
      if (i === 8) maker.remember();
      await maker.set(`page ${i % 6}`, `${i}`.repeat(11_000));
      await maker.wait(1);
    }
    await work(maker, 1, 1);
    return maker;
  }],
  ["torn tails cut and kept, killed", async () => {
    const maker = new StoreMaker({});
    await work(maker, 1);
    await maker.tear(70);
    maker.remember();
    await work(maker, 1, 1);
    await maker.tear(9);
    await maker.set("after", "the second tear");
    return maker;
  }],
  ["many keys, closed", async () => {
    const maker = new StoreMaker({});
    const names = Array.from({ length: 900 }, (_, i) => `n${i}`);
    for (let i = 0; i < names.length; i += 50) {
      await maker.batch(names.slice(i, i + 50), `v${i}`);
    }
    maker.remember();
    await maker.batch(["n1", "-n2", "-n3"], "again");
    return maker;
  }],
  ["compressed values, closed", async () => {
    const maker = new StoreMaker({
      compression: "deflate",
      compressionThreshold: 64,
      valueThreshold: 30_000,
    });
    for (let round = 0; round < 4; round++) {
      if (round === 3) maker.remember();
      await maker.set(`page ${round % 3}`, `page ${round} `.repeat(60));
      await maker.batch(["batch", "users/1"], `member ${round} `.repeat(20));
    }
    await maker.set("zeros", "\0".repeat(40_000));
    // Too large for the memtable, though it is compressed.
    const noise = new Dice(1);
    const letters = Array.from({ length: 90_000 }, () => noise.below(26) + 97);
    await maker.set("large", String.fromCharCode(...letters));
    await work(maker, 1);
    return maker;
  }],
  ["compressed and plain values, collected, killed", async () => {
    const maker = new StoreMaker({
      compression: "zstd",
      compressionThreshold: 256,
      valueLogMaxEntries: 14,
      syncWrites: true,
    });
    for (let round = 0; round < 3; round++) {
      await maker.set(`page ${round}`, `page ${round} `.repeat(60));
      await maker.set("users/1", `user ${round} `.repeat(50), LONG);
      await work(maker, 1, round);
    }
    maker.remember();
    await maker.gc();
    await maker.set("page 1", "the end ".repeat(100));
    return maker;
  }],
  ["a segment that was being made, killed", async () => {
    const maker = new StoreMaker({ valueLogMaxEntries: 14 });
    await work(maker, 1);
    maker.remember();
    await work(maker, 1, 1);
    return maker;
  }],
];

/** Makes all stores; they are the same every time. */
export async function makeCorpus(): Promise<CorpusStore[]> {
  const corpus: CorpusStore[] = [];
  for (const [name, make] of RECIPES) {
    const store = await (await make()).finish(name, name.endsWith("closed"));
    if (name.startsWith("a segment that was being made")) {
      const newest = [...store.files.keys()]
        .filter((file) => file.endsWith(".vlog")).at(-1)!;
      const next = newest.replace(
        /\d+/,
        (id) => String(Number(id) + 1).padStart(10, "0"),
      );
      store.files.set(next, new Uint8Array(FILE_HEADER_BYTES - 9));
    }
    corpus.push(store);
  }
  return corpus;
}

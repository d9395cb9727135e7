/** One read, by where the value is found. 16-byte keys, 100-byte values. */
import { keys, openFull, scattered } from "./support.ts";

const next = scattered();
const target = new Uint8Array(100);

// Larger than all records, so that every value is in the memtable.
const recent = await openFull("memtable", { memTableSize: 64 << 20 });
Deno.bench("getSync: memtable", () => void recent.getSync(keys[next()]!));
Deno.bench("getView: memtable", () => void recent.getView(keys[next()]!));
Deno.bench(
  "getInto: memtable",
  () => void recent.getInto(keys[next()]!, target),
);
Deno.bench("get: memtable", async () => void await recent.get(keys[next()]!));
Deno.bench("has", () => void recent.has(keys[next()]!));
Deno.bench("getSync: no such key", () => void recent.getSync("no such key"));

const cached = await openFull("cached", { memTableSize: 65_536 });
Deno.bench("getSync: block cache", () => void cached.getSync(keys[next()]!));

// The operating system has the file in memory all the same.
const cold = await openFull("file", {
  memTableSize: 65_536,
  blockCacheSize: 0,
});
Deno.bench("getSync: file", () => void cold.getSync(keys[next()]!));

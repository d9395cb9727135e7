/**
 * `deno task demo`: loads the places of the world into buckets, deduplicates them
 * with the filter, makes garbage and collects it, serves the statistics, and checks
 * every byte after a reopen. The store stays in `data/badger` for a look.
 */
import { Store, StoreError } from "@sett/badger";
import { Badger, filter, kv } from "@sett/badger/plugin";
import { badgerApp } from "@sett/badger/hono";
import { assert, assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";
import { isNorthern, naturalKey, type Place, places } from "./demo/places.ts";
import { count, printSegments, Progress } from "./demo/report.ts";

const CONFIG = "examples/badger.yml";
const PATH = "data/badger";
/** Writes that wait for one another; each turn of the loop is one flush. */
const WRITES_A_TURN = 1000;
/** The file's million records a segment would be one segment here. */
const SETTINGS: Record<string, string> = {
  BADGER_PATH: PATH,
  BADGER_VALUE_LOG_MAX_ENTRIES: "100000",
};

/** Calls `write` for every item, a thousand at a time. */
async function writeAll<T>(
  label: string,
  items: readonly T[],
  write: (item: T) => Promise<unknown>,
): Promise<void> {
  const progress = new Progress(label, items.length);
  for (let i = 0; i < items.length; i += WRITES_A_TURN) {
    const slice = items.slice(i, i + WRITES_A_TURN);
    await Promise.all(slice.map(write));
    progress.add(slice.length);
  }
  progress.end(`${count(items.length)} operations`);
}

/** Empties the directory, unless a running program has it open. */
async function startClean(): Promise<void> {
  try {
    await (await Store.open(PATH)).close();
  } catch (error) {
    if (error instanceof StoreError && error.code === "LOCKED") throw error;
  }
  await emptyDir(PATH);
}

await startClean();
const began = performance.now();
const badger = await Badger.start(CONFIG, { env: (name) => SETTINGS[name] });
const store = kv.getStore("badger");
const seen = filter.getFilter("badger");

// 1. Load: the filter lets each natural key through once.
const loaded = new Map<string, Place>();
await writeAll("load", places, async (place) => {
  const key = naturalKey(place);
  if (await seen.checkThenAdd("seen", key)) return;
  loaded.set(key, place);
  await store.addValue("places", key, JSON.stringify(place));
});
const duplicates = places.length - loaded.size;
console.log(
  `${count(loaded.size)} places stored, ${count(duplicates)} duplicates found`,
);

// 2. Make garbage: rewrite the north, delete the south.
const expected = new Map<string, string>();
const deleted: string[] = [];
await writeAll("change", [...loaded], async ([key, place]) => {
  if (isNorthern(place)) {
    const value = JSON.stringify({ ...place, hemisphere: "north" });
    expected.set(key, value);
    await store.addValue("places", key, value);
  } else {
    deleted.push(key);
    await store.deleteKey("places", key);
    await seen.delete("seen", key);
  }
});
console.log(
  `${count(expected.size)} places rewritten, ${count(deleted.length)} deleted`,
);

// 3. Collect it.
printSegments("\nSegments before", badger.store.segments());
const report = await badger.gc();
printSegments("\nSegments after", badger.store.segments());
console.log(
  `gc: ${report.segmentsRewritten} segments rewritten, ` +
    `${count(report.bytesReclaimed)} bytes removed, ` +
    `${count(report.bytesRewritten)} bytes written again, ` +
    `${report.milliseconds.toFixed(0)} ms (${report.reason})`,
);

// 4. Ask for the statistics over HTTP.
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  badgerApp(badger).fetch,
);
const url = `http://127.0.0.1:${server.addr.port}/badger/stats`;
const stats = await (await fetch(url)).json();
assertEquals(stats.vlog_size, badger.stats().vlogSize);
console.log(`\nGET /badger/stats\n${JSON.stringify(stats, null, 2)}`);
const top = await (await fetch(`${url}?size=3&sort=size`)).json();
console.log("\nGET /badger/stats?size=3&sort=size");
console.log(JSON.stringify({ total: top.total, top_hits: top.top_hits }));
await server.shutdown();
await badger.close();

// 5. Open it again and compare every value.
await badger.open();
const { recovery } = badger.store;
console.log(
  `\nreopen: ${recovery.segments} segments from the ${recovery.source} ` +
    `in ${recovery.milliseconds.toFixed(0)} ms`,
);
const encoder = new TextEncoder();
const checking = new Progress("check", expected.size + deleted.length);
let bytesChecked = 0;
for (const [key, value] of expected) {
  const found = await store.getValue("places", key);
  const written = encoder.encode(value);
  assert(found?.length === written.length, `${key} has another length`);
  assert(found.every((byte, i) => byte === written[i]), `${key} differs`);
  bytesChecked += found.length;
  checking.add(1);
}
for (const key of deleted) {
  assertEquals(await store.existsKey("places", key), false);
  assertEquals(await seen.exists("seen", key), false);
  checking.add(1);
}
checking.end(
  `${count(expected.size)} values, ${count(bytesChecked)} bytes, all as ` +
    `written; ${count(deleted.length)} keys gone`,
);
let listed = 0;
const bucket = await badger.bucket("places");
for await (const _ of bucket.list({ keysOnly: true })) listed++;
assertEquals(listed, expected.size);
await badger.close();

const seconds = (performance.now() - began) / 1000;
console.log(`done in ${seconds.toFixed(1)} s; the store is in ${PATH}`);

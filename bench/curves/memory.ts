/**
 * Memory by the number of keys: of the process, of V8's heap, and of the store by
 * part; what the index takes beside the keys' own bytes; the block cache against
 * its setting; and what is given back.
 *
 * `--keys` (0,1000000,10000000: where to stop and look), `--scale`
 *
 * @module
 */

import { Store } from "@sett/badger";
import { emptyDirectory } from "./data_directory.ts";
import { hasFlag, numbersFlag, scale } from "./flags.ts";
import { runFresh } from "./fresh_process.ts";
import { collectHeap } from "./gc_trace.ts";
import {
  emit,
  emitBars,
  emitLines,
  fixed,
  grouped,
  heading,
  inBytes,
  paragraph,
  picture,
  table,
  verdict,
} from "./report.ts";
import { KEY_BYTES, keyOf, Random, ValuePool } from "./workload.ts";

const VALUE_BYTES = 100;
/** Bytes of index a key beside the key's own. */
const INDEX_BYTES_BAR = 40;
const CURVE_POINTS = 200;
/** Keys from which on a block of 1 MiB more or less does not show. */
const SETTLED_KEYS = 250_000;
/** The cache may have this much more than its setting, for its tags. */
const CACHE_SLACK = 1.01;
const MEBIBYTE = 1 << 20;

/** What a process holds at one moment. */
interface Holding {
  keys: number;
  resident: number;
  heap: number;
  external: number;
  index: number;
  memtables: number;
  cache: number;
}

/** The figures now, V8's garbage and the turn's pending work apart. */
async function look(store: Store | undefined): Promise<Holding> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectHeap();
  }
  const { rss, heapUsed, external } = Deno.memoryUsage();
  const memory = store?.stats().memory;
  return {
    keys: store?.size ?? 0,
    resident: rss,
    heap: heapUsed,
    external,
    index: memory?.indexBytes ?? 0,
    memtables: memory?.memtableBytes ?? 0,
    cache: memory?.cacheBytes ?? 0,
  };
}

/** Sets keys `from` to below `to`; calls back after every thousand. */
async function fill(
  store: Store,
  from: number,
  to: number,
  after: (keys: number) => void = () => {},
): Promise<void> {
  const values = new ValuePool(VALUE_BYTES);
  for (let i = from; i < to;) {
    let done: Promise<void> | undefined;
    for (const end = Math.min(i + 1000, to); i < end; i++) {
      done = store.set(keyOf(i), values.next());
    }
    await done;
    await new Promise((resolve) => setImmediate(resolve));
    after(i);
  }
}

/** The part that grows a store and takes it down again. */
async function growAndShrink(stops: number[]): Promise<void> {
  const path = emptyDirectory("memory");
  const rows = await grow(path, stops);
  // Only now is no variable left that names the store.
  rows.push(["closed, object dropped", await look(undefined)]);
  const again = await Store.open(path);
  rows.push(["opened again", await look(again)]);
  await again.close();
  emit({ givenBack: rows });
  paragraph(
    "What is given back (what V8 holds outside its heap are the buffers that " +
      "are still referenced; the process keeps some freed memory for later):",
  );
  table(
    [
      "",
      "keys",
      "resident",
      "outside the heap",
      "index",
      "memtables",
      "block cache",
    ],
    rows.map(([name, row]) => [
      name,
      grouped(row.keys),
      inBytes(row.resident),
      inBytes(row.external),
      inBytes(row.index),
      inBytes(row.memtables),
      inBytes(row.cache),
    ]),
  );
}

/** Grows a store, looks at each of `stops`, and takes it down again. */
async function grow(
  path: string,
  stops: number[],
): Promise<[string, Holding][]> {
  const before = await look(undefined);
  const store = await Store.open(path);
  const last = stops.at(-1)!;
  const curve: [number, number][] = [];
  const step = Math.max(1000, last / CURVE_POINTS);
  const rows: Holding[] = [];
  let worst = 0;
  let keys = 0;
  for (const stop of stops) {
    await fill(store, keys, stop, (count) => {
      if (count < (curve.at(-1)?.[0] ?? 0) + step) return;
      const { indexBytes } = store.stats().memory;
      const each = indexBytes / count - KEY_BYTES;
      curve.push([count, Math.round(each * 100) / 100]);
    });
    keys = Math.max(keys, stop);
    rows.push(await look(store));
  }
  const settled = Math.min(Math.max(SETTLED_KEYS, last / 10), last);
  for (const [count, bytes] of curve) {
    if (count >= settled) worst = Math.max(worst, bytes);
  }
  emit({ before, rows, worst });
  table(
    [
      "keys",
      "resident",
      "V8 heap",
      "outside the heap",
      "index",
      "memtables",
      "block cache",
      "index bytes a key",
      "beside the key",
    ],
    rows.map((row) => {
      const each = row.keys === 0 ? undefined : row.index / row.keys;
      return [
        grouped(row.keys),
        inBytes(row.resident),
        inBytes(row.heap),
        inBytes(row.external),
        inBytes(row.index),
        inBytes(row.memtables),
        inBytes(row.cache),
        each === undefined ? "" : fixed(each, 1),
        each === undefined ? "" : fixed(each - KEY_BYTES, 1),
      ];
    }),
  );
  // From the first keys on: before them the code was not compiled either.
  const [first, end] = [rows.find((row) => row.keys > 0)!, rows.at(-1)!];
  const heapEach = (end.heap - first.heap) / Math.max(1, end.keys - first.keys);
  paragraph(
    `Before the store was opened the process held ${
      inBytes(before.resident)
    }. ` +
      `Index beside the key's ${KEY_BYTES} bytes, at most (from ` +
      `${grouped(settled)} keys on): ${fixed(worst, 1)} bytes; at most ` +
      `${INDEX_BYTES_BAR}: ${verdict(worst <= INDEX_BYTES_BAR)}. V8's heap ` +
      `grew by ${fixed(heapEach, 2)} bytes a key; less than one: ` +
      `${verdict(heapEach < 1)}.`,
  );
  // The first blocks and tables weigh on so few keys that nothing else would show.
  const shown = curve.filter(([count], i) =>
    count >= last / 20 || i === curve.length - 1
  );
  picture("memory_index", "Bytes of index a key");
  emitLines("memory_index", {
    title: "The index beside the keys' own bytes",
    xLabel: "keys",
    yLabel: "bytes a key",
    series: [
      { name: "index", points: shown },
      {
        name: "the most that is allowed",
        points: [shown[0]!, shown.at(-1)!].map((
          [x],
        ): [number, number] => [x, INDEX_BYTES_BAR]),
      },
    ],
  });
  picture("memory_parts", "Memory by part and number of keys");
  const parts = ["resident", "heap", "index", "memtables", "cache"] as const;
  emitBars("memory_parts", {
    title: "Memory by part and number of keys",
    unit: "MiB; resident is the whole process",
    categories: [...parts],
    series: rows.map((row) => ({
      name: `${grouped(row.keys)} keys`,
      values: parts.map((part) => row[part] / MEBIBYTE),
    })),
  });
  return await takeDown(store, rows.at(-1)!);
}

/** Deletes everything, then closes, and looks what is held after each. */
async function takeDown(
  store: Store,
  full: Holding,
): Promise<[string, Holding][]> {
  const rows: [string, Holding][] = [["full", full]];
  for (let i = 0; i < full.keys;) {
    let done: Promise<boolean> | undefined;
    for (const end = Math.min(i + 1000, full.keys); i < end; i++) {
      done = store.delete(keyOf(i));
    }
    await done;
    await new Promise((resolve) => setImmediate(resolve));
  }
  rows.push(["every key deleted", await look(store)]);
  await store.gc();
  rows.push(["garbage collected", await look(store)]);
  await store.close();
  rows.push(["closed, object kept", await look(undefined)]);
  return rows;
}

/** Reads keys from files; returns what was held before and after, and the hit rate. */
async function readRandomly(
  path: string,
  keys: number,
  blockCacheSize: number,
): Promise<[Holding, Holding, number]> {
  const store = await Store.open({
    path,
    blockCacheSize,
    memTableSize: 65_536,
  });
  const before = await look(store);
  const random = new Random(3);
  for (let i = 0; i < keys; i++) {
    store.getSync(keyOf(random.below(keys)));
    if (i % 1000 === 0) await new Promise((done) => setImmediate(done));
  }
  const after = await look(store);
  const { cacheHitRate } = store.stats().performance;
  await store.close();
  return [before, after, cacheHitRate];
}

/** Reads far more than the block cache holds, for some settings of it. */
async function readThrough(keys: number): Promise<void> {
  const path = emptyDirectory("memory-cache");
  const made = await Store.open(path);
  await fill(made, 0, keys);
  await made.close();
  const rows: (string | number)[][] = [];
  for (const mebibytes of [0, 8, 32, 64]) {
    const setting = Math.floor(mebibytes * MEBIBYTE * Math.min(1, keys / 1e6));
    const [before, after, hitRate] = await readRandomly(path, keys, setting);
    const dropped = await look(undefined);
    emit({ setting, before, after, dropped, hitRate });
    rows.push([
      inBytes(setting),
      inBytes(after.cache),
      fixed(hitRate),
      inBytes(after.external - before.external),
      inBytes(after.external - dropped.external),
      verdict(after.cache <= setting * CACHE_SLACK),
    ]);
  }
  paragraph(
    `The block cache after ${grouped(keys)} reads of ${grouped(keys)} keys ` +
      `(${inBytes(keys * (KEY_BYTES + VALUE_BYTES))}) that miss the memtables:`,
  );
  table(
    [
      "setting",
      "held",
      "hit rate",
      "buffers grew by",
      "close gave back",
      "bounded",
    ],
    rows,
  );
}

async function main(): Promise<void> {
  const stops = numbersFlag("keys", [0, 1_000_000, 10_000_000])
    .map((keys) => Math.round(keys * (hasFlag("keys") ? 1 : scale)));
  const cacheKeys = Math.min(stops.at(-1)!, 1_000_000);
  if (hasFlag("grow")) return await growAndShrink(stops);
  if (hasFlag("cache")) return await readThrough(cacheKeys);
  heading("Memory");
  paragraph(
    `Keys of ${KEY_BYTES} bytes, values of ${VALUE_BYTES}; default settings.`,
  );
  for (const part of ["--grow", "--cache"]) {
    const args = [part, "--keys", stops.join(",")];
    const { lines, text } = await runFresh(import.meta.url, args, {
      v8Flags: ["--expose-gc"],
    });
    lines.forEach(emit);
    console.log(text.join("\n").trimEnd());
  }
}

if (import.meta.main) await main();

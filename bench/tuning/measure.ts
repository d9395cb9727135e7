/**
 * What one setting does when all others stay: a short run for each value of it.
 *
 * The runs are small, so that all of them take a minute: it is the ratios between
 * them that count, and not how fast this machine is.
 *
 * @module
 */

import { Store, type StoreOptions } from "@sett/badger";
import { emptyDirectory, removeDirectory } from "../curves/data_directory.ts";
import { keyOf, Random, ValuePool } from "../curves/workload.ts";

/** What was measured of one setting. */
export interface Curve {
  /** The key in YAML. */
  setting: string;
  /** What was done, in a sentence. */
  load: string;
  /** Under the chart's horizontal axis. */
  xLabel: string;
  /** Beside the vertical one; all series have this unit. */
  yLabel: string;
  /** A line of the chart each, in the order of x. */
  series: { name: string; points: [number, number][] }[];
}

const KEYS = 100_000;
const VALUE_BYTES = 200;
const READS = 100_000;
const KIB = 1024;
const MIB = 1024 * KIB;
const MANY = KEYS.toLocaleString("en");
const HALF = (KEYS / 2).toLocaleString("en");

/** Microseconds of each of `count` times that `work` does. */
async function microseconds(
  count: number,
  work: () => void | Promise<void>,
): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1000 / count;
}

/** Opens a store, gives it to `use`, and removes it. */
async function withStore<T>(
  options: StoreOptions,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const path = emptyDirectory("tuning");
  try {
    await using store = await Store.open({
      path,
      valueLogGcEnabled: false,
      valueLogMaxEntries: 2 ** 32 - 1,
      ...options,
    });
    return await use(store);
  } finally {
    removeDirectory(path);
  }
}

/** Sets every key, a thousand at a time; returns microseconds a set. */
function fill(store: Store, keys: number, bytes: number): Promise<number> {
  const values = new ValuePool(bytes);
  return microseconds(keys, async () => {
    for (let i = 0; i < keys; i++) {
      const done = store.set(keyOf(i), values.next());
      if (i % 1000 === 999) await done;
    }
    await store.flush();
  });
}

/** Gets keys at random; returns how many in a hundred had to read a file. */
function fileReads(store: Store, keys: number): number {
  const random = new Random(1);
  const before = store.stats().performance;
  for (let i = 0; i < READS; i++) store.getSync(keyOf(random.below(keys)));
  const after = store.stats().performance;
  const outside = READS - (after.memtableHits - before.memtableHits);
  const misses = after.cacheMisses - before.cacheMisses;
  // Without a cache nothing is missed in it. A record in two blocks can miss twice.
  const hasCache = after.cacheHits + after.cacheMisses > 0;
  return 100 * (hasCache ? Math.min(misses, outside) : outside) / READS;
}

/** `mem_table_size`: what of the newest log is read without a file. */
export async function memTableSize(): Promise<Curve> {
  const points: [number, number][] = [];
  for (const size of [64 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB, 32 * MIB]) {
    await withStore(
      { memTableSize: size, blockCacheSize: 0 },
      async (store) => {
        await fill(store, KEYS, VALUE_BYTES);
        points.push([size / MIB, fileReads(store, KEYS)]);
      },
    );
  }
  return {
    setting: "mem_table_size",
    load: `${MANY} keys, values of ${VALUE_BYTES} (a log of 22.5 MiB), ` +
      "no block cache: gets of keys at random",
    xLabel: "MiB",
    yLabel: "gets in a hundred that read a file",
    series: [{ name: "num_mem_tables: 1", points }],
  };
}

/** `block_cache_size`: what of the older log is read without a file. */
export async function blockCacheSize(): Promise<Curve> {
  const points: [number, number][] = [];
  for (const size of [0, 2, 4, 8, 16, 32, 64]) {
    await withStore(
      { memTableSize: 64 * KIB, blockCacheSize: size * MIB },
      async (store) => {
        await fill(store, KEYS, VALUE_BYTES);
        fileReads(store, KEYS);
        points.push([size, fileReads(store, KEYS)]);
      },
    );
  }
  return {
    setting: "block_cache_size",
    load: `${MANY} keys, values of ${VALUE_BYTES} (a log of 22.5 MiB), ` +
      "the smallest memtable: gets of keys at random, for the second time",
    xLabel: "MiB",
    yLabel: "gets in a hundred that read a file",
    series: [{ name: "get", points }],
  };
}

/** What overwriting at random costs while the collector keeps up. */
async function overwrite(
  options: StoreOptions,
  discardRatio: number,
): Promise<{ written: number; mean: number; most: number }> {
  const keys = KEYS / 2;
  return await withStore(options, async (store) => {
    await fill(store, keys, VALUE_BYTES);
    const values = new ValuePool(VALUE_BYTES);
    const random = new Random(2);
    const rounds = 400;
    const sizes: number[] = [];
    let rewrittenBefore = 0;
    let appended = 0;
    for (let round = 0; round < rounds; round++) {
      // The first overwrites meet segments that were all written at once.
      if (round === rounds / 2) {
        rewrittenBefore = store.stats().gc.bytesRewritten;
      }
      for (let i = 0; i < keys / 100; i++) {
        void store.set(keyOf(random.below(keys)), values.next());
      }
      await store.flush();
      const { vlogSize, liveBytes } = store.stats();
      if (round >= rounds / 2) {
        sizes.push(vlogSize / liveBytes);
        appended += liveBytes / 100;
      }
      await store.gc({ discardRatio });
    }
    const rewritten = store.stats().gc.bytesRewritten - rewrittenBefore;
    return {
      written: 1 + rewritten / appended,
      mean: sizes.reduce((sum, size) => sum + size) / sizes.length,
      most: Math.max(...sizes),
    };
  });
}

/** `value_log_gc_discard_ratio`: space against writes. */
export async function discardRatio(): Promise<Curve> {
  const written: [number, number][] = [];
  const mean: [number, number][] = [];
  for (const ratio of [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
    const cost = await overwrite({ valueLogFileSize: MIB }, ratio);
    written.push([ratio, cost.written]);
    mean.push([ratio, cost.mean]);
  }
  return {
    setting: "value_log_gc_discard_ratio",
    load: `${HALF} keys, values of ${VALUE_BYTES}, segments of 1 MiB: ` +
      "four rounds of overwrites at random, the last two measured",
    xLabel: "discard ratio",
    yLabel: "ratio",
    series: [
      { name: "bytes appended / bytes put", points: written },
      { name: "bytes of the log / live bytes", points: mean },
    ],
  };
}

/** `value_log_file_size`: the grain in which space is given back. */
export async function valueLogFileSize(): Promise<Curve> {
  const written: [number, number][] = [];
  const mean: [number, number][] = [];
  const most: [number, number][] = [];
  for (const size of [1, 2, 4, 8, 16, 64]) {
    const cost = await overwrite({ valueLogFileSize: size * MIB }, 0.5);
    written.push([size, cost.written]);
    mean.push([size, cost.mean]);
    most.push([size, cost.most]);
  }
  return {
    setting: "value_log_file_size",
    load: `${HALF} keys, values of ${VALUE_BYTES} (11.3 MiB live): ` +
      "four rounds of overwrites at random, the last two measured",
    xLabel: "MiB",
    yLabel: "ratio",
    series: [
      { name: "bytes appended / bytes put", points: written },
      { name: "log / live, mean", points: mean },
      { name: "log / live, most", points: most },
    ],
  };
}

/** `sync_writes`: what waiting for the medium costs, by how many wait together. */
export async function syncWrites(): Promise<Curve> {
  const series: Curve["series"] = [];
  for (const isSynced of [false, true]) {
    const points: [number, number][] = [];
    for (const inFlight of [1, 4, 16, 64, 256, 1024]) {
      const count = isSynced ? Math.min(400 * inFlight, 40_000) : 40_000;
      await withStore({ syncWrites: isSynced }, async (store) => {
        const values = new ValuePool(VALUE_BYTES);
        const each = await microseconds(count, async () => {
          for (let i = 0; i < count; i += inFlight) {
            const group: Promise<void>[] = [];
            for (let j = 0; j < inFlight; j++) {
              group.push(store.set(keyOf(i + j), values.next()));
            }
            await Promise.all(group);
          }
        });
        points.push([inFlight, each]);
      });
    }
    series.push({ name: `sync_writes: ${isSynced}`, points });
  }
  return {
    setting: "sync_writes",
    load: `sets of ${VALUE_BYTES} bytes, so many at a time awaited together`,
    xLabel: "sets in flight",
    yLabel: "µs a set",
    series,
  };
}

/** `value_threshold`: whether values of a size pass through the memtable. */
export async function valueThreshold(): Promise<Curve> {
  const series: Curve["series"] = [];
  for (const threshold of [0, MIB]) {
    const set: [number, number][] = [];
    const get: [number, number][] = [];
    for (const size of [1, 4, 16, 64, 256]) {
      const keys = Math.min(2000, 8192 / size);
      await withStore(
        { valueThreshold: threshold, blockCacheSize: 0 },
        async (store) => {
          set.push([size, await fill(store, keys, size * KIB)]);
          const random = new Random(3);
          get.push([
            size,
            await microseconds(2000, () => {
              for (let i = 0; i < 2000; i++) {
                store.getSync(keyOf(random.below(keys)));
              }
            }),
          ]);
        },
      );
    }
    const name = threshold === 0 ? "0" : "1 MiB";
    series.push({ name: `set, threshold ${name}`, points: set });
    series.push({ name: `get, threshold ${name}`, points: get });
  }
  return {
    setting: "value_threshold",
    load:
      "up to 8 MiB of values of one size, no block cache: sets, then gets " +
      "of keys at random, all of which fit in the memtable",
    xLabel: "KiB a value",
    yLabel: "µs an operation",
    series,
  };
}

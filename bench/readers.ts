/**
 * How reads scale over workers: each opens a reader over one store, which this thread
 * has open for writing, and reads random keys for a while. Prints reads a second for
 * each number of workers, how many times those of one that is, and what a reader costs.
 * On a machine that others use too, the reads for each second of processor time say
 * more: as long as they stay the same, reads grow with the processors there are.
 *
 * `--keys 1000000 --workers 1,2 --seconds 0.5 --rounds 10 --cache 268435456 --writes 0`:
 * with `--writes` this thread sets that many keys a second meanwhile, and the readers
 * refresh ten times a second.
 *
 * @module
 */

import process from "node:process";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { Store, StoreReader } from "@sett/badger";
import { emptyDirSync } from "@std/fs";
import { numberFlag, numbersFlag } from "./curves/flags.ts";

const PATH = ".tmp/bench/readers";
const READS_A_LOOK = 1000;
const VALUE_BYTES = 100;

/** What a worker is told. */
interface Task {
  keys: number;
  cache: number;
  /** Milliseconds between two refreshes; 0 for none. */
  refreshEvery: number;
}

/** What a worker tells. */
interface Opened {
  openMilliseconds: number;
  indexBytes: number;
}

function keyOf(i: number): string {
  return `key/${String(i).padStart(12, "0")}`;
}

async function work({ keys, cache, refreshEvery }: Task): Promise<void> {
  const start = performance.now();
  const reader = await StoreReader.open({ path: PATH, blockCacheSize: cache });
  const opened: Opened = {
    openMilliseconds: performance.now() - start,
    indexBytes: reader.stats().memory.indexBytes,
  };
  const port = parentPort!;
  let state = 1 + Math.floor(Math.random() * 2 ** 31);
  const readSome = () => {
    for (let i = 0; i < READS_A_LOOK; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const value = reader.getSync(keyOf(state % keys));
      if (value?.length !== VALUE_BYTES) throw new Error("A key is missing");
    }
  };
  // Warm: the code is compiled and blocks are in the cache.
  for (let i = 0; i < keys / READS_A_LOOK; i++) readSome();
  port.on("message", (seconds: number) => {
    const begin = performance.now();
    const end = begin + seconds * 1000;
    let refreshed = begin;
    let reads = 0;
    for (let now = begin; now < end; now = performance.now()) {
      readSome();
      reads += READS_A_LOOK;
      if (refreshEvery === 0 || now - refreshed < refreshEvery) continue;
      reader.refreshSync();
      refreshed = now;
    }
    port.postMessage(reads / (performance.now() - begin) * 1000);
  });
  port.postMessage(opened);
}

function told<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", (message: T) => {
      worker.off("error", reject);
      resolve(message);
    });
    worker.once("error", reject);
  });
}

/** Sets keys at a rate until it is told to stop. */
function writeAlong(store: Store, keys: number, rate: number): () => void {
  const value = new Uint8Array(VALUE_BYTES);
  let at = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < rate / 100; i++) {
      void store.set(keyOf(at = (at + 7919) % keys), value);
    }
  }, 10);
  return () => clearInterval(timer);
}

async function main(): Promise<void> {
  const keys = numberFlag("keys", 1_000_000);
  const counts = numbersFlag("workers", [1, 2]);
  const seconds = numberFlag("seconds", 0.5);
  const rounds = numberFlag("rounds", 10);
  const cache = numberFlag("cache", 268_435_456);
  const writes = numberFlag("writes", 0);
  emptyDirSync(PATH);
  const store = await Store.open({ path: PATH, valueLogGcEnabled: false });
  const value = new Uint8Array(VALUE_BYTES);
  for (let i = 0; i < keys; i++) {
    void store.set(keyOf(i), value);
    if (i % 1000 === 0) await store.flush();
  }
  await store.flush();

  const most = Math.max(...counts);
  const task: Task = { keys, cache, refreshEvery: writes > 0 ? 100 : 0 };
  const workers: Worker[] = [];
  for (let i = 0; i < most; i++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    const { openMilliseconds, indexBytes } = await told<Opened>(worker);
    console.log(
      `reader ${i + 1}: opened in ${Math.round(openMilliseconds)} ms, ` +
        `${(indexBytes / 2 ** 20).toFixed(0)} MiB of index`,
    );
    workers.push(worker);
  }

  const best = new Map(counts.map((count) => [count, { wall: 0, own: 0 }]));
  const stop = writes > 0 ? writeAlong(store, keys, writes) : () => {};
  for (let round = 0; round < rounds; round++) {
    for (const count of counts) {
      const before = process.cpuUsage();
      const rates = await Promise.all(
        workers.slice(0, count).map((worker) => {
          worker.postMessage(seconds);
          return told<number>(worker);
        }),
      );
      const { user, system } = process.cpuUsage(before);
      const sum = rates.reduce((total, rate) => total + rate);
      const most = best.get(count)!;
      most.wall = Math.max(most.wall, sum);
      most.own = Math.max(most.own, sum * seconds / (user + system) * 1e6);
    }
  }
  stop();
  const [first = 1] = counts;
  const one = best.get(first)!.wall;
  console.log(
    `\n| workers | reads a second | times those of ${first} | reads a second of processor |`,
  );
  console.log("| ------: | -------------: | ------: | ------: |");
  for (const [count, { wall, own }] of best) {
    console.log(
      `| ${count} | ${Math.round(wall).toLocaleString("en")} | ` +
        `${(wall / one).toFixed(2)} | ${
          Math.round(own).toLocaleString("en")
        } |`,
    );
  }
  for (const worker of workers) await worker.terminate();
  await store.close();
  emptyDirSync(PATH);
}

await (parentPort === null ? main() : work(workerData as Task));

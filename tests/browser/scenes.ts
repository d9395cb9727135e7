/**
 * Stores as the dashboard may meet them: none yet, an empty one, a busy one, and one of
 * two hundred segments. All are real ones in memory.
 *
 * @module
 */

import { Badger } from "@sett/badger/plugin";

/** An instance, and what goes on in it while the page is open. */
export interface Scene {
  /** The instance. */
  badger: Badger;
  /** Writes and reads once; called again and again. */
  work(): Promise<void>;
}

/** Scenes by what they show. */
export const SCENES: Record<string, () => Promise<Scene>> = {
  /** Each bucket has a store of its own, and none is open. */
  none: async () => ({
    badger: await start({ single_bucket_mode: false }),
    work: () => Promise.resolve(),
  }),
  one: async () => ({ badger: await start({}), work: () => Promise.resolve() }),
  few: () => busy(40_000, 9),
  many: () => busy(250, 200),
};

function start(config: Record<string, unknown>): Promise<Badger> {
  return Badger.start(
    { memory_mode: true, value_log_gc_enabled: false, ...config },
    { env: () => undefined },
  );
}

const BUCKETS = ["sessions", "pages", "users", "thumbnails", "<b>queue</b>"];

/** A store of `segments` segments of `records` records, some of them overwritten. */
async function busy(records: number, segments: number): Promise<Scene> {
  const badger = await start({
    value_log_max_entries: records,
    mem_table_size: 1 << 20,
    num_mem_tables: 1,
  });
  const next = randomNumbers(1);
  const write = async (at: number) => {
    const bucket = BUCKETS[Math.floor(next() ** 2 * BUCKETS.length)]!;
    // Some keys are written over and over, most of them once.
    const key = next() < 0.6
      ? `hot:${Math.floor(next() * records)}`
      : `key:${at}`;
    await badger.kvStore.addValue(
      bucket,
      key,
      "v".repeat(20 + Math.floor(next() ** 4 * 400)),
    );
    return { bucket, key };
  };
  let at = 0;
  while (badger.store.segments().length < segments) {
    const some = Array.from({ length: 100 }, () => write(at++));
    await Promise.all(some);
    if (at % 20_000 === 0) await badger.gc({ discardRatio: 0.3 });
  }
  const binary = await badger.bucket("thumbnails");
  await binary.set(new Uint8Array([0, 0xff, 0x41, 0x0a]), "x".repeat(3000));
  await binary.set("photos/<img src=x onerror=alert(1)>", "x".repeat(2000));
  const work = async () => {
    const count = Math.floor(200 + next() * 300);
    for (let i = 0; i < count; i++) {
      const { bucket, key } = await write(at++);
      for (let reads = 0; reads < 4; reads++) {
        await badger.kvStore.getValue(
          bucket,
          next() < 0.9 ? key : `none:${reads}`,
        );
        await badger.kvStore.getValue(
          BUCKETS[reads]!,
          `key:${Math.floor(next() * at)}`,
        );
      }
    }
  };
  return { badger, work };
}

/** The same numbers from 0 to 1 in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Garbage collection of a store in which four of five records are dead. */
import { keys, openEmpty, value } from "./support.ts";

const ROUNDS = 5;

Deno.bench(
  `gc: ${keys.length} live keys, each written ${ROUNDS} times`,
  { n: 3, warmup: 1 },
  async (bench) => {
    const store = await openEmpty("gc", { valueLogMaxEntries: keys.length });
    for (let round = 0; round < ROUNDS; round++) {
      // Every fifth key each time, so that live records lie in all segments.
      for (let i = 0; i < keys.length; i++) {
        void store.set(keys[(i * ROUNDS + round) % keys.length]!, value);
      }
    }
    await store.sync();
    bench.start();
    await store.gc();
    bench.end();
    await store.close();
  },
);

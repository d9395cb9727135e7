/**
 * Opens many damaged stores and counts what came of them:
 *
 *     deno run --allow-read=. --allow-write=.tmp tests/hostile/main.ts --stores 50000
 *
 * - `--stores N`: how many, 5,000 if it is not said;
 * - `--seed S`: what they are follows from it; a fresh one if it is not given;
 * - `--workers W`: threads, as many as the machine has;
 * - `--only N`: one of them alone; its files are left in `.tmp/hostile`.
 *
 * The last line is "N passed, N failed".
 *
 * @module
 */

import { parseArgs } from "node:util";
import {
  addTally,
  BLOCK_STORES,
  emptyTally,
  runBlock,
  type Tally,
} from "./campaign.ts";
import { makeCorpus } from "./corpus.ts";
import type { Mutant } from "./mutant.ts";
import { reportFailures, reportTally } from "./report.ts";
import { Thread } from "./thread.ts";

const KEPT = ".tmp/hostile";

const { values } = parseArgs({
  options: {
    stores: { type: "string", default: "5000" },
    seed: { type: "string" },
    workers: { type: "string" },
    only: { type: "string" },
  },
});
const seed = Number(
  values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
);
const start = performance.now();
const tally = values.only === undefined
  ? await runAll(Number(values.stores))
  : await runOne(Number(values.only));
const seconds = (performance.now() - start) / 1000;
reportTally(tally);
reportFailures(tally.failures, seed);
console.log(`seed ${seed}, ${seconds.toFixed(1)} seconds`);
console.log(
  `${
    tally.stores - tally.failures.length
  } passed, ${tally.failures.length} failed`,
);
Deno.exit(tally.failures.length === 0 ? 0 : 1);

async function runOne(only: number): Promise<Tally> {
  const show = (number: number, mutant: Mutant) => {
    if (number !== only) return;
    console.log(`${mutant.base.name}; trust: ${mutant.trust}`);
    for (const step of mutant.steps) console.log(`  ${step}`);
    Deno.mkdirSync(KEPT, { recursive: true });
    for (const { name } of Deno.readDirSync(KEPT)) {
      Deno.removeSync(`${KEPT}/${name}`);
    }
    for (const [name, bytes] of mutant.files) {
      Deno.writeFileSync(`${KEPT}/${name}`, bytes);
    }
  };
  return await runBlock(await makeCorpus(), seed, only, only + 1, show);
}

/** Shares the blocks among threads. */
async function runAll(stores: number): Promise<Tally> {
  const total = emptyTally();
  let next = 0;
  const threads = Number(values.workers ?? navigator.hardwareConcurrency);
  await Promise.all(Array.from({ length: threads }, async () => {
    using thread = new Thread();
    while (next < stores) {
      const first = next;
      next = Math.min(stores, first + BLOCK_STORES);
      const result = await thread.run(seed, first, next);
      addTally(total, result);
      if (result.failures.some(({ isEndless }) => isEndless)) break;
    }
  }));
  return total;
}

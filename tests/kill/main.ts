/**
 * Kills processes that work on a store, again and again, and looks at what is left:
 *
 *     deno run --allow-read=. --allow-write=.tmp --allow-run tests/kill/main.ts \
 *       --kills 200 --runtime bun=PATH=MODULE_URL
 *
 * - `--kills N`: how many, 200 if it is not said;
 * - `--seed S`: what is written and when it is killed follow from it, as far as a kill
 *   can follow from anything; a fresh one if it is not given;
 * - `--runtime NAME=PATH=MODULE`: a runtime beside this Deno, and the module that it
 *   imports as the store; `run.sh` finds them all.
 *
 * Two stores are worked on at a time, one synced at every operation and one not. The
 * last line is "N passed, N failed".
 *
 * @module
 */

import { parseArgs } from "node:util";
import { Dice } from "../hostile/dice.ts";
import { tempDir } from "../support/temp.ts";
import { KillChain, type Phase, PHASES, type Runtime } from "./chain.ts";
import { readRuntimes } from "./runtimes.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string" },
    runtime: { type: "string", multiple: true, default: [] },
  },
});
const seed = Number(
  values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
);
const kills = Number(values.kills);
const runtimes = readRuntimes(values.runtime);

/** Kills half of the children. */
async function runChain(isSynced: boolean): Promise<KillChain> {
  await using directory = tempDir();
  const path = Deno.realPathSync(directory.path);
  const dice = new Dice(seed + (isSynced ? 1 : 0));
  const chain = new KillChain(`${path}/data`, seed, dice, isSynced);
  Deno.mkdirSync(`${path}/data`);
  const share = isSynced ? Math.ceil(kills / 2) : Math.floor(kills / 2);
  let runtime: Runtime | undefined;
  for (let kill = 0; kill < share; kill++) {
    // Never the same runtime twice in a row, if there are more.
    const others = runtimes.filter((one) => one !== runtime);
    runtime = dice.pick(others.length > 0 ? others : runtimes);
    const phase: Phase = dice.pick(PHASES);
    if (!await chain.live(runtime, phase)) return chain;
  }
  await chain.finish(dice.pick(runtimes));
  return chain;
}

const start = performance.now();
const chains = await Promise.all([runChain(true), runChain(false)]);
const seconds = (performance.now() - start) / 1000;

/** Prints counts that several chains have. */
function printCounts(
  title: string,
  countsOf: (chain: KillChain) => Map<string, number>,
): number {
  const sums = new Map<string, number>();
  let total = 0;
  for (const chain of chains) {
    for (const [name, count] of countsOf(chain)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
      total += count;
    }
  }
  const rows = [...sums].toSorted().map(([name, count]) => `${name} ${count}`);
  console.log(`${title}: ${rows.join(", ")}`);
  return total;
}

function sum(pick: (chain: KillChain) => number): number {
  return chains.reduce((total, chain) => total + pick(chain), 0);
}

const passed = printCounts("Kills", ({ totals }) => totals.kills);
printCounts("Kills in the act of", ({ totals }) => totals.inTheAct);
printCounts("Handovers", ({ totals }) => totals.handovers);
console.log(
  `${sum(({ totals }) => totals.operations)} operations acknowledged, ` +
    `${sum(({ totals }) => totals.unacknowledged)} more found, ` +
    `${sum(({ totals }) => totals.cuts)} torn tails cut, ` +
    `${sum(({ totals }) => totals.inspections)} copies inspected`,
);
const failures = chains.flatMap(({ totals }) => totals.failures);
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`seed ${seed}, ${seconds.toFixed(1)} seconds`);
console.log(`${passed} passed, ${failures.length} failed`);
Deno.exit(failures.length === 0 ? 0 : 1);

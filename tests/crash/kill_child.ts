/**
 * The process that is killed: works on a store without an end and prints the number
 * of each operation as soon as it is acknowledged.
 *
 * @module
 */

import { Store } from "../../mod.ts";
import { perform } from "./workload.ts";

const [path, sync, first] = Deno.args;
const encoder = new TextEncoder();

const store = await Store.open({
  path: path!,
  syncWrites: sync === "sync",
  memTableSize: 65_536,
  valueLogFileSize: 1_048_576,
  valueLogMaxEntries: 1500,
  valueLogGcDiscardRatio: 0.3,
});

/** Operations that wait at a time. */
const LANES = 16;
for (let n = Number(first);; n += LANES) {
  const lanes: Promise<void>[] = [];
  for (let lane = 0; lane < LANES; lane++) {
    lanes.push(
      perform(store, n + lane).then(() => {
        Deno.stdout.writeSync(encoder.encode(`${n + lane}\n`));
      }),
    );
  }
  await Promise.all(lanes);
  // Timers have their turn: hints are written and garbage is collected.
  await new Promise((resolve) => setTimeout(resolve, 0));
}

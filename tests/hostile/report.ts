/**
 * Tells people what came of mutants.
 *
 * @module
 */

import type { Failure, Tally } from "./campaign.ts";

/** Failures that are told in full. */
const TOLD_MAX = 10;

function printCounts(title: string, counts: Record<string, number>): void {
  console.log(title);
  const rows = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  for (const [name, count] of rows) {
    console.log(`${String(count).padStart(8)}  ${name}`);
  }
}

/** Prints the counts. */
export function reportTally(tally: Tally): void {
  printCounts("By what came of them:", tally.outcomes);
  printCounts("By their last mutation:", tally.kinds);
  printCounts("By what could be expected of them:", tally.trusts);
  console.log(
    `${tally.novelties} ways to go; at most ${tally.operationsMax} file ` +
      `operations and ${tally.allocationMax} bytes at once for one store`,
  );
}

/** Prints the first failure of each sort, and how to see it again. */
export function reportFailures(failures: Failure[], seed: number): void {
  const sorts = Map.groupBy(
    failures,
    ({ violation }) => violation.slice(0, 100).replaceAll(/\d+/g, "#"),
  );
  for (const same of [...sorts.values()].slice(0, TOLD_MAX)) {
    const { number, violation, steps, base } = same[0]!;
    console.log(
      `FAILED ${same.length} times, first with --seed ${seed} --only ${number}`,
    );
    console.log(`  made from: ${base}`);
    for (const step of steps) console.log(`  ${step}`);
    console.log(`  ${violation.replaceAll(/[^\x20-\x7e\n]/g, "?")}`);
  }
}

/**
 * The guard against getting slower: measures a reduced set, and compares Sett's
 * ratios to LMDB and to a bare `Map` with those of `bench/baseline.json`. Ratios,
 * because they say more on another machine than operations a second would.
 *
 *     --tolerance F    the part that a ratio may fall below its baseline (0.25)
 *     --update         write the baseline anew
 *     --rounds N       rounds to take the best of (3)
 *     --scale F        factor of the workloads' counts (0.2: 200,000 keys)
 *
 * What falls below is measured once more, and judged by all rounds together. Exits
 * with 1 if it is below then too.
 *
 * @module
 */

import { Flags } from "./flags.ts";
import { describeMachine } from "./machine.ts";
import { type Measurement, Results } from "./results.ts";
import { type Plan, runRounds } from "./rounds.ts";
import { type Row, ROWS } from "./targets.ts";

const BASELINE = "bench/baseline.json";
const TOLERANCE = 0.25;
const SCALE = 0.2;
const ROUNDS = 3;
const PHASES = [
  "put-single",
  "put-batch",
  "get",
  "get-missing",
  "overwrite",
  "ycsb-b",
];
const REFERENCES = ["lmdb", "map"];

/** What `bench/baseline.json` holds. */
interface Baseline {
  date: string;
  machine: string;
  deno: string;
  scale: number;
  rounds: number;
  /** By row, by peer: how many times as fast as the peer Sett was. */
  ratios: Record<string, Record<string, number>>;
}

/** A ratio that fell. */
interface Loss {
  row: Row;
  text: string;
}

/** The phase of a row, without its pass. */
function phaseOf(row: Row): string {
  return row.measure.split("/")[1]!.split(",")[0]!;
}

const GUARDED = ROWS.filter((row) =>
  row.idiom === undefined && PHASES.includes(phaseOf(row))
);

/**
 * The best round of a peer. What disturbs a round makes it slower and never faster,
 * so of few rounds the best one is steadier than the median.
 */
function best(results: Results, peer: string, row: Row): number | undefined {
  const all = results.figures("deno", peer, row.measure, row.unit)
    .flatMap((figure) => figure.all);
  return all.length === 0 ? undefined : Math.max(...all);
}

function ratiosOf(results: Results): Baseline["ratios"] {
  const ratios: Baseline["ratios"] = {};
  for (const row of GUARDED) {
    const byPeer: Record<string, number> = {};
    for (const peer of REFERENCES) {
      const ours = best(results, "sett", row);
      const theirs = best(results, peer, row);
      if (ours === undefined || theirs === undefined) continue;
      byPeer[peer] = Number((ours / theirs).toPrecision(3));
    }
    ratios[row.name] = byPeer;
  }
  return ratios;
}

/** The ratios that are below the baseline, or missing; with `isTold`, all are told. */
function compare(
  results: Results,
  baseline: Baseline,
  tolerance: number,
  isTold: boolean,
): Loss[] {
  const measured = ratiosOf(results);
  const losses: Loss[] = [];
  for (const row of GUARDED) {
    for (const peer of REFERENCES) {
      const before = baseline.ratios[row.name]?.[peer];
      if (before === undefined) continue;
      const now = measured[row.name]![peer];
      const isLoss = now === undefined || now < before * (1 - tolerance);
      const text = [
        isLoss ? "LOSS" : "ok  ",
        `${row.name} / ${peer}`.padEnd(24),
        (now === undefined ? "none" : `${now.toPrecision(3)}x`).padStart(8),
        `baseline ${before.toPrecision(3)}x`,
      ].join("  ");
      if (isTold) console.log(text);
      if (isLoss) losses.push({ row, text });
    }
  }
  return losses;
}

const flags = new Flags(Deno.args, ["tolerance", "rounds", "scale"], [
  "update",
]);
const tolerance = flags.number("tolerance", TOLERANCE);
const plan: Plan = {
  rounds: Math.ceil(flags.number("rounds", ROUNDS)),
  scale: flags.number("scale", SCALE),
  only: PHASES,
  peers: ["sett", ...REFERENCES],
  runtimes: ["deno"],
  programs: flags.programs,
};

const measurements: Measurement[] = [];
async function measure(only: readonly string[]): Promise<Results> {
  const run = await runRounds({ ...plan, only }, () => {});
  if (run.failures > 0) {
    console.error(`${run.failures} phases failed`);
    Deno.exit(1);
  }
  measurements.push(...run.measurements);
  return new Results(measurements);
}

let results = await measure(PHASES);
if (flags.has("update")) {
  const baseline: Baseline = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    deno: Deno.version.deno,
    scale: plan.scale,
    rounds: plan.rounds,
    ratios: ratiosOf(results),
  };
  Deno.writeTextFileSync(BASELINE, JSON.stringify(baseline, null, 2) + "\n");
  console.log(`Wrote ${BASELINE}`);
  Deno.exit(0);
}

const baseline: Baseline = JSON.parse(Deno.readTextFileSync(BASELINE));
if (baseline.scale !== plan.scale) {
  console.error(
    `The baseline was measured at scale ${baseline.scale}, this is ${plan.scale}`,
  );
}
const doubtful = compare(results, baseline, tolerance, false);
if (doubtful.length > 0) {
  for (const { text } of doubtful) console.log(`again: ${text}`);
  results = await measure([
    ...new Set(doubtful.map(({ row }) => phaseOf(row))),
  ]);
}
const losses = compare(results, baseline, tolerance, true);
console.log(
  losses.length === 0
    ? `No ratio is more than ${tolerance * 100} % below the baseline`
    : `${losses.length} ratios are more than ${
      tolerance * 100
    } % below the baseline`,
);
if (losses.length > 0) Deno.exit(1);

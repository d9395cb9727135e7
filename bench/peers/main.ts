/**
 * The driver of the comparison with other stores; `run.sh` prepares what it needs.
 *
 *     --rounds N       rounds to take medians of (default 3)
 *     --scale F        factor of all counts (default 1)
 *     --only a,b       workloads or phases
 *     --peers a,b      peers
 *     --runtimes a,b   deno, bun, node (default deno)
 *     --out DIR        where the report and its charts go
 *     --against PEER   a report on that peer alone, PEER.md, instead of that of all
 *     --from FILE      report on measurements made before, instead of measuring
 *
 * Exits with 1 if a phase failed; a target that was missed is no failure.
 *
 * @module
 */

import { writeAgainst } from "./against.ts";
import { drawCharts } from "./charts.ts";
import { Flags, readPlan } from "./flags.ts";
import { PEERS } from "./peers.ts";
import { formatFigure, formatTarget, writeReport } from "./report.ts";
import { type Measurement, Results } from "./results.ts";
import { HOME, runRounds } from "./rounds.ts";
import { ROWS } from "./targets.ts";

const LINES = `${HOME}/results.jsonl`;

function tell(one: Measurement): void {
  const unit = one.space !== undefined
    ? "x"
    : one.phase === "reopen"
    ? "ms"
    : "ops/s";
  const value = unit === "x"
    ? one.space!
    : unit === "ms"
    ? one.seconds * 1000
    : one.opsPerSecond;
  console.log(
    [
      String(one.round).padStart(2),
      one.runtime.padEnd(5),
      one.peer.padEnd(15),
      `${one.workload}/${one.phase}`.padEnd(28),
      (one.idiom ?? "").padEnd(18),
      formatFigure(value, unit).padStart(12),
    ].join(" "),
  );
}

function tellTargets(results: Results): void {
  for (const runtime of results.runtimes().keys()) {
    for (const row of ROWS) {
      const passes = results.passes(runtime, row);
      if (passes === undefined) continue;
      const ratio = results.ratio(runtime, row) ??
        results.figure(runtime, "sett", row)!.value;
      console.log(
        [
          passes ? "pass" : "FAIL",
          runtime.padEnd(5),
          row.name.padEnd(28),
          `${ratio.toFixed(2)}x`.padStart(8),
          formatTarget(row).padStart(8),
          results.referenceOf(runtime, row) ?? "",
        ].join("  "),
      );
    }
  }
}

const flags = new Flags(Deno.args, [
  "rounds",
  "scale",
  "only",
  "peers",
  "runtimes",
  "out",
  "against",
  "from",
]);
const plan = readPlan(flags);
const [against] = flags.names("against", PEERS.map(({ name }) => name));
let measurements: Measurement[] = [];
let failures = 0;
const from = flags.text("from");
if (from === undefined) {
  Deno.writeTextFileSync(LINES, "");
  ({ measurements, failures } = await runRounds(plan, (one) => {
    Deno.writeTextFileSync(LINES, JSON.stringify(one) + "\n", { append: true });
    tell(one);
  }));
} else {
  measurements = Deno.readTextFileSync(from).split("\n").filter(Boolean)
    .map((line) => JSON.parse(line));
}

const results = new Results(measurements);
tellTargets(results);
const out = flags.text("out");
if (out !== undefined) {
  Deno.mkdirSync(out, { recursive: true });
  const words = Deno.args.filter((word, i) =>
    word !== "--program" && Deno.args[i - 1] !== "--program"
  );
  const command = ["bash bench/peers/run.sh", ...words].join(" ");
  const rounds = Math.max(0, ...measurements.map(({ round }) => round));
  if (against === undefined) {
    const charts = await drawCharts(results, out);
    Deno.writeTextFileSync(
      `${out}/peers.md`,
      writeReport(results, command, rounds, charts),
    );
  } else {
    Deno.writeTextFileSync(
      `${out}/${against.replaceAll(":", "-")}.md`,
      writeAgainst(results, against, command, rounds),
    );
  }
}
if (failures > 0) {
  console.error(`${failures} phases failed`);
  Deno.exit(1);
}

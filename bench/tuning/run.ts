/**
 * Measures one setting at a time and writes what came out: `tuning.md` with the
 * figures, and a chart of each setting.
 *
 * `--out` (bench/results), `--only` (settings, by commas)
 *
 * @module
 */

import { cpus } from "node:os";
import { textFlag } from "../curves/flags.ts";
import { fixed } from "../curves/report.ts";
import { lines } from "../draw.ts";
import { format } from "../format.ts";
import {
  blockCacheSize,
  type Curve,
  discardRatio,
  memTableSize,
  syncWrites,
  valueLogFileSize,
  valueThreshold,
} from "./measure.ts";

/** Settings whose values are not spread by factors. */
const LINEAR = new Set(["value_log_gc_discard_ratio", "block_cache_size"]);
/** Settings whose figures are. */
const STEEP = new Set(["sync_writes", "value_threshold"]);

const MEASUREMENTS: Record<string, () => Promise<Curve>> = {
  mem_table_size: memTableSize,
  block_cache_size: blockCacheSize,
  value_log_file_size: valueLogFileSize,
  value_log_gc_discard_ratio: discardRatio,
  sync_writes: syncWrites,
  value_threshold: valueThreshold,
};

/** Times a duration is measured; the least counts, for others use the machine too. */
const TRIES = 3;

/** Measures; durations several times. */
async function measured(measure: () => Promise<Curve>): Promise<Curve> {
  const curve = await measure();
  if (!curve.yLabel.startsWith("µs")) return curve;
  for (let tries = 1; tries < TRIES; tries++) {
    const again = await measure();
    for (const [i, { points }] of curve.series.entries()) {
      for (const [j, point] of points.entries()) {
        point[1] = Math.min(point[1], again.series[i]!.points[j]![1]);
      }
    }
  }
  return curve;
}

/** The figures of a curve as a table. */
function tableOf(curve: Curve): string {
  const names = curve.series.map(({ name }) => name);
  const rows = curve.series[0]!.points.map(([x], i) => [
    fixed(x),
    ...curve.series.map(({ points }) => fixed(points[i]![1])),
  ]);
  return [[curve.xLabel, ...names], names.concat("").map(() => "---:"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const out = textFlag("out", "bench/results");
const only = textFlag("only", Object.keys(MEASUREMENTS).join()).split(",");
const text = [
  "## Tuning",
  `${new Date().toISOString().slice(0, 10)}, Deno ${Deno.version.deno}, ` +
  `${Deno.build.os} ${Deno.build.arch}, ${cpus().length} × ` +
  `${cpus()[0]?.model}: \`deno task bench:tuning\`. Short runs, the ` +
  `best of ${TRIES} where time was measured: look at the ratios.`,
];
const written = [`${out}/tuning.md`];
for (const name of only) {
  const measure = MEASUREMENTS[name];
  if (measure === undefined) {
    throw new RangeError(`Cannot measure ${name}: there is no such program`);
  }
  console.log(name);
  const curve = await measured(measure);
  const path = `tuning_${name}.svg`;
  written.push(`${out}/${path}`);
  Deno.writeTextFileSync(
    `${out}/${path}`,
    lines({
      title: name,
      xLabel: curve.xLabel,
      yLabel: curve.yLabel,
      series: curve.series,
      xLog: !LINEAR.has(name),
      yLog: STEEP.has(name),
    }),
  );
  text.push(
    `### ${name}`,
    `${curve.load}. ${curve.yLabel}:`,
    tableOf(curve),
    `![${name}](${path})`,
  );
}
Deno.writeTextFileSync(`${out}/tuning.md`, text.join("\n\n") + "\n");
await format(written);

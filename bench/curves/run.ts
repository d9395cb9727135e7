/**
 * Runs every measurement of this folder, each in a process of its own and one
 * after the other, and writes what they print: `*.md`, the figures behind it as
 * `*.jsonl`, and the charts as `*.svg`.
 *
 * `--out` (bench/results), `--only` (names, by commas), and whatever the programs
 * take: `--scale 0.01` rehearses all of them.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { bars, lines } from "../draw.ts";
import { format } from "../format.ts";
import { textFlag } from "./flags.ts";
import { type Printed, runFresh } from "./fresh_process.ts";
import type { Chart } from "./report.ts";

const PROGRAMS = [
  "floors",
  "latency",
  "gc_latency",
  "memory",
  "amplification",
  "growth",
];

/** Flags of the driver, which the programs do not get. */
const OWN_FLAGS = ["--out", "--only"];

/** The arguments for the programs: ours without {@linkcode OWN_FLAGS}. */
function passedOn(args: string[]): string[] {
  return args.filter((arg, i) =>
    !OWN_FLAGS.includes(arg) && !OWN_FLAGS.includes(args[i - 1] ?? "")
  );
}

/** Draws a chart, if the line is one. */
function draw(line: Record<string, unknown>): string | undefined {
  if (!("chart" in line)) return undefined;
  const chart = line as unknown as Chart;
  return chart.kind === "bars" ? bars(chart.input) : lines(chart.input);
}

/** Writes what a program printed; returns the paths of Markdown and charts. */
function write(out: string, program: string, printed: Printed): string[] {
  const paths = [`${out}/${program}.md`];
  const figures: string[] = [];
  for (const line of printed.lines) {
    const svg = draw(line);
    if (svg === undefined) {
      figures.push(JSON.stringify(line));
      continue;
    }
    const path = `${out}/${line.chart}.svg`;
    Deno.writeTextFileSync(path, svg);
    paths.push(path);
  }
  Deno.writeTextFileSync(`${out}/${program}.jsonl`, figures.join("\n") + "\n");
  Deno.writeTextFileSync(paths[0]!, printed.text.join("\n"));
  return paths;
}

async function main(): Promise<void> {
  const out = textFlag("out", "bench/results");
  const only = textFlag("only", PROGRAMS.join(",")).split(",");
  const unknown = only.filter((name) => !PROGRAMS.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(
      `Cannot run ${unknown.join(", ")}: there are ${PROGRAMS.join(", ")}`,
    );
  }
  ensureDirSync(out);
  const written: string[] = [];
  let failures = 0;
  for (const program of only) {
    const start = performance.now();
    const module = new URL(`${program}.ts`, import.meta.url).href;
    try {
      const printed = await runFresh(module, passedOn(Deno.args));
      written.push(...write(out, program, printed));
      console.log(printed.text.join("\n"));
    } catch (error) {
      failures++;
      console.error(error);
    }
    const seconds = (performance.now() - start) / 1000;
    console.error(`${program}: ${seconds.toFixed(0)} s`);
  }
  if (written.length > 0) await format(written);
  if (failures > 0) Deno.exit(1);
}

if (import.meta.main) await main();

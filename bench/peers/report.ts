/**
 * The report: a table for each runtime, one row a target, and below it every median
 * that was measured.
 *
 * @module
 */

import { describeMachine, packageVersions } from "./machine.ts";
import { PEERS, type RuntimeName } from "./peers.ts";
import { type Figure, figureOf, type Results } from "./results.ts";
import { type Row, ROWS } from "./targets.ts";

/** A figure with three digits that count. */
export function formatFigure(value: number, unit: Row["unit"]): string {
  if (unit === "x") return `${value.toFixed(2)}x`;
  if (unit === "ms") return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  const digits = Math.max(0, Math.floor(Math.log10(value)) - 2);
  const rounded = Math.round(value / 10 ** digits) * 10 ** digits;
  return rounded.toLocaleString("en-US");
}

/** The target of a row, in words. */
export function formatTarget(row: Row): string {
  if (row.atMost !== undefined) return `<= ${row.atMost}x`;
  return row.atLeast === undefined ? "" : `>= ${row.atLeast}x`;
}

/** What came of a row: pass, FAIL, or nothing. */
export function formatVerdict(passes: boolean | undefined): string {
  if (passes === undefined) return "";
  return passes ? "pass" : "**FAIL**";
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A Markdown table. */
export function table(
  head: readonly string[],
  rows: readonly string[][],
): string[] {
  return [
    line(head),
    line(head.map((_, i) => i === 0 ? "---" : "---:")),
    ...rows.map(line),
  ];
}

/** The peers that have any figure on a runtime, in the order of their table. */
export function peersOf(results: Results, runtime: RuntimeName): string[] {
  return PEERS.map(({ name }) => name).filter((name) =>
    ROWS.some((row) => results.figure(runtime, name, row) !== undefined)
  );
}

/** The rows that have Sett's figure or a peer's. */
function rowsOf(results: Results, runtime: RuntimeName): Row[] {
  const peers = peersOf(results, runtime);
  return ROWS.filter((row) =>
    peers.some((name) => results.figure(runtime, name, row) !== undefined)
  );
}

function targetTable(results: Results, runtime: RuntimeName): string[] {
  const peers = peersOf(results, runtime);
  const rows = rowsOf(results, runtime).map((row) => {
    const cells = peers.map((name) => {
      const figure = results.figure(runtime, name, row);
      return figure === undefined ? "" : formatFigure(figure.value, row.unit);
    });
    const ratio = results.ratio(runtime, row);
    return [
      row.unit === "ops/s" ? row.name : `${row.name} (${row.unit})`,
      ...cells,
      results.referenceOf(runtime, row) ?? "",
      ratio === undefined ? "" : `${ratio.toFixed(2)}x`,
      formatTarget(row),
      formatVerdict(results.passes(runtime, row)),
    ];
  });
  return table(
    ["workload", ...peers, "against", "ratio", "target", "verdict"],
    rows,
  );
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : (bytes / 2 ** 20).toFixed(1);
}

function detailRow(row: Row, peer: string, figure: Figure): string[] {
  const last = figure.measurements.at(-1)!;
  const values = figure.measurements.map((one) => figureOf(one, row.unit));
  return [
    row.name,
    peer,
    figure.idiom ?? "",
    formatFigure(figure.value, row.unit),
    formatFigure(Math.min(...values), row.unit),
    formatFigure(Math.max(...values), row.unit),
    last.operations.toLocaleString("en-US"),
    mebibytes(last.rssBytes),
    mebibytes(last.bytesOnDisk),
  ];
}

/** The table of every idiom of some peers. */
export function detailTable(
  results: Results,
  runtime: RuntimeName,
  peers: readonly string[],
): string[] {
  const rows = rowsOf(results, runtime).filter(({ idiom }) =>
    idiom === undefined
  );
  const cells = rows.flatMap((row) =>
    peers.flatMap((name) =>
      results.figures(runtime, name, row.measure, row.unit)
        .map((figure) => detailRow(row, name, figure))
    )
  );
  return table(
    [
      "workload",
      "peer",
      "idiom",
      "median",
      "least",
      "most",
      "operations",
      "RSS, MiB",
      "disk, MiB",
    ],
    cells,
  );
}

/** How many rows with a target pass, of how many. */
export function countPasses(
  results: Results,
  runtime: RuntimeName,
): [passed: number, judged: number] {
  const verdicts = ROWS.map((row) => results.passes(runtime, row))
    .filter((passes) => passes !== undefined);
  return [verdicts.filter(Boolean).length, verdicts.length];
}

/** The whole report as Markdown. `charts` are names of files beside it. */
export function writeReport(
  results: Results,
  command: string,
  rounds: number,
  charts: readonly string[],
): string {
  const runtimes = results.runtimes();
  const lines = [
    "# Sett and its peers",
    "",
    `- Date: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `- Machine: ${describeMachine()}`,
    `- Runtimes: ${[...runtimes].map((one) => one.join(" ")).join(", ")}`,
    `- Packages: ${
      [...packageVersions(), ...results.programVersions()].join(", ")
    }`,
    `- Command: \`${command}\``,
    `- Medians of ${rounds} rounds, which go through all peers in turn`,
    "",
    "Figures are operations a second where no other unit is named; the ratio says",
    "how many times as fast Sett is. Of a peer's idioms the best one counts; all of",
    "them are in the tables below.",
  ];
  for (const runtime of runtimes.keys()) {
    const [passed, judged] = countPasses(results, runtime);
    lines.push("", `## ${runtime}: ${passed} of ${judged} targets`, "");
    lines.push(...targetTable(results, runtime));
    for (const chart of charts) {
      if (!chart.startsWith(`${runtime}-`)) continue;
      lines.push("", `![${chart.replace(".svg", "")}](${chart})`);
    }
  }
  for (const runtime of runtimes.keys()) {
    lines.push("", `## ${runtime}: every idiom`, "");
    lines.push(...detailTable(results, runtime, peersOf(results, runtime)));
  }
  return lines.join("\n") + "\n";
}

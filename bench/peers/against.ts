/**
 * The report on one peer: Sett beside it, row for row, with the ratio and how far
 * it went apart between rounds.
 *
 * @module
 */

import { describeMachine, packageVersions } from "./machine.ts";
import type { RuntimeName } from "./peers.ts";
import { detailTable, formatFigure, table } from "./report.ts";
import { figureOf, median, type Results } from "./results.ts";
import { type Row, ROWS } from "./targets.ts";

/**
 * The median figure of a peer in each round, in the idiom that counts. A round of
 * a machine that others use is compared with itself only.
 */
function byRound(
  results: Results,
  runtime: RuntimeName,
  peer: string,
  row: Row,
): Map<number, number> {
  const measurements = results.figure(runtime, peer, row)?.measurements ?? [];
  return new Map(
    [...Map.groupBy(measurements, ({ round }) => round)].map(([round, all]) => [
      round,
      median(all.map((one) => figureOf(one, row.unit))),
    ]),
  );
}

/** How many times as good as the peer Sett was, in each round. */
function ratiosOf(
  results: Results,
  runtime: RuntimeName,
  peer: string,
  row: Row,
): number[] {
  const theirs = byRound(results, runtime, peer, row);
  const ratios: number[] = [];
  for (const [round, ours] of byRound(results, runtime, "sett", row)) {
    const other = theirs.get(round);
    if (other === undefined) continue;
    ratios.push(row.unit === "ops/s" ? ours / other : other / ours);
  }
  return ratios;
}

function cellsOf(
  results: Results,
  runtime: RuntimeName,
  peer: string,
  row: Row,
): string[] | undefined {
  const ours = results.figure(runtime, "sett", row);
  const theirs = results.figure(runtime, peer, row);
  if (ours === undefined || theirs === undefined) return undefined;
  const ratios = ratiosOf(results, runtime, peer, row);
  const ratio = results.ratioTo(runtime, {
    ...row,
    referenceMeasure: row.measure,
  }, peer)!;
  const times = (value: number) => `${value.toFixed(2)}x`;
  return [
    row.unit === "ops/s" ? row.name : `${row.name} (${row.unit})`,
    formatFigure(ours.value, row.unit),
    ours.idiom ?? "",
    formatFigure(theirs.value, row.unit),
    theirs.idiom ?? "",
    times(ratio),
    times(Math.min(...ratios)),
    times(Math.max(...ratios)),
  ];
}

/** The report as Markdown. */
export function writeAgainst(
  results: Results,
  peer: string,
  command: string,
  rounds: number,
): string {
  const versions = [
    ...packageVersions().filter((one) => one.startsWith("@sett/")),
    ...results.programVersions(),
  ];
  const lines = [
    `# Sett and ${peer}`,
    "",
    `- Date: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`,
    `- Machine: ${describeMachine()}`,
    `- Versions: ${
      [
        ...[...results.runtimes()].map((one) => one.join(" ")),
        ...versions,
      ].join(", ")
    }`,
    `- Command: \`${command}\``,
    `- Medians of ${rounds} rounds, which go through all peers in turn`,
    "",
    "Figures are operations a second where no other unit is named. A ratio above 1",
    "says that Sett is better; least and most are those of single rounds.",
  ];
  for (const runtime of results.runtimes().keys()) {
    const rows = ROWS.flatMap((row) => {
      const cells = cellsOf(results, runtime, peer, row);
      return cells === undefined ? [] : [cells];
    });
    lines.push("", `## ${runtime}`, "");
    lines.push(...table(
      ["workload", "sett", "idiom", peer, "idiom", "ratio", "least", "most"],
      rows,
    ));
    lines.push("", `## ${runtime}: every idiom of ${peer}`, "");
    lines.push(...detailTable(results, runtime, [peer]));
  }
  return lines.join("\n") + "\n";
}

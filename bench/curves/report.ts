/**
 * What a measurement prints: JSON lines for machines, Markdown for people, and
 * charts as JSON lines that the driver draws.
 *
 * A line that begins with `{` is JSON; all others together are Markdown.
 *
 * @module
 */

import type { BarsInput, LinesInput } from "../draw.ts";
import { scale } from "./flags.ts";
import { processorModel } from "./system_counters.ts";

/** A chart that a program wants to be drawn. */
export type Chart =
  | { chart: string; kind: "bars"; input: BarsInput }
  | { chart: string; kind: "lines"; input: LinesInput };

/** Prints one JSON line. */
export function emit(line: Record<string, unknown>): void {
  console.log(JSON.stringify(line));
}

/** Prints a chart of bars; the file is named after `name`. */
export function emitBars(name: string, input: BarsInput): void {
  emit({ chart: name, kind: "bars", input });
}

/** Prints a chart of lines; the file is named after `name`. */
export function emitLines(name: string, input: LinesInput): void {
  emit({ chart: name, kind: "lines", input });
}

/** Prints a heading, and what the figures below it were measured on. */
export function heading(text: string): void {
  const { hardwareConcurrency } = navigator;
  console.log(
    `## ${text}\n\nDeno ${Deno.version.deno}, V8 ${Deno.version.v8}, ` +
      `${Deno.build.os} ${Deno.build.arch}, ${hardwareConcurrency} × ` +
      `${processorModel()}` +
      (scale === 1 ? "." : `. **A rehearsal at scale ${scale}.**`),
  );
}

/** Prints a paragraph. */
export function paragraph(text: string): void {
  console.log(`\n${text}`);
}

/** Prints a Markdown table; the first column is left-aligned. */
export function table(header: string[], rows: (string | number)[][]): void {
  const line = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  console.log("");
  console.log(line(header));
  console.log(line(header.map((_, i) => i === 0 ? "---" : "---:")));
  for (const row of rows) console.log(line(row));
}

/** A link to a chart of this report. */
export function picture(name: string, alternative: string): void {
  console.log(`\n![${alternative}](${name}.svg)`);
}

/** A number with its thousands apart: 1,234,567. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A number with `digits` decimals. */
export function fixed(value: number, digits: number = 2): string {
  return value.toFixed(digits);
}

/** Bytes in the unit that suits: 1.5 MiB. */
export function inBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A bar of an issue, and whether the figure keeps within it. */
export function verdict(isKept: boolean): string {
  return isKept ? "yes" : "**no**";
}

/**
 * The charts of the report: bars for each family of rows, on each runtime.
 *
 * @module
 */

import type { RuntimeName } from "./peers.ts";
import { peersOf } from "./report.ts";
import type { Results } from "./results.ts";
import { type Row, ROWS } from "./targets.ts";

/** What `bars()` of `bench/draw.ts` takes. */
interface Bars {
  title: string;
  unit: string;
  categories: string[];
  series: { name: string; values: (number | undefined)[] }[];
  log?: boolean;
}

/** A chart: the rows in it, and whether its figures lie far apart. */
interface Family {
  name: string;
  title: string;
  unit: Row["unit"];
  rows: RegExp;
  log: boolean;
}

const FAMILIES: readonly Family[] = [
  {
    name: "writes",
    title: "Writes",
    unit: "ops/s",
    rows: /^(put-single|overwrite|delete), in|^put-batch$|^5m fill$/,
    log: false,
  },
  {
    name: "reads",
    title: "Reads",
    unit: "ops/s",
    rows: /^(get|get-view), pass 2$|^get-missing$|^5m get$/,
    log: false,
  },
  {
    name: "mixed",
    title: "Reads and updates, zipfian",
    unit: "ops/s",
    rows: /^ycsb/,
    log: false,
  },
  {
    name: "large",
    title: "Large values",
    unit: "ops/s",
    rows: /^(4k|64k)/,
    log: true,
  },
  {
    name: "durable",
    title: "Durable writes",
    unit: "ops/s",
    rows: /^durable/,
    log: true,
  },
  {
    name: "reopen",
    title: "Open until the first get is answered",
    unit: "ms",
    rows: /^reopen/,
    log: true,
  },
  {
    name: "space",
    title: "Bytes on disk / bytes of keys and values",
    unit: "x",
    rows: /^space/,
    log: false,
  },
];

/** No store, but what the harness costs: it would dwarf everything else. */
const NOT_DRAWN = ["null"];

function barsOf(
  results: Results,
  runtime: RuntimeName,
  family: Family,
): Bars | undefined {
  const rows = ROWS.filter(({ name }) => family.rows.test(name));
  const series = peersOf(results, runtime)
    .filter((name) => !NOT_DRAWN.includes(name))
    .map((name) => ({
      name,
      values: rows.map((row) => results.figure(runtime, name, row)?.value),
    }))
    .filter(({ values }) => values.some((value) => value !== undefined));
  if (series.length === 0) return undefined;
  return {
    title: `${family.title} (${runtime})`,
    unit: family.unit,
    categories: rows.map(({ name }) => name),
    series,
    log: family.log,
  };
}

/** Writes the charts into a directory; the names of the files. */
export async function drawCharts(
  results: Results,
  directory: string,
): Promise<string[]> {
  // Loaded here and not above: measuring needs no drawing.
  const module = new URL("../draw.ts", import.meta.url).href;
  let bars: (options: Bars) => string;
  try {
    ({ bars } = await import(module));
  } catch (error) {
    console.error(`No charts: ${(error as Error).message}`);
    return [];
  }
  const names: string[] = [];
  for (const runtime of results.runtimes().keys()) {
    for (const family of FAMILIES) {
      const options = barsOf(results, runtime, family);
      if (options === undefined) continue;
      const name = `${runtime}-${family.name}.svg`;
      Deno.writeTextFileSync(`${directory}/${name}`, bars(options));
      names.push(name);
    }
  }
  return names;
}

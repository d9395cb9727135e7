/**
 * Time per operation by the size of the store: with many keys of small values,
 * and with many bytes in large values. What is asked is that it stays flat.
 *
 * A store that fits in the memtables answers from them, one that does not from
 * the block cache and the files. So `get` is timed twice: as a user has it, and
 * with memtable and cache made as small as they go, where every size reads the
 * file and only growth itself can make a difference.
 *
 * `--keys` (100000,1000000,10000000), `--gigabytes` (1,10,30), `--max-gigabytes`
 * (as many as given: larger sizes are cut to it), `--reads` (200,000), `--scale`
 *
 * @module
 */

import { Store } from "@sett/badger";
import { emptyDirectory } from "./data_directory.ts";
import { hasFlag, numberFlag, numbersFlag, scale, scaled } from "./flags.ts";
import { runFresh } from "./fresh_process.ts";
import {
  emit,
  emitLines,
  fixed,
  grouped,
  heading,
  paragraph,
  picture,
  table,
  verdict,
} from "./report.ts";
import { KEY_BYTES, keyOf, Random, ValuePool } from "./workload.ts";

const SMALL_VALUE_BYTES = 100;
const LARGE_VALUE_BYTES = 65_536;
const GIGABYTE = 1e9;
/** The most that the slowest size may take of the fastest. */
const FLAT_FACTOR = 2;
/** Operations that are timed together; the median of such is told. */
const CHUNK = 1000;

/** Microseconds an operation at one size. */
interface Step {
  keys: number;
  /** Setting new keys, up to this size from the one before: the median. */
  setMedian: number;
  /** The same, all of it: with rotations, syncs and what the machine does. */
  setMean: number;
  /** Setting keys that are there. */
  overwrite: number;
  /** Asking the index alone. */
  has: number;
  /** Getting a value, default settings. */
  get: number;
  /** Getting a value out of a file. */
  getFile: number;
  /** Opening the store, in milliseconds. */
  open: number;
}

const OPERATIONS = ["setMedian", "overwrite", "has", "get", "getFile"] as const;

const NAMES: Record<typeof OPERATIONS[number], string> = {
  setMedian: "set, new key",
  overwrite: "set, old key",
  has: "has",
  get: "get, default settings",
  getFile: "get, file",
};

/** Does something `count` times; returns the median and the mean in microseconds. */
async function time(
  count: number,
  chunk: number,
  run: (done: number) => Promise<unknown> | unknown,
): Promise<{ median: number; mean: number }> {
  const chunks: number[] = [];
  let sum = 0;
  for (let done = 0; done < count;) {
    const end = Math.min(count, done + chunk);
    const first = done;
    const start = performance.now();
    let last: unknown;
    for (; done < end; done++) last = run(done);
    await last;
    const microseconds = (performance.now() - start) * 1000;
    sum += microseconds;
    if (end - first === chunk || chunks.length === 0) {
      chunks.push(microseconds / (end - first));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  chunks.sort((a, b) => a - b);
  return { median: chunks[chunks.length >> 1] ?? 0, mean: sum / count };
}

/** Has everything compiled that the first size would else be timed with. */
async function warmUp(values: ValuePool, chunk: number): Promise<void> {
  const store = await Store.open(emptyDirectory("growth-warm-up"));
  const count = chunk * 30;
  const key = (i: number) => keyOf(i % (count / 3));
  await time(count, chunk, (i) => store.set(key(i), values.next()));
  await time(count, chunk, (i) => store.getSync(key(i)));
  await time(count, chunk, (i) => store.has(key(i)));
  await store.close();
}

/** Grows a store to each of `sizes` keys and times every operation there. */
async function grow(sizes: number[], valueBytes: number): Promise<Step[]> {
  const isLarge = valueBytes === LARGE_VALUE_BYTES;
  const chunk = isLarge ? 16 : CHUNK;
  const reads = isLarge
    ? Math.ceil(scaled("reads", 200_000) / 20)
    : scaled("reads", 200_000);
  // The collector is not what is measured here; overwrites are few.
  const options = {
    path: emptyDirectory(`growth-${valueBytes}`),
    valueLogGcEnabled: false,
  };
  const values = new ValuePool(valueBytes);
  const steps: Step[] = [];
  await warmUp(values, chunk);
  let store = await Store.open(options);
  let filled = 0;
  for (const keys of sizes) {
    const from = filled;
    const set = await time(
      keys - from,
      chunk,
      (i) => store.set(keyOf(from + i), values.next()),
    );
    filled = keys;
    const random = new Random(keys);
    const key = () => keyOf(random.below(keys));
    const get = await time(reads, chunk, () => store.getSync(key()));
    const has = await time(reads, chunk, () => store.has(key()));
    const overwrite = await time(
      Math.ceil(reads / 10),
      chunk,
      () => store.set(key(), values.next()),
    );
    await store.close();
    store = await Store.open({
      ...options,
      memTableSize: 65_536,
      blockCacheSize: 0,
    });
    const getFile = await time(reads, chunk, () => store.getSync(key()));
    await store.close();
    const start = performance.now();
    store = await Store.open(options);
    const open = performance.now() - start;
    const step: Step = {
      keys,
      setMedian: set.median,
      setMean: set.mean,
      overwrite: overwrite.median,
      has: has.median,
      get: get.median,
      getFile: getFile.median,
      open,
    };
    emit({ valueBytes, ...rounded(step) });
    steps.push(step);
  }
  await store.close();
  return steps;
}

/** Grows a `Map` of numbers instead: what memory alone charges for more keys. */
async function growMap(sizes: number[]): Promise<void> {
  const map = new Map<string, number>();
  const reads = scaled("reads", 200_000);
  const medians: { set: number[]; get: number[] } = { set: [], get: [] };
  for (const keys of sizes) {
    const from = map.size;
    const set = await time(
      keys - from,
      CHUNK,
      (i) => map.set(keyOf(from + i), i),
    );
    const random = new Random(keys);
    const get = await time(
      reads,
      CHUNK,
      () => map.get(keyOf(random.below(keys))),
    );
    medians.set.push(set.median);
    medians.get.push(get.median);
    emit({
      control: "map",
      ...rounded({ keys, set: set.median, get: get.median }),
    });
  }
  table(
    [
      "µs an operation",
      ...sizes.map((size) => `${grouped(size)} keys`),
      "slowest / smallest",
    ],
    Object.entries({ "set, new key": medians.set, get: medians.get }).map(
      ([name, figures]) => [
        name,
        ...figures.map((figure) => fixed(figure)),
        fixed(Math.max(...figures) / figures[0]!),
      ],
    ),
  );
}

/** With figures of a length that is worth keeping. */
function rounded(figures: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      Math.round(value * 1000) / 1000,
    ]),
  );
}

/** Prints the table of one growth, and the chart. */
function report(
  name: string,
  title: string,
  sizeLabel: string,
  sizeOf: (step: Step) => number,
  steps: Step[],
): void {
  const size = (step: Step) => {
    const value = sizeOf(step);
    return Number.isInteger(value) ? grouped(value) : fixed(value);
  };
  const factor = (values: number[]) => Math.max(...values) / values[0]!;
  table(
    [
      "µs an operation",
      ...steps.map((step) => `${size(step)} ${sizeLabel}`),
      "slowest / smallest store",
      `at most ${FLAT_FACTOR}`,
    ],
    [
      ...OPERATIONS.map((operation) => {
        const figures = steps.map((step) => step[operation]);
        return [
          NAMES[operation],
          ...figures.map((figure) => fixed(figure)),
          fixed(factor(figures)),
          verdict(factor(figures) <= FLAT_FACTOR),
        ];
      }),
      [
        "set, new key, mean of all",
        ...steps.map((step) => fixed(step.setMean)),
        fixed(factor(steps.map((step) => step.setMean))),
        verdict(factor(steps.map((step) => step.setMean)) <= FLAT_FACTOR),
      ],
      [
        "open, ms",
        ...steps.map((step) => fixed(step.open, 1)),
        "",
        "",
      ],
    ],
  );
  picture(name, title);
  emitLines(name, {
    title,
    xLabel: sizeLabel,
    yLabel: "microseconds an operation; flat is better",
    series: OPERATIONS.map((operation) => ({
      name: NAMES[operation],
      points: steps.map((
        step,
      ): [number, number] => [sizeOf(step), step[operation]]),
    })),
    xLog: true,
    yLog: true,
  });
}

/** The sizes in ascending order, none above `most`. */
function capped(sizes: number[], most: number): number[] {
  const cut = sizes.map((size) => Math.min(size, most));
  return [...new Set(cut)].sort((a, b) => a - b);
}

async function main(): Promise<void> {
  const given = numbersFlag("gigabytes", [1, 10, 30].map((g) => g * scale));
  const gigabytes = capped(
    given,
    numberFlag("max-gigabytes", Math.max(...given)),
  );
  const keys = numbersFlag(
    "keys",
    [1e5, 1e6, 1e7].map((count) => Math.round(count * scale)),
  );
  if (hasFlag("small")) {
    paragraph(
      `${KEY_BYTES}-byte keys, ${SMALL_VALUE_BYTES}-byte values:`,
    );
    const steps = await grow(keys, SMALL_VALUE_BYTES);
    const title = "Time per operation by the number of keys";
    report("growth_keys", title, "keys", (step) => step.keys, steps);
    return;
  }
  if (hasFlag("map")) {
    paragraph(
      "For comparison a `Map` of numbers with the same keys, which keeps no value " +
        "and no file: what memory alone charges for more keys.",
    );
    await growMap(keys);
    return;
  }
  if (hasFlag("large")) {
    const entry = LARGE_VALUE_BYTES + KEY_BYTES;
    const counts = gigabytes.map((g) => Math.ceil(g * GIGABYTE / entry));
    paragraph(`Values of ${grouped(LARGE_VALUE_BYTES)} bytes:`);
    const steps = await grow(counts, LARGE_VALUE_BYTES);
    const title = "Time per operation by gigabytes, 64 KiB values";
    const size = (step: Step) =>
      Math.round(step.keys * entry / GIGABYTE * 100) / 100;
    report("growth_bytes", title, "GB", size, steps);
    return;
  }
  heading("Growth");
  paragraph(
    `Medians of ${grouped(CHUNK)} operations timed together, keys at random. ` +
      `"File": memtable and block cache as small as they go; the operating ` +
      `system has what memory it has for files.`,
  );
  if (gigabytes.at(-1)! < Math.max(...given)) {
    paragraph(
      `**Cut to ${gigabytes.at(-1)} GB by --max-gigabytes; ` +
        `${Math.max(...given)} GB were asked for.**`,
    );
  }
  for (const part of ["--small", "--map", "--large"]) {
    const { lines, text } = await runFresh(import.meta.url, [
      part,
      ...Deno.args,
    ]);
    lines.forEach(emit);
    console.log(text.join("\n").trimEnd());
  }
}

if (import.meta.main) await main();

/**
 * How long one `set` takes while a store grows from nothing: percentiles, the
 * longest, and whose fault the longest ones are.
 *
 * Three loops in a process each: `set`, a thousand awaited together; the same
 * with a turn of the event loop between, as a server has; and a control that
 * makes the same keys and writes the same bytes to a bare file. What the control
 * suffers too is not the store's.
 *
 * `--keys` (10,000,000), `--scale`
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import { Store } from "@sett/badger";
import { emptyDirectory } from "./data_directory.ts";
import { scaled, textFlag } from "./flags.ts";
import { lineWith, runFresh } from "./fresh_process.ts";
import {
  markClock,
  pausedWithin,
  readPauses,
  TRACE_FLAGS,
} from "./gc_trace.ts";
import { Histogram, type Summary } from "./histogram.ts";
import {
  emit,
  emitBars,
  fixed,
  grouped,
  heading,
  paragraph,
  picture,
  table,
  verdict,
} from "./report.ts";
import { doingsOf, doneBetween } from "./store_doings.ts";
import { ProcessorWait } from "./system_counters.ts";
import { keyOf, ValuePool } from "./workload.ts";

const BATCH = 1000;
const VALUE_BYTES = 100;
/** No operation may take as long because of the store. */
const BAR_MILLISECONDS = 10;
/** From here on an operation is looked at one by one. */
const SLOW_MILLISECONDS = 2;
const SLOW_COUNT_MAX = 2000;
const SLOW_ROWS = 12;

const LOOPS = {
  await: "set, 1000 awaited",
  turn: "and a turn of the loop",
  control: "control: a bare file",
} as const;

type Loop = keyof typeof LOOPS;

/** An operation that took long. */
interface SlowOperation {
  /** `set`, or `await` for the wait for a thousand. */
  what: string;
  /** Keys in the store. */
  key: number;
  /** When it began. */
  start: number;
  /** How long it took. */
  milliseconds: number;
  /** How long the thread was without a processor during these thousand. */
  waited: number;
  /** What the store did during these thousand. */
  did: string;
}

interface Measured {
  set: Summary;
  await: Summary;
  turn: Summary;
  slow: SlowOperation[];
  isWaitKnown: boolean;
}

async function measure(loop: Loop, keys: number): Promise<Measured> {
  const path = emptyDirectory(`latency-${loop}`);
  const store = loop === "control" ? undefined : await Store.open(path);
  const target = store ?? new BareFile(`${path}/file`);
  const values = new ValuePool(VALUE_BYTES);
  // The first turn of a process is dear, and not because of the store.
  await new Promise((resolve) => setImmediate(resolve));
  const sets = new Histogram();
  const awaits = new Histogram();
  const turns = new Histogram();
  const wait = new ProcessorWait();
  const slow: SlowOperation[] = [];
  for (let i = 0; i < keys;) {
    const before = doingsOf(store);
    const waitedBefore = wait.milliseconds();
    const firstSlow = slow.length;
    const note = (what: string, start: number, milliseconds: number) => {
      if (milliseconds < SLOW_MILLISECONDS || slow.length >= SLOW_COUNT_MAX) {
        return;
      }
      slow.push({ what, key: i, start, milliseconds, waited: 0, did: "" });
    };
    let done: Promise<void> | undefined;
    for (const end = Math.min(i + BATCH, keys); i < end; i++) {
      const key = keyOf(i);
      const value = values.next();
      const start = performance.now();
      done = target.set(key, value);
      const milliseconds = performance.now() - start;
      sets.add(milliseconds);
      if (milliseconds >= SLOW_MILLISECONDS) note("set", start, milliseconds);
    }
    let start = performance.now();
    await done;
    let milliseconds = performance.now() - start;
    awaits.add(milliseconds);
    note("await", start, milliseconds);
    if (loop === "turn") {
      start = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      milliseconds = performance.now() - start;
      turns.add(milliseconds);
      note("turn", start, milliseconds);
    }
    if (slow.length > firstSlow) {
      const waited = wait.milliseconds() - waitedBefore;
      const did = doneBetween(before, doingsOf(store));
      for (const row of slow.slice(firstSlow)) {
        Object.assign(row, { waited, did });
      }
    }
  }
  await store?.close();
  return {
    set: sets.summary(),
    await: awaits.summary(),
    turn: turns.summary(),
    slow,
    isWaitKnown: wait.isKnown,
  };
}

/** Does with the bytes what a store cannot do without: a copy, and a write a turn. */
class BareFile {
  readonly #file: number;
  readonly #buffer = new Uint8Array(BATCH * 256);
  readonly #encoder = new TextEncoder();
  #used = 0;
  #done: Promise<void> | undefined;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  set(key: string, value: Uint8Array): Promise<void> {
    const free = this.#buffer.subarray(this.#used);
    this.#used += this.#encoder.encodeInto(key, free).written;
    this.#buffer.set(value, this.#used);
    this.#used += value.length;
    return this.#done ??= Promise.resolve().then(() => {
      writeSync(this.#file, this.#buffer, 0, this.#used);
      this.#used = 0;
      this.#done = undefined;
    });
  }
}

/** A slow operation, and what of it was not the store's doing. */
interface Attributed extends SlowOperation {
  loop: Loop;
  v8: number;
  /** What neither V8 nor the scheduler took, at least. */
  rest: number;
}

async function main(): Promise<void> {
  const keys = scaled("keys", 10_000_000);
  const child = textFlag("loop", "");
  if (child !== "") {
    markClock();
    emit({ measured: await measure(child as Loop, keys) });
    return;
  }
  heading("Latency of `set` while a store grows");
  paragraph(
    `From 0 to ${
      grouped(keys)
    } keys of 16 bytes with values of ${VALUE_BYTES}. ` +
      `A \`set\` is timed from the call to its return, the wait for a thousand apart.`,
  );
  const rows: (string | number)[][] = [];
  const slow: Attributed[] = [];
  const series: { name: string; values: number[] }[] = [];
  for (const loop of Object.keys(LOOPS) as Loop[]) {
    const printed = await runFresh(
      import.meta.url,
      ["--loop", loop, "--keys", String(keys)],
      { v8Flags: TRACE_FLAGS },
    );
    const measured = lineWith<Measured>(printed, "measured");
    const pauses = readPauses(printed);
    const attributed = measured.slow.map((operation): Attributed => {
      const { start, milliseconds, waited } = operation;
      const v8 = pausedWithin(pauses, start, milliseconds);
      const rest = Math.max(0, milliseconds - v8 - waited);
      return { ...operation, loop, v8, rest };
    });
    slow.push(...attributed);
    const { slow: _, ...figures } = measured;
    const longestPause = Math.max(0, ...pauses.map((row) => row.milliseconds));
    emit({ loop, keys, ...figures, pauses: pauses.length, longestPause });
    for (const what of ["set", "await", "turn"] as const) {
      if (measured[what].count === 0) continue;
      rows.push(rowOf(loop, what, measured, attributed));
    }
    const { p50Microseconds, p99Microseconds, p999Microseconds } = measured.set;
    series.push({
      name: LOOPS[loop],
      values: [
        p50Microseconds,
        p99Microseconds,
        p999Microseconds,
        measured.set.maxMilliseconds * 1000,
      ],
    });
    if (!measured.isWaitKnown || pauses.length === 0) {
      paragraph(`**${LOOPS[loop]}: nothing is known of who took the time.**`);
    }
  }
  table(
    [
      "loop",
      "what",
      "p50 µs",
      "p99 µs",
      "p99.9 µs",
      "max ms",
      `≥ ${BAR_MILLISECONDS} ms`,
      "of these, by V8 or the scheduler",
      "kept",
    ],
    rows,
  );
  slow.sort((a, b) => b.milliseconds - a.milliseconds);
  for (const row of slow.slice(0, 200)) emit({ slow: row });
  paragraph("The longest of all:");
  table(
    [
      "loop",
      "what",
      "at key",
      "ms",
      "V8's collector",
      "no processor",
      "left",
      "the store did",
    ],
    slow.slice(0, SLOW_ROWS).map((row) => [
      row.loop,
      row.what,
      grouped(row.key),
      fixed(row.milliseconds),
      fixed(row.v8),
      fixed(row.waited),
      fixed(row.rest),
      row.did || "nothing that it counts",
    ]),
  );
  picture("latency_set", "Percentiles of set while a store grows");
  emitBars("latency_set", {
    title: `One set, while a store grows to ${grouped(keys)} keys`,
    unit: "microseconds from call to return; less is better",
    categories: ["p50", "p99", "p99.9", "max"],
    series,
    log: true,
  });
}

/** One row of the table of percentiles. */
function rowOf(
  loop: Loop,
  what: "set" | "await" | "turn",
  measured: Measured,
  slow: Attributed[],
): (string | number)[] {
  const figures = measured[what];
  const long = slow.filter((row) =>
    row.what === what && row.milliseconds >= BAR_MILLISECONDS
  );
  const ours = long.filter((row) => row.rest >= BAR_MILLISECONDS).length;
  return [
    LOOPS[loop],
    what,
    fixed(figures.p50Microseconds),
    fixed(figures.p99Microseconds),
    fixed(figures.p999Microseconds),
    fixed(figures.maxMilliseconds),
    long.length,
    long.length - ours,
    loop === "control" ? "" : verdict(ours === 0),
  ];
}

if (import.meta.main) await main();

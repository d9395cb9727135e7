/**
 * What a reader and a writer feel of the store's garbage collector: percentiles
 * of `get` and `set`, and pauses of the event loop, without and with a run.
 *
 * The foreground asks at a fixed rate and does not wait for answers before it
 * asks again, so an operation that comes due while the thread is busy counts as
 * late. Two times are taken of each: of the call itself, and since it was due.
 *
 * `--keys` (1,000,000), `--rounds` (4), `--rate` (2,000 of each a second),
 * `--seconds` (10, of the idle phase), `--scale`
 *
 * @module
 */

import { type GcReport, Store } from "@sett/badger";
import { emptyDirectory } from "./data_directory.ts";
import { hasFlag, numberFlag, scaled } from "./flags.ts";
import { lineWith, runFresh } from "./fresh_process.ts";
import {
  markClock,
  type Pause,
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
  inBytes,
  paragraph,
  picture,
  table,
  verdict,
} from "./report.ts";
import { doingsOf, doneBetween } from "./store_doings.ts";
import { ProcessorWait } from "./system_counters.ts";
import { chooser, keyOf, ValuePool } from "./workload.ts";

const VALUE_BYTES = 100;
/** The most that the 99th percentile may grow by. */
const P99_FACTOR = 3;
/** The longest pause of the event loop that is allowed. */
const PAUSE_MILLISECONDS = 20;
const LATE_MILLISECONDS = 5;
const LATE_COUNT_MAX = 2000;
const LATE_ROWS = 8;

const MEASURES = ["get", "set", "getDue", "setDue", "loop"] as const;
type Measure = typeof MEASURES[number];

const NAMES: Record<Measure, string> = {
  get: "get, the call",
  set: "set, the call and its promise",
  getDue: "get, since it was due",
  setDue: "set, since it was due",
  loop: "lateness of a 1 ms timer",
};

/** A turn of the event loop that came late. */
interface Late {
  /** When the turn was due. */
  start: number;
  /** How late it came. */
  milliseconds: number;
  /** How much of this the thread stood ready without a processor. */
  waited: number;
  /** What the store did in this turn. */
  did: string;
}

type Phase = Record<Measure, Summary> & { late: Late[]; seconds: number };

/** Asks at a fixed rate while `isOver` does not say that it is enough. */
async function askWhile(
  store: Store,
  keys: number,
  rate: number,
  isOver: () => boolean,
): Promise<Phase> {
  const histograms = Object.fromEntries(
    MEASURES.map((name) => [name, new Histogram()]),
  ) as Record<Measure, Histogram>;
  const next = chooser("uniform", keys, 11);
  const values = new ValuePool(VALUE_BYTES);
  const wait = new ProcessorWait();
  const late: Late[] = [];
  const begin = performance.now();
  let asked = 0;
  let waited = wait.milliseconds();
  let doings = doingsOf(store);
  while (!isOver()) {
    const timerDue = performance.now() + 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    const lateness = Math.max(0, now - timerDue);
    histograms.loop.add(lateness);
    const waitedNow = wait.milliseconds();
    if (lateness >= LATE_MILLISECONDS && late.length < LATE_COUNT_MAX) {
      late.push({
        start: timerDue,
        milliseconds: lateness,
        waited: waitedNow - waited,
        did: doneBetween(doings, doingsOf(store)),
      });
    }
    waited = waitedNow;
    doings = doingsOf(store);
    for (; begin + asked * 1000 / rate <= now; asked++) {
      const due = begin + asked * 1000 / rate;
      const key = keyOf(next());
      const value = values.next();
      let start = performance.now();
      await store.get(key);
      let end = performance.now();
      histograms.get.add(end - start);
      histograms.getDue.add(end - due);
      const writtenKey = keyOf(next());
      start = performance.now();
      await store.set(writtenKey, value);
      end = performance.now();
      histograms.set.add(end - start);
      histograms.setDue.add(end - due);
    }
  }
  const summaries = Object.fromEntries(
    MEASURES.map((name) => [name, histograms[name].summary()]),
  ) as Record<Measure, Summary>;
  return { ...summaries, late, seconds: (performance.now() - begin) / 1000 };
}

interface Measured {
  idle: Phase;
  collecting: Phase;
  report: GcReport;
  deadRatio: number;
  segments: number;
}

async function measure(keys: number, rounds: number): Promise<Measured> {
  const rate = numberFlag("rate", 2000);
  const idleSeconds = numberFlag("seconds", 10);
  const path = emptyDirectory("gc-latency");
  const store = await Store.open({ path, valueLogGcEnabled: false });
  const values = new ValuePool(VALUE_BYTES);
  const next = chooser("uniform", keys, 5);
  for (let i = 0; i < keys * rounds;) {
    const end = Math.min(i + 1000, keys * rounds);
    let done: Promise<void> | undefined;
    for (; i < end; i++) {
      done = store.set(keyOf(i < keys ? i : next()), values.next());
    }
    await done;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.sync();
  const { deadBytes, liveBytes, segments } = store.stats();
  const idleEnd = performance.now() + idleSeconds * 1000;
  await askWhile(store, keys, rate, countDown(200)); // so that it is compiled
  const idle = await askWhile(
    store,
    keys,
    rate,
    () => performance.now() >= idleEnd,
  );
  let isDone = false;
  const run = store.gc().finally(() => isDone = true);
  const collecting = await askWhile(store, keys, rate, () => isDone);
  const report = await run;
  await store.close();
  const deadRatio = deadBytes / (deadBytes + liveBytes);
  return { idle, collecting, report, deadRatio, segments };
}

function countDown(turns: number): () => boolean {
  return () => turns-- <= 0;
}

/** A late turn, and what of it neither V8 nor the scheduler took. */
interface Attributed extends Late {
  v8: number;
  left: number;
}

/** Says of late turns whose they are; those that have most left come first. */
function attribute(late: Late[], pauses: Pause[]): Attributed[] {
  return late.map((row) => {
    const v8 = pausedWithin(pauses, row.start, row.milliseconds);
    const left = Math.max(0, row.milliseconds - v8 - row.waited);
    return { ...row, v8, left };
  }).sort((a, b) => b.left - a.left);
}

function longestLeft(late: Attributed[]): number {
  return late[0]?.left ?? 0;
}

async function main(): Promise<void> {
  const keys = scaled("keys", 1_000_000);
  const rounds = numberFlag("rounds", 4);
  if (hasFlag("child")) {
    markClock();
    emit({ measured: await measure(keys, rounds) });
    return;
  }
  const printed = await runFresh(
    import.meta.url,
    ["--child", ...Deno.args, "--keys", String(keys)],
    { v8Flags: TRACE_FLAGS },
  );
  const measured = lineWith<Measured>(printed, "measured");
  const { idle, collecting, report, deadRatio, segments } = measured;
  emit({ keys, rounds, ...measured });
  const pauses = readPauses(printed);
  const late = attribute(collecting.late, pauses);
  const longest = longestLeft(late);
  heading("Reading and writing while garbage is collected");
  paragraph(
    `${grouped(keys)} keys written ${rounds} times, ${segments} segments, ` +
      `${fixed(deadRatio * 100, 0)} in 100 bytes dead. ` +
      `The collector rewrote ${report.segmentsRewritten} segments in ` +
      `${fixed(report.milliseconds / 1000, 1)} s ` +
      `(${inBytes(report.bytesReclaimed)} reclaimed, ` +
      `${inBytes(report.bytesRewritten)} appended again), beside ` +
      `${grouped(collecting.get.count)} gets and as many sets.`,
  );
  table(
    [
      "",
      "idle p50 µs",
      "p99 µs",
      "max ms",
      "collecting p50 µs",
      "p99 µs",
      "max ms",
      "p99 ×",
      "kept",
    ],
    MEASURES.map((name) => {
      const [a, b] = [idle[name], collecting[name]];
      const factor = b.p99Microseconds / a.p99Microseconds;
      return [
        NAMES[name],
        fixed(a.p50Microseconds, 1),
        fixed(a.p99Microseconds, 1),
        fixed(a.maxMilliseconds),
        fixed(b.p50Microseconds, 1),
        fixed(b.p99Microseconds, 1),
        fixed(b.maxMilliseconds),
        fixed(factor),
        name === "loop"
          ? verdict(longest <= PAUSE_MILLISECONDS)
          : verdict(factor <= P99_FACTOR),
      ];
    }),
  );
  paragraph(
    `Kept: p99 at most ${P99_FACTOR} × the idle one; no pause of the event ` +
      `loop over ${PAUSE_MILLISECONDS} ms when the shares of V8 and of the ` +
      `scheduler are taken off. The longest then: ${fixed(longest)} ms ` +
      `(idle: ${fixed(longestLeft(attribute(idle.late, pauses)))} ms).`,
  );
  if (late.length > 0) {
    paragraph("The longest pauses while collecting, and whose they are:");
    table(
      ["ms late", "V8's collector", "no processor", "left", "the store did"],
      late.slice(0, LATE_ROWS).map((row) => [
        fixed(row.milliseconds),
        fixed(row.v8),
        fixed(row.waited),
        fixed(row.left),
        row.did || "nothing that it counts",
      ]),
    );
  }
  picture("gc_latency", "p99 of get and set, idle and while collecting");
  emitBars("gc_latency", {
    title: "99th percentiles, idle and while garbage is collected",
    unit: "microseconds; less is better",
    categories: MEASURES.map((name) => NAMES[name]),
    series: ([["idle", idle], ["collecting", collecting]] as const).map(
      ([name, phase]) => ({
        name,
        values: MEASURES.map((measure) => phase[measure].p99Microseconds),
      }),
    ),
    log: true,
  });
}

if (import.meta.main) await main();

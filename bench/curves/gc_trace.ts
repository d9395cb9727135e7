/**
 * The pauses of V8's own garbage collector, as `--trace-gc` prints them.
 *
 * V8 counts milliseconds from the start of its isolate and a program from its
 * own, so the program forces a few collections at known times, which tells the
 * difference between the two clocks.
 *
 * @module
 */

import { emit } from "./report.ts";
import type { Printed } from "./fresh_process.ts";

/** Flags for V8 under which {@linkcode readPauses} finds something. */
export const TRACE_FLAGS: string[] = ["--trace-gc", "--expose-gc"];

/** V8 tells the end of a collection in whole milliseconds. */
const CLOCK_ERROR_MILLISECONDS = 1.5;

/** A pause for garbage collection, in the program's own time. */
export interface Pause {
  /** When it ended, in the time of `performance.now`. */
  end: number;
  /** How long the program stood still. */
  milliseconds: number;
  /** The kind of collection, as V8 names it. */
  kind: string;
}

/** Collects the garbage of the JavaScript heap, if V8 lets us. */
export function collectHeap(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** In the measured process, before everything: marks its time in the trace. */
export function markClock(): void {
  const marks: number[] = [];
  for (let i = 0; i < 3; i++) {
    collectHeap();
    marks.push(performance.now());
  }
  emit({ clockMarks: marks });
}

/** The pauses in what a process printed that was run with {@linkcode TRACE_FLAGS}. */
export function readPauses(printed: Printed): Pause[] {
  const marks = printed.lines.find((line) => "clockMarks" in line)
    ?.clockMarks as number[] | undefined;
  const pauses = printed.text.flatMap((line) => {
    const found =
      /^\[.*\]\s+(\d+) ms: (\S+).*?-> .*?MB,.*? ([\d.]+) \/ [\d.]+ ms/
        .exec(line);
    if (found === null) return [];
    return [{
      end: Number(found[1]),
      kind: found[2]!,
      milliseconds: Number(found[3]),
    }];
  });
  const forced = pauses.filter(({ kind }) => kind.startsWith("Mark-Compact"))
    .slice(0, marks?.length ?? 0);
  if (marks === undefined || forced.length < marks.length) return [];
  const skews = forced.map(({ end }, i) => end + 0.5 - marks[i]!)
    .sort((a, b) => a - b);
  const skew = skews[skews.length >> 1]!;
  return pauses.map((pause) => ({ ...pause, end: pause.end + 0.5 - skew }));
}

/** Milliseconds of pauses that ended while an operation was under way. */
export function pausedWithin(
  pauses: Pause[],
  start: number,
  milliseconds: number,
): number {
  const end = start + milliseconds + CLOCK_ERROR_MILLISECONDS;
  let sum = 0;
  for (const pause of pauses) {
    if (pause.end >= start - CLOCK_ERROR_MILLISECONDS && pause.end <= end) {
      sum += pause.milliseconds;
    }
  }
  return Math.min(sum, milliseconds);
}

/**
 * What the garbage collector tells of its runs: of each a report, of all of them
 * totals, and of the latest ones that mattered when they began.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";

/** How many runs are remembered one by one. */
export const GC_RUNS_KEPT = 64;

/** What one run of the garbage collector did. */
export interface GcReport {
  /** Segments rewritten and removed. */
  segmentsRewritten: number;
  /** Bytes of the files removed. */
  bytesReclaimed: number;
  /** Bytes appended again because they were live. */
  bytesRewritten: number;
  /** Why the run ended. */
  reason:
    | "no segment has reached the discard ratio"
    | "the signal was aborted"
    | "the store is closing";
  /** Time the run took, in milliseconds. */
  milliseconds: number;
}

/** A run of the garbage collector that is remembered. */
export interface GcPastRun extends GcReport {
  /** When it began, in milliseconds since the epoch. */
  startedAt: number;
  /** Why it failed, if it did. */
  error: string | undefined;
}

/** Totals of all runs. */
export class GcTotals {
  /** Runs ended. */
  runs = 0;
  /** Segments rewritten and removed. */
  segmentsRewritten = 0;
  /** Bytes of the files removed. */
  bytesReclaimed = 0;
  /** Bytes appended again. */
  bytesRewritten = 0;
  /** Puts that left the disk without the books knowing them; 0 unless there is a bug. */
  unknownPuts = 0;
  /** The last report. */
  lastReport: GcReport | undefined;
  /** Why the last run failed, if it did. */
  lastError: StoreError | undefined;
  /** The latest runs that rewrote something or failed, the oldest first. */
  readonly pastRuns: GcPastRun[] = [];

  /** Notes that a run ended; one that found nothing to do is only counted. */
  end(report: GcReport, now: number): void {
    this.runs++;
    this.lastReport = report;
    const { lastError } = this;
    if (report.segmentsRewritten === 0 && lastError === undefined) return;
    this.pastRuns.push({
      ...report,
      startedAt: now - report.milliseconds,
      error: lastError?.message,
    });
    if (this.pastRuns.length > GC_RUNS_KEPT) this.pastRuns.shift();
  }
}

/**
 * What the engine has to say, and how much each of it matters. Where nobody listens
 * these functions do nothing and make nothing.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";
import type { Host } from "../fs/file_system.ts";
import { Announcer } from "../log/announcer.ts";
import type { Segment } from "../log/segment.ts";
import type { StallReason, StoreListener } from "../log/store_event.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { GcReport } from "./gc_totals.ts";
import type { LiveBooks } from "./live_books.ts";
import type { RefreshReport } from "./reader_engine.ts";
import type { RecoveryReport } from "./recovery_report.ts";

/** The shortest stall that somebody should hear of without looking for it. */
const LONG_STALL_MILLISECONDS = 100;
/** What a refresh that failed brought. */
const NOT_REFRESHED: RefreshReport = {
  records: 0,
  segmentsAdded: 0,
  segmentsRemoved: 0,
  isRebuilt: false,
  milliseconds: 0,
};

/** What opening a store did. */
interface Opened {
  log: ValueLog;
  ledger: { liveKeys: number };
  halfMade: string | undefined;
  report: RecoveryReport;
}

/** Lets `listener` hear of a store from here on, and first how it was opened. */
export function announceOpen(
  opened: Opened,
  host: Host,
  listener: StoreListener | undefined,
): void {
  if (listener === undefined) return;
  const { log, ledger, halfMade, report } = opened;
  const announcer = new Announcer(log.directory, host, listener);
  log.announcer = announcer;
  const { bytesCut, lostFile, lost } = report;
  if (bytesCut > 0 || lost.length > 0 || halfMade !== undefined) {
    announcer.tell({
      type: "recovery",
      level: "warn",
      bytesCut,
      ...(lostFile === undefined ? {} : { lostFile }),
      lostRanges: lost.length,
      lostBytes: lost.reduce((sum, { bytes }) => sum + bytes, 0),
      segmentsRemade: halfMade === undefined ? 0 : 1,
    });
  }
  announcer.tell({
    type: "open",
    level: "info",
    isReader: false,
    source: report.source,
    segments: log.segments.size,
    valueLogBytes: log.length,
    keys: ledger.liveKeys,
    rowsFromHints: report.rowsFromHints,
    recordsReplayed: report.recordsReplayed,
    bytesCut,
    milliseconds: report.milliseconds,
  });
}

/** `sealed` is full; the work on it began at `start`. */
export function announceRotation(
  { announcer }: ValueLog,
  { id, length, recordCount }: Segment,
  start: number,
): void {
  announcer?.tell({
    type: "rotation",
    level: "debug",
    segmentId: id,
    bytes: length,
    records: recordCount,
    milliseconds: performance.now() - start,
  });
}

/** A run of the garbage collector begins. */
export function announceGcBegin(log: ValueLog, discardRatio: number): void {
  log.announcer?.tell({
    type: "gc-begin",
    level: "debug",
    discardRatio,
    segments: log.segments.size,
    valueLogBytes: log.length,
    deadBytes: log.deadBytes,
  });
}

/** A run of the garbage collector has ended, with `error` if it failed. */
export function announceGcEnd(
  { announcer }: ValueLog,
  report: GcReport,
  error: StoreError | undefined,
): void {
  const level = report.segmentsRewritten > 0 ? "info" : "debug";
  announcer?.tell({
    type: "gc-end",
    level: error === undefined ? level : "error",
    ...report,
    ...(error === undefined ? {} : {
      reason: "the run failed",
      ...errorFacts(error),
    }),
  });
}

/** Writers have waited. */
export function announceStall(
  { announcer }: ValueLog,
  reason: StallReason,
  groups: number,
  milliseconds: number,
  longestMilliseconds: number = milliseconds,
): void {
  announcer?.tell({
    type: "stall",
    level: longestMilliseconds < LONG_STALL_MILLISECONDS ? "debug" : "warn",
    reason,
    groups,
    milliseconds,
    longestMilliseconds,
  });
}

/** A wait for the syncs before a rotation. */
export interface SyncWait {
  /** When it began. */
  readonly since: number;
  /** Whether writers wait; the collector does so too. */
  readonly isOfWrites: boolean;
}

/** The syncs before a rotation are done. */
export function announceSyncStall(
  log: ValueLog,
  waits: readonly SyncWait[],
): void {
  if (log.announcer === undefined) return;
  const now = performance.now();
  let [groups, milliseconds, longest] = [0, 0, 0];
  for (const { since, isOfWrites } of waits) {
    if (!isOfWrites) continue;
    groups++;
    milliseconds += now - since;
    longest = Math.max(longest, now - since);
  }
  if (groups > 0) announceStall(log, "sync", groups, milliseconds, longest);
}

/** No more is written after `error`. */
export function announcePoison(
  { announcer }: ValueLog,
  error: StoreError,
): void {
  announcer?.tell({ type: "poison", level: "error", ...errorFacts(error) });
}

/** The store has closed; the work on it began at `start`. */
export function announceClose(
  { announcer }: ValueLog,
  isClean: boolean,
  start: number,
): void {
  announcer?.tell({
    type: "close",
    level: isClean ? "info" : "warn",
    isReader: false,
    isClean,
    milliseconds: performance.now() - start,
  });
}

/** A reader has opened; the work on it began at `start`. */
export function announceReaderOpen(
  announcer: Announcer | undefined,
  { log, ledger, source, rowsFromHints, recordsReplayed }: LiveBooks,
  start: number,
): void {
  announcer?.tell({
    type: "open",
    level: "info",
    isReader: true,
    source,
    segments: log.segments.size,
    valueLogBytes: log.length,
    keys: ledger.liveKeys,
    rowsFromHints,
    recordsReplayed,
    bytesCut: 0,
    milliseconds: performance.now() - start,
  });
}

/** A reader was brought up to date, or could not be because of `error`. */
export function announceRefresh(
  announcer: Announcer | undefined,
  report: RefreshReport = NOT_REFRESHED,
  error: StoreError | undefined,
): void {
  const level = report.isRebuilt ? "info" : "debug";
  announcer?.tell({
    type: "refresh",
    level: error === undefined ? level : "warn",
    ...report,
    ...(error === undefined ? {} : errorFacts(error)),
  });
}

/** A reader has closed; the work on it began at `start`. */
export function announceReaderClose(
  announcer: Announcer | undefined,
  start: number,
): void {
  announcer?.tell({
    type: "close",
    level: "info",
    isReader: true,
    isClean: true,
    milliseconds: performance.now() - start,
  });
}

/** An error in two fields. A bug's has a name and no code. */
function errorFacts(
  { code, name, message }: StoreError,
): { code: string; error: string } {
  return { code: code ?? name, error: message };
}

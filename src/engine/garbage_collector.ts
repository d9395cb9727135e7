/**
 * Rewrites segments: what is still referenced from a victim is appended again, then
 * the victim goes.
 *
 * Invariants:
 * - whether a record is live is asked and answered in the same synchronous step in
 *   which it is appended again, through the one writer; so a dead record never comes
 *   to lie after its successor or its tombstone;
 * - the victim goes only after everything appended so far is synced: its copies, and
 *   the successors for whose sake its other records were left behind;
 * - only when its name is gone for good do the books forget its puts, and with the
 *   last put of a key the tombstone that hid it.
 *
 * Stopped in the middle, it leaves copies behind and nothing else.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";
import type { Host } from "../fs/file_system.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import {
  FLAG_BUCKET,
  FLAG_EXPIRING,
  KIND_PUT,
  KIND_TOMBSTONE,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceGcBegin, announceGcEnd } from "./announcements.ts";
import type { CommitQueue } from "./commit_queue.ts";
import type { Backpressure } from "./backpressure.ts";
import { type GcReport, GcTotals } from "./gc_totals.ts";
import { pickVictim, shouldSealActive } from "./gc_policy.ts";
import { TAG_SWEPT, TAG_TOMBSTONE } from "./key_arena.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { LogWriter } from "./log_writer.ts";

/**
 * How often one run seals the active segment: once for what it holds at first, once
 * for tombstones that were moved there and then had nothing left to hide.
 */
const SEALS_A_RUN_MAX = 2;
/** Records after which the collector asks whether others wait for their turn. */
const RECORDS_A_LOOK = 16;

/** How one run goes. */
export interface GcRun {
  /** Dead bytes / bytes from which a segment is rewritten. */
  discardRatio: number;
  /** Dead bytes from which the active segment is sealed for it. */
  activeDeadBytesMin: number;
  /** Ends the run between two slices. */
  signal?: AbortSignal | undefined;
}

/** How far one run may go. */
interface Reach {
  /** The newest segment that may become a victim. */
  newestId: number;
  /** How often the run sealed the active segment. */
  seals: number;
}

/** Collects garbage, one run at a time. */
export class GarbageCollector {
  /** Totals of all runs. */
  readonly totals: GcTotals = new GcTotals();
  readonly #host: Host;
  readonly #log: ValueLog;
  readonly #writer: LogWriter;
  readonly #queue: CommitQueue;
  readonly #pressure: Backpressure;
  readonly #ledger: KeyLedger;
  readonly #key: KeyBuffer;
  readonly #now: () => number;
  readonly #beforeRetire: (segment: Segment) => void;
  readonly #onSwept: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  /**
   * A collector; `beforeRetire` removes what else on disk names a segment, and
   * `onSwept` is called for each expired key that it sweeps.
   */
  constructor(
    log: ValueLog,
    writer: LogWriter,
    queue: CommitQueue,
    pressure: Backpressure,
    ledger: KeyLedger,
    key: KeyBuffer,
    now: () => number,
    beforeRetire: (segment: Segment) => void,
    onSwept: () => void,
  ) {
    this.#host = log.host;
    this.#log = log;
    this.#writer = writer;
    this.#queue = queue;
    this.#pressure = pressure;
    this.#ledger = ledger;
    this.#key = key;
    this.#now = now;
    this.#beforeRetire = beforeRetire;
    this.#onSwept = onSwept;
  }

  /** Rewrites segments until none qualifies; waits for a run that is under way. */
  run(options: GcRun): Promise<GcReport> {
    const run = this.#last.then(() => this.#run(options));
    this.#last = run.catch(() => {});
    return run;
  }

  /** Ends the run under way and all to come; resolves when none is left. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#last;
  }

  async #run(options: GcRun): Promise<GcReport> {
    const start = performance.now();
    const report: GcReport = {
      segmentsRewritten: 0,
      bytesReclaimed: 0,
      bytesRewritten: 0,
      reason: "no segment has reached the discard ratio",
      milliseconds: 0,
    };
    const { totals } = this;
    announceGcBegin(this.#log, options.discardRatio);
    // Segments made after the run began are the next run's, or a run beside a busy
    // writer would never end.
    this.#pressure.begin(totals.lastError === undefined);
    const reach: Reach = { newestId: this.#log.active.id - 1, seals: 0 };
    try {
      while (!this.#shouldEnd(options, report)) {
        const victim = this.#nextVictim(options, reach);
        if (victim === undefined) break;
        if (!await this.#rewrite(victim, options, report)) break;
      }
      totals.lastError = undefined;
      return report;
    } catch (error) {
      totals.lastError = error as StoreError;
      throw error;
    } finally {
      this.#pressure.end();
      report.milliseconds = performance.now() - start;
      totals.end(report, this.#host.now());
      announceGcEnd(this.#log, report, totals.lastError);
    }
  }

  #shouldEnd(options: GcRun, report: GcReport): boolean {
    if (this.#isStopping) report.reason = "the store is closing";
    else if (options.signal?.aborted) report.reason = "the signal was aborted";
    else return false;
    return true;
  }

  #nextVictim(options: GcRun, reach: Reach): Segment | undefined {
    const { discardRatio, activeDeadBytesMin } = options;
    const { segments, active } = this.#log;
    const victim = pickVictim(
      segments.values(),
      reach.newestId,
      discardRatio,
    );
    if (
      victim !== undefined || reach.seals === SEALS_A_RUN_MAX ||
      !shouldSealActive(active, discardRatio, activeDeadBytesMin)
    ) return victim;
    this.#writer.rotate();
    reach.seals++;
    reach.newestId = active.id;
    return pickVictim(segments.values(), reach.newestId, discardRatio);
  }

  /** Rewrites one segment; false if it was stopped half-way. */
  async #rewrite(
    victim: Segment,
    options: GcRun,
    report: GcReport,
  ): Promise<boolean> {
    victim.pin();
    try {
      const scanner = scanAll(victim);
      this.#pressure.beginPass(victim);
      for (let count = 1; scanner.next(); count++) {
        const bytes = this.#relocate(victim, scanner);
        report.bytesRewritten += bytes;
        this.totals.bytesRewritten += bytes;
        if (count % RECORDS_A_LOOK !== 0 || !this.#host.shouldBreathe()) {
          continue;
        }
        this.#writer.flush();
        this.#pressure.reach(scanner.position);
        const ready = this.#queue.readyToRotate();
        if (ready !== undefined) await this.#pressure.whileSyncing(ready);
        await this.#host.breathe();
        if (this.#shouldEnd(options, report)) return false;
        // Somebody wants to find in place what was not moved yet.
        if (victim.holds > 0) return true;
      }
      if (scanner.problem !== undefined) {
        // Left in place for salvage, and out of the way of other segments.
        victim.isDamaged = true;
        throw victim.corruption(
          "rewrite a segment",
          scanner.position,
          scanner.problem,
        );
      }
      // If we crash before this, the victim is still there and nothing is lost.
      await this.#pressure.whileSyncing(this.#queue.sync());
      this.#flushQuietly();
      this.#beforeRetire(victim);
      // If we crash between these two, the victim comes back: its copies, which
      // are later in the log, win over it.
      this.#retire(victim);
      report.segmentsRewritten++;
      report.bytesReclaimed += victim.length;
      this.totals.segmentsRewritten++;
      this.totals.bytesReclaimed += victim.length;
      try {
        await this.#settle(victim);
      } catch (error) {
        this.#ledger.isInexact = true;
        throw error;
      }
      return true;
    } finally {
      // Where it broke off, copies may be pending. A snapshot that noted one as what
      // its key was like must not lose it to the undoing of another's write.
      this.#flushQuietly();
      victim.unpin();
    }
  }

  #retire(victim: Segment): void {
    try {
      this.#log.retire(victim);
    } catch (error) {
      if (!this.#log.segments.has(victim.id)) {
        // Nobody knows now whether its name will be there after a crash.
        this.#ledger.isInexact = true;
        this.#writer.syncer.poisonWith(error as StoreError);
      }
      throw error;
    }
  }

  /** Appends the record again if the books point at it; returns the bytes that took. */
  #relocate(victim: Segment, scanner: SegmentScanner): number {
    const { head } = scanner;
    const kind = head.kind;
    if (kind !== KIND_PUT && kind !== KIND_TOMBSTONE) return 0;
    const isBucket = (head.flags & FLAG_BUCKET) !== 0;
    const key = this.#key;
    key.loadRecord(scanner.window, scanner.keyStart, head.keyLength, isBucket);
    const ledger = this.#ledger;
    const { index, history } = ledger;
    const { arena } = index;
    const pointer = index.find(key);
    if (pointer === 0 || !arena.isAt(pointer, victim.id, scanner.offset)) {
      return 0;
    }
    const writer = this.#writer;
    const tag = arena.tag(pointer);
    // The books are of a hint perhaps, and that may be wrong: the record knows.
    const isTombstone = kind === KIND_TOMBSTONE || (tag & TAG_TOMBSTONE) !== 0;
    const isSwept = (tag & TAG_SWEPT) !== 0;
    const hasExpired = (head.flags & FLAG_EXPIRING) !== 0 &&
      (isSwept || arena.expiry(pointer) <= this.#now());
    if (hasExpired && arena.stalePuts(pointer) === 0) {
      // It hides nothing and goes with the victim. Until that is settled its entry
      // names a segment that is no more, so it must be swept: nobody looks then.
      if (!isSwept) {
        ledger.sweepEntry(pointer);
        this.#onSwept();
      }
      return 0;
    }
    // To move a record changes no moment. What has expired had a value at some.
    history.isSuspended = !hasExpired || isSwept;
    try {
      if (isTombstone || hasExpired) {
        writer.appendTombstone(head.version, 0);
      } else {
        const value = scanner.value();
        writer.appendPut(
          value,
          value.length,
          head.expiry,
          head.version,
          0,
          head.codec,
        );
      }
    } finally {
      history.isSuspended = false;
    }
    return arena.recordLength(index.find(key));
  }

  /** Tells the books of every put that left the disk with the victim. */
  async #settle(victim: Segment): Promise<void> {
    const scanner = scanAll(victim);
    const { head } = scanner;
    this.#flushQuietly();
    this.#pressure.beginPass(victim);
    for (let count = 1; scanner.next(); count++) {
      if (head.kind === KIND_PUT) {
        const isBucket = (head.flags & FLAG_BUCKET) !== 0;
        this.#key.loadRecord(
          scanner.window,
          scanner.keyStart,
          head.keyLength,
          isBucket,
        );
        if (!this.#ledger.settle(victim.id, scanner.offset)) {
          this.totals.unknownPuts++;
        }
      }
      // A store that closes wants exact books for its snapshot: no pause then.
      if (
        count % RECORDS_A_LOOK === 0 && !this.#isStopping &&
        this.#host.shouldBreathe()
      ) {
        this.#pressure.reach(scanner.position);
        await this.#host.breathe();
        this.#flushQuietly();
      }
    }
    if (scanner.problem !== undefined) {
      // It was sound a moment ago. Puts behind this stay counted.
      throw victim.corruption(
        "read a rewritten segment again",
        scanner.position,
        scanner.problem,
      );
    }
  }

  /** What is settled cannot be undone, so nothing may be pending that could be. */
  #flushQuietly(): void {
    try {
      this.#writer.flush();
    } catch { /* the writers of those records were told */ }
  }
}

function scanAll(victim: Segment): SegmentScanner {
  return new SegmentScanner(victim, FILE_HEADER_BYTES, victim.length);
}

/**
 * The engine of a reader: it follows a store that a writer, here or in another
 * process, may have open, and has nothing that writes.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import type { Host, Timer } from "../fs/file_system.ts";
import { Announcer } from "../log/announcer.ts";
import type { Segment } from "../log/segment.ts";
import type { StoreListener } from "../log/store_event.ts";
import type { ValueLog } from "../log/value_log.ts";
import {
  announceReaderClose,
  announceReaderOpen,
  announceRefresh,
} from "./announcements.ts";
import { BlockCache } from "./block_cache.ts";
import { Counters } from "./counters.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import { type LiveBooks, makeBooks, toEnd } from "./live_books.ts";
import { isUnchanged } from "./live_tail.ts";
import { LogicalClock } from "./logical_clock.ts";
import { bringIn, dismiss, type News, readNews } from "./news.ts";
import { ReadEngine } from "./read_engine.ts";
import { RecordReader } from "./record_reader.ts";

/** How often news are read before what looks damaged is taken for damage. */
const TRIES_MAX = 3;
const NO_MEMTABLES = { find: () => undefined };

/** What one refresh of a reader brought. */
export interface RefreshReport {
  /** Records read, those that the garbage collector moved included. */
  records: number;
  /** Segments that are new. */
  segmentsAdded: number;
  /** Segments that were collected. */
  segmentsRemoved: number;
  /**
   * True if the log did not go on from what had been read, and all of it was read
   * anew: a write failed while it was being read, or files were replaced. Snapshots
   * and lists that were not done are over then.
   */
  isRebuilt: boolean;
  /** Time it took, in milliseconds. */
  milliseconds: number;
}

/** The settings of a reader's engine. */
export interface ReaderSettings {
  /** Bytes of the block cache. */
  blockCacheSize: number;
  /** Milliseconds between two refreshes; 0 for none. */
  refreshInterval: number;
  /** Is told what happens. */
  onEvent?: StoreListener;
}

/** What a reader did to stay up to date. */
export interface RefreshTotals {
  /** Refreshes done. */
  count: number;
  /** Records they read. */
  records: number;
  /** How often all was read anew. */
  rebuilds: number;
  /** Why the last refresh failed, if it did. */
  lastError: StoreError | undefined;
}

/** A reader's engine. */
export class ReaderEngine extends ReadEngine {
  /** The key at hand. */
  key!: KeyBuffer;
  /** The books. */
  ledger!: KeyLedger;
  /** The segments. */
  log!: ValueLog;
  /** Reads values. */
  reader!: RecordReader;
  /** Keeps blocks of files. */
  cache!: BlockCache;
  /** What the engine counts. */
  readonly counters: Counters = new Counters();
  /** Whether calls are accepted. */
  status: "open" | "closed" = "open";
  /** What was done to stay up to date. */
  readonly refreshes: RefreshTotals = {
    count: 0,
    records: 0,
    rebuilds: 0,
    lastError: undefined,
  };
  readonly #directory: string;
  readonly #host: Host;
  readonly #settings: ReaderSettings;
  readonly #clock: LogicalClock;
  readonly #announcer: Announcer | undefined;
  #books!: LiveBooks;
  /** Counts what was brought into the books, so that none of it is twice. */
  #edition = 0;
  #running: Promise<RefreshReport> | undefined;
  #waiting: Promise<RefreshReport> | undefined;
  #timer: Timer | undefined;

  /** Opens the store in `directory` for reading. */
  constructor(directory: string, host: Host, settings: ReaderSettings) {
    super();
    this.#directory = directory;
    this.#host = host;
    this.#settings = settings;
    const start = performance.now();
    this.#adopt(makeBooks(directory, host));
    this.#clock = new LogicalClock(host, this.#books.expiryHorizon);
    this.#schedule();
    const { onEvent } = settings;
    this.#announcer = onEvent && new Announcer(directory, host, onEvent);
    announceReaderOpen(this.#announcer, this.#books, start);
  }

  #adopt(books: LiveBooks): void {
    const { log, ledger, key, secret } = books;
    this.#books = books;
    this.key = key;
    this.log = log;
    this.ledger = ledger;
    this.cache = new BlockCache(this.#settings.blockCacheSize, secret);
    this.reader = new RecordReader(
      log,
      NO_MEMTABLES,
      ledger.index.arena,
      key,
      this.cache,
      this.counters,
    );
    this.#edition++;
    this.#watchTail(log.active);
  }

  /** Lets the newest segment tell a write that was taken back from damage. */
  #watchTail(segment: Segment): void {
    segment.excuse = () => {
      const { tail } = this.#books;
      if (tail.segment.id !== segment.id || isUnchanged(tail)) return undefined;
      return new StoreError(
        "STALE",
        `Cannot read ${segment.file.path}: the write that was read there failed ` +
          `and was taken back. Refresh the reader`,
        { path: segment.file.path },
      );
    };
  }

  /** The time for expiries; it never goes back. */
  now(): number {
    return this.#clock.now();
  }

  /** The version of the newest commit that was read. */
  flushedVersion(): number {
    return this.#books.nextVersion - 1;
  }

  /** Counts keys that have expired by now as gone. */
  sweep(): void {
    this.ledger.sweep(this.now(), Infinity);
  }

  /** Brings the books up to date on this thread. */
  refreshSync(): RefreshReport {
    this.check("refresh");
    return this.#noting(() => toEnd(this.#refresh()));
  }

  /**
   * The same in slices that let other work have its turn; the books change in one step
   * at the end. What was flushed before the call is in them then.
   */
  refresh(): Promise<RefreshReport> {
    try {
      this.check("refresh");
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#running === undefined) return this.#run();
    // The one under way may have looked before what the caller waits for was there.
    return this.#waiting ??= this.#running.catch(() => {}).then(() => {
      this.#waiting = undefined;
      return this.#run();
    });
  }

  #run(): Promise<RefreshReport> {
    const run = this.#refreshInSlices();
    this.#running = run;
    const done = () => {
      if (this.#running === run) this.#running = undefined;
    };
    run.then(done, done);
    return run;
  }

  async #refreshInSlices(): Promise<RefreshReport> {
    const slices = this.#refresh();
    try {
      for (;;) {
        this.check("refresh");
        const { done, value } = this.#noting(() => slices.next());
        if (done) return value;
        if (this.#host.shouldBreathe()) await this.#host.breathe();
      }
    } finally {
      // Closes what was opened, if the reader was closed meanwhile.
      slices.return(undefined as never);
    }
  }

  #noting<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof StoreError) this.refreshes.lastError = error;
      announceRefresh(this.#announcer, undefined, error as StoreError);
      throw error;
    }
  }

  *#refresh(): Generator<void, RefreshReport> {
    const start = performance.now();
    const report: RefreshReport = {
      records: 0,
      segmentsAdded: 0,
      segmentsRemoved: 0,
      isRebuilt: false,
      milliseconds: 0,
    };
    for (let tries = 1;; tries++) {
      try {
        if (yield* this.#tryRefresh(report)) break;
      } catch (error) {
        // The writer may have taken back under our eyes what it failed to write.
        if (!(error instanceof CorruptionError) || tries >= TRIES_MAX) {
          throw error;
        }
      }
    }
    this.#clock.advanceTo(this.#books.expiryHorizon);
    report.milliseconds = performance.now() - start;
    const { refreshes } = this;
    refreshes.count++;
    refreshes.records += report.records;
    if (report.isRebuilt) refreshes.rebuilds++;
    refreshes.lastError = undefined;
    announceRefresh(this.#announcer, report, undefined);
    return report;
  }

  /** False if the books changed meanwhile, so that the news are old. */
  *#tryRefresh(report: RefreshReport): Generator<void, boolean> {
    const books = this.#books;
    const edition = this.#edition;
    const news = yield* readNews(books);
    if (edition !== this.#edition) {
      if (news !== undefined) dismiss(news);
      return false;
    }
    if (news === undefined) this.#rebuild(report);
    else this.#bringIn(news, report);
    return true;
  }

  #bringIn(news: News, report: RefreshReport): void {
    this.#edition++;
    const { log } = this;
    const { active } = log;
    bringIn(this.#books, news);
    if (log.active !== active) this.#watchTail(log.active);
    report.records = news.records.count;
    report.segmentsAdded =
      news.came.filter(({ id }) => id !== active.id).length;
    report.segmentsRemoved = news.gone.size;
  }

  #rebuild(report: RefreshReport): void {
    const former = this.#books;
    const formerCache = this.cache;
    this.#adopt(makeBooks(this.#directory, this.#host));
    former.close();
    formerCache.release();
    report.isRebuilt = true;
  }

  #schedule(): void {
    const { refreshInterval } = this.#settings;
    if (refreshInterval === 0) return;
    const refresh = async () => {
      try {
        await this.refresh();
      } catch { /* noted among the totals; the books are as they were */ }
      if (this.status === "open") this.#schedule();
    };
    this.#timer = this.#host.setTimer(() => void refresh(), refreshInterval);
  }

  /** Lets go of files and memory. */
  close(): void {
    if (this.status === "closed") return;
    this.status = "closed";
    const start = performance.now();
    this.#timer?.cancel();
    this.#books.close();
    this.cache.release();
    this.ledger.index.release();
    announceReaderClose(this.#announcer, start);
  }
}

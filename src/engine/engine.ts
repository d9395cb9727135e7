/**
 * The engine: opens a directory, puts the parts together, and keeps the clock, the
 * sweeping of expired keys, the garbage collector's timetable and the close. What a
 * user holds is the store, one layer up.
 *
 * Every method that takes a key works on the key in {@linkcode Engine.key}.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { DirectoryLock, Host } from "../fs/file_system.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceClose, announceOpen } from "./announcements.ts";
import { appendBatch, bytesOfBatch } from "./batch_appender.ts";
import { Backpressure } from "./backpressure.ts";
import { BatchBuffer } from "./batch_buffer.ts";
import { BlockCache } from "./block_cache.ts";
import { Compression } from "./compression.ts";
import { CommitQueue } from "./commit_queue.ts";
import { Counters } from "./counters.ts";
import { ExpirySweeper } from "./expiry_sweeper.ts";
import { GarbageCollector } from "./garbage_collector.ts";
import type { GcReport } from "./gc_totals.ts";
import { GcTimetable } from "./gc_timetable.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import { Level0 } from "./level0.ts";
import { LogFollowers } from "./log_tail.ts";
import { LogicalClock } from "./logical_clock.ts";
import { LogWriter, NEXT_VERSION } from "./log_writer.ts";
import { ReadEngine } from "./read_engine.ts";
import { RecordReader } from "./record_reader.ts";
import { removeHint, removeSnapshot, saveIndex } from "./save_index.ts";
import type { EngineSettings } from "./settings.ts";
import { recover, type Recovered } from "./recovery.ts";
import type { RecoveryReport } from "./recovery_report.ts";

/** A store's engine. */
export class Engine extends ReadEngine {
  /** The key at hand. */
  readonly key: KeyBuffer;
  /** The books. */
  readonly ledger: KeyLedger;
  /** The segments. */
  readonly log: ValueLog;
  /** Reads values. */
  readonly reader: RecordReader;
  /** Appends records. */
  readonly writer: LogWriter;
  /** Tells when writes are done. */
  readonly queue: CommitQueue;
  /** Collects garbage. */
  readonly collector: GarbageCollector;
  /** Keeps blocks of files. */
  readonly cache: BlockCache;
  /** Those who follow the log. */
  readonly followers: LogFollowers = new LogFollowers();
  /** The settings. */
  readonly settings: EngineSettings;
  /** Counts expired keys as dead. */
  readonly sweeper: ExpirySweeper;
  /** How values are compressed unless a bucket says otherwise. */
  readonly compression: Compression;
  /** What the engine counts. */
  readonly counters: Counters;
  /** What opening found and did. */
  readonly recovery: RecoveryReport;
  /** Whether calls are accepted. */
  status: "open" | "closing" | "closed" = "open";
  /** Bytes of the index snapshot on disk. */
  snapshotBytes: number;
  readonly #lock: DirectoryLock;
  readonly #level0: Level0;
  readonly #pressure: Backpressure;
  readonly #secret: Uint8Array;
  readonly #clock: LogicalClock;
  #isSnapshotCurrent: boolean;
  #versionAtOpen: number;
  readonly #timetable: GcTimetable;
  #closing: Promise<void> | undefined;
  #spareBatch: BatchBuffer | undefined;

  private constructor(
    host: Host,
    settings: EngineSettings,
    lock: DirectoryLock,
    counters: Counters,
    recovered: Recovered,
  ) {
    super();
    const { log, ledger, key, level0 } = recovered;
    this.settings = settings;
    this.compression = new Compression(
      settings.compression,
      settings.compressionThreshold,
      settings.valueLogFileSize,
    );
    this.#lock = lock;
    this.counters = counters;
    this.log = log;
    this.ledger = ledger;
    this.key = key;
    this.#level0 = level0;
    this.#secret = recovered.secret;
    this.snapshotBytes = recovered.snapshotBytes;
    this.#isSnapshotCurrent = recovered.isSnapshotCurrent;
    this.#versionAtOpen = recovered.nextVersion;
    this.recovery = recovered.report;
    this.#clock = new LogicalClock(host, recovered.expiryHorizon);
    if (log.segments.size === 0 || recovered.mustSeal) {
      if (recovered.halfMade !== undefined) {
        log.files.remove(recovered.halfMade);
      }
      log.create(recovered.nextVersion, recovered.expiryHorizon);
    }
    this.writer = new LogWriter(
      log,
      ledger,
      key,
      level0,
      counters,
      settings,
      recovered.nextVersion,
      recovered.expiryHorizon,
    );
    this.#pressure = new Backpressure(log, counters, settings);
    this.queue = new CommitQueue(log, this.writer, this.#pressure, settings);
    const settleFlushed = this.writer.onFlushed;
    this.writer.onFlushed = (error) => {
      settleFlushed(error);
      this.followers.noteFlushed();
    };
    this.cache = new BlockCache(settings.blockCacheSize, this.#secret);
    this.reader = new RecordReader(
      log,
      this.writer.memtables,
      ledger.index.arena,
      key,
      this.cache,
      counters,
    );
    this.collector = new GarbageCollector(
      log,
      this.writer,
      this.queue,
      this.#pressure,
      ledger,
      key,
      () => this.now(),
      (segment) => this.#forgetOnDisk(segment),
      () => this.sweeper.noteSwept(),
    );
    this.#timetable = new GcTimetable(host, this.collector, ledger, settings);
    this.sweeper = new ExpirySweeper(
      host,
      this.writer,
      ledger,
      counters,
      () => this.now(),
      () => this.#timetable.consider(),
    );
    this.sweeper.schedule();
    announceOpen(recovered, host, settings.onEvent);
  }

  /** Opens the directory at `directory`, creating it where it does not exist. */
  static open(
    directory: string,
    host: Host,
    settings: EngineSettings,
  ): Engine {
    host.files.createDirectory(directory);
    const lock = host.files.lock(directory);
    let recovered: Recovered | undefined;
    try {
      const counters = new Counters();
      recovered = recover(
        directory,
        host,
        settings.recovery,
        (log) =>
          new Level0(
            log,
            counters,
            settings.numLevel0Tables,
            settings.numLevel0TablesStall,
          ),
      );
      return new Engine(host, settings, lock, counters, recovered);
    } catch (error) {
      recovered?.level0.close();
      recovered?.log.close();
      lock.release();
      throw error;
    }
  }

  /** The time for expiries; it does not go back even over a restart. */
  now(): number {
    return this.#clock.now();
  }

  /** Makes {@linkcode now} at least `time`. */
  advanceClock(time: number): void {
    this.#clock.advanceTo(time);
  }

  /** The version of the newest commit, with what is pending flushed. */
  flushedVersion(): number {
    try {
      this.writer.flush();
    } catch { /* the writers of those records were told */ }
    return this.writer.nextVersion - 1;
  }

  /** Records written for callers that wait to be handed to the operating system. */
  get pendingWrites(): number {
    return this.writer.pendingRecords;
  }

  /** Puts the key at hand. */
  put(
    value: Uint8Array,
    valueLength: number,
    expireIn: number,
    codec: number,
  ): void {
    const { writer } = this;
    writer.syncer.check();
    if (valueLength > this.settings.valueLogFileSize) {
      throw new RangeError(
        `Cannot set a value of ${valueLength} bytes: ` +
          `a value has at most value_log_file_size (${this.settings.valueLogFileSize}) bytes`,
      );
    }
    const expiry = expireIn === 0 ? 0 : this.now() + expireIn;
    // Making room may give the image under a view to the very record being written.
    if (writer.memtables.owns(value)) value = value.slice(0, valueLength);
    const { deadBytesAdded } = this.ledger;
    writer.appendPut(value, valueLength, expiry, NEXT_VERSION, 0, codec);
    this.counters.writes++;
    if (expiry !== 0) this.sweeper.schedule();
    this.#considerGc(deadBytesAdded);
  }

  /** Deletes the key at hand; false if it has no value. */
  remove(): boolean {
    const { writer } = this;
    writer.syncer.check();
    this.counters.writes++;
    if (this.ledger.findLive(this) === 0) return false;
    const { deadBytesAdded } = this.ledger;
    writer.appendTombstone(NEXT_VERSION, 0);
    this.#considerGc(deadBytesAdded);
    return true;
  }

  #considerGc(deadBytesBefore: number): void {
    this.#pressure.deadBytes += this.ledger.deadBytesAdded - deadBytesBefore;
    this.#timetable.consider();
  }

  /**
   * Appends a batch: all of it or nothing will be there after a crash. Expiries count
   * from `now`.
   */
  commit(batch: BatchBuffer, now: number = this.now()): void {
    const { writer } = this;
    const { count } = batch;
    const bytes = bytesOfBatch(batch, this.settings);
    writer.makeRoom(bytes, bytes, count);
    const { deadBytesAdded } = this.ledger;
    try {
      appendBatch(writer, this.key, batch, now);
    } catch (error) {
      writer.abandon(error);
      throw error;
    }
    this.counters.writes += count;
    this.sweeper.schedule();
    this.#considerGc(deadBytesAdded);
  }

  /** A buffer for a batch. */
  takeBatch(): BatchBuffer {
    const batch = this.#spareBatch ?? new BatchBuffer();
    this.#spareBatch = undefined;
    return batch;
  }

  /** Takes back the buffer of a batch that is done with. */
  releaseBatch(batch: BatchBuffer): void {
    if (batch.clear()) this.#spareBatch = batch;
  }

  /** Flushes and, under `sync_writes`, syncs on this thread. */
  finishSync(): void {
    // It cannot wait for the collector, and nobody else is to in its place.
    this.#pressure.deadBytes = 0;
    this.writer.flush();
    if (this.settings.syncWrites) this.writer.syncer.syncWritten();
  }

  /** Counts keys that have expired by now as dead. */
  sweep(): void {
    this.sweeper.sweep();
  }

  /** Collects garbage until no segment qualifies. */
  gc(
    discardRatio: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<GcReport> {
    this.sweep();
    this.#timetable.noteRun();
    return this.collector.run({
      discardRatio: discardRatio ?? this.settings.valueLogGcDiscardRatio,
      activeDeadBytesMin: 0,
      signal,
    });
  }

  /** Removes what else on disk names a segment that is about to go. */
  #forgetOnDisk(segment: Segment): void {
    this.#isSnapshotCurrent = false;
    if (this.snapshotBytes > 0) removeSnapshot(this.log);
    this.snapshotBytes = 0;
    removeHint(this.log, segment);
  }

  /** Makes everything safe, writes the index snapshot and gives the directory back. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.status = "closing";
    const start = performance.now();
    let isClean = false;
    this.#timetable.stop();
    this.sweeper.stop();
    await this.collector.stop();
    try {
      if (this.writer.syncer.poison !== undefined) return;
      // What readers saw expire must not come back if the clock is set back.
      this.sweep();
      await this.queue.sync();
      this.#saveIndex();
      isClean = true;
    } finally {
      await this.queue.idle();
      this.status = "closed";
      try {
        this.#level0.close();
        this.followers.end();
        this.log.close();
        this.ledger.history.dropAll();
      } finally {
        this.#lock.release();
        this.#releaseMemory();
        announceClose(this.log, isClean, start);
      }
    }
  }

  /** Somebody may hold on to a closed store, but not to its memory. */
  #releaseMemory(): void {
    this.cache.release();
    this.writer.memtables.release();
    this.ledger.index.release();
    this.#spareBatch = undefined;
  }

  /** Hints and index snapshot: without them the next open only takes longer. */
  #saveIndex(): void {
    const isUnchanged = this.#isSnapshotCurrent &&
      this.writer.nextVersion === this.#versionAtOpen;
    if (isUnchanged || this.ledger.isInexact) return;
    try {
      this.writer.sealMemtable(0);
      this.#level0.drain();
      this.snapshotBytes = saveIndex(
        this.log,
        this.ledger,
        this.writer,
        this.#secret,
      );
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

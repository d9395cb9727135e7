/**
 * When a write is done. All writes of one turn of the event loop share a flush, and
 * under `sync_writes` all that wait share a sync (group commit); so a write costs no
 * promise of its own.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceSyncStall, type SyncWait } from "./announcements.ts";
import type { Backpressure } from "./backpressure.ts";
import type { LogWriter } from "./log_writer.ts";
import type { WriterSettings } from "./settings.ts";

/** Unsynced bytes at which a sync is started in the background. */
const BACKGROUND_SYNC_BYTES = 8 * 1024 * 1024;
/**
 * Rotation syncs on the writer's thread what is not synced yet, and is dearer while
 * another sync is under way. So the last one is started in time, and none so near to
 * the segment's end.
 */
const LAST_SYNC_ROOM_BYTES = 8 * 1024 * 1024;
const LAST_SYNC_BYTES = 1024 * 1024;
const NO_SYNC_ROOM_BYTES = 4 * 1024 * 1024;
/** Bytes that rotation may find unsynced: few milliseconds on the writer's thread. */
const ROTATION_SYNC_BYTES = 2 * 1024 * 1024;

/** Writes, or calls for a sync, that are flushed and synced together. */
class CommitGroup {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: StoreError) => void;
  /** Whether writers wait for it; a sync is waited for by the collector too. */
  readonly isOfWrites: boolean;
  #existed: Promise<boolean> | undefined;

  constructor(isOfWrites: boolean = true) {
    this.isOfWrites = isOfWrites;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** The promise of a delete that found its key. */
  get existed(): Promise<boolean> {
    return this.#existed ??= this.promise.then(() => true);
  }
}

/** One who waits until the disk is ready for the next rotation. */
interface RotationWait extends SyncWait {
  readonly resolve: () => void;
}

/** Tells writers when their writes are done. */
export class CommitQueue {
  readonly #log: ValueLog;
  readonly #writer: LogWriter;
  readonly #pressure: Backpressure;
  readonly #syncWrites: boolean;
  readonly #settings: WriterSettings;
  #group: CommitGroup | undefined;
  #isFlushScheduled = false;
  #awaitingSync: CommitGroup[] = [];
  #syncing: Promise<void> | undefined;
  /** Who waits until the disk is ready for the next rotation. */
  #awaitingRotation: RotationWait[] = [];
  /** Bytes of the last flush, and where it ended. */
  #flushBytes = 0;
  #flushEnd = 0;

  /** A queue over a writer. */
  constructor(
    log: ValueLog,
    writer: LogWriter,
    pressure: Backpressure,
    settings: WriterSettings & { syncWrites: boolean },
  ) {
    this.#log = log;
    this.#writer = writer;
    this.#pressure = pressure;
    this.#syncWrites = settings.syncWrites;
    this.#settings = settings;
    writer.onFlushed = (error) => this.#settle(error);
  }

  /** Resolves when what was appended in this turn is as safe as was asked for. */
  get done(): Promise<void> {
    return this.#currentGroup().promise;
  }

  /** The same with `true`. */
  get doneTrue(): Promise<boolean> {
    return this.#currentGroup().existed;
  }

  /**
   * Resolves to `false`, an answer that may rest on writes that are still under way,
   * when those are done; rejects if they fail, for the answer was another then.
   */
  get doneFalse(): Promise<boolean> {
    const isQuiet = this.#writer.pendingRecords === 0 &&
      this.#group === undefined && this.#syncing === undefined;
    return isQuiet
      ? Promise.resolve(false)
      : this.#currentGroup().promise.then(() => false);
  }

  #currentGroup(): CommitGroup {
    // A large value is flushed while it is appended. It must not share the fate of
    // what is appended later in this turn.
    if (this.#writer.pendingRecords === 0) return this.#flushedGroup();
    if (this.#group === undefined) {
      this.#group = new CommitGroup();
      if (!this.#isFlushScheduled) {
        this.#isFlushScheduled = true;
        queueMicrotask(() => this.#endTurn());
      }
    }
    return this.#group;
  }

  /** The group of what has been flushed already. */
  #flushedGroup(): CommitGroup {
    const group = new CommitGroup();
    if (this.#syncWrites) {
      this.#awaitingSync.push(group);
      this.#startSync();
    } else {
      this.#finish(group);
    }
    return group;
  }

  #endTurn(): void {
    this.#isFlushScheduled = false;
    try {
      this.#writer.flush();
    } catch { /* the group was told */ }
  }

  /** Passes a finished flush on to the group that waited for it. */
  #settle(error: StoreError | undefined): void {
    const group = this.#group;
    this.#group = undefined;
    this.#noteFlush();
    if (error !== undefined) {
      group?.reject(error);
      return;
    }
    if (group !== undefined) {
      if (this.#syncWrites) this.#awaitingSync.push(group);
      else this.#finish(group);
    }
    if (this.#awaitingSync.length > 0 || this.#isMuchUnsynced()) {
      this.#startSync();
    }
  }

  #noteFlush(): void {
    const { flushedLength } = this.#log.active;
    this.#flushBytes = flushedLength - this.#flushEnd;
    this.#flushEnd = flushedLength;
  }

  /** Tells the writers of a flushed group; the next rotation must find little to do. */
  #finish(group: CommitGroup): void {
    const ready = this.readyToRotate(true);
    if (ready === undefined) this.#acknowledge(group);
    else void ready.then(() => this.#acknowledge(group));
  }

  /**
   * Resolves when the disk has caught up so far that the next rotation, which syncs
   * on the writer's thread, will find little to sync and no other sync under way;
   * `undefined` if that is so now.
   */
  readyToRotate(isOfWrites: boolean = false): Promise<void> | undefined {
    if (this.#isReadyToRotate()) return undefined;
    this.#startSync();
    const since = performance.now();
    return new Promise((resolve) =>
      this.#awaitingRotation.push({ since, isOfWrites, resolve })
    );
  }

  /** True if what is not synced is little, or less than there is room for more. */
  #isReadyToRotate(): boolean {
    const { active } = this.#log;
    const unsynced = active.flushedLength - active.syncedLength;
    return unsynced <= ROTATION_SYNC_BYTES ||
      unsynced <= this.#roomBytes(active) - this.#flushBytes;
  }

  #releaseRotation(): void {
    const waiting = this.#awaitingRotation;
    this.#awaitingRotation = [];
    for (const { resolve } of waiting) resolve();
    announceSyncStall(this.#log, waiting);
  }

  /**
   * Tells the writers of a group that it is done, when the garbage collector has kept
   * up with what they overwrite. A loop that awaits one write after
   * the other leaves the event loop no turn, so now and then it gets one first: syncs
   * and the garbage collector wait for it, and so does whatever else the process does.
   */
  #acknowledge(group: CommitGroup): void {
    const { host } = this.#log;
    if (this.#pressure.holds(group.resolve)) return;
    if (host.isStarving?.()) void host.breathe().then(group.resolve);
    else group.resolve();
  }

  #isMuchUnsynced(): boolean {
    const { active } = this.#log;
    const unsynced = active.flushedLength - active.syncedLength;
    if (unsynced < LAST_SYNC_BYTES) return false;
    const room = this.#roomBytes(active);
    if (room < NO_SYNC_ROOM_BYTES) return false;
    return room < LAST_SYNC_ROOM_BYTES || unsynced >= BACKGROUND_SYNC_BYTES;
  }

  /** Bytes that the segment will take until it is rotated, more or less. */
  #roomBytes({ length, recordBytes, recordCount }: Segment): number {
    const { valueLogFileSize, valueLogMaxEntries } = this.#settings;
    const records = valueLogMaxEntries - recordCount;
    return Math.min(
      valueLogFileSize - length,
      records * recordBytes / Math.max(1, recordCount),
    );
  }

  #startSync(): void {
    if (this.#syncing === undefined) this.#syncing = this.#syncLoop();
  }

  async #syncLoop(): Promise<void> {
    // Started in the middle of a flush; that comes to its end first.
    await Promise.resolve();
    while (
      this.#awaitingSync.length > 0 || this.#awaitingRotation.length > 0 ||
      this.#isMuchUnsynced()
    ) {
      const groups = this.#awaitingSync;
      this.#awaitingSync = [];
      // Rotation has synced the segments before the active one.
      const error = await this.#writer.syncer.syncAsync();
      for (const group of groups) {
        if (error !== undefined) group.reject(error);
        else if (group.isOfWrites) this.#acknowledge(group);
        else group.resolve();
      }
      // A write that was flushed is done, also if nothing can be synced any more.
      if (error !== undefined || this.#isReadyToRotate()) {
        this.#releaseRotation();
      }
      if (error !== undefined) {
        for (const group of this.#awaitingSync) group.reject(error);
        this.#awaitingSync = [];
        break;
      }
    }
    // In the same step as the last look at who waits: one who comes later starts
    // the loop anew.
    this.#syncing = undefined;
  }

  /** Flushes, and resolves when everything flushed so far is on the medium. */
  async sync(): Promise<void> {
    this.#writer.syncer.check();
    this.#writer.flush();
    const group = new CommitGroup(false);
    this.#awaitingSync.push(group);
    this.#startSync();
    await group.promise;
  }

  /** Resolves when no sync is under way. */
  async idle(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
  }
}

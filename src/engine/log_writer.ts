/**
 * The one place that appends to the value log. A record is encoded once, straight
 * into the active memtable, and entered into the books in the same synchronous step;
 * the bytes reach the operating system later, many records a call.
 *
 * Invariants:
 * - between append and index update there is no `await`, so log order is the order
 *   in which the books saw the records;
 * - a failed write is undone in the books and cut from the file; unless the disk was
 *   merely full, the writer is poisoned then: nobody knows what the file holds;
 * - a new segment starts only after the old one is synced, so that bad bytes in an
 *   old segment are never a torn tail.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";
import { writeFully } from "../fs/file_system.ts";
import { checksum, recordSeed } from "../format/checksum.ts";
import {
  CONTROL_EXPIRY_HORIZON,
  CONTROL_EXPIRY_HORIZON_BYTES,
  FLAG_BUCKET,
  FLAG_EXPIRING,
  FLAG_SYNC_MARK,
  KIND_CONTROL,
  KIND_PUT,
  KIND_TOMBSTONE,
  RECORD_HEAD_BYTES_MAX,
  sealRecord,
  setUint64,
  writeHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceRotation } from "./announcements.ts";
import type { Counters } from "./counters.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { Level0 } from "./level0.ts";
import { MemtableSet } from "./memtable_set.ts";
import type { WriterSettings } from "./settings.ts";
import { Syncer } from "./syncer.ts";

/** Stands for the version that is given out next, once there is room. */
export const NEXT_VERSION = 0;
/** Below this length a loop copies faster than a call does. */
const LOOP_LENGTH_MAX = 48;

/** Appends records, flushes them, rotates segments. */
export class LogWriter {
  /** The memtables; the active one is appended to. */
  readonly memtables: MemtableSet;
  /** Syncs what was flushed. */
  readonly syncer: Syncer;
  /** The version of the next commit. */
  nextVersion: number;
  /** What expired by then is gone for good. */
  expiryHorizon: number;
  /** Called when pending records were flushed, or with the error that undid them. */
  onFlushed: (error: StoreError | undefined) => void = () => {};
  readonly #log: ValueLog;
  readonly #ledger: KeyLedger;
  readonly #key: KeyBuffer;
  readonly #level0: Level0;
  readonly #counters: Counters;
  readonly #settings: WriterSettings;
  #flushedVersion: number;

  /** A writer that goes on at the end of the active segment. */
  constructor(
    log: ValueLog,
    ledger: KeyLedger,
    key: KeyBuffer,
    level0: Level0,
    counters: Counters,
    settings: WriterSettings,
    nextVersion: number,
    expiryHorizon: number,
  ) {
    this.#log = log;
    this.#ledger = ledger;
    this.#key = key;
    this.#level0 = level0;
    this.#counters = counters;
    this.#settings = settings;
    this.nextVersion = this.#flushedVersion = nextVersion;
    this.expiryHorizon = expiryHorizon;
    this.syncer = new Syncer(log, counters);
    this.memtables = new MemtableSet(
      log.active,
      level0,
      counters,
      settings.memTableSize,
      settings.numMemTables,
    );
  }

  /** Records appended but not yet handed to the operating system. */
  get pendingRecords(): number {
    return this.#ledger.undoCount;
  }

  /**
   * Makes sure that `count` records of `bytes` bytes go to one segment, and their
   * `imageBytes` to one memtable.
   */
  makeRoom(bytes: number, imageBytes: number, count: number): void {
    this.syncer.check();
    const { active } = this.#log;
    const { valueLogFileSize, valueLogMaxEntries } = this.#settings;
    const mustRotate = active.recordCount > 0 &&
      (active.length + bytes > valueLogFileSize ||
        active.recordCount + count > valueLogMaxEntries);
    try {
      if (mustRotate) this.rotate();
      if (!this.memtables.hasRoom(imageBytes)) this.sealMemtable(imageBytes);
    } catch (error) {
      this.#giveVersionsBack();
      throw error;
    }
  }

  /** Versions of records that never were: recovery relies on there being no gaps. */
  #giveVersionsBack(): void {
    if (this.pendingRecords === 0) this.nextVersion = this.#flushedVersion;
  }

  /** Appends a put of the key at hand. */
  appendPut(
    value: Uint8Array,
    valueLength: number,
    expiry: number,
    version: number,
    batchFlags: number,
    codec: number = 0,
  ): void {
    const key = this.#key;
    const isInBatch = batchFlags !== 0;
    const headAndKey = RECORD_HEAD_BYTES_MAX + key.length;
    const isDirect = !isInBatch &&
      (valueLength >= this.#settings.valueThreshold ||
        headAndKey + valueLength > this.#settings.memTableSize);
    if (!isInBatch) {
      this.makeRoom(
        headAndKey + valueLength,
        isDirect ? headAndKey : headAndKey + valueLength,
        1,
      );
    }
    const valueAt = this.#encodeHead(
      KIND_PUT | batchFlags | (expiry !== 0 ? FLAG_EXPIRING : 0),
      codec,
      key.length,
      valueLength,
      this.#versionOf(version),
      expiry,
    );
    if (isDirect) {
      this.#finishDirect(value.subarray(0, valueLength), valueAt, expiry);
      return;
    }
    const { image } = this.memtables.active;
    if (valueLength <= LOOP_LENGTH_MAX) {
      for (let i = 0; i < valueLength; i++) image[valueAt + i] = value[i]!;
    } else if (value.length === valueLength) {
      image.set(value, valueAt);
    } else {
      image.set(value.subarray(0, valueLength), valueAt);
    }
    this.#finish(KIND_PUT, valueAt + valueLength, expiry);
  }

  /** Appends a tombstone of the key at hand. */
  appendTombstone(version: number, batchFlags: number): void {
    const { length } = this.#key;
    if (batchFlags === 0) {
      const bytes = RECORD_HEAD_BYTES_MAX + length;
      this.makeRoom(bytes, bytes, 1);
    }
    const kindAndFlags = KIND_TOMBSTONE | batchFlags;
    version = this.#versionOf(version);
    const end = this.#encodeHead(kindAndFlags, 0, length, 0, version, 0);
    this.#finish(KIND_TOMBSTONE, end, 0);
  }

  /** Appends a note that what expired by `horizon` is gone for good. */
  appendHorizon(horizon: number): void {
    const bytes = RECORD_HEAD_BYTES_MAX + CONTROL_EXPIRY_HORIZON_BYTES;
    this.makeRoom(bytes, bytes, 1);
    const valueAt = this.#encodeHead(
      KIND_CONTROL,
      0,
      0,
      CONTROL_EXPIRY_HORIZON_BYTES,
      this.#versionOf(NEXT_VERSION),
      0,
    );
    const { image, view } = this.memtables.active;
    image[valueAt] = CONTROL_EXPIRY_HORIZON;
    setUint64(view, valueAt + 1, horizon);
    this.#finish(KIND_CONTROL, valueAt + CONTROL_EXPIRY_HORIZON_BYTES, 0);
    this.expiryHorizon = horizon;
  }

  #versionOf(version: number): number {
    return version === NEXT_VERSION ? this.nextVersion++ : version;
  }

  /** Encodes head and key at the memtable's end; returns where the value goes. */
  #encodeHead(
    kindAndFlags: number,
    codec: number,
    keyLength: number,
    valueLength: number,
    version: number,
    expiry: number,
  ): number {
    const key = this.#key;
    const { segment, image, view, used } = this.memtables.active;
    let flags = kindAndFlags;
    if (segment.syncedLength > segment.markedLength) flags |= FLAG_SYNC_MARK;
    if (keyLength > 0 && (key.tag & TAG_BUCKET) !== 0) flags |= FLAG_BUCKET;
    const keyAt = writeHead(
      view,
      used,
      flags,
      codec,
      keyLength,
      valueLength,
      version,
      expiry,
      segment.syncedLength,
    );
    if (keyLength > 0) key.copyTo(image, view, keyAt);
    return keyAt + keyLength;
  }

  /** Seals the record that ends at `end` of the memtable and enters it into the books. */
  #finish(kind: number, end: number, expiry: number): void {
    const memtable = this.memtables.active;
    const { segment, image, view } = memtable;
    const at = memtable.used;
    const length = end - at;
    sealRecord(image, view, at, length, segment.seed, segment.length);
    memtable.used = end;
    this.enter(kind, segment, length, expiry, at);
  }

  /** The same for a put whose value goes straight to the file. */
  #finishDirect(value: Uint8Array, valueAt: number, expiry: number): void {
    const memtable = this.memtables.active;
    const { segment, image, view } = memtable;
    const at = memtable.used;
    const seed = recordSeed(segment.seed, segment.length);
    const sum = checksum(
      value,
      checksum(image.subarray(at + 4, valueAt), seed),
    );
    view.setUint32(at, sum, true);
    memtable.used = valueAt;
    memtable.addGap(segment.length, value.length);
    this.enter(KIND_PUT, segment, valueAt - at + value.length, expiry, at);
    this.#counters.directWrites++;
    this.#write(value);
  }

  /** Enters the record that was just encoded into the books. */
  enter(
    kind: number,
    segment: Segment,
    length: number,
    expiry: number,
    at: number,
  ): void {
    const offset = segment.length;
    segment.markedLength = segment.syncedLength;
    segment.length = offset + length;
    segment.recordCount++;
    if (kind === KIND_PUT) {
      this.#ledger.put(segment, offset, length, expiry, at);
    } else if (kind === KIND_TOMBSTONE) {
      this.#ledger.tombstone(segment, offset, length, at);
    } else {
      this.#ledger.control(segment, length, at);
    }
  }

  /**
   * Hands all pending records to the operating system.
   *
   * @throws {StoreError} If that fails; the records are undone then.
   */
  flush(): void {
    const memtable = this.memtables.active;
    if (memtable.used > memtable.flushedUsed) this.#write(undefined);
  }

  /** Writes the pending part of the image, then a value that bypasses it. */
  #write(directValue: Uint8Array | undefined): void {
    const memtable = this.memtables.active;
    const { segment, image, flushedUsed, used } = memtable;
    const pending = image.subarray(flushedUsed, used);
    const { file, flushedLength: at } = segment;
    try {
      this.syncer.check();
      writeFully(file, image, flushedUsed, pending.length, at);
      if (directValue !== undefined) {
        const valueAt = at + pending.length;
        writeFully(file, directValue, 0, directValue.length, valueAt);
      }
    } catch (error) {
      throw this.#undoPending(error as StoreError);
    }
    memtable.noteFlushed(pending);
    if (directValue !== undefined) memtable.noteFlushed(directValue);
    memtable.flushedUsed = used;
    segment.flushedLength = segment.length;
    this.#level0.note(memtable);
    this.#flushedVersion = this.nextVersion;
    this.#counters.flushes++;
    this.#ledger.forgetUndo();
    this.onFlushed(undefined);
  }

  /**
   * Takes back what is pending after an append broke off half-way, which only a bug
   * can bring about: half a batch must never reach the file.
   */
  abandon(error: unknown): void {
    if (this.pendingRecords === 0) return;
    this.syncer.poisonWith(error as StoreError);
    this.#undoPending(this.syncer.poison!);
  }

  /** Takes back every record that was not flushed. */
  #undoPending(error: StoreError): StoreError {
    const memtable = this.memtables.active;
    const { segment } = memtable;
    segment.recordCount -= this.#ledger.undoCount;
    try {
      this.#ledger.rollback(segment, (at) => memtable.loadKey(at, this.#key));
    } catch (rollbackError) {
      // The books are of no use any more, the log is: reopening makes them anew.
      this.syncer.poisonWith(rollbackError as StoreError);
    }
    memtable.used = memtable.flushedUsed;
    while (
      memtable.gaps.length > 0 &&
      memtable.gaps.at(-1)!.recordOffset >= segment.flushedLength
    ) memtable.gaps.pop();
    segment.length = segment.flushedLength;
    this.#giveVersionsBack();
    // A mark may have been on a record that is gone; the next one repeats it.
    segment.markedLength = 0;
    try {
      // What part of the bytes got through is cut, so that the next record lands
      // where the books say. If we crash before this, the half record is a torn tail.
      segment.file.truncate(segment.flushedLength);
      segment.cuts++;
      if (error.code !== "DISK_FULL") this.syncer.poisonWith(error);
    } catch (truncateError) {
      this.syncer.poisonWith(truncateError as StoreError);
    }
    this.onFlushed(error);
    return error;
  }

  /** Starts a memtable; the old one serves reads and waits for its hint rows. */
  sealMemtable(imageBytes: number): void {
    this.flush();
    this.memtables.seal(this.#log.active, imageBytes);
  }

  /**
   * Seals the active segment and starts the next.
   *
   * @throws {StoreError} If the old one cannot be synced or the new one not made.
   */
  rotate(): void {
    const start = performance.now();
    this.sealMemtable(0);
    const old = this.#log.active;
    this.syncer.sync();
    this.#log.create(this.nextVersion, this.expiryHorizon);
    // Only now is the old segment sealed; the hint says so, and needs no sync: a
    // lost hint is made again from its segment.
    this.#level0.finish(old);
    this.#counters.rotations++;
    this.memtables.seal(this.#log.active, 0);
    announceRotation(this.#log, old, start);
  }
}

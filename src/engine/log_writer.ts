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

import { StoreError } from "../errors.ts";
import { writeFully } from "../fs/file_system.ts";
import { checksum, recordSeed } from "../format/checksum.ts";
import {
  CONTROL_EXPIRY_HORIZON,
  CONTROL_EXPIRY_HORIZON_BYTES,
  FLAG_BUCKET,
  FLAG_EXPIRING,
  FLAG_SYNC_MARK,
  headLength,
  KIND_CONTROL,
  KIND_PUT,
  KIND_TOMBSTONE,
  RECORD_HEAD_BYTES_MAX,
  RecordHead,
  sealRecord,
  setUint64,
  writeHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { Counters } from "./counters.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { Level0 } from "./level0.ts";
import { Memtable } from "./memtable.ts";

/** The settings that a writer heeds. */
export interface WriterSettings {
  /** Bytes of the active memtable. */
  memTableSize: number;
  /** Sealed memtables kept for reads. */
  numMemTables: number;
  /** Bytes at which a segment is rotated. */
  valueLogFileSize: number;
  /** Records at which a segment is rotated. */
  valueLogMaxEntries: number;
  /** Bytes of a value that bypasses the memtable. */
  valueThreshold: number;
}

/** A small store need not pay for a whole memtable. */
const FIRST_IMAGE_BYTES = 65_536;
/** Below this length a loop copies faster than a call does. */
const LOOP_LENGTH_MAX = 48;

/** Appends records, flushes them, rotates segments. */
export class LogWriter {
  /** The memtable that is appended to. */
  memtable: Memtable;
  /** Sealed memtables that serve reads, the newest last. */
  sealed: Memtable[] = [];
  /** The version of the next commit. */
  nextVersion: number;
  /** What expired by then is gone for good. */
  expiryHorizon: number;
  /** Called when pending records were flushed, or with the error that undid them. */
  onFlushed: (error: StoreError | undefined) => void = () => {};
  /** Called with the segment that was just sealed. */
  onRotated: (segment: Segment) => void = () => {};
  readonly #log: ValueLog;
  readonly #ledger: KeyLedger;
  readonly #key: KeyBuffer;
  readonly #level0: Level0;
  readonly #counters: Counters;
  readonly #settings: WriterSettings;
  readonly #head = new RecordHead();
  #poison: StoreError | undefined;
  #spareImage: Uint8Array | undefined;

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
    this.nextVersion = nextVersion;
    this.expiryHorizon = expiryHorizon;
    this.memtable = this.#newMemtable(0);
  }

  /** The failure after which nothing is written any more. */
  get poison(): StoreError | undefined {
    return this.#poison;
  }

  /** Records appended but not yet handed to the operating system. */
  get pendingRecords(): number {
    return this.#ledger.undoCount;
  }

  /** Bytes of memtables, active and sealed. */
  get memtableBytes(): number {
    const memtables = new Set([...this.sealed, ...this.#level0.waiting]);
    let bytes = this.memtable.image.length + (this.#spareImage?.length ?? 0);
    for (const memtable of memtables) bytes += memtable.image.length;
    return bytes;
  }

  /** Refuses all further writes. */
  poisonWith(cause: StoreError): void {
    this.#poison ??= new StoreError(
      "POISONED",
      `Cannot write: an earlier write or sync failed (${cause.message}). ` +
        `Close and reopen the store; what was acknowledged as synced is safe`,
      { cause, ...(cause.path === undefined ? {} : { path: cause.path }) },
    );
  }

  /** @throws {StoreError} `POISONED` if an earlier write or sync failed. */
  checkPoison(): void {
    if (this.#poison !== undefined) throw this.#poison;
  }

  /**
   * Makes sure that `count` records of `bytes` bytes go to one segment, and their
   * `imageBytes` to one memtable.
   */
  makeRoom(bytes: number, imageBytes: number, count: number): void {
    this.checkPoison();
    const { active } = this.#log;
    const { valueLogFileSize, valueLogMaxEntries } = this.#settings;
    if (
      active.recordCount > 0 &&
      (active.length + bytes > valueLogFileSize ||
        active.recordCount + count > valueLogMaxEntries)
    ) {
      this.rotate();
    }
    const { memtable } = this;
    const needed = memtable.used + imageBytes;
    if (needed <= memtable.image.length) return;
    const { memTableSize } = this.#settings;
    if (needed > memTableSize) this.#sealMemtable(imageBytes);
    else memtable.grow(Math.min(memTableSize, needed * 2));
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
    const { memtable } = this;
    const { segment, image, view } = memtable;
    const at = memtable.used;
    const offset = segment.length;
    const flags = this.#flags(KIND_PUT | batchFlags, segment, expiry);
    const keyAt = writeHead(
      view,
      at,
      flags,
      codec,
      key.length,
      valueLength,
      version,
      expiry,
      segment.syncedLength,
    );
    key.copyTo(image, keyAt);
    const valueAt = keyAt + key.length;
    const length = valueAt - at + valueLength;
    if (isDirect) {
      const source = value.subarray(0, valueLength);
      const head = image.subarray(at + 4, valueAt);
      const seed = recordSeed(segment.seed, offset);
      view.setUint32(at, checksum(source, checksum(head, seed)), true);
      memtable.used = valueAt;
      memtable.addGap(offset, valueLength);
      this.#enter(KIND_PUT, segment, offset, length, expiry, at);
      this.#counters.directWrites++;
      this.#write(source);
      return;
    }
    if (valueLength <= LOOP_LENGTH_MAX) {
      for (let i = 0; i < valueLength; i++) image[valueAt + i] = value[i]!;
    } else if (value.length === valueLength) {
      image.set(value, valueAt);
    } else {
      image.set(value.subarray(0, valueLength), valueAt);
    }
    sealRecord(image, view, at, length, segment.seed, offset);
    memtable.used = at + length;
    this.#enter(KIND_PUT, segment, offset, length, expiry, at);
  }

  /** Appends a tombstone of the key at hand, which must have an entry. */
  appendTombstone(version: number, batchFlags: number): void {
    const key = this.#key;
    if (batchFlags === 0) {
      const bytes = RECORD_HEAD_BYTES_MAX + key.length;
      this.makeRoom(bytes, bytes, 1);
    }
    const { memtable } = this;
    const { segment, image, view } = memtable;
    const at = memtable.used;
    const offset = segment.length;
    const flags = this.#flags(KIND_TOMBSTONE | batchFlags, segment, 0);
    const keyAt = writeHead(
      view,
      at,
      flags,
      0,
      key.length,
      0,
      version,
      0,
      segment.syncedLength,
    );
    key.copyTo(image, keyAt);
    const length = keyAt - at + key.length;
    sealRecord(image, view, at, length, segment.seed, offset);
    memtable.used = at + length;
    this.#enter(KIND_TOMBSTONE, segment, offset, length, 0, at);
  }

  /** Appends a note that what expired by `horizon` is gone for good. */
  appendHorizon(horizon: number): void {
    const bytes = RECORD_HEAD_BYTES_MAX + CONTROL_EXPIRY_HORIZON_BYTES;
    this.makeRoom(bytes, bytes, 1);
    const { memtable } = this;
    const { segment, image, view } = memtable;
    const at = memtable.used;
    const offset = segment.length;
    const flags = this.#flags(KIND_CONTROL, segment, 0) & ~FLAG_BUCKET;
    const valueAt = writeHead(
      view,
      at,
      flags,
      0,
      0,
      CONTROL_EXPIRY_HORIZON_BYTES,
      this.nextVersion++,
      0,
      segment.syncedLength,
    );
    image[valueAt] = CONTROL_EXPIRY_HORIZON;
    setUint64(view, valueAt + 1, horizon);
    const length = valueAt - at + CONTROL_EXPIRY_HORIZON_BYTES;
    sealRecord(image, view, at, length, segment.seed, offset);
    memtable.used = at + length;
    this.#enter(KIND_CONTROL, segment, offset, length, 0, at);
    this.expiryHorizon = horizon;
  }

  #flags(kindAndBatch: number, segment: Segment, expiry: number): number {
    return kindAndBatch |
      (expiry !== 0 ? FLAG_EXPIRING : 0) |
      ((this.#key.tag & TAG_BUCKET) !== 0 ? FLAG_BUCKET : 0) |
      (segment.syncedLength > segment.markedLength ? FLAG_SYNC_MARK : 0);
  }

  /** Enters the record that was just encoded into the books. */
  #enter(
    kind: number,
    segment: Segment,
    offset: number,
    length: number,
    expiry: number,
    at: number,
  ): void {
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
    if (this.memtable.used > this.memtable.flushedUsed) this.#write(undefined);
  }

  /** Writes the pending part of the image, then a value that bypasses it. */
  #write(directValue: Uint8Array | undefined): void {
    const { memtable } = this;
    const { segment, image, flushedUsed, used } = memtable;
    const pending = image.subarray(flushedUsed, used);
    try {
      this.checkPoison();
      writeFully(
        segment.file,
        image,
        flushedUsed,
        pending.length,
        segment.flushedLength,
      );
      if (directValue !== undefined) {
        writeFully(
          segment.file,
          directValue,
          0,
          directValue.length,
          segment.flushedLength + pending.length,
        );
      }
    } catch (error) {
      throw this.#undoPending(error as StoreError);
    }
    memtable.noteFlushed(pending);
    if (directValue !== undefined) memtable.noteFlushed(directValue);
    memtable.flushedUsed = used;
    segment.flushedLength = segment.length;
    this.#counters.flushes++;
    this.#ledger.forgetUndo();
    this.onFlushed(undefined);
  }

  /** Takes back every record that was not flushed. */
  #undoPending(error: StoreError): StoreError {
    const { memtable } = this;
    const { segment, view, image } = memtable;
    segment.recordCount -= this.#ledger.undoCount;
    this.#ledger.rollback(segment, (at) => {
      const head = this.#head;
      head.read(view, at, memtable.used - at);
      this.#key.loadRecord(
        image,
        at + head.headLength,
        head.keyLength,
        (head.flags & FLAG_BUCKET) !== 0,
      );
      return head.length;
    });
    memtable.used = memtable.flushedUsed;
    while (
      memtable.gaps.length > 0 &&
      memtable.gaps.at(-1)!.recordOffset >= segment.flushedLength
    ) memtable.gaps.pop();
    segment.length = segment.flushedLength;
    // A mark may have been on a record that is gone; the next one repeats it.
    segment.markedLength = 0;
    try {
      // What part of the bytes got through is cut, so that the next record lands
      // where the books say. If we crash before this, the half record is a torn tail.
      segment.file.truncate(segment.flushedLength);
      if (error.code !== "DISK_FULL") this.poisonWith(error);
    } catch (truncateError) {
      this.poisonWith(truncateError as StoreError);
    }
    this.onFlushed(error);
    return error;
  }

  /** Starts a memtable; the old one serves reads and waits for its hint rows. */
  #sealMemtable(imageBytes: number): void {
    this.flush();
    const old = this.memtable;
    if (old.used > 0) {
      this.#counters.memtablesSealed++;
      this.sealed.push(old);
      this.#level0.add(old);
      while (this.sealed.length > this.#settings.numMemTables) {
        this.#recycle(this.sealed.shift()!);
      }
    }
    this.memtable = this.#newMemtable(imageBytes);
  }

  #recycle(memtable: Memtable): void {
    const isNeeded = this.#level0.waiting.includes(memtable);
    if (!isNeeded && memtable.image.length === this.#settings.memTableSize) {
      this.#spareImage = memtable.image;
    }
  }

  #newMemtable(imageBytes: number): Memtable {
    let image = this.#spareImage;
    if (image === undefined || image.length < imageBytes) {
      image = new Uint8Array(Math.max(FIRST_IMAGE_BYTES, imageBytes));
    } else {
      this.#spareImage = undefined;
    }
    return new Memtable(this.#log.active, image);
  }

  /**
   * Seals the active segment and starts the next.
   *
   * @throws {StoreError} If the old one cannot be synced or the new one not made.
   */
  rotate(): void {
    this.#sealMemtable(0);
    const old = this.#log.active;
    this.syncActive();
    this.#log.create(this.nextVersion, this.expiryHorizon);
    // Only now is the old segment sealed; the hint says so, and needs no sync: a
    // lost hint is made again from its segment.
    this.#level0.finish(old);
    this.#counters.rotations++;
    this.memtable = this.#newMemtable(0);
    this.onRotated(old);
  }

  /** Syncs the active segment on this thread; what was flushed is safe then. */
  syncActive(): void {
    const { active } = this.#log;
    if (active.syncedLength === active.flushedLength) return;
    const start = performance.now();
    try {
      active.file.sync();
    } catch (error) {
      // The kernel may have dropped the dirty pages and call them clean: a second
      // sync that succeeds would prove nothing.
      this.poisonWith(error as StoreError);
      throw error;
    }
    this.noteSynced(active, active.flushedLength, start);
  }

  /** Notes that a sync that began at `start` made `length` bytes of a segment safe. */
  noteSynced(segment: Segment, length: number, start: number): void {
    if (length > segment.syncedLength) segment.syncedLength = length;
    this.#counters.syncs++;
    this.#counters.syncLatency.add((performance.now() - start) * 1000);
  }

  /** Writes what remains of the hint rows. */
  drainLevel0(): void {
    this.#sealMemtable(0);
    this.#level0.drain();
  }
}

/** Bytes of a record's largest possible form, for making room. */
export function recordBytesMax(keyLength: number, valueLength: number): number {
  return headLength(FLAG_EXPIRING | FLAG_SYNC_MARK) + keyLength + valueLength;
}

/**
 * One segment: an append-only file of records, and what is known of it.
 *
 * Invariant: live + dead bytes = length - header; so only the dead ones are counted.
 *
 * @module
 */

import { CorruptionError, type StoreError } from "../errors.ts";
import { type FileHandle, readFully, writeFully } from "../fs/file_system.ts";
import { checksum } from "../format/checksum.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";

/** Bytes that are summed or written once more at a time. */
const PIECE_BYTES = 1 << 20;

/** A segment of the value log. */
export class Segment {
  /** The place in the order of truth; later segments have higher ids. */
  readonly id: number;
  /** The open file. */
  readonly file: FileHandle;
  /** The segment's part of the seed of its records' checksums. */
  readonly seed: number;
  /** The lowest version no earlier segment can hold. */
  readonly nextVersion: number;
  /** What expired by then is gone for good. */
  readonly expiryHorizon: number;
  /** Bytes appended, the header included. */
  length: number = FILE_HEADER_BYTES;
  /** Bytes handed to the operating system. */
  flushedLength: number = FILE_HEADER_BYTES;
  /** Bytes known to be on the medium. */
  syncedLength: number = FILE_HEADER_BYTES;
  /** How often the file was cut; a cut may not last until it is synced. */
  cuts = 0;
  /** How many of these cuts are synced. */
  syncedCuts = 0;
  /** The highest sync mark among its records. */
  markedLength: number = FILE_HEADER_BYTES;
  /** Records appended. */
  recordCount = 0;
  /** Bytes of records that no index entry points at. */
  deadBytes = 0;
  /** Bytes of its hint file. */
  hintBytes = 0;
  /** Damage was found in it; the garbage collector leaves it alone. */
  isDamaged = false;
  /** What else than damage bad bytes at an offset may be, where a reader can tell. */
  excuse: ((offset: number) => StoreError | undefined) | undefined;
  #readers = 0;
  #isClosed = false;

  /** Wraps an open file whose header was checked or just written. */
  constructor(
    id: number,
    file: FileHandle,
    seed: number,
    nextVersion: number,
    expiryHorizon: number,
  ) {
    this.id = id;
    this.file = file;
    this.seed = seed;
    this.nextVersion = nextVersion;
    this.expiryHorizon = expiryHorizon;
  }

  /** Bytes of records: the length without the header. */
  get recordBytes(): number {
    return this.length - FILE_HEADER_BYTES;
  }

  /** Bytes of records that the index points at. */
  get liveBytes(): number {
    return this.recordBytes - this.deadBytes;
  }

  /** Dead bytes as a part of all; an empty segment counts as wholly dead. */
  get discardRatio(): number {
    return this.recordBytes === 0 ? 1 : this.deadBytes / this.recordBytes;
  }

  /** Reads `length` bytes at `offset`, all of which must be there. */
  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    offset: number,
  ): void {
    const count = readFully(this.file, target, targetOffset, length, offset);
    if (count < length) throw this.#cutOff(offset + count);
  }

  /** The same off the event loop. */
  async readAsync(
    target: Uint8Array,
    length: number,
    offset: number,
  ): Promise<void> {
    let done = 0;
    while (done < length) {
      const count = await this.file.readAsync(
        target,
        done,
        length - done,
        offset + done,
      );
      if (count === 0) throw this.#cutOff(offset + done);
      done += count;
    }
  }

  /** CRC-32 of the bytes from `from` up to `to`, going on from `sum`, in pieces. */
  checksumRange(from: number, to: number, sum: number): number {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, to - from));
    for (let at = from; at < to;) {
      const step = Math.min(piece.length, to - at);
      this.read(piece, 0, step, at);
      sum = checksum(piece.subarray(0, step), sum);
      at += step;
    }
    return sum;
  }

  /**
   * Writes the bytes from `from` up to `to` once more, in place and through `file`. A
   * sync that failed may have left bytes that can be read, count as clean and are not
   * on the medium; only what is dirty again will get there.
   */
  renew(file: FileHandle, from: number, to: number): void {
    if (file.renew !== undefined) {
      file.renew(from, to);
      return;
    }
    const piece = new Uint8Array(Math.min(PIECE_BYTES, Math.max(0, to - from)));
    for (let at = from; at < to;) {
      const step = Math.min(piece.length, to - at);
      this.read(piece, 0, step, at);
      writeFully(file, piece, 0, step, at);
      at += step;
    }
  }

  #cutOff(offset: number): StoreError {
    return this.corruption(
      "read a record",
      offset,
      "the file ends before the record does",
    );
  }

  /** An error that names this segment's file. */
  corruption(action: string, offset: number, reason: string): StoreError {
    return this.excuse?.(offset) ?? new CorruptionError(
      action,
      { path: this.file.path, segmentId: this.id, offset },
      reason,
    );
  }

  /** Keeps the file open, though it be retired, until {@linkcode unpin}. */
  pin(): void {
    this.#readers++;
  }

  /** Ends a {@linkcode pin}. */
  unpin(): void {
    this.#readers--;
    this.#closeIfUnused();
  }

  /** Closes the file once its last reader left. */
  close(): void {
    this.#isClosed = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#isClosed && this.#readers === 0) this.file.close();
  }
}

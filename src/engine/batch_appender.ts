/**
 * Appends a batch to the value log: its records are copied into the active memtable
 * in one piece, then finished and entered into the books one by one.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import {
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  FLAG_EXPIRING,
  FLAG_SYNC_MARK,
  FLAGS_OFFSET,
  getUint64,
  headLength,
  KIND_MASK,
  RECORD_HEAD_BYTES,
  sealRecord,
  setUint64,
  setVersion,
} from "../format/record.ts";
import type { BatchBuffer } from "./batch_buffer.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { LogWriter } from "./log_writer.ts";
import type { Memtable } from "./memtable.ts";
import type { WriterSettings } from "./settings.ts";

/** Bytes that a batch may take beside its records: the first may carry a sync mark. */
const BATCH_EXTRA_BYTES = 4;

/**
 * Bytes that a batch takes at most.
 *
 * @throws {StoreError} `BATCH_TOO_LARGE` if it does not fit in one segment.
 */
export function bytesOfBatch(
  { count, length }: BatchBuffer,
  { valueLogFileSize, valueLogMaxEntries }: WriterSettings,
): number {
  const bytes = length + BATCH_EXTRA_BYTES;
  if (bytes > valueLogFileSize || count > valueLogMaxEntries) {
    throw new StoreError(
      "BATCH_TOO_LARGE",
      `Cannot commit a batch of ${count} operations and ${length} bytes: ` +
        `it must fit in one segment (value_log_max_entries ${valueLogMaxEntries}, ` +
        `value_log_file_size ${valueLogFileSize} bytes). Split it`,
    );
  }
  return bytes;
}

/**
 * Appends all operations of a batch; there must be room for them. Expiries count
 * from `now`.
 */
export function appendBatch(
  writer: LogWriter,
  key: KeyBuffer,
  batch: BatchBuffer,
  now: number,
): void {
  const memtable = writer.memtables.active;
  const { segment, image, view } = memtable;
  const base = memtable.used;
  const markBytes = copyRecords(memtable, batch);
  const version = writer.nextVersion++;
  const { count, starts, hashes } = batch;
  const last = count - 1;
  for (let i = 0; i <= last; i++) {
    const at = i === 0 ? base : base + starts[i]! + markBytes;
    const end = base + markBytes + (i === last ? batch.length : starts[i + 1]!);
    let flags = image[at + FLAGS_OFFSET]!;
    if (last > 0) {
      flags |= i === last ? FLAG_BATCH | FLAG_BATCH_END : FLAG_BATCH;
      image[at + FLAGS_OFFSET] = flags;
    }
    setVersion(view, at, version);
    let expiry = 0;
    if ((flags & FLAG_EXPIRING) !== 0) {
      expiry = now + getUint64(view, at + RECORD_HEAD_BYTES);
      setUint64(view, at + RECORD_HEAD_BYTES, expiry);
    }
    const isBucket = (flags & FLAG_BUCKET) !== 0;
    const keyAt = at + headLength(flags);
    const keyLength = view.getUint16(at + FLAGS_OFFSET + 2, true);
    key.loadHashed(image, view, keyAt, keyLength, isBucket, hashes[i]!);
    sealRecord(image, view, at, end - at, segment.seed, segment.length);
    memtable.used = end;
    writer.enter(flags & KIND_MASK, segment, end - at, expiry, at);
  }
}

/**
 * Copies the records behind the memtable's last. If a sync mark is due, the first
 * record gets it; returns the bytes that it takes.
 */
function copyRecords(memtable: Memtable, batch: BatchBuffer): number {
  const { segment, image, view, used } = memtable;
  const { bytes, length } = batch;
  if (segment.syncedLength <= segment.markedLength) {
    image.set(bytes.subarray(0, length), used);
    return 0;
  }
  const markAt = headLength(bytes[FLAGS_OFFSET]!);
  image.set(bytes.subarray(0, markAt), used);
  view.setUint32(used + markAt, segment.syncedLength, true);
  image.set(bytes.subarray(markAt, length), used + markAt + 4);
  image[used + FLAGS_OFFSET]! |= FLAG_SYNC_MARK;
  return 4;
}

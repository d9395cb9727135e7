/**
 * Restoring: a backup becomes a new store, or is applied to one that is open.
 *
 * Nothing of a backup that was not checked to its end is ever taken for a store:
 * - a new store is marked as unfinished, and so does not open, until the backup's end
 *   was found to be right and everything is on the medium;
 * - what is applied to an open store is received whole into a file beside it and
 *   checked first. From then on that file stands for the work still to be done: what
 *   a crash leaves of it is done at the next open. Doing it twice is doing it once.
 *
 * @module
 */

import {
  CorruptionError,
  InputError,
  StoreClosedError,
  StoreError,
} from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { compareOrderKeys, FIRST, orderKey } from "../engine/key_order.ts";
import { KeySweep } from "../engine/key_sweep.ts";
import { completeViewAsync } from "../engine/range_scan.ts";
import {
  filesBelow,
  joinPath,
  openIfPresent,
  removeIfPresent,
  writeFully,
} from "../fs/file_system.ts";
import { BACKUP_INCREMENTAL_KEYS, CHUNK_KEYS } from "../format/backup.ts";
import { SPOOL_NAME, temporaryName } from "../format/file_names.ts";
import type { BackupReport } from "./backup.ts";
import { type BackupChunk, BackupReader, damaged } from "./backup_reader.ts";
import { checkBase, lineageOf, writeBase } from "./base_file.ts";
import { ByteSource } from "./byte_source.ts";
import { RowWriter } from "./row_writer.ts";
import {
  markFinished,
  markUnfinished,
  removeUnfinished,
} from "./unfinished.ts";

/** How {@linkcode Store.restore} goes. */
export interface RestoreOptions {
  /**
   * Ends it with the signal's reason: nothing of the backup is kept then. Once a
   * backup that is applied to an open store was received and checked, it is too late.
   */
  signal?: AbortSignal;
}

const ACTION = "restore a backup";

/** Makes a new store of a full backup. */
export async function restoreNew(
  readable: ReadableStream<Uint8Array>,
  openTarget: () => Engine,
  { signal }: RestoreOptions,
): Promise<BackupReport> {
  const source = ByteSource.ofStream(readable, ACTION, signal);
  let engine: Engine | undefined;
  try {
    engine = openTarget();
    const report = await fill(engine, source);
    source.close();
    return report;
  } catch (error) {
    source.close(error);
    throw error;
  } finally {
    await engine?.close();
  }
}

async function fill(
  engine: Engine,
  source: ByteSource,
): Promise<BackupReport> {
  const { directory } = engine.log;
  const files = filesBelow(engine.log.files);
  if (engine.recovery.source !== "new") {
    throw new StoreError(
      "BAD_PATH",
      `Cannot restore to ${directory}: there is a store already. ` +
        `Choose an empty directory, or open it and call its restore`,
      { path: directory },
    );
  }
  markUnfinished(files, directory);
  try {
    const reader = await BackupReader.open(source);
    if (!reader.isFull) {
      throw new StoreError(
        "WRONG_BASE",
        `Cannot restore to ${directory}: the backup is an incremental one. ` +
          `Restore a full one first`,
        { path: directory },
      );
    }
    const report = await apply(engine, reader);
    await engine.close();
    markFinished(files, directory);
    return report;
  } catch (error) {
    await engine.close().catch(() => {});
    removeUnfinished(files, directory);
    throw error;
  }
}

/** The restore of each store that is under way. */
const underWay = new WeakMap<Engine, Promise<unknown>>();

/** Applies a backup to an open store; one at a time. */
export function restoreOver(
  engine: Engine,
  readable: ReadableStream<Uint8Array>,
  options: RestoreOptions,
): Promise<BackupReport> {
  const before = underWay.get(engine) ?? Promise.resolve();
  const restored = before.then(() => receive(engine, readable, options));
  underWay.set(engine, restored.catch(() => {}));
  return restored;
}

async function receive(
  engine: Engine,
  readable: ReadableStream<Uint8Array>,
  { signal }: RestoreOptions,
): Promise<BackupReport> {
  engine.check(ACTION);
  // One that could not be applied whole, for want of space perhaps.
  await finishRestore(engine);
  const { files, directory } = engine.log;
  const path = joinPath(directory, SPOOL_NAME);
  const aside = temporaryName(path);
  removeIfPresent(files, aside);
  const file = files.open(aside, "create");
  let length = 0;
  let source: ByteSource | undefined;
  try {
    source = ByteSource.ofStream(readable, ACTION, signal, (piece) => {
      writeFully(file, piece, 0, piece.length, length);
      length += piece.length;
    });
    await verify(engine, source);
    source.close();
    file.sync();
  } catch (error) {
    source?.close(error);
    file.close();
    removeIfPresent(files, aside);
    throw error;
  }
  file.close();
  engine.check(ACTION);
  // If we crash before this, nothing has happened; after it, all of it will.
  files.rename(aside, path);
  files.syncDirectory(directory);
  return (await finishRestore(engine))!;
}

/** Reads a backup to its end and checks that it can be applied. */
async function verify(engine: Engine, source: ByteSource): Promise<void> {
  const reader = await BackupReader.open(source);
  if (!reader.isFull) checkBase(engine, reader.header);
  const { valueLogFileSize } = engine.settings;
  let last = FIRST;
  for (;;) {
    const chunk = await reader.next();
    if (chunk === undefined) break;
    if (chunk.kind === CHUNK_KEYS) {
      for (const { key, isBucket } of reader.keys(chunk)) {
        const next = orderKey(key, isBucket);
        if (compareOrderKeys(last, next) >= 0) throw unordered(chunk);
        last = next;
      }
    } else {
      for (const { valueLength } of reader.rows(chunk)) {
        if (valueLength <= valueLogFileSize) continue;
        throw new RangeError(
          `Cannot restore a value of ${valueLength} bytes: ` +
            `a value has at most value_log_file_size (${valueLogFileSize}) bytes`,
        );
      }
    }
    await breathe(engine);
  }
  // Others may have written in the meantime.
  if (!reader.isFull) checkBase(engine, reader.header);
}

/**
 * Applies the backup that was received whole, if there is one that was not applied to
 * its end.
 */
export async function finishRestore(
  engine: Engine,
): Promise<BackupReport | undefined> {
  const { files, directory } = engine.log;
  const path = joinPath(directory, SPOOL_NAME);
  const file = openIfPresent(files, path);
  if (file === undefined) return undefined;
  let report: BackupReport;
  try {
    const reader = await BackupReader.open(ByteSource.ofFile(file));
    report = await apply(engine, reader);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // It was right when it was received.
    throw new CorruptionError(
      "finish the restore of a backup",
      { path, offset: error.offset },
      error.message,
    );
  } finally {
    file.close();
  }
  files.remove(path);
  files.syncDirectory(directory);
  return report;
}

/** Applies a backup; when this returns, it is on the medium. */
async function apply(
  engine: Engine,
  reader: BackupReader,
): Promise<BackupReport> {
  const { writer, queue, log } = engine;
  const { header } = reader;
  begin(engine, reader);
  if (reader.isFull && engine.ledger.liveKeys > 0) {
    await removeRest(engine, await beginSweep(engine));
  }
  const rows = new RowWriter(engine);
  let sweep: KeySweep | undefined;
  for (;;) {
    const chunk = await reader.next();
    if (chunk === undefined) break;
    if (chunk.kind === CHUNK_KEYS) {
      rows.commit();
      sweep ??= await beginSweep(engine);
      for (const { key, isBucket } of reader.keys(chunk)) {
        if (!sweep.keep(orderKey(key, isBucket))) throw unordered(chunk);
      }
      await queue.done;
    } else {
      for (const row of reader.rows(chunk)) {
        const { keyStart, keyLength, valueLength, isBucket } = row;
        rows.makeRoom(valueLength);
        engine.key.loadRecord(chunk.body, keyStart, keyLength, isBucket);
        if (row.isPut) {
          const start = keyStart + keyLength;
          const value = chunk.body.subarray(start, start + valueLength);
          rows.put(value, valueLength, row.expiry, row.codec);
        } else rows.remove();
      }
      await rows.settle();
    }
    await breathe(engine);
  }
  await rows.finish();
  if (header.kind === BACKUP_INCREMENTAL_KEYS) {
    await removeRest(engine, sweep ?? await beginSweep(engine));
  }
  await queue.sync();
  writeBase(filesBelow(log.files), log.directory, {
    lineage: lineageOf(engine),
    origin: header.lineage,
    originVersion: header.version,
    ownVersion: writer.nextVersion - 1,
  });
  return reader.report!;
}

/** Takes over what the backup says of time and versions. */
function begin(engine: Engine, { header }: BackupReader): void {
  const { writer } = engine;
  writer.flush();
  // No versionstamp that a client has from the other store is ever given out here.
  // The new segment's header says where versions go on.
  if (writer.nextVersion <= header.version) {
    writer.nextVersion = header.version + 1;
    writer.rotate();
  }
  if (header.expiryHorizon > writer.expiryHorizon) {
    // What the other store's readers saw expire stays expired.
    engine.advanceClock(header.expiryHorizon);
    engine.sweep();
    if (header.expiryHorizon > writer.expiryHorizon) {
      writer.appendHorizon(header.expiryHorizon);
      writer.flush();
    }
  }
}

function unordered({ offset }: BackupChunk): InputError {
  return damaged(offset, "the listed keys are not in their order");
}

async function beginSweep(engine: Engine): Promise<KeySweep> {
  await completeViewAsync(engine, undefined);
  return new KeySweep(engine);
}

async function removeRest(engine: Engine, sweep: KeySweep): Promise<void> {
  while (sweep.finish()) {
    await engine.queue.done;
    await breathe(engine);
  }
  await engine.queue.done;
}

async function breathe(engine: Engine): Promise<void> {
  const { host } = engine.log;
  if (host.shouldBreathe()) await host.breathe();
  if (engine.status !== "open") throw new StoreClosedError(ACTION);
}

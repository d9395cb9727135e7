/**
 * Backups: what a store held at one moment, as a stream of bytes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { StoreError } from "../errors.ts";
import { BackupScan, type ScannedRecord } from "../engine/backup_scan.ts";
import type { Engine } from "../engine/engine.ts";
import {
  BACKUP_FULL,
  BACKUP_INCREMENTAL,
  BACKUP_INCREMENTAL_KEYS,
  CHUNK_END,
  CHUNK_HEAD_BYTES,
  CHUNK_KEYS,
  CHUNK_ROWS,
  encodeBackupHeader,
  encodeChunkHead,
  encodeTotals,
  keyRowLength,
  ROW_HEAD_BYTES_MAX,
  seedOf,
  TOTALS_BYTES,
  writeKeyRow,
  writeRowHead,
} from "../format/backup.ts";
import { checksum } from "../format/checksum.ts";
import { lineageOf } from "./base_file.ts";
import { ByteSink } from "./byte_sink.ts";
import { readVersionstamp, writeVersionstamp } from "./versionstamp.ts";

/** Bytes at which a chunk is handed on. */
const CHUNK_BYTES = 256 * 1024;
/** A value of at least this many bytes is not copied into a chunk with others. */
const LARGE_VALUE_BYTES = 128 * 1024;

/** How {@linkcode Store.backup} goes. */
export interface BackupOptions {
  /**
   * The `versionstamp` of an earlier backup's report: only what changed since is
   * written. Without it everything is.
   */
  since?: string;
  /** Ends the backup with the signal's reason; the stream is aborted. */
  signal?: AbortSignal;
  /** Called after each piece with the counts so far; must not throw. */
  onProgress?: (progress: BackupProgress) => void;
}

/** How far {@linkcode Store.backup} is. */
export interface BackupProgress {
  /** Keys written, with their values or as gone. */
  keys: number;
  /** Bytes written. */
  bytes: number;
}

/** What a backup holds, as {@linkcode Store.backup} and restoring it tell. */
export interface BackupReport {
  /** Keys with their values. */
  entries: number;
  /** Keys that are gone. */
  deletes: number;
  /**
   * Keys listed so that all others can be deleted: 0 unless what was deleted since is
   * not in the log any more.
   */
  listed: number;
  /** Bytes of the backup. */
  bytes: number;
  /** The newest commit in it; what the next backup's `since` takes. */
  versionstamp: string;
  /** The versionstamp that it builds on; absent for a full backup. */
  since?: string;
  /** SHA-256 of its contents, 64 hexadecimal digits. */
  digest: string;
}

/** Writes chunks to a stream. */
class BackupWriter {
  readonly #sink: ByteSink;
  readonly #hash = createHash("sha256");
  readonly #seed: number;
  #body = new Uint8Array(CHUNK_HEAD_BYTES + CHUNK_BYTES);
  #view = new DataView(this.#body.buffer);
  #used = CHUNK_HEAD_BYTES;
  #rows = 0;
  #kind = CHUNK_ROWS;
  #number = 0;
  entries = 0;
  deletes = 0;
  keys = 0;

  constructor(sink: ByteSink, seed: number) {
    this.#sink = sink;
    this.#seed = seed;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The stream's owner may take the bytes away from us.
    this.#hash.update(bytes);
    await this.#sink.write(bytes);
  }

  /** Adds a row; what is returned is to be awaited before the next one. */
  put(record: ScannedRecord): Promise<void> | undefined {
    const { key, value, isPut } = record;
    if (isPut) this.entries++;
    else this.deletes++;
    const isLarge = value.length >= LARGE_VALUE_BYTES;
    const room = ROW_HEAD_BYTES_MAX + key.length + (isLarge ? 0 : value.length);
    // Only what has a row is valid after the wait, so the row is made before it.
    const full = this.#makeRoom(CHUNK_ROWS, room);
    const keyAt = writeRowHead(this.#view, this.#used, {
      isPut,
      isBucket: record.isBucket,
      codec: isPut ? record.head.codec : 0,
      version: record.head.version,
      expiry: isPut ? record.head.expiry : 0,
      keyLength: key.length,
      valueLength: value.length,
    });
    this.#body.set(key, keyAt);
    this.#used = keyAt + key.length;
    this.#rows++;
    if (!isLarge) {
      this.#body.set(value, this.#used);
      this.#used += value.length;
      return full && this.write(full);
    }
    const owned = record.isOwned ? value : value.slice();
    return this.#writeLarge(full, this.#seal(owned), owned);
  }

  async #writeLarge(
    full: Uint8Array | undefined,
    chunk: Uint8Array,
    value: Uint8Array,
  ): Promise<void> {
    if (full !== undefined) await this.write(full);
    await this.write(chunk);
    await this.write(value);
  }

  /** Adds a key to the list; what is returned is to be awaited. */
  list(key: Uint8Array, isBucket: boolean): Promise<void> | undefined {
    this.keys++;
    const length = keyRowLength(key.length);
    const full = this.#makeRoom(CHUNK_KEYS, length);
    writeKeyRow(this.#body, this.#used, key, isBucket);
    this.#used += length;
    this.#rows++;
    return full && this.write(full);
  }

  /** Ends the chunk that has no room, or is of another kind; it is to be written. */
  #makeRoom(kind: number, bytes: number): Uint8Array | undefined {
    const hasRoom = kind === this.#kind &&
      this.#used + bytes <= this.#body.length;
    const full = hasRoom || this.#rows === 0 ? undefined : this.#seal();
    this.#kind = kind;
    return full;
  }

  /** The chunk so far, which `tail` follows; the next one is begun. */
  #seal(tail?: Uint8Array): Uint8Array {
    const chunk = this.#body.subarray(0, this.#used);
    const body = chunk.subarray(CHUNK_HEAD_BYTES);
    let sum = checksum(body);
    if (tail !== undefined) sum = checksum(tail, sum);
    chunk.set(encodeChunkHead({
      kind: this.#kind,
      number: this.#number++,
      rows: this.#rows,
      length: body.length + (tail?.length ?? 0),
      bodyChecksum: sum,
    }, this.#seed));
    this.#body = new Uint8Array(CHUNK_HEAD_BYTES + CHUNK_BYTES);
    this.#view = new DataView(this.#body.buffer);
    this.#used = CHUNK_HEAD_BYTES;
    this.#rows = 0;
    return chunk;
  }

  /** Writes the end; returns the digest. */
  async finish(): Promise<string> {
    if (this.#rows > 0) await this.write(this.#seal());
    const { entries, deletes, keys } = this;
    const totals = encodeTotals({ entries, deletes, keys, bytes: 0 });
    const bytes = this.#sink.bytes + CHUNK_HEAD_BYTES + totals.length;
    const end = encodeTotals({ entries, deletes, keys, bytes });
    const digest = this.#hash.update(end.subarray(0, TOTALS_BYTES)).digest();
    end.set(digest, TOTALS_BYTES);
    this.#kind = CHUNK_END;
    this.#body.set(end, CHUNK_HEAD_BYTES);
    this.#used += end.length;
    await this.#sink.write(this.#seal());
    return digest.toString("hex");
  }
}

/** Writes a backup of the store; see {@linkcode Store.backup}. */
export async function backup(
  engine: Engine,
  writable: WritableStream<Uint8Array>,
  options: BackupOptions,
): Promise<BackupReport> {
  const { since, signal } = options;
  const from = since === undefined ? -1 : readVersionstamp(since);
  return await ByteSink.use(
    engine,
    writable,
    signal,
    "back up the store",
    async (sink) => {
      const lineage = lineageOf(engine);
      const scan = new BackupScan(engine, from);
      try {
        return await write(engine, lineage, scan, from, sink, options);
      } finally {
        scan.close();
      }
    },
  );
}

async function write(
  engine: Engine,
  lineage: Uint8Array,
  scan: BackupScan,
  from: number,
  sink: ByteSink,
  { signal, onProgress }: BackupOptions,
): Promise<BackupReport> {
  const { version } = scan.moment;
  if (from > version) {
    throw new StoreError(
      "WRONG_BASE",
      `Cannot back up what changed since version ${from}: the store is at version ` +
        `${version}. Give the versionstamp of a backup of this store`,
    );
  }
  const header = encodeBackupHeader({
    lineage,
    created: engine.log.host.now(),
    since: Math.max(0, from),
    version,
    expiryHorizon: scan.expiryHorizon,
    kind: from < 0
      ? BACKUP_FULL
      : scan.isComplete
      ? BACKUP_INCREMENTAL
      : BACKUP_INCREMENTAL_KEYS,
  });
  const writer = new BackupWriter(sink, seedOf(header));
  await writer.write(header);
  for (const record of scan.records()) {
    if (record === undefined) {
      await sink.breathe();
      continue;
    }
    const written = writer.put(record);
    if (written === undefined) continue;
    await written;
    sink.check();
    onProgress?.({
      keys: writer.entries + writer.deletes,
      bytes: sink.bytes,
    });
  }
  if (!scan.isComplete) {
    for await (const { isBucket, keys } of scan.keys(signal)) {
      for (const key of keys) {
        const written = writer.list(key, isBucket);
        if (written !== undefined) await written;
      }
      sink.check();
      await sink.breathe();
    }
  }
  const { entries, deletes, keys } = writer;
  const digest = await writer.finish();
  return {
    entries,
    deletes,
    listed: keys,
    bytes: sink.bytes,
    versionstamp: writeVersionstamp(version),
    ...(from < 0 ? {} : { since: writeVersionstamp(from) }),
    digest,
  };
}

/**
 * Reads a backup chunk by chunk and checks all of it: each chunk before it is given
 * out, and at the end the counts and the digest of the whole.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { InputError, StoreError } from "../errors.ts";
import {
  BACKUP_FULL,
  BACKUP_HEADER_BYTES,
  BACKUP_INCREMENTAL_KEYS,
  type BackupHeader,
  type BackupRow,
  type BackupTotals,
  CHUNK_END,
  CHUNK_HEAD_BYTES,
  CHUNK_KEYS,
  CHUNK_ROWS,
  type ChunkHead,
  decodeBackupHeader,
  decodeChunkHead,
  decodeTotals,
  DIGEST_BYTES,
  keyRowLength,
  readKeyRow,
  readRow,
  seedOf,
  TOTALS_BYTES,
} from "../format/backup.ts";
import { checksum } from "../format/checksum.ts";
import type { BackupReport } from "./backup.ts";
import type { ByteSource } from "./byte_source.ts";
import { writeVersionstamp } from "./versionstamp.ts";

/** A chunk whose checksum matched. */
export interface BackupChunk {
  kind: number;
  body: Uint8Array;
  rows: number;
  /** Where in the backup its body begins. */
  offset: number;
}

/** Reads one backup. */
export class BackupReader {
  /** What the header says. */
  readonly header: BackupHeader;
  /** What the end says, once it was reached and found to be right. */
  report: BackupReport | undefined;
  readonly #source: ByteSource;
  readonly #seed: number;
  readonly #hash = createHash("sha256");
  readonly #counts: BackupTotals = {
    entries: 0,
    deletes: 0,
    keys: 0,
    bytes: 0,
  };
  #number = 0;

  private constructor(
    source: ByteSource,
    header: BackupHeader,
    bytes: Uint8Array,
  ) {
    this.#source = source;
    this.header = header;
    this.#seed = seedOf(bytes);
    this.#hash.update(bytes);
  }

  /**
   * Reads the header.
   *
   * @throws {InputError} If it is not that of a backup.
   * @throws {StoreError} `UNSUPPORTED_FORMAT` if a newer version wrote it.
   */
  static async open(source: ByteSource): Promise<BackupReader> {
    const bytes = await source.take(BACKUP_HEADER_BYTES);
    if (bytes.length < BACKUP_HEADER_BYTES) {
      throw damaged(bytes.length, "the header is cut off");
    }
    const header = decodeBackupHeader(bytes);
    if (header === "newer") {
      throw new StoreError(
        "UNSUPPORTED_FORMAT",
        "Cannot restore the backup: a newer version wrote it. Use a newer @sett/badger",
      );
    }
    if (typeof header === "string") throw damaged(0, header);
    return new BackupReader(source, header, bytes);
  }

  /** True if it holds everything. */
  get isFull(): boolean {
    return this.header.kind === BACKUP_FULL;
  }

  /** The next chunk of rows or keys; `undefined` when the end was found to be right. */
  async next(): Promise<BackupChunk | undefined> {
    const source = this.#source;
    const start = source.offset;
    const headBytes = await source.take(CHUNK_HEAD_BYTES);
    if (headBytes.length < CHUNK_HEAD_BYTES) {
      throw damaged(source.offset, "the backup is cut off");
    }
    const head = decodeChunkHead(headBytes, this.#seed);
    if (head === undefined) {
      throw damaged(start, "the head of a chunk does not have its checksum");
    }
    if (head.number !== this.#number++) {
      throw damaged(
        start,
        `chunk ${head.number} stands where chunk ${this.#number - 1} should`,
      );
    }
    if (head.kind === CHUNK_END && head.length > TOTALS_BYTES + DIGEST_BYTES) {
      throw damaged(start, "the end is impossible");
    }
    const offset = source.offset;
    const body = await source.take(head.length);
    if (body.length < head.length) {
      throw damaged(source.offset, "the backup is cut off");
    }
    if (checksum(body) !== head.bodyChecksum) {
      throw damaged(offset, "the chunk's checksum does not match");
    }
    if (head.kind === CHUNK_END) {
      await this.#finish(body, offset);
      return undefined;
    }
    this.#hash.update(headBytes).update(body);
    this.#count(head, start);
    return { kind: head.kind, body, rows: head.rows, offset };
  }

  #count({ kind, rows }: ChunkHead, start: number): void {
    const { kind: backupKind } = this.header;
    if (kind === CHUNK_ROWS && this.#counts.keys > 0) {
      throw damaged(start, "rows follow the list of keys");
    }
    if (kind === CHUNK_KEYS && backupKind === BACKUP_INCREMENTAL_KEYS) {
      this.#counts.keys += rows;
    } else if (kind !== CHUNK_ROWS) {
      throw damaged(start, `a chunk of kind ${kind} has no place in it`);
    }
  }

  /** The rows of a chunk of rows. */
  *rows(chunk: BackupChunk): Generator<BackupRow> {
    let at = 0;
    for (let i = 0; i < chunk.rows; i++) {
      const row = readRow(chunk.body, at);
      if (row === undefined || (!row.isPut && this.isFull)) {
        throw damaged(chunk.offset + at, "there is no row here");
      }
      at = row.keyStart + row.keyLength + row.valueLength;
      if (row.isPut) this.#counts.entries++;
      else this.#counts.deletes++;
      yield row;
    }
    if (at !== chunk.body.length) {
      throw damaged(chunk.offset + at, "the chunk does not end with its rows");
    }
  }

  /** The keys of a chunk of keys. */
  *keys(chunk: BackupChunk): Generator<{ isBucket: boolean; key: Uint8Array }> {
    let at = 0;
    for (let i = 0; i < chunk.rows; i++) {
      const row = readKeyRow(chunk.body, at);
      if (row === undefined) {
        throw damaged(chunk.offset + at, "there is no key here");
      }
      at += keyRowLength(row.key.length);
      yield row;
    }
    if (at !== chunk.body.length) {
      throw damaged(chunk.offset + at, "the chunk does not end with its keys");
    }
  }

  async #finish(body: Uint8Array, offset: number): Promise<void> {
    const source = this.#source;
    if (body.length !== TOTALS_BYTES + DIGEST_BYTES) {
      throw damaged(offset, "the end is impossible");
    }
    const totals = decodeTotals(body);
    const digest = this.#hash.update(body.subarray(0, TOTALS_BYTES)).digest();
    const stated = body.subarray(TOTALS_BYTES);
    if (digest.some((byte, i) => byte !== stated[i])) {
      throw damaged(offset, "the digest of the whole does not match");
    }
    const { entries, deletes, keys } = this.#counts;
    if (
      totals.entries !== entries || totals.deletes !== deletes ||
      totals.keys !== keys || totals.bytes !== source.offset
    ) {
      throw damaged(offset, "the counts at the end do not match");
    }
    if (await source.peek() !== undefined) {
      throw damaged(source.offset, "something follows the end");
    }
    const { version, since } = this.header;
    this.report = {
      entries,
      deletes,
      listed: keys,
      bytes: source.offset,
      versionstamp: writeVersionstamp(version),
      ...(this.isFull ? {} : { since: writeVersionstamp(since) }),
      digest: digest.toString("hex"),
    };
  }
}

/** An error that says where a backup makes no sense. */
export function damaged(offset: number, reason: string): InputError {
  return new InputError(
    "BACKUP_DAMAGED",
    "restore the backup",
    { offset },
    reason,
  );
}

/**
 * The index snapshot: the hash index as it stood at a clean close, so that the next
 * open reads it back instead of the log.
 *
 * After the file header come, all as 32-bit words in the machine's byte order:
 *
 * ```text
 * byte order mark, secret of the hash (2), live keys (2), count of segments,
 * depth of the directory, count of tables, end of the arena (2)
 * segment*   id, length, records, dead bytes (2), hint bytes
 * table*     slots as in hash_index.ts, count of used slots, depth
 * arena      as in key_arena.ts, up to its end
 * checksum   CRC-32 of everything after the file header
 * ```
 *
 * It is written aside, synced and renamed. Whatever is wrong with it, the store
 * reads hints or segments instead; it is removed before the first segment it names
 * is retired.
 *
 * @module
 */

import {
  type FileHandle,
  type FileSystem,
  joinPath,
  readFully,
  removeIfPresent,
  writeFully,
} from "../fs/file_system.ts";
import { checksum } from "../format/checksum.ts";
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  sameStore,
} from "../format/file_header.ts";
import { SNAPSHOT_NAME, temporaryName } from "../format/file_names.ts";
import { type HashIndex, TABLE_WORDS } from "./hash_index.ts";
import { BLOCK_WORDS } from "./key_arena.ts";
import type { KeyLedger } from "./key_ledger.ts";

const BYTE_ORDER_MARK = 0x01020304;
const META_WORDS = 10;
const SEGMENT_WORDS = 6;
const WORD = 2 ** 32;
const DEPTH_MAX = 28;
/** Words of one table in the file: its slots, count and depth. */
export const TABLE_FILE_WORDS: number = TABLE_WORDS + 2;
/** Tables that are read and written together: about 1 MiB. */
const TABLES_A_PIECE = 128;

/** What a snapshot knows of a segment. */
export interface SnapshotSegment {
  /** The segment's id. */
  id: number;
  /** Bytes of it that the snapshot covers. */
  length: number;
  /** Records in them. */
  recordCount: number;
  /** Dead bytes in them. */
  deadBytes: number;
  /** Bytes of its hint file. */
  hintBytes: number;
}

/** A snapshot read back; its index is in the ledger. */
export interface LoadedSnapshot {
  /** The file header. */
  header: FileHeader;
  /** The secret of the hash. */
  secret: Uint8Array;
  /** The segments it covers. */
  segments: SnapshotSegment[];
  /** Bytes of the file. */
  bytes: number;
}

/** Writes words in sequence and sums them. */
class SumWriter {
  position: number = FILE_HEADER_BYTES;
  sum = 0;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  write(words: Uint32Array | Int32Array): void {
    const bytes = new Uint8Array(
      words.buffer,
      words.byteOffset,
      words.byteLength,
    );
    this.sum = checksum(bytes, this.sum);
    writeFully(this.#file, bytes, 0, bytes.length, this.position);
    this.position += bytes.length;
  }
}

/** Writes the snapshot; returns its size in bytes. */
export function writeSnapshot(
  files: FileSystem,
  directory: string,
  header: FileHeader,
  secret: Uint8Array,
  segments: SnapshotSegment[],
  index: HashIndex,
  liveKeys: number,
): number {
  const temporary = joinPath(directory, temporaryName(SNAPSHOT_NAME));
  removeIfPresent(files, temporary);
  const file = files.open(temporary, "create");
  try {
    const out = new SumWriter(file);
    const head = encodeFileHeader(header);
    writeFully(file, head, 0, head.length, 0);
    const { arena } = index;
    const secretWords = new Uint32Array(secret.slice().buffer);
    out.write(Uint32Array.of(
      BYTE_ORDER_MARK,
      secretWords[0]!,
      secretWords[1]!,
      liveKeys >>> 0,
      Math.floor(liveKeys / WORD),
      segments.length,
      index.depth,
      index.tableCount,
      arena.end >>> 0,
      Math.floor(arena.end / WORD),
    ));
    for (const segment of segments) {
      out.write(Uint32Array.of(
        segment.id,
        segment.length,
        segment.recordCount,
        segment.deadBytes >>> 0,
        Math.floor(segment.deadBytes / WORD),
        segment.hintBytes,
      ));
    }
    writeTables(out, index);
    for (let start = 0; start < arena.end; start += BLOCK_WORDS) {
      // Before the first entry there is no block yet, only the unused first word.
      const block = arena.blocks[start / BLOCK_WORDS] ?? new Uint32Array(1);
      out.write(block.subarray(0, Math.min(BLOCK_WORDS, arena.end - start)));
    }
    out.write(Uint32Array.of(out.sum));
    // If we crash before the rename, the old snapshot stands; it must never be
    // replaced by one whose bytes are not on the medium.
    file.sync();
    file.close();
    files.rename(temporary, joinPath(directory, SNAPSHOT_NAME));
    files.syncDirectory(directory);
    return out.position;
  } catch (error) {
    file.close();
    throw error;
  }
}

function writeTables(out: SumWriter, index: HashIndex): void {
  const piece = new Uint32Array(TABLES_A_PIECE * TABLE_FILE_WORDS);
  let at = 0;
  for (const table of index.tables()) {
    piece.set(index.slotsOf(table), at);
    piece[at + TABLE_WORDS] = index.usedOf(table);
    piece[at + TABLE_WORDS + 1] = index.depthOf(table);
    at += TABLE_FILE_WORDS;
    if (at < piece.length) continue;
    out.write(piece);
    at = 0;
  }
  out.write(piece.subarray(0, at));
}

/** Reads words in sequence and sums them; `undefined` past the end. */
class SumReader {
  position: number = FILE_HEADER_BYTES;
  sum = 0;
  readonly #file: FileHandle;
  readonly #length: number;

  constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#length - this.position;
  }

  /** Fills `words`; false where the file is too short. */
  read(words: Uint32Array | Int32Array): boolean {
    const bytes = new Uint8Array(
      words.buffer,
      words.byteOffset,
      words.byteLength,
    );
    const count = readFully(this.#file, bytes, 0, bytes.length, this.position);
    if (count < bytes.length) return false;
    this.sum = checksum(bytes, this.sum);
    this.position += count;
    return true;
  }
}

/**
 * Reads the snapshot into an empty ledger. Returns `undefined`, with the ledger
 * possibly half filled, if there is none that can be used.
 */
export function readSnapshot(
  files: FileSystem,
  directory: string,
  storeId: Uint8Array,
  ledger: KeyLedger,
): LoadedSnapshot | undefined {
  const path = joinPath(directory, SNAPSHOT_NAME);
  let file: FileHandle;
  try {
    file = files.open(path, "read");
  } catch {
    return undefined;
  }
  try {
    const bytes = new Uint8Array(FILE_HEADER_BYTES);
    const count = readFully(file, bytes, 0, bytes.length, 0);
    const header = decodeFileHeader(bytes.subarray(0, count), "SNAP", path);
    if (!sameStore(header.storeId, storeId)) return undefined;
    return readBody(new SumReader(file, file.size()), header, ledger);
  } catch {
    return undefined;
  } finally {
    file.close();
  }
}

function readBody(
  input: SumReader,
  header: FileHeader,
  ledger: KeyLedger,
): LoadedSnapshot | undefined {
  const meta = new Uint32Array(META_WORDS);
  if (!input.read(meta) || meta[0] !== BYTE_ORDER_MARK) return undefined;
  const secret = new Uint8Array(meta.slice(1, 3).buffer);
  const [segmentCount, depth, tableCount] = [meta[5]!, meta[6]!, meta[7]!];
  const arenaEnd = meta[8]! + meta[9]! * WORD;
  // The sum is not known yet; the sizes must at least be the file's.
  const expected = 4 *
    (segmentCount * SEGMENT_WORDS + tableCount * TABLE_FILE_WORDS + arenaEnd +
      1);
  if (input.remaining !== expected || depth < 1 || depth > DEPTH_MAX) {
    return undefined;
  }
  const segments: SnapshotSegment[] = [];
  for (let i = 0; i < segmentCount; i++) {
    const words = new Uint32Array(SEGMENT_WORDS);
    if (!input.read(words)) return undefined;
    segments.push({
      id: words[0]!,
      length: words[1]!,
      recordCount: words[2]!,
      deadBytes: words[3]! + words[4]! * WORD,
      hintBytes: words[5]!,
    });
  }
  const { index } = ledger;
  if (!readTables(input, index, depth, tableCount, arenaEnd)) return undefined;
  const blocks: Uint32Array[] = [];
  for (let start = 0; start < arenaEnd; start += BLOCK_WORDS) {
    const block = new Uint32Array(BLOCK_WORDS);
    const words = Math.min(BLOCK_WORDS, arenaEnd - start);
    if (!input.read(block.subarray(0, words))) return undefined;
    blocks.push(block);
  }
  const { sum } = input;
  const stored = new Uint32Array(1);
  if (!input.read(stored) || stored[0] !== sum) return undefined;
  index.arena.restore(blocks, arenaEnd);
  ledger.liveKeys = meta[3]! + meta[4]! * WORD;
  if (!checkEntries(ledger, segments)) return undefined;
  return { header, secret, segments, bytes: input.position };
}

/**
 * Reads the tables, and checks what the sum cannot: that they fit the directory, count
 * right and point inside the arena.
 */
function readTables(
  input: SumReader,
  index: HashIndex,
  depth: number,
  tableCount: number,
  arenaEnd: number,
): boolean {
  index.beginRestore(depth);
  const piece = new Int32Array(
    Math.min(TABLES_A_PIECE, tableCount) * TABLE_FILE_WORDS,
  );
  for (let left = tableCount; left > 0;) {
    const count = Math.min(left, TABLES_A_PIECE);
    const end = count * TABLE_FILE_WORDS;
    if (!input.read(piece.subarray(0, end))) return false;
    for (let at = 0; at < end; at += TABLE_FILE_WORDS) {
      const table = index.tableCount;
      const own = piece[at + TABLE_WORDS + 1]!;
      if (!index.restoreTable(piece, at, own, arenaEnd)) return false;
      if (index.usedOf(table) !== piece[at + TABLE_WORDS]) return false;
    }
    left -= count;
  }
  return index.isRestored;
}

/**
 * Checks that entries point into the segments and are as many as the tables have, and
 * queues those that expire.
 */
function checkEntries(ledger: KeyLedger, segments: SnapshotSegment[]): boolean {
  const lengths = new Map(segments.map(({ id, length }) => [id, length]));
  const { arena, entryCount } = ledger.index;
  const inUse = arena.walk((id) => lengths.get(id) ?? -1, (pointer) => {
    ledger.expiringEntries++;
    const expiry = arena.expiry(pointer);
    arena.setExpiry(pointer, expiry, expiry);
    ledger.expiries.add(expiry, pointer);
  });
  return inUse === entryCount;
}

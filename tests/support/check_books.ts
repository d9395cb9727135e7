/**
 * Checks the books of an engine against its files. Every record of every segment is
 * read and the books are worked out anew, in the slow and obvious way.
 *
 * To be called between two operations: while the garbage collector is at work, the
 * books rightly lag behind the files.
 *
 * @module
 */

import type { Engine } from "../../src/engine/engine.ts";
import {
  TAG_EXPIRING,
  TAG_FREED,
  TAG_SWEPT,
  TAG_TOMBSTONE,
} from "../../src/engine/key_arena.ts";
import { TAG_BUCKET } from "../../src/engine/key_buffer.ts";
import { StoreError } from "../../src/errors.ts";
import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import {
  countedVersion,
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_PUT,
} from "../../src/format/record.ts";
import type { Segment } from "../../src/log/segment.ts";
import { SegmentScanner } from "../../src/log/segment_scanner.ts";

/** What the files say about one key. */
interface KeyOnDisk {
  /** The key's bytes, the bucket's name included. */
  bytes: Uint8Array;
  isBucket: boolean;
  /** Puts of the key in all segments. */
  puts: number;
  /** The newest record. */
  kind: number;
  segment: Segment;
  offset: number;
  length: number;
  expiry: number;
}

/** What all files say. */
interface BooksOnDisk {
  keys: Map<string, KeyOnDisk>;
  records: Map<number, number>;
  versionMax: number;
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected)) return;
  throw new Error(
    `The books are wrong: ${what} is ${actual}, the files say ${expected}`,
  );
}

function nameOf(bytes: Uint8Array, isBucket: boolean): string {
  let name = isBucket ? "bucket:" : "key:";
  for (const byte of bytes) name += String.fromCharCode(byte);
  return name;
}

function scan(engine: Engine): BooksOnDisk {
  const books: BooksOnDisk = {
    keys: new Map(),
    records: new Map(),
    versionMax: 0,
  };
  const ids = [...engine.log.segments.keys()];
  expectEqual(
    ids.join(),
    ids.toSorted((a, b) => a - b).join(),
    "the order of segments",
  );
  for (const segment of engine.log.segments.values()) {
    books.records.set(segment.id, scanSegment(segment, books));
  }
  return books;
}

function scanSegment(segment: Segment, books: BooksOnDisk): number {
  const scanner = new SegmentScanner(
    segment,
    FILE_HEADER_BYTES,
    segment.length,
  );
  const { head } = scanner;
  let count = 0;
  let openBatch = 0;
  while (scanner.next()) {
    count++;
    const place = `segment ${segment.id} at ${scanner.offset}`;
    const isInBatch = (head.flags & FLAG_BATCH) !== 0;
    if (openBatch !== 0) {
      expectEqual(isInBatch, true, `${place}: being in the batch before it`);
      expectEqual(head.version, openBatch, `${place}: the batch's version`);
    }
    const isLast = (head.flags & FLAG_BATCH_END) !== 0;
    openBatch = isInBatch && !isLast ? head.version : 0;
    books.versionMax = Math.max(books.versionMax, countedVersion(head.version));
    if (head.kind === KIND_CONTROL) continue;
    const bytes = scanner.window.slice(
      scanner.keyStart,
      scanner.keyStart + head.keyLength,
    );
    const isBucket = (head.flags & FLAG_BUCKET) !== 0;
    const name = nameOf(bytes, isBucket);
    const isPut = head.kind === KIND_PUT;
    books.keys.set(name, {
      bytes,
      isBucket,
      puts: (books.keys.get(name)?.puts ?? 0) + (isPut ? 1 : 0),
      kind: head.kind,
      segment,
      offset: scanner.offset,
      length: head.length,
      expiry: head.expiry,
    });
  }
  expectEqual(scanner.problem, undefined, `the scan of segment ${segment.id}`);
  expectEqual(scanner.position, segment.length, `length of ${segment.id}`);
  expectEqual(openBatch, 0, `the open batch at the end of ${segment.id}`);
  return count;
}

/** Compares the entry of one key; returns how many bytes of its record are live. */
function checkEntry(engine: Engine, name: string, onDisk: KeyOnDisk): number {
  const { key, ledger } = engine;
  const { arena } = ledger.index;
  key.loadRecord(onDisk.bytes, 0, onDisk.bytes.length, onDisk.isBucket);
  const pointer = ledger.index.find(key);
  const isPut = onDisk.kind === KIND_PUT;
  // A tombstone that hides nothing has no entry.
  expectEqual(pointer !== 0, onDisk.puts > 0, `having an entry for ${name}`);
  if (pointer === 0) return 0;
  const tag = arena.tag(pointer);
  expectEqual(
    arena.segmentId(pointer),
    onDisk.segment.id,
    `segment of ${name}`,
  );
  expectEqual(arena.offset(pointer), onDisk.offset, `offset of ${name}`);
  expectEqual(arena.recordLength(pointer), onDisk.length, `length of ${name}`);
  expectEqual((tag & TAG_FREED) !== 0, false, `the freed bit of ${name}`);
  expectEqual(
    (tag & TAG_TOMBSTONE) !== 0,
    !isPut,
    `the tombstone bit of ${name}`,
  );
  expectEqual(
    (tag & TAG_BUCKET) !== 0,
    onDisk.isBucket,
    `bucket bit of ${name}`,
  );
  expectEqual(
    arena.expiry(pointer),
    isPut ? onDisk.expiry : 0,
    `expiry of ${name}`,
  );
  expectEqual(
    (tag & TAG_EXPIRING) !== 0,
    isPut && onDisk.expiry !== 0,
    `the expiring bit of ${name}`,
  );
  expectEqual(
    arena.stalePuts(pointer),
    isPut ? onDisk.puts - 1 : onDisk.puts,
    `stale puts of ${name}`,
  );
  const isSwept = (tag & TAG_SWEPT) !== 0;
  if (isSwept) {
    expectEqual(
      isPut && onDisk.expiry !== 0 && onDisk.expiry <= engine.now(),
      true,
      `being swept though it has not expired, of ${name},`,
    );
  }
  return isSwept ? 0 : onDisk.length;
}

/** Checks that the expiry queue holds every entry that can still expire. */
function checkExpiries(engine: Engine): void {
  const { index, expiries } = engine.ledger;
  const { arena } = index;
  const places = new Set<string>();
  const size = expiries.size;
  expiries.keep((time, pointer) => {
    places.add(`${pointer} at ${time}`);
    return true;
  });
  expectEqual(expiries.size, size, "the size of the expiry queue after a look");
  index.forEach((pointer) => {
    const tag = arena.tag(pointer);
    if ((tag & TAG_EXPIRING) === 0 || (tag & TAG_SWEPT) !== 0) return;
    const queuedTime = arena.queuedTime(pointer);
    expectEqual(
      places.has(`${pointer} at ${queuedTime}`),
      true,
      `being queued at ${queuedTime} of entry ${pointer}`,
    );
    expectEqual(
      queuedTime <= arena.expiry(pointer),
      true,
      `being queued in time of entry ${pointer}`,
    );
  });
}

/** Checks sums that do not belong to one key. */
function checkTotals(engine: Engine, books: BooksOnDisk): void {
  const { ledger, log, writer } = engine;
  const { index } = ledger;
  let entries = 0;
  let live = 0;
  let expiring = 0;
  index.forEach((pointer) => {
    const tag = index.arena.tag(pointer);
    entries++;
    if ((tag & (TAG_TOMBSTONE | TAG_SWEPT)) === 0) live++;
    if ((tag & TAG_EXPIRING) !== 0) expiring++;
  });
  let expected = 0;
  for (const key of books.keys.values()) if (key.puts > 0) expected++;
  expectEqual(entries, expected, "the count of entries");
  expectEqual(index.entryCount, entries, "entryCount");
  expectEqual(ledger.liveKeys, live, "liveKeys");
  expectEqual(ledger.expiringEntries, expiring, "expiringEntries");
  expectEqual(
    writer.nextVersion > books.versionMax,
    true,
    `version ${writer.nextVersion} being above ${books.versionMax}`,
  );
  for (const segment of log.segments.values()) {
    const records = books.records.get(segment.id);
    expectEqual(segment.recordCount, records, `records of ${segment.id}`);
    const isOrdered = segment.syncedLength <= segment.flushedLength &&
      segment.flushedLength === segment.length;
    expectEqual(isOrdered, true, `the order of lengths of ${segment.id}`);
    if (writer.syncer.poison !== undefined) continue;
    expectEqual(segment.file.size(), segment.length, `size of ${segment.id}`);
  }
}

/**
 * Compares the index, the dead bytes, the counts and the expiry queue of an engine
 * with what its segment files say. Pending records are flushed first.
 *
 * @throws {Error} That names the first thing that differs.
 */
export function checkBooks(engine: Engine): void {
  try {
    engine.writer.flush();
  } catch (error) {
    // The records were undone, and the books with them: they must be right still.
    if (!(error instanceof StoreError)) throw error;
  }
  const books = scan(engine);
  const live = new Map<number, number>();
  for (const [name, onDisk] of books.keys) {
    const id = onDisk.segment.id;
    const bytes = checkEntry(engine, name, onDisk);
    live.set(id, (live.get(id) ?? 0) + bytes);
  }
  for (const segment of engine.log.segments.values()) {
    const liveBytes = live.get(segment.id) ?? 0;
    const recordBytes = segment.length - FILE_HEADER_BYTES;
    expectEqual(segment.liveBytes, liveBytes, `live bytes of ${segment.id}`);
    expectEqual(
      segment.deadBytes,
      recordBytes - liveBytes,
      `dead bytes of ${segment.id}`,
    );
  }
  checkTotals(engine, books);
  checkExpiries(engine);
}

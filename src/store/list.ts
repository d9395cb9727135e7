/**
 * Listing: the keys and record locations of one moment, sorted, then read one by one.
 * The segments they lie in stay readable until the listing ends, whatever the garbage
 * collector does meanwhile.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import {
  describe,
  requireWellFormed,
  TAG_BUCKET,
} from "../engine/key_buffer.ts";
import type { Segment } from "../log/segment.ts";
import type { Key, ListOptions } from "./types.ts";

const ENTRIES_A_LOOK = 128;
const encoder = new TextEncoder();

/** Where the value of a listed key lay at the list's moment. */
interface Listed {
  /** The whole key, with the bucket's name. */
  key: Uint8Array;
  segment: Segment;
  offset: number;
  length: number;
}

function prefixBytes(prefix: Key | undefined): Uint8Array {
  if (prefix === undefined) return new Uint8Array(0);
  if (typeof prefix === "string") {
    requireWellFormed(prefix, "prefix");
    return encoder.encode(prefix);
  }
  if (prefix instanceof Uint8Array) return prefix;
  throw new TypeError(
    `Cannot list keys with ${
      describe(prefix)
    } as prefix: it must be a string or a Uint8Array`,
  );
}

function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity;
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new RangeError(
    `Cannot list ${limit} keys: limit must be an integer of at least 0`,
  );
}

/** Orders keys by their bytes. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** The keys with `start` in the key space, sorted, and the segments they lie in. */
function capture(
  engine: Engine,
  start: Uint8Array,
  isBucket: boolean,
  limit: number,
): { listed: Listed[]; segments: Set<Segment> } {
  try {
    // What is pending might yet be undone; the list is of what is not.
    engine.writer.flush();
  } catch { /* the writers of those records were told */ }
  const { ledger, log } = engine;
  const { arena } = ledger.index;
  const now = engine.now();
  const wantedTag = isBucket ? TAG_BUCKET : 0;
  const listed: Listed[] = [];
  const segments = new Set<Segment>();
  ledger.index.forEach((pointer) => {
    if ((arena.tag(pointer) & TAG_BUCKET) !== wantedTag) return;
    if (!arena.startsWith(pointer, start)) return;
    if (!ledger.isLive(pointer, now)) return;
    const segment = log.get(arena.segmentId(pointer));
    segments.add(segment);
    listed.push({
      key: arena.copyKey(pointer),
      segment,
      offset: arena.offset(pointer),
      length: arena.recordLength(pointer),
    });
  });
  listed.sort((a, b) => compareBytes(a.key, b.key));
  if (listed.length > limit) listed.length = limit;
  return { listed, segments };
}

async function readListed(
  engine: Engine,
  { key, segment, offset, length }: Listed,
  isBucket: boolean,
): Promise<Uint8Array> {
  engine.key.loadRecord(key, 0, key.length, isBucket);
  if (engine.reader.readCaptured(segment, offset, length)) {
    const { buffer, start, end } = engine.reader;
    return buffer.slice(start, end);
  }
  return await engine.reader.readLargeAsync(segment, offset, length);
}

/** Lists the entries of a key space; `prefix` is the bucket's, if it is one. */
export function listEntries(
  engine: Engine,
  prefix: Uint8Array | undefined,
  options: ListOptions,
): AsyncIterableIterator<[Uint8Array, Uint8Array | undefined]> {
  const own = prefixBytes(options.prefix);
  const limit = checkLimit(options.limit);
  const bucketLength = prefix?.length ?? 0;
  const start = new Uint8Array(bucketLength + own.length);
  if (prefix !== undefined) start.set(prefix);
  start.set(own, bucketLength);
  return generate(
    engine,
    start,
    bucketLength,
    prefix !== undefined,
    limit,
    options,
  );
}

async function* generate(
  engine: Engine,
  start: Uint8Array,
  bucketLength: number,
  isBucket: boolean,
  limit: number,
  { keysOnly = false, signal }: ListOptions,
): AsyncGenerator<[Uint8Array, Uint8Array | undefined]> {
  signal?.throwIfAborted();
  engine.check("list keys");
  const { listed, segments } = capture(engine, start, isBucket, limit);
  for (const segment of segments) segment.pin();
  try {
    const { host } = engine.log;
    for (let i = 0; i < listed.length; i++) {
      if (i % ENTRIES_A_LOOK === 0 && host.shouldBreathe()) {
        await host.breathe();
      }
      signal?.throwIfAborted();
      if (engine.status !== "open") throw new StoreClosedError("list keys");
      const entry = listed[i]!;
      const value = keysOnly
        ? undefined
        : await readListed(engine, entry, isBucket);
      yield [
        bucketLength === 0 ? entry.key : entry.key.slice(bucketLength),
        value,
      ];
    }
  } finally {
    for (const segment of segments) segment.unpin();
  }
}

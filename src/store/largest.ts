/**
 * The keys with the largest values: one walk over the index, in slices, with room for
 * the best ones only. No value is read.
 *
 * The walk goes by the first bits of the hash. A table that is split meanwhile is
 * split by further bits, so a key that stays is met exactly once, however the index
 * grows between two slices; one that comes or goes meanwhile may be missed.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { MemtableSet } from "../engine/memtable_set.ts";
import type { ReadEngine } from "../engine/read_engine.ts";
import { TAG_EXPIRING } from "../engine/key_arena.ts";
import { describe, TAG_BUCKET } from "../engine/key_buffer.ts";
import {
  FLAG_EXPIRING,
  FLAG_SYNC_MARK,
  FLAGS_OFFSET,
  headLength,
} from "../format/record.ts";
import { splitBucketKey } from "./bucket_name.ts";

/** A key and how large its value is. */
export interface LargeKey {
  /** The bucket it is in; `undefined` outside of all buckets. */
  bucket: string | undefined;
  /** The key. */
  key: Uint8Array;
  /** Bytes of its value, as they are stored: fewer if it is compressed. */
  valueBytes: number;
}

/** What a writer has in memory; a reader has nothing of that kind. */
type Memtables = Pick<MemtableSet, "find">;

const HASH_SPAN = 2 ** 32;

interface Candidate {
  /** The whole key, with the bucket's name. */
  key: Uint8Array;
  isBucket: boolean;
  /** Bytes of the value, and up to four more: the index does not know of sync marks. */
  bytes: number;
}

/** Finds the `count` keys with the largest values, the largest first. */
export async function findLargest(
  engine: ReadEngine,
  count: number,
  signal: AbortSignal | undefined,
  memtables?: Memtables,
): Promise<LargeKey[]> {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot find the ${
        typeof count === "number" ? count : describe(count)
      } largest keys: it must be an integer of at least 0`,
    );
  }
  signal?.throwIfAborted();
  const best = new Best(count);
  const { index } = engine.ledger;
  const { host } = engine.log;
  for (let hash = 0; hash < HASH_SPAN;) {
    if (host.shouldBreathe()) {
      await host.breathe();
      signal?.throwIfAborted();
      if (engine.status !== "open") throw new StoreClosedError("list keys");
    }
    const table = index.directory[hash >>> (32 - index.depth)]!;
    offerTable(engine, index.slotsOf(table), best);
    hash += 2 ** (32 - index.depthOf(table));
  }
  // One synchronous step: what is told is of one moment.
  return best.take().flatMap((candidate) => {
    const found = measure(engine, candidate, memtables);
    return found === undefined ? [] : [found];
  }).sort((a, b) => b.valueBytes - a.valueBytes);
}

function offerTable(engine: ReadEngine, slots: Int32Array, best: Best): void {
  const { ledger } = engine;
  const { arena } = ledger.index;
  const now = engine.now();
  for (let at = 1; at < slots.length; at += 2) {
    const pointer = slots[at]! >>> 0;
    if (pointer === 0) continue;
    const tag = arena.tag(pointer);
    const flags = (tag & TAG_EXPIRING) !== 0 ? FLAG_EXPIRING : 0;
    const bytes = arena.recordLength(pointer) - headLength(flags) -
      (tag & 0xffff);
    if (bytes <= best.threshold || !ledger.isLive(pointer, now)) continue;
    best.add({
      key: arena.copyKey(pointer),
      isBucket: (tag & TAG_BUCKET) !== 0,
      bytes,
    });
  }
}

/** The exact size of a candidate's value, if the key is still there. */
function measure(
  engine: ReadEngine,
  candidate: Candidate,
  memtables: Memtables | undefined,
): LargeKey | undefined {
  const { ledger, log } = engine;
  const { arena } = ledger.index;
  const { key, isBucket } = candidate;
  engine.key.loadRecord(key, 0, key.length, isBucket);
  const pointer = ledger.findLive(engine);
  if (pointer === 0) return undefined;
  const segmentId = arena.segmentId(pointer);
  const offset = arena.offset(pointer);
  const memtable = memtables?.find(segmentId, offset);
  let flags: number;
  if (memtable !== undefined) {
    flags = memtable.image[memtable.locate(segmentId, offset) + FLAGS_OFFSET]!;
  } else {
    const byte = new Uint8Array(1);
    log.get(segmentId).read(byte, 0, 1, offset + FLAGS_OFFSET);
    flags = byte[0]!;
  }
  const length = headLength(flags & (FLAG_EXPIRING | FLAG_SYNC_MARK));
  const valueBytes = arena.recordLength(pointer) - length - key.length;
  return isBucket
    ? { ...splitBucketKey(key), valueBytes }
    : { bucket: undefined, key, valueBytes };
}

/** Keeps the largest: twice as many as asked for, sorted and halved now and then. */
class Best {
  readonly #limit: number;
  #candidates: Candidate[] = [];
  /** What is not larger than this need not be offered. */
  threshold: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.threshold = limit === 0 ? Infinity : -1;
  }

  add(candidate: Candidate): void {
    this.#candidates.push(candidate);
    if (this.#candidates.length < this.#limit * 2) return;
    this.take();
    this.threshold = this.#candidates.at(-1)!.bytes;
  }

  take(): Candidate[] {
    this.#candidates.sort((a, b) => b.bytes - a.bytes);
    this.#candidates.length = Math.min(this.#candidates.length, this.#limit);
    return this.#candidates;
  }
}

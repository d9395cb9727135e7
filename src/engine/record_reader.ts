/**
 * From an index entry to a value: out of a memtable, a cached block or the file.
 * What comes from a file is checked, every time: its checksum, that it is a put, and
 * that its key is the key that was asked for.
 *
 * @module
 */

import { checksum, recordSeed } from "../format/checksum.ts";
import {
  CODEC_OFFSET,
  FLAGS_OFFSET,
  getVersion,
  headLength,
  isPutOf,
  isSealed,
  RECORD_HEAD_BYTES_MAX,
  RecordHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { type BlockCache, CACHE_BLOCK_BYTES } from "./block_cache.ts";
import type { Counters } from "./counters.ts";
import type { KeyArena } from "./key_arena.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";
import type { MemtableSet } from "./memtable_set.ts";
import { checkCodec, decodeRecordValue } from "./value_decoder.ts";

/** Records up to this size are read whole into a buffer that is used again. */
const WHOLE_READ_BYTES_MAX = 64 * 1024 + 256;
/**
 * Values of records above this size are read straight into the array that the caller
 * gets, which costs a second call for the head but no second copy.
 */
const DIRECT_READ_BYTES_MIN = 16 * 1024;
/** Records up to this size pass through the block cache. */
const CACHED_RECORD_BYTES_MAX = CACHE_BLOCK_BYTES / 2;

const BAD_SUM = "the record's checksum does not match";
const NOT_NAMED = "the record is not the one that the index names";
const OTHER_KEY = "the record is of another key";

/** Reads values. After a read, the value lies in `buffer` from `start` to `end`. */
export class RecordReader {
  /** Where the last value lies; valid until the next call. */
  buffer: Uint8Array = new Uint8Array(0);
  /** First byte of the last value. */
  start = 0;
  /** First byte after the last value. */
  end = 0;
  /** Where in `buffer` the record of the last value begins; -1 if it is not there. */
  #recordAt = 0;
  /** The version of the last value's record if that is not in `buffer`. */
  #version = 0;
  readonly #log: ValueLog;
  readonly #memtables: Pick<MemtableSet, "find">;
  readonly #arena: KeyArena;
  readonly #key: KeyBuffer;
  readonly #cache: BlockCache;
  readonly #counters: Counters;
  readonly #head = new RecordHead();
  readonly #scratch = new Uint8Array(WHOLE_READ_BYTES_MAX);
  readonly #scratchView = new DataView(this.#scratch.buffer);

  /** A reader for the entries of `arena`. */
  constructor(
    log: ValueLog,
    memtables: Pick<MemtableSet, "find">,
    arena: KeyArena,
    key: KeyBuffer,
    cache: BlockCache,
    counters: Counters,
  ) {
    this.#log = log;
    this.#memtables = memtables;
    this.#arena = arena;
    this.#key = key;
    this.#cache = cache;
    this.#counters = counters;
  }

  /** Finds the value of the entry, whose key is the key at hand. */
  read(pointer: number): void {
    const arena = this.#arena;
    this.readAt(
      arena.segmentId(pointer),
      arena.offset(pointer),
      arena.recordLength(pointer),
    );
  }

  /** The value of the entry, whose key is the key at hand, as an array of its own. */
  readOwned(pointer: number): Uint8Array {
    const arena = this.#arena;
    const length = arena.recordLength(pointer);
    if (length > DIRECT_READ_BYTES_MIN) {
      const segmentId = arena.segmentId(pointer);
      const offset = arena.offset(pointer);
      if (!this.#readMemtable(segmentId, offset, length)) {
        this.#readLarge(this.#log.get(segmentId), offset, length);
        return this.buffer;
      }
      this.#counters.memtableHits++;
    } else {
      this.read(pointer);
    }
    // Without a record around it the value is an array of its own already.
    return this.#recordAt < 0
      ? this.buffer
      : this.buffer.slice(this.start, this.end);
  }

  /** Finds the value of the put at a place, whose key is the key at hand. */
  readAt(segmentId: number, offset: number, length: number): void {
    if (this.#readMemtable(segmentId, offset, length)) {
      this.#counters.memtableHits++;
      return;
    }
    const segment = this.#log.get(segmentId);
    this.readFile(segment, offset, length);
  }

  /**
   * Finds the value of a put in a segment that may be retired meanwhile. Returns
   * false if it is large and should be read by {@linkcode readLargeAsync}.
   */
  readCaptured(segment: Segment, offset: number, length: number): boolean {
    if (this.#readMemtable(segment.id, offset, length)) return true;
    if (length > WHOLE_READ_BYTES_MAX) return false;
    this.readFile(segment, offset, length);
    return true;
  }

  #readMemtable(segmentId: number, offset: number, length: number): boolean {
    const found = this.#memtables.find(segmentId, offset);
    if (found === undefined) return false;
    const at = found.locate(segmentId, offset);
    const codec = found.image[at + CODEC_OFFSET]!;
    this.buffer = found.image;
    this.#recordAt = at;
    this.start = at + headLength(found.image[at + FLAGS_OFFSET]!) +
      this.#key.length;
    this.end = at + length;
    if (codec !== 0) this.#decode(found.segment, offset, codec);
    return true;
  }

  /** Puts the value in place of the coded one that was found. */
  #decode(segment: Segment, offset: number, codec: number): void {
    this.#version = this.version();
    const coded = this.buffer.subarray(this.start, this.end);
    this.#own(decodeRecordValue(segment, offset, codec, coded));
  }

  /** Points at a value that is an array of its own. */
  #own(value: Uint8Array): void {
    this.buffer = value;
    this.#recordAt = -1;
    this.start = 0;
    this.end = value.length;
  }

  /** Finds the value of the put at a place in a segment's file. */
  readFile(segment: Segment, offset: number, length: number): void {
    if (length > WHOLE_READ_BYTES_MAX) {
      this.#readLarge(segment, offset, length);
      return;
    }
    if (
      length <= CACHED_RECORD_BYTES_MAX && this.#cache.isEnabled &&
      this.#readCached(segment, offset, length)
    ) return;
    segment.read(this.#scratch, 0, length, offset);
    this.#accept(this.#scratch, this.#scratchView, 0, segment, offset, length);
  }

  /** Reads a record through the block cache; false if it must be read by itself. */
  #readCached(segment: Segment, offset: number, length: number): boolean {
    const cache = this.#cache;
    const within = offset & (CACHE_BLOCK_BYTES - 1);
    const block = (offset - within) / CACHE_BLOCK_BYTES;
    const slot = this.#slotOf(segment, block);
    if (slot < 0) return false;
    const at = cache.placeOf(slot) + within;
    const bytes = cache.slabs[cache.slabOf(slot)]!;
    if (within + length > CACHE_BLOCK_BYTES) {
      return this.#readAcross(segment, block, slot, within, length);
    }
    const view = cache.views[cache.slabOf(slot)]!;
    if (view.getUint32(at, true) === cache.soundMark) {
      this.#point(bytes, view, at, segment, offset, length);
    } else {
      this.#accept(bytes, view, at, segment, offset, length);
      view.setUint32(at, cache.soundMark, true);
    }
    return true;
  }

  /** The slot of a block, read from the file if need be; -1 if it is not to be kept. */
  #slotOf(segment: Segment, block: number): number {
    const slot = this.#cache.find(segment.id, block);
    if (slot >= 0) {
      this.#counters.cacheHits++;
      return slot;
    }
    this.#counters.cacheMisses++;
    const blockEnd = (block + 1) * CACHE_BLOCK_BYTES;
    if (blockEnd > segment.flushedLength) return -1;
    if (!this.#cache.admits(this.#counters.cacheHits)) return -1;
    return this.#cache.load(segment, block);
  }

  /** The same for a record that goes on in the next block: both are put together. */
  #readAcross(
    segment: Segment,
    block: number,
    slot: number,
    within: number,
    length: number,
  ): boolean {
    const scratch = this.#scratch;
    const first = CACHE_BLOCK_BYTES - within;
    this.#copyBlock(slot, within, CACHE_BLOCK_BYTES, 0);
    const next = this.#slotOf(segment, block + 1);
    if (next < 0) return false;
    this.#copyBlock(next, 0, length - first, first);
    const offset = block * CACHE_BLOCK_BYTES + within;
    this.#accept(scratch, this.#scratchView, 0, segment, offset, length);
    return true;
  }

  #copyBlock(slot: number, from: number, to: number, target: number): void {
    const place = this.#cache.placeOf(slot);
    const slab = this.#cache.slabs[this.#cache.slabOf(slot)]!;
    this.#scratch.set(slab.subarray(place + from, place + to), target);
  }

  /** Checks the record at `at` and points at its value. */
  #accept(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    segment: Segment,
    offset: number,
    length: number,
  ): void {
    if (!isSealed(bytes, view, at, length, segment.seed, offset)) {
      throw segment.corruption(
        "read a value",
        offset,
        this.#isNamed(view, at, length) ? BAD_SUM : NOT_NAMED,
      );
    }
    this.#point(bytes, view, at, segment, offset, length);
  }

  /** Points at the value of a sound record, if it is the one the index names. */
  #point(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    segment: Segment,
    offset: number,
    length: number,
  ): void {
    if (!this.#isNamed(view, at, length)) {
      throw segment.corruption("read a value", offset, NOT_NAMED);
    }
    const key = this.#key;
    const keyAt = at + headLength(bytes[at + FLAGS_OFFSET]!);
    if (!key.equalsAt(bytes, view, keyAt)) {
      throw segment.corruption("read a value", offset, OTHER_KEY);
    }
    const codec = bytes[at + CODEC_OFFSET]!;
    this.buffer = bytes;
    this.#recordAt = at;
    this.start = keyAt + key.length;
    this.end = at + length;
    if (codec !== 0) this.#decode(segment, offset, codec);
  }

  /** True if the head may be that of the put which the index names. */
  #isNamed(view: DataView, at: number, length: number): boolean {
    const { tag, length: keyLength } = this.#key;
    return isPutOf(view, at, length, keyLength, (tag & TAG_BUCKET) !== 0);
  }

  /** Reads head and key, then the value into a buffer of just its size. */
  #readLarge(segment: Segment, offset: number, length: number): void {
    const value = this.#startLarge(segment, offset, length);
    segment.read(value, 0, value.length, offset + this.start);
    this.#finishLarge(segment, offset, value);
  }

  /** The value of an entry, read off the event loop. */
  readEntryAsync(pointer: number): Promise<Uint8Array> {
    const arena = this.#arena;
    return this.readLargeAsync(
      this.#log.get(arena.segmentId(pointer)),
      arena.offset(pointer),
      arena.recordLength(pointer),
    );
  }

  /** The value of a large record, read off the event loop. */
  async readLargeAsync(
    segment: Segment,
    offset: number,
    length: number,
  ): Promise<Uint8Array> {
    const value = this.#startLarge(segment, offset, length);
    const valueStart = this.start;
    // Other reads use the scratch buffer meanwhile.
    const sum = this.#headSum(segment, offset);
    const expected = this.#scratchView.getUint32(0, true);
    const { codec } = this.#head;
    segment.pin();
    try {
      await segment.readAsync(value, value.length, offset + valueStart);
    } finally {
      segment.unpin();
    }
    this.#checkLarge(segment, offset, checksum(value, sum), expected);
    return codec === 0
      ? value
      : decodeRecordValue(segment, offset, codec, value);
  }

  /** Reads head and key of a large record; returns a buffer for its value. */
  #startLarge(segment: Segment, offset: number, length: number): Uint8Array {
    const key = this.#key;
    const loaded = Math.min(length, RECORD_HEAD_BYTES_MAX + key.length);
    segment.read(this.#scratch, 0, loaded, offset);
    const head = this.#head;
    const problem = head.read(this.#scratchView, 0, loaded) ??
      (this.#isNamed(this.#scratchView, 0, length) ? undefined : NOT_NAMED) ??
      (key.equalsAt(this.#scratch, this.#scratchView, head.headLength)
        ? undefined
        : OTHER_KEY);
    if (problem !== undefined) {
      throw segment.corruption("read a value", offset, problem);
    }
    checkCodec(segment, offset, head.codec);
    this.start = head.headLength + head.keyLength;
    return new Uint8Array(head.valueLength);
  }

  #headSum(segment: Segment, offset: number): number {
    return checksum(
      this.#scratch.subarray(4, this.start),
      recordSeed(segment.seed, offset),
    );
  }

  #finishLarge(segment: Segment, offset: number, value: Uint8Array): void {
    const sum = checksum(value, this.#headSum(segment, offset));
    const expected = this.#scratchView.getUint32(0, true);
    this.#checkLarge(segment, offset, sum, expected);
    const { codec, version } = this.#head;
    this.#version = version;
    this.#own(
      codec === 0 ? value : decodeRecordValue(segment, offset, codec, value),
    );
  }

  /** The version of the record whose value was read last. */
  version(): number {
    const at = this.#recordAt;
    return at < 0 ? this.#version : getVersion(this.buffer, at);
  }

  #checkLarge(
    segment: Segment,
    offset: number,
    sum: number,
    expected: number,
  ): void {
    if (sum === expected) return;
    throw segment.corruption("read a value", offset, BAD_SUM);
  }

  /** True if the entry's value is large and must come from a file. */
  isLargeInFile(pointer: number): boolean {
    const arena = this.#arena;
    if (arena.recordLength(pointer) <= WHOLE_READ_BYTES_MAX) return false;
    const segmentId = arena.segmentId(pointer);
    const offset = arena.offset(pointer);
    return this.#memtables.find(segmentId, offset) === undefined;
  }
}

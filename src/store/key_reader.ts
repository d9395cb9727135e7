/**
 * Reading by key and by range: what a store and a bucket have in common with those
 * that only read.
 *
 * @module
 */

import { ReadEngine } from "../engine/read_engine.ts";
import { describe } from "../engine/key_buffer.ts";
import { listEntries, listEntriesSync } from "./list.ts";
import { readRange } from "./range.ts";
import { countRange } from "./range_work.ts";
import { Snapshot } from "./snapshot.ts";
import type {
  Entry,
  Key,
  KeyOnlyEntry,
  ListIterator,
  ListOptions,
  ListSyncIterator,
  RangeWorkOptions,
  VersionedEntry,
} from "./types.ts";
import { writeVersionstamp } from "./versionstamp.ts";

/** One call in this many is timed for the latency percentiles; a power of two. */
const TIMED_CALL_MASK = 64 - 1;

const encoder = new TextEncoder();

/** True if the key at hand has a value. */
export function hasValue(engine: ReadEngine): boolean {
  const { counters, ledger } = engine;
  counters.reads++;
  const isPresent = ledger.findLive(engine) !== 0;
  if (isPresent) counters.hits++;
  else counters.misses++;
  return isPresent;
}

/** True if the record of the key at hand, which has one, might yet be undone. */
function isPending({ key, ledger, log }: ReadEngine): boolean {
  const { index } = ledger;
  const pointer = index.find(key);
  const { id, flushedLength } = log.active;
  return index.arena.segmentId(pointer) === id &&
    index.arena.offset(pointer) >= flushedLength;
}

/** Counts a read; returns when it started if it is one of those that are timed. */
function startRead({ counters }: ReadEngine): number {
  return (counters.reads++ & TIMED_CALL_MASK) === 0 ? performance.now() : NaN;
}

function finishRead({ counters }: ReadEngine, start: number): void {
  if (Number.isNaN(start)) return;
  counters.getLatency.add((performance.now() - start) * 1000);
}

/** The value of an entry as an array of its own; `undefined` if there is none. */
function readOwned(
  engine: ReadEngine,
  pointer: number,
  start: number,
): Uint8Array | undefined {
  const { counters } = engine;
  let value: Uint8Array | undefined;
  if (pointer === 0) {
    counters.misses++;
  } else {
    value = engine.reader.readOwned(pointer);
    counters.hits++;
  }
  finishRead(engine, start);
  return value;
}

/** Reads a set of keys with values. */
export abstract class KeyReader {
  readonly #engine: ReadEngine;
  readonly #prefix: Uint8Array | undefined;

  /** Not for callers: use {@linkcode Store.open} and {@linkcode Store.bucket}. */
  constructor(engine: unknown, prefix: Uint8Array | undefined) {
    if (!(engine instanceof ReadEngine)) {
      throw new TypeError("Cannot construct a store: call Store.open");
    }
    this.#engine = engine;
    this.#prefix = prefix;
  }

  /** Puts the caller's key into the engine's buffer. */
  #load(key: Key, action: string): ReadEngine {
    const engine = this.#engine;
    engine.check(action);
    engine.key.load(key, this.#prefix);
    return engine;
  }

  /** True if the key has a value. */
  has(key: Key): boolean {
    return hasValue(this.#load(key, "look up a key"));
  }

  /** Finds and reads the value of a key; `undefined` if there is none. */
  #find(key: Key): ReadEngine | undefined {
    const engine = this.#load(key, "get a key");
    const start = startRead(engine);
    const pointer = engine.ledger.findLive(engine);
    if (pointer === 0) {
      engine.counters.misses++;
    } else {
      engine.reader.read(pointer);
      engine.counters.hits++;
    }
    finishRead(engine, start);
    return pointer === 0 ? undefined : engine;
  }

  /**
   * The value of a key.
   *
   * @returns A copy of the value, or `undefined` if the key has none. An empty value
   * is an empty array.
   * @throws {CorruptionError} If the bytes on disk are not what was written.
   */
  getSync(key: Key): Uint8Array | undefined {
    const engine = this.#load(key, "get a key");
    const start = startRead(engine);
    return readOwned(engine, engine.ledger.findLive(engine), start);
  }

  /**
   * The value of a key. Large values are read off the event loop.
   *
   * @returns A copy of the value, or `undefined` if the key has none.
   * @throws {CorruptionError} If the bytes on disk are not what was written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("greeting", "hello");
   * const value = await store.get("greeting");
   * assertEquals(new TextDecoder().decode(value), "hello");
   * assertEquals(await store.get("nothing"), undefined);
   * ```
   */
  get(key: Key): Promise<Uint8Array | undefined> {
    try {
      const engine = this.#load(key, "get a key");
      const { ledger, reader } = engine;
      const start = startRead(engine);
      const pointer = ledger.findLive(engine);
      if (pointer !== 0 && reader.isLargeInFile(pointer)) {
        engine.counters.hits++;
        return reader.readEntryAsync(pointer);
      }
      return Promise.resolve(readOwned(engine, pointer, start));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The values of several keys, in their order, `undefined` where there is none. */
  getMany(keys: Iterable<Key>): Promise<(Uint8Array | undefined)[]> {
    try {
      const found: Promise<Uint8Array | undefined>[] = [];
      for (const key of keys) found.push(this.get(key));
      return Promise.all(found);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A view on the value of a key, without a copy.
   *
   * It is valid until the next call on the store, and must not be changed or
   * transferred: its buffer holds other data too.
   */
  getView(key: Key): Uint8Array | undefined {
    const engine = this.#find(key);
    if (engine === undefined) return undefined;
    const { buffer, start, end } = engine.reader;
    return buffer.subarray(start, end);
  }

  /**
   * Copies the value of a key into `target`.
   *
   * @returns The length of the value in bytes, or `undefined` if the key has none.
   * @throws {RangeError} If `target` is too small; it is unchanged then.
   */
  getInto(key: Key, target: Uint8Array): number | undefined {
    if (!(target instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot copy a value into ${describe(target)}: it must be a Uint8Array`,
      );
    }
    const engine = this.#find(key);
    if (engine === undefined) return undefined;
    const { buffer, start, end } = engine.reader;
    const length = end - start;
    if (length > target.length) {
      throw new RangeError(
        `Cannot copy a value of ${length} bytes: the target has ${target.length}`,
      );
    }
    target.set(buffer.subarray(start, end));
    return length;
  }

  /**
   * A key with its value, when it expires and the versionstamp of the commit that set
   * it; for {@linkcode KeySpace.atomic} to check.
   *
   * @returns For a key without a value, `value` is `undefined` and `versionstamp` is
   * null.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assert, assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * assertEquals(store.getEntry("key").versionstamp, null);
   * await store.set("key", "1");
   * const first = store.getEntry("key");
   * await store.set("key", "2");
   * assert(store.getEntry("key").versionstamp! > first.versionstamp!);
   * ```
   */
  getEntry(key: Key): VersionedEntry {
    let engine = this.#find(key);
    if (engine !== undefined && isPending(engine)) {
      // A write that is undone gives its version back, and another commit gets it: a
      // check of what was read here must not take that for this.
      engine.flushedVersion();
      engine = this.#find(key);
    }
    const bytes = typeof key === "string" ? encoder.encode(key) : key.slice();
    if (engine === undefined) {
      return { key: bytes, value: undefined, versionstamp: null };
    }
    const { reader, ledger } = engine;
    const expiresAt = ledger.index.arena.expiry(ledger.index.find(engine.key));
    return {
      key: bytes,
      value: reader.buffer.slice(reader.start, reader.end),
      versionstamp: writeVersionstamp(reader.version()),
      ...(expiresAt === 0 ? {} : { expiresAt }),
    };
  }

  /**
   * Lists entries in the order of their keys' bytes. The whole list is of one
   * moment, that of its first entry, however long it takes and whatever is written
   * or collected meanwhile.
   *
   * The first list of a store puts all its keys in order, in slices: about half a
   * second for a million keys. From then on the order is kept up, which takes about 8
   * bytes and a microsecond for each new key, and a list costs what it gives.
   *
   * @throws {TypeError} If a bound is neither text nor bytes, or the cursor not one.
   * @throws {RangeError} If the limit is not an integer of at least 0.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("a/1", "x").set("a/2", "y").set("b/1", "z").commit();
   * const keys: string[] = [];
   * for await (const [key] of store.list({ prefix: "a/", keysOnly: true })) {
   *   keys.push(new TextDecoder().decode(key));
   * }
   * assertEquals(keys, ["a/1", "a/2"]);
   * ```
   *
   * @example Pages
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * for (const key of ["a", "b", "c"]) await store.set(key, key);
   * const first = store.list({ limit: 2 });
   * assertEquals((await Array.fromAsync(first)).length, 2);
   * const second = store.list({ limit: 2, cursor: first.cursor });
   * assertEquals((await Array.fromAsync(second)).length, 1);
   * ```
   */
  list(
    options: ListOptions & { keysOnly: true },
  ): ListIterator<KeyOnlyEntry>;
  /** Lists entries with their values. */
  list(options?: ListOptions): ListIterator<Entry>;
  list(
    options: ListOptions = {},
  ): ListIterator<Entry> | ListIterator<KeyOnlyEntry> {
    this.#engine.check("list keys");
    return listEntries(
      this.#engine,
      this.#prefix,
      options,
    ) as ListIterator<Entry>;
  }

  /** Lists keys as {@linkcode list} does, without letting other work have its turn. */
  listSync(
    options: ListOptions & { keysOnly: true },
  ): ListSyncIterator<KeyOnlyEntry>;
  /** Lists entries with their values. */
  listSync(options?: ListOptions): ListSyncIterator<Entry>;
  listSync(
    options: ListOptions = {},
  ): ListSyncIterator<Entry> | ListSyncIterator<KeyOnlyEntry> {
    this.#engine.check("list keys");
    return listEntriesSync(
      this.#engine,
      this.#prefix,
      options,
    ) as ListSyncIterator<Entry>;
  }

  /**
   * How many keys of a range have a value, at the moment of the call. Looks at each of
   * them, in slices that let other work have its turn.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.batch().set("a/1", "x").set("a/2", "y").set("b/1", "z").commit();
   * assertEquals(await store.count({ prefix: "a/" }), 2);
   * assertEquals(await store.count({ start: "a/2" }), 2);
   * ```
   */
  async count(options: RangeWorkOptions = {}): Promise<number> {
    this.#engine.check("count keys");
    const range = readRange(this.#prefix, options);
    return await countRange(this.#engine, range, options.signal);
  }

  /** Keeps the present moment for reading; see {@linkcode Snapshot}. */
  snapshot(): Snapshot {
    this.#engine.check("take a snapshot");
    return new Snapshot(this.#engine, this.#prefix);
  }
}

/**
 * Transactions: reads of one moment and writes that take effect together, unless
 * somebody else changed what was read. Then it is done again.
 *
 * What was changed since the moment is known exactly, for a moment that is kept notes
 * it (see `engine/history.ts`); so a conflict is one, and there are no versions to
 * read again. Ranges that were listed count as far as they were read, so a key that
 * comes to lie in one is a conflict too: transactions are serializable.
 *
 * @module
 */

import { StoreClosedError, StoreError } from "../errors.ts";
import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { keyBytes, type Moment, textOfKey } from "../engine/history.ts";
import {
  compareOrderKeys,
  justAfter,
  type OrderKey,
  orderKey,
} from "../engine/key_order.ts";
import { keepMoment, placeAt, readPlaceSync } from "../engine/moment_reader.ts";
import { bucketPrefix } from "./bucket_name.ts";
import { type Change, Changes, copyKey, copyValue } from "./changes.ts";
import { readExpireIn } from "./expire_in.ts";
import { listEntriesSync } from "./list.ts";
import { readLimit, readRange } from "./range.ts";
import type { Entry, Key, RangeOptions, SetOptions, Value } from "./types.ts";

const ATTEMPTS_DEFAULT = 32;

/** How {@linkcode KeySpace.transaction} goes. */
export interface TransactionOptions {
  /**
   * How often it is tried before it fails with `CONFLICT`. Range 1 to 4,294,967,295.
   *
   * @default {32}
   */
  attempts?: number;
  /** Ends it between two attempts, and before it commits, with the signal's reason. */
  signal?: AbortSignal;
}

/** What {@linkcode TransactionSpace.list} lists. */
export interface TransactionListOptions extends RangeOptions {
  /**
   * From the last key to the first.
   *
   * @default {false}
   */
  reverse?: boolean;
  /** At most this many entries. Default: all. */
  limit?: number;
}

/** A range as far as it was read. */
interface ReadRange {
  start: OrderKey;
  end: OrderKey;
}

/** One attempt: its moment, what it read, and what it will write. */
class Attempt {
  readonly engine: Engine;
  readonly moment: Moment;
  readonly changes = new Changes();
  readonly keys = new Set<string>();
  readonly ranges: ReadRange[] = [];
  isOver = false;

  constructor(engine: Engine) {
    this.engine = engine;
    this.moment = keepMoment(engine);
  }

  check(): void {
    this.engine.check("use a transaction");
    if (this.isOver) {
      throw new StoreClosedError("use a transaction", "it is over");
    }
  }

  /** True if nobody else changed what was read. */
  holds(): boolean {
    const { moment } = this;
    if (!moment.hasChanged) return true;
    for (const text of this.keys) if (moment.find(text)) return false;
    if (this.ranges.length === 0) return true;
    for (const text of moment.changedKeys()) {
      const key = orderKey(keyBytes(text), text.startsWith("b"));
      const isRead = this.ranges.some(({ start, end }) =>
        compareOrderKeys(key, start) >= 0 && compareOrderKeys(key, end) < 0
      );
      if (isRead) return false;
    }
    return true;
  }

  end(): void {
    this.isOver = true;
    this.engine.ledger.history.drop(this.moment);
  }
}

/** A key space as a transaction sees it: as it was when it began, and its own writes. */
export class TransactionSpace {
  readonly #attempt: Attempt;
  readonly #space: Uint8Array | undefined;
  readonly #compression: Compression;

  /** Not for callers: {@linkcode KeySpace.transaction} gives one. */
  constructor(
    attempt: unknown,
    space: Uint8Array | undefined,
    compression: unknown,
  ) {
    if (!(attempt instanceof Attempt)) {
      throw new TypeError("Cannot construct a transaction: call transaction");
    }
    this.#attempt = attempt;
    this.#space = space;
    this.#compression = compression as Compression;
  }

  #load(key: Key): Engine {
    this.#attempt.check();
    const { engine } = this.#attempt;
    engine.key.load(key, this.#space);
    return engine;
  }

  /** Notes that the key at hand was read; returns where to look. */
  #read(engine: Engine): Change | undefined {
    const own = this.#attempt.changes.find(engine);
    if (own === undefined) this.#attempt.keys.add(textOfKey(engine.key));
    return own;
  }

  /** The value of a key, as a copy; `undefined` if it has none. */
  get(key: Key): Uint8Array | undefined {
    const engine = this.#load(key);
    const own = this.#read(engine);
    if (own !== undefined) return own.value?.slice();
    const place = placeAt(engine, this.#attempt.moment);
    return place && readPlaceSync(engine, place);
  }

  /** True if the key has a value. */
  has(key: Key): boolean {
    const engine = this.#load(key);
    const own = this.#read(engine);
    if (own !== undefined) return own.value !== undefined;
    return placeAt(engine, this.#attempt.moment) !== undefined;
  }

  /** Sets a key. Its time to expire starts with the commit. */
  set(key: Key, value: Value, options?: SetOptions): this {
    const expireIn = readExpireIn(options);
    this.#put(key, copyValue(value), expireIn);
    return this;
  }

  /** Deletes a key. */
  delete(key: Key): this {
    this.#put(key, undefined, 0);
    return this;
  }

  #put(key: Key, value: Uint8Array | undefined, expireIn: number): void {
    this.#attempt.check();
    const space = this.#space;
    this.#attempt.changes.put({
      key: copyKey(this.#attempt.engine, key, space),
      isBucket: space !== undefined,
      value,
      expireIn,
      compression: this.#compression,
      expiry: 0,
    });
  }

  /**
   * Lists entries in the order of their keys' bytes, with the transaction's own writes
   * up to the call.
   */
  *list(options: TransactionListOptions = {}): Generator<Entry> {
    const attempt = this.#attempt;
    attempt.check();
    const { reverse = false } = options;
    let remaining = readLimit(options.limit);
    const range = readRange(this.#space, options);
    const read: ReadRange = reverse
      ? { start: range.end, end: range.end }
      : { start: range.start, end: range.start };
    attempt.ranges.push(read);
    if (remaining === 0) return;
    for (const [key, entry] of this.#merged(options, range, reverse)) {
      const isBucket = this.#space !== undefined;
      if (reverse) read.start = orderKey(key, isBucket);
      else read.end = justAfter(key, isBucket);
      if (entry === undefined) continue;
      yield entry;
      attempt.check();
      if (--remaining === 0) return;
    }
    read.start = range.start;
    read.end = range.end;
  }

  /** The whole keys in order, each with the entry to give, if there is one. */
  *#merged(
    options: TransactionListOptions,
    range: ReadRange,
    isReverse: boolean,
  ): Generator<[Uint8Array, Entry | undefined]> {
    const { engine, moment, changes } = this.#attempt;
    const space = this.#space;
    const sign = isReverse ? -1 : 1;
    const own = [...changes.values()].map((change) => ({
      change,
      place: orderKey(change.key, change.isBucket),
    })).filter(({ place }) =>
      compareOrderKeys(place, range.start) >= 0 &&
      compareOrderKeys(place, range.end) < 0
    ).sort((a, b) => sign * compareOrderKeys(a.place, b.place));
    const { limit: _, ...whole } = options;
    const stored = listEntriesSync(engine, space, whole, moment);
    let next = own.shift();
    const entryOf = ({ key, value }: Change): Entry | undefined =>
      value && [key.slice(space?.length ?? 0), value.slice()];
    for (const entry of stored) {
      const key = copyKey(engine, entry[0], space);
      const place = orderKey(key, space !== undefined);
      let order = 1;
      while (next !== undefined) {
        order = sign * compareOrderKeys(next.place, place);
        if (order > 0) break;
        yield [next.change.key, entryOf(next.change)];
        next = own.shift();
        if (order === 0) break;
      }
      if (order !== 0) yield [key, entry as Entry];
    }
    for (; next !== undefined; next = own.shift()) {
      yield [next.change.key, entryOf(next.change)];
    }
  }

  /** Another key space of the same transaction. */
  bucket(name: string): TransactionSpace {
    this.#attempt.check();
    const { compression } = this.#attempt.engine;
    return new TransactionSpace(this.#attempt, bucketPrefix(name), compression);
  }
}

/** Runs `work` until nobody else has changed what it read, and commits its writes. */
export async function runTransaction<T>(
  engine: Engine,
  space: Uint8Array | undefined,
  compression: Compression,
  work: (transaction: TransactionSpace) => T | Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const { attempts = ATTEMPTS_DEFAULT, signal } = options;
  if (!Number.isInteger(attempts) || attempts < 1 || attempts >= 2 ** 32) {
    throw new RangeError(
      `Cannot try a transaction ${attempts} times: ` +
        `attempts must be an integer from 1 to 4294967295`,
    );
  }
  for (let i = 0; i < attempts; i++) {
    signal?.throwIfAborted();
    engine.check("begin a transaction");
    const attempt = new Attempt(engine);
    try {
      const result = await work(
        new TransactionSpace(attempt, space, compression),
      );
      signal?.throwIfAborted();
      engine.check("commit a transaction");
      if (attempt.changes.size === 0) return result;
      // No await from here to the append, or others could come between.
      if (attempt.holds()) {
        attempt.end();
        attempt.changes.commit(engine, engine.now());
        await engine.queue.done;
        return result;
      }
    } finally {
      attempt.end();
    }
  }
  throw new StoreError(
    "CONFLICT",
    `Cannot commit a transaction: others changed what it read, ` +
      `${attempts} times in a row. Try again, or read less`,
  );
}

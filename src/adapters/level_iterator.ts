/**
 * The iterators and the snapshot of a level database. They read a snapshot of the
 * store, so what is written while they are open does not show in them.
 *
 * @module
 */

import {
  AbstractIterator,
  AbstractKeyIterator,
  type AbstractLevel,
  AbstractSnapshot,
  AbstractValueIterator,
} from "abstract-level";
import type { KeySpace } from "../store/key_space.ts";
import type { Snapshot, SnapshotReader } from "../store/snapshot.ts";
import type {
  Entry,
  KeyOnlyEntry,
  ListIterator,
  RangeOptions,
} from "../store/types.ts";
import { toLevelError } from "./level_error.ts";
import {
  compareKeys,
  fromStoreKey,
  keyBehind,
  type LevelRange,
  toStoreKey,
  toStoreRange,
} from "./level_key.ts";

/** What iterators are made with, as `abstract-level` hands it on. */
export interface LevelIteratorOptions extends LevelRange {
  /** From the last key to the first. */
  reverse: boolean;
  /** False if the keys are not wanted. */
  keys?: boolean;
  /** False if the values are not wanted. */
  values?: boolean;
  /** The moment to read; without it the present. */
  snapshot?: LevelSnapshot;
}

// The types of `abstract-level` do not tell of this constructor's argument.
const OwnedSnapshot = AbstractSnapshot as new (
  options: unknown,
) => AbstractSnapshot;

/** A moment of the database that its user keeps. */
export class LevelSnapshot extends OwnedSnapshot {
  /** The store at that moment. */
  readonly reader: Snapshot;

  /** Keeps the moment of `reader`. */
  constructor(options: unknown, reader: Snapshot) {
    super(options);
    this.reader = reader;
  }

  /** Lets go of the moment. */
  _close(): Promise<void> {
    this.reader.close();
    return Promise.resolve();
  }
}

/** Goes through the entries of a range as of one moment. */
export class LevelCursor {
  readonly #own: Snapshot | undefined;
  readonly #reader: SnapshotReader;
  readonly #range: RangeOptions;
  readonly #isReverse: boolean;
  readonly #keysOnly: boolean;
  #list: ListIterator<Entry | KeyOnlyEntry> | undefined;
  #isOutside = false;

  /** Keeps the present moment, unless one is given. */
  constructor(
    space: KeySpace,
    options: LevelIteratorOptions,
    keysOnly: boolean,
  ) {
    this.#own = options.snapshot === undefined ? space.snapshot() : undefined;
    this.#reader = options.snapshot?.reader ?? this.#own!;
    this.#range = toStoreRange(options);
    this.#isReverse = options.reverse;
    this.#keysOnly = keysOnly;
  }

  #listFrom(range: RangeOptions): ListIterator<Entry | KeyOnlyEntry> {
    const reverse = this.#isReverse;
    return this.#keysOnly
      ? this.#reader.list({ ...range, reverse, keysOnly: true })
      : this.#reader.list({ ...range, reverse });
  }

  /** The next entry. */
  async next(): Promise<Entry | KeyOnlyEntry | undefined> {
    if (this.#isOutside) return undefined;
    try {
      this.#list ??= this.#listFrom(this.#range);
      const { done, value } = await this.#list.next();
      return done ? undefined : value;
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /** What `pick` makes of the next entries, at most `size`. */
  async take<T>(
    size: number,
    pick: (entry: Entry | KeyOnlyEntry) => T,
  ): Promise<T[]> {
    const taken: T[] = [];
    while (taken.length < size) {
      const entry = await this.next();
      if (entry === undefined) break;
      taken.push(pick(entry));
    }
    return taken;
  }

  /** Goes to a key; outside of the range there is nothing. */
  seek(target: Uint8Array): void {
    const key = toStoreKey(target);
    const { start, end } = this.#range as Record<string, Uint8Array>;
    this.#isOutside = start !== undefined && compareKeys(key, start) < 0 ||
      end !== undefined && compareKeys(key, end) >= 0;
    if (this.#isOutside) return;
    this.#list = this.#listFrom({
      ...this.#range,
      ...this.#isReverse ? { end: keyBehind(key) } : { start: key },
    });
  }

  /** Lets go of the moment. */
  close(): Promise<void> {
    this.#own?.close();
    return Promise.resolve();
  }
}

type Database = AbstractLevel<Uint8Array, unknown, unknown>;

/** Gives the entries of a range. */
export class LevelIterator
  extends AbstractIterator<Database, unknown, unknown> {
  readonly #cursor: LevelCursor;

  /** Belongs to the database, which closes it. */
  constructor(
    database: Database,
    options: LevelIteratorOptions,
    cursor: LevelCursor,
  ) {
    super(database, options);
    this.#cursor = cursor;
  }

  /** The next entry. */
  async _next(): Promise<[Uint8Array, Uint8Array | undefined] | undefined> {
    const entry = await this.#cursor.next();
    return entry && [fromStoreKey(entry[0]), entry[1]];
  }

  /** The next entries, at most `size`. */
  _nextv(size: number): Promise<[Uint8Array, Uint8Array | undefined][]> {
    return this.#cursor.take(size, ([key, value]) => [
      fromStoreKey(key),
      value,
    ]);
  }

  /** Goes to a key. */
  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  /** Lets go of the moment. */
  _close(): Promise<void> {
    return this.#cursor.close();
  }
}

/** Gives the keys of a range. */
export class LevelKeyIterator extends AbstractKeyIterator<Database, unknown> {
  readonly #cursor: LevelCursor;

  /** Belongs to the database, which closes it. */
  constructor(
    database: Database,
    options: LevelIteratorOptions,
    cursor: LevelCursor,
  ) {
    super(database, options);
    this.#cursor = cursor;
  }

  /** The next key. */
  async _next(): Promise<Uint8Array | undefined> {
    const entry = await this.#cursor.next();
    return entry && fromStoreKey(entry[0]);
  }

  /** The next keys, at most `size`. */
  _nextv(size: number): Promise<Uint8Array[]> {
    return this.#cursor.take(size, ([key]) => fromStoreKey(key));
  }

  /** Goes to a key. */
  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  /** Lets go of the moment. */
  _close(): Promise<void> {
    return this.#cursor.close();
  }
}

/** Gives the values of a range. */
export class LevelValueIterator
  extends AbstractValueIterator<Database, unknown, unknown> {
  readonly #cursor: LevelCursor;

  /** Belongs to the database, which closes it. */
  constructor(
    database: Database,
    options: LevelIteratorOptions,
    cursor: LevelCursor,
  ) {
    super(database, options);
    this.#cursor = cursor;
  }

  /** The next value. */
  async _next(): Promise<Uint8Array | undefined> {
    const entry = await this.#cursor.next();
    return entry?.[1];
  }

  /** The next values, at most `size`. */
  _nextv(size: number): Promise<(Uint8Array | undefined)[]> {
    return this.#cursor.take(size, ([, value]) => value);
  }

  /** Goes to a key. */
  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  /** Lets go of the moment. */
  _close(): Promise<void> {
    return this.#cursor.close();
  }
}

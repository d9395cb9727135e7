/**
 * Iterators and snapshots of a Level database over a store.
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
import type { Snapshot } from "../store/snapshot.ts";
import type { ListOptions, RangeOptions } from "../store/types.ts";

/** A snapshot of Level, as far as it matters here. */
export interface SnapshotHolder {
  /** The store's snapshot below it. */
  readonly reader: Snapshot;
}

/** A range as Level gives it, with encoded keys. */
export interface LevelRange {
  gt?: Uint8Array;
  gte?: Uint8Array;
  lt?: Uint8Array;
  lte?: Uint8Array;
  reverse?: boolean;
  limit?: number;
  keys?: boolean;
  values?: boolean;
  snapshot?: SnapshotHolder;
}

type Pair = [Uint8Array, Uint8Array];

/** A key of Level as one of the store. */
export function escapeKey(key: Uint8Array): Uint8Array {
  if (key.length > 0 && key[0] !== 0) return key;
  const escaped = new Uint8Array(key.length + 1);
  escaped.set(key, 1);
  return escaped;
}

/** The key of Level that {@linkcode escapeKey} made a key of the store of. */
function unescape(key: Uint8Array): Uint8Array {
  return key[0] === 0 ? key.subarray(1) : key;
}

/** The key that comes next after a key of the store. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The range of the store that a range of Level means. */
export function rangeOf({ gt, gte, lt, lte }: LevelRange): RangeOptions {
  const start = gte !== undefined
    ? escapeKey(gte)
    : gt !== undefined
    ? after(escapeKey(gt))
    : undefined;
  const end = lte !== undefined
    ? after(escapeKey(lte))
    : lt !== undefined
    ? escapeKey(lt)
    : undefined;
  return {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  };
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** What the three kinds of iterators have in common. */
class Cursor {
  readonly #reader: Pick<Snapshot, "listSync">;
  readonly #owned: Snapshot | undefined;
  readonly #options: ListOptions;
  #moved: ListOptions;
  #list: Iterator<[Uint8Array, Uint8Array | undefined]> | undefined;

  constructor(space: KeySpace, range: LevelRange, keysOnly: boolean) {
    const given = range.snapshot?.reader;
    // The iterator is of the moment at which it was made.
    this.#owned = given === undefined ? space.snapshot() : undefined;
    this.#reader = given ?? this.#owned!;
    const { reverse = false } = range;
    this.#options = { ...rangeOf(range), reverse, keysOnly };
    this.#moved = this.#options;
  }

  next(): [Uint8Array, Uint8Array | undefined] | undefined {
    this.#list ??= this.#reader.listSync(this.#moved);
    const { done, value } = this.#list.next();
    return done ? undefined : [unescape(value[0]), value[1]];
  }

  take<T>(
    size: number,
    pick: (entry: [Uint8Array, Uint8Array | undefined]) => T,
  ): T[] {
    const taken: T[] = [];
    while (taken.length < size) {
      const entry = this.next();
      if (entry === undefined) break;
      taken.push(pick(entry));
    }
    return taken;
  }

  seek(target: Uint8Array): void {
    const key = escapeKey(target);
    const { start, end, reverse } = this.#options as {
      start?: Uint8Array;
      end?: Uint8Array;
      reverse: boolean;
    };
    this.#list?.return?.();
    this.#list = undefined;
    const isOutside = (start !== undefined && compare(key, start) < 0) ||
      (end !== undefined && compare(key, end) >= 0);
    const moved: ListOptions = { ...this.#options };
    if (isOutside) moved.limit = 0;
    else if (reverse) moved.end = after(key);
    else moved.start = key;
    this.#moved = moved;
  }

  close(): void {
    this.#list?.return?.();
    this.#owned?.close();
  }
}

type Db<K, V> = AbstractLevel<Uint8Array, K, V>;

/** What `iterator` of a database gives. */
export class LevelIterator<K, V> extends AbstractIterator<Db<K, V>, K, V> {
  readonly #cursor: Cursor;

  constructor(db: Db<K, V>, space: KeySpace, range: LevelRange) {
    super(db, range as never);
    this.#cursor = new Cursor(space, range, range.values === false);
  }

  _next(): Promise<Pair | undefined> {
    return attempt(() => this.#cursor.next() as Pair | undefined);
  }

  _nextv(size: number): Promise<Pair[]> {
    return attempt(() => this.#cursor.take(size, (entry) => entry as Pair));
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    return attempt(() => this.#cursor.close());
  }
}

/** What `keys` of a database gives. */
export class LevelKeyIterator<K, V> extends AbstractKeyIterator<Db<K, V>, K> {
  readonly #cursor: Cursor;

  constructor(db: Db<K, V>, space: KeySpace, range: LevelRange) {
    super(db, range as never);
    this.#cursor = new Cursor(space, range, true);
  }

  _next(): Promise<Uint8Array | undefined> {
    return attempt(() => this.#cursor.next()?.[0]);
  }

  _nextv(size: number): Promise<Uint8Array[]> {
    return attempt(() => this.#cursor.take(size, ([key]) => key));
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    return attempt(() => this.#cursor.close());
  }
}

/** What `values` of a database gives. */
export class LevelValueIterator<K, V>
  extends AbstractValueIterator<Db<K, V>, K, V> {
  readonly #cursor: Cursor;

  constructor(db: Db<K, V>, space: KeySpace, range: LevelRange) {
    super(db, range as never);
    this.#cursor = new Cursor(space, range, false);
  }

  _next(): Promise<Uint8Array | undefined> {
    return attempt(() => this.#cursor.next()?.[1]);
  }

  _nextv(size: number): Promise<Uint8Array[]> {
    return attempt(() => this.#cursor.take(size, ([, value]) => value!));
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    return attempt(() => this.#cursor.close());
  }
}

/** What `snapshot` of a database gives. */
export class LevelSnapshot extends AbstractSnapshot {
  readonly reader: Snapshot;

  constructor(reader: Snapshot, options: unknown) {
    // The declared type forgot the options that the base class reads.
    super(...([options] as unknown as []));
    this.reader = reader;
  }

  _close(): Promise<void> {
    return attempt(() => this.reader.close());
  }
}

/** A promise of what `work` gives, or of what it throws. */
export function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

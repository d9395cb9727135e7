/**
 * Lists items by id and by index. All that a listing gives is of one moment.
 *
 * @module
 */

import type { ListIterator, ListOptions } from "../store/types.ts";
import type { ResolvedIndex } from "./index_definition.ts";
import { concat, ENTRY_PREFIX, idOf, ITEM_PREFIX } from "./item.ts";
import type { Item, ItemSpace } from "./item_space.ts";
import {
  encodeKey,
  encodeOrderedPrefix,
  OrderedReader,
  type OrderedValue,
} from "./ordered_key.ts";

/** What ids or index values can begin with. */
export type OrderedPrefix = string | Uint8Array | readonly OrderedValue[];

/** Which ids, or which values of an index, are meant; all without any of these. */
export interface ItemRange<Key = OrderedValue> {
  /**
   * Only those that begin with it: text or bytes of which it is the beginning, or
   * arrays whose first elements are its.
   */
  prefix?: OrderedPrefix;
  /** Only it and what stands behind it. */
  start?: Key;
  /** Only what stands before it. */
  end?: Key;
}

/** What {@linkcode Collection.list} lists. */
export interface ItemListOptions<Key = OrderedValue> extends ItemRange<Key> {
  /**
   * From the last to the first.
   *
   * @default {false}
   */
  reverse?: boolean;
  /** At most this many items. Default: all. */
  limit?: number;
  /**
   * Go on where a listing of the same range and direction stood when its `cursor` was
   * read. The empty string stands for its beginning.
   */
  cursor?: string;
  /** Ends the listing with the signal's reason. */
  signal?: AbortSignal;
}

/** Which values of an index are meant. */
export interface IndexRange<Key = OrderedValue> extends ItemRange<Key> {
  /** Only items with exactly this value; not together with a range. */
  value?: Key;
}

/** What {@linkcode Collection.listBy} lists. */
export interface IndexListOptions<Key = OrderedValue>
  extends ItemListOptions<Key>, IndexRange<Key> {}

/** What one item after the other comes from. */
export interface ItemIterator<T, Id = OrderedValue>
  extends AsyncIterableIterator<Item<T, Id>> {
  /** Where a later listing goes on, behind the last item that was given. */
  readonly cursor: string;
}

interface KeyOptions {
  prefix: Uint8Array;
  start?: Uint8Array;
  end?: Uint8Array;
}

/** The keys of the bucket that a range of ids stands for. */
export function itemKeys({ prefix, start, end }: ItemRange): KeyOptions {
  return {
    prefix: prefix === undefined
      ? ITEM_PREFIX
      : concat(ITEM_PREFIX, encodeOrderedPrefix(prefix)),
    ...start === undefined ? {} : { start: encodeKey(start, ITEM_PREFIX) },
    ...end === undefined ? {} : { end: encodeKey(end, ITEM_PREFIX) },
  };
}

/** The keys of the bucket that a value or a range of an index stands for. */
export function entryKeys(
  stemStart: Uint8Array,
  { value, prefix, start, end }: IndexRange,
): KeyOptions {
  const key = (bytes: Uint8Array) => concat(ENTRY_PREFIX, stemStart, bytes);
  if (value !== undefined) {
    if (prefix !== undefined || start !== undefined || end !== undefined) {
      throw new TypeError(
        "Cannot list items by a value and a range: give one of them",
      );
    }
    // No encoding begins another, so what begins with it has this value.
    return { prefix: key(encodeKey(value)) };
  }
  return {
    prefix: key(
      prefix === undefined ? new Uint8Array(0) : encodeOrderedPrefix(prefix),
    ),
    ...start === undefined ? {} : { start: key(encodeKey(start)) },
    ...end === undefined ? {} : { end: key(encodeKey(end)) },
  };
}

/** What of the options goes to the bucket as it is. */
function passedOn(options: ItemListOptions): ListOptions {
  const { reverse, limit, cursor, signal } = options;
  return {
    ...reverse === undefined ? {} : { reverse },
    ...limit === undefined ? {} : { limit },
    ...cursor === undefined ? {} : { cursor },
    ...signal === undefined ? {} : { signal },
  };
}

/** Where an entry points: the stem, and the bytes of the item's id. */
function readEntry(
  key: Uint8Array,
  target: Uint8Array,
  index: ResolvedIndex,
  { valueStart, valueEnd }: EntryPlace,
): { stem: Uint8Array; id: Uint8Array } {
  const start = ENTRY_PREFIX.length;
  if (index.unique) return { stem: key.subarray(start), id: target };
  let end = valueEnd;
  if (end === undefined) {
    const reader = new OrderedReader(key, valueStart);
    reader.read();
    end = reader.position;
  }
  return { stem: key.subarray(start, end), id: key.subarray(end) };
}

/** Where the value stands in the keys of entries. */
interface EntryPlace {
  valueStart: number;
  /** Known if all have the same value. */
  valueEnd: number | undefined;
}

function entryPlace(
  stemStart: Uint8Array,
  keys: KeyOptions,
  value: OrderedValue | undefined,
): EntryPlace {
  return {
    valueStart: ENTRY_PREFIX.length + stemStart.length,
    valueEnd: value === undefined ? undefined : keys.prefix.length,
  };
}

/** Lists items by id. */
export function listItems(
  space: ItemSpace,
  options: ItemListOptions,
): ItemIterator<unknown> {
  const list = space.bucket.list({
    ...itemKeys(options),
    ...passedOn(options),
  });
  async function* generate(): AsyncGenerator<Item<unknown>> {
    for await (const [key, item] of list) {
      yield { id: space.decodeId(idOf(key)), value: space.decode(key, item) };
    }
  }
  return withCursor(generate(), () => list.cursor);
}

/** Lists items by an index, whose stems begin with `stemStart`. */
export function listByIndex(
  space: ItemSpace,
  index: ResolvedIndex,
  stemStart: Uint8Array,
  options: IndexListOptions,
): ItemIterator<unknown> {
  const { bucket } = space;
  const keys = entryKeys(stemStart, options);
  const place = entryPlace(stemStart, keys, options.value);
  let { cursor = "", limit: wanted = Infinity } = options;
  let list: ListIterator<[Uint8Array, Uint8Array]> | undefined;
  async function* generate(): AsyncGenerator<Item<unknown>> {
    const snapshot = bucket.snapshot();
    try {
      let skipped: boolean;
      do {
        skipped = false;
        list = snapshot.list({
          ...passedOn(options),
          ...keys,
          cursor,
          ...wanted === Infinity ? {} : { limit: wanted },
        });
        for await (const [key, target] of list) {
          const { stem, id } = readEntry(key, target, index, place);
          const item = space.itemOf(snapshot, id, stem);
          if (item === undefined) {
            skipped = true;
            continue;
          }
          wanted--;
          yield space.readItem(id, item);
        }
        cursor = list.cursor;
      } while (skipped && wanted > 0);
    } finally {
      snapshot.close();
    }
  }
  return withCursor(generate(), () => list?.cursor ?? cursor);
}

/** The first item with that value. */
export function findByIndex(
  space: ItemSpace,
  index: ResolvedIndex,
  stemStart: Uint8Array,
  value: OrderedValue,
): Item<unknown> | undefined {
  const { bucket } = space;
  const key = concat(ENTRY_PREFIX, stemStart, encodeKey(value));
  const stem = key.subarray(ENTRY_PREFIX.length);
  const read = (id: Uint8Array) => {
    const item = space.itemOf(bucket, id, stem);
    return item && space.readItem(id, item);
  };
  if (index.unique) {
    const id = bucket.getSync(key);
    return id && read(id);
  }
  // One key will do, unless that entry counts for nothing.
  for (const limit of [1, undefined]) {
    const list = bucket.listSync({
      prefix: key,
      keysOnly: true,
      ...limit === undefined ? {} : { limit },
    });
    let isEmpty = true;
    for (const [entry] of list) {
      isEmpty = false;
      const found = read(entry.subarray(key.length));
      if (found !== undefined) return found;
    }
    if (isEmpty) return undefined;
  }
  return undefined;
}

function withCursor(
  generator: AsyncGenerator<Item<unknown>>,
  cursor: () => string,
): ItemIterator<unknown> {
  return {
    get cursor(): string {
      return cursor();
    },
    next: () => generator.next(),
    return: () => generator.return(undefined),
    throw: (error) => generator.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * Reads, writes and removes the items of one collection together with their entries in
 * the indexes.
 *
 * Between the reading of the item that is there and the append of the batch that
 * replaces it there is no `await`, and no code of the caller runs: the batch's
 * `commit` appends before it returns its promise. So of two writes of one item, the
 * second always sees what the first has left, and no entry is left over.
 *
 * @module
 */

import type { Batch } from "../store/batch.ts";
import type { KeySpace } from "../store/key_space.ts";
import {
  ItemExistsError,
  UniqueIndexError,
  UnreadableValueError,
} from "./errors.ts";
import { IndexCatalogue } from "./index_catalogue.ts";
import {
  type IndexedBytes,
  indexItem,
  type ResolvedIndex,
  sameBytes,
} from "./index_definition.ts";
import {
  CATALOGUE_KEY,
  concat,
  encodeItem,
  entryKey,
  idOf,
  isUnique,
  itemKey,
  readItemHead,
} from "./item.ts";
import { decodeOrdered, type OrderedValue } from "./ordered_key.ts";
import { decodeValue, encodeValue } from "./value_codec.ts";

/** An item of a collection. */
export interface Item<T, Id = OrderedValue> {
  /** Its id. */
  id: Id;
  /** Its value. */
  value: T;
}

const EMPTY = new Uint8Array(0);

/** An item that is ready to be written: the caller's functions are done with it. */
export interface PreparedItem {
  /** Its key. */
  readonly key: Uint8Array;
  /** Its value in CBOR, good until the next item is prepared. */
  readonly value: Uint8Array;
  /** What the indexes have of it. */
  readonly indexed: readonly IndexedBytes[];
  /** Milliseconds until it expires. */
  readonly expireIn: number | undefined;
}

/** How an item is put. */
export interface PutOptions {
  /** There must be none yet. */
  isNew?: boolean;
  /** Write its entries anew even if they should be there. */
  renewsEntries?: boolean;
}

/** What reads by key: a bucket, or a bucket of a snapshot. */
export interface KeySource {
  /** The value of a key. */
  getSync(key: Uint8Array): Uint8Array | undefined;
}

/** The items of one collection. */
export class ItemSpace {
  /** Where they are. */
  readonly bucket: KeySpace;
  /** The collection's name. */
  readonly name: string;
  /** The indexes that were asked for. */
  readonly indexes: readonly ResolvedIndex[];
  /** The indexes that the bucket has. */
  readonly catalogue: IndexCatalogue;

  /** Nothing is read or written yet. */
  constructor(
    bucket: KeySpace,
    name: string,
    indexes: readonly ResolvedIndex[],
  ) {
    this.bucket = bucket;
    this.name = name;
    this.indexes = indexes;
    this.catalogue = new IndexCatalogue(bucket, name, indexes);
  }

  /**
   * Runs the caller's functions and encodes the value.
   *
   * @throws {TypeError} If the value cannot be stored.
   */
  prepare(
    key: Uint8Array,
    value: unknown,
    expireIn: number | undefined,
    action: string,
  ): PreparedItem {
    const indexed = indexItem(this.indexes, value);
    return { key, value: encodeValue(value, action), indexed, expireIn };
  }

  /**
   * Puts an item in the place of the one that is there.
   *
   * @throws {ItemExistsError} If `isNew`, and there is one.
   * @throws {UniqueIndexError} If another item has a value of a unique index.
   */
  put(
    item: PreparedItem,
    action: string,
    { isNew = false, renewsEntries = false }: PutOptions = {},
  ): Promise<void> {
    const { bucket, catalogue } = this;
    const { key, value, indexed, expireIn } = item;
    const { starts, unwritten } = catalogue.forWriting(action);
    if (isNew && bucket.has(key)) {
      throw new ItemExistsError(this.name, decodeOrdered(idOf(key)));
    }
    const isExpiring = expireIn !== undefined;
    const options = isExpiring ? { expireIn } : {};
    if (starts.size === 0 && unwritten === undefined) {
      // Without indexes the item is all there is to write.
      return bucket.set(key, encodeItem([], isExpiring, value), options);
    }
    const id = idOf(key);
    const stems = indexed.map(({ index, bytes }) =>
      concat(starts.get(index)!, bytes)
    );
    const there = bucket.getView(key);
    const old = there === undefined ? undefined : readItemHead(there);
    const oldStems = old?.stems ?? [];
    for (const [i, stem] of stems.entries()) {
      if (!isUnique(stem) || hasStem(oldStems, stem)) continue;
      this.#refuseConflict(indexed[i]!, stem, id, action);
    }
    // An entry expires with its item, so it cannot stay as it is if either does.
    const keepsEntries = !renewsEntries && !isExpiring &&
      old?.isExpiring !== true;
    const batch = bucket.batch();
    return commit(batch, () => {
      if (unwritten !== undefined) batch.set(CATALOGUE_KEY, unwritten);
      for (const stem of oldStems) {
        if (!hasStem(stems, stem)) batch.delete(entryKey(stem, id));
      }
      for (const stem of stems) {
        if (keepsEntries && hasStem(oldStems, stem)) continue;
        const target = isUnique(stem) ? id : EMPTY;
        batch.set(entryKey(stem, id), target, options);
      }
      batch.set(key, encodeItem(stems, isExpiring, value), options);
    });
  }

  /** Removes an item with its entries; false if there is none. */
  remove(key: Uint8Array): Promise<boolean> {
    const { bucket } = this;
    const id = idOf(key);
    const there = bucket.getView(key);
    if (there === undefined) return Promise.resolve(false);
    const stems = readItemHead(there)?.stems ?? [];
    const batch = bucket.batch();
    return commit(batch, () => {
      for (const stem of stems) batch.delete(entryKey(stem, id));
      batch.delete(key);
    }).then(() => true);
  }

  #refuseConflict(
    { index, bytes }: IndexedBytes,
    stem: Uint8Array,
    id: Uint8Array,
    action: string,
  ): void {
    const owner = this.bucket.getSync(entryKey(stem, id));
    if (owner === undefined || sameBytes(owner, id)) return;
    if (this.itemOf(this.bucket, owner, stem) === undefined) return;
    throw new UniqueIndexError(
      this.name,
      action,
      index.name,
      decodeOrdered(bytes),
      decodeOrdered(id),
      decodeOrdered(owner),
    );
  }

  /**
   * The bytes of the item if it names the entry. One that it does not name can only be
   * there if something else wrote to the bucket; it counts for nothing.
   */
  itemOf(
    source: KeySource,
    id: Uint8Array,
    stem: Uint8Array,
  ): Uint8Array | undefined {
    const item = source.getSync(itemKey(id));
    const stems = item === undefined ? undefined : readItemHead(item)?.stems;
    return stems !== undefined && hasStem(stems, stem) ? item : undefined;
  }

  /**
   * The value in the bytes of an item.
   *
   * @throws {UnreadableValueError} If they are not those of an item.
   */
  decode(key: Uint8Array, item: Uint8Array): unknown {
    const head = readItemHead(item, false);
    if (head === undefined) {
      throw new UnreadableValueError(this.name, this.decodeId(idOf(key)));
    }
    try {
      return decodeValue(item, head.valueStart);
    } catch (cause) {
      throw new UnreadableValueError(
        this.name,
        this.decodeId(idOf(key)),
        cause,
      );
    }
  }

  /** An item, found by the bytes of its id. */
  readItem(id: Uint8Array, item: Uint8Array): Item<unknown> {
    return { id: this.decodeId(id), value: this.decode(itemKey(id), item) };
  }

  /**
   * The id whose bytes these are.
   *
   * @throws {UnreadableValueError} If they are not those of an id.
   */
  decodeId(id: Uint8Array): OrderedValue {
    try {
      return decodeOrdered(id);
    } catch (cause) {
      throw new UnreadableValueError(this.name, id, cause);
    }
  }
}

/** True if one of the stems is that one. */
export function hasStem(
  stems: readonly Uint8Array[],
  stem: Uint8Array,
): boolean {
  for (const one of stems) if (sameBytes(one, stem)) return true;
  return false;
}

/** Fills a batch and commits it; one that fails gives its buffer back. */
function commit(batch: Batch, fill: () => void): Promise<void> {
  try {
    fill();
    return batch.commit();
  } catch (error) {
    batch.clear();
    throw error;
  }
}

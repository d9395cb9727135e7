/**
 * Reading a collection: by id, by index, and in their order.
 *
 * @module
 */

import type { IndexValues, ResolvedIndex } from "./index_definition.ts";
import { ITEM_PREFIX } from "./item.ts";
import type { Item, ItemSpace } from "./item_space.ts";
import {
  entryKeys,
  findByIndex,
  type IndexListOptions,
  type IndexRange,
  type ItemIterator,
  itemKeys,
  type ItemListOptions,
  type ItemRange,
  listByIndex,
  listItems,
} from "./listing.ts";
import { encodeKey, type OrderedValue } from "./ordered_key.ts";

/** Reads the items of a collection. */
export abstract class ItemReader<
  T,
  Id extends OrderedValue,
  Values extends IndexValues,
> {
  readonly #space: ItemSpace;

  /** Not for callers: use {@linkcode collection}. */
  constructor(space: unknown) {
    this.#space = space as ItemSpace;
  }

  /** The collection's name. */
  get name(): string {
    return this.#space.name;
  }

  /**
   * The value of an item. Large ones are read off the event loop.
   *
   * @returns A value of the caller's own, or `undefined` if there is no such item.
   * @throws {UnreadableValueError} If what is stored is not a value.
   * @throws {CorruptionError} If the bytes on disk are not what was written.
   */
  async get(id: Id): Promise<T | undefined> {
    const space = this.#space;
    const key = encodeKey(id, ITEM_PREFIX);
    const item = await space.bucket.get(key);
    return item && space.decode(key, item) as T;
  }

  /** The value of an item, read at once. */
  getSync(id: Id): T | undefined {
    const space = this.#space;
    const key = encodeKey(id, ITEM_PREFIX);
    const item = space.bucket.getView(key);
    return item && space.decode(key, item) as T;
  }

  /** The values of several items, in their order, `undefined` where there is none. */
  getMany(ids: Iterable<Id>): Promise<(T | undefined)[]> {
    try {
      return Promise.all(Array.from(ids, (id) => this.get(id)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** True if there is an item of that id. */
  has(id: Id): boolean {
    return this.#space.bucket.has(encodeKey(id, ITEM_PREFIX));
  }

  /**
   * Lists items in the order of their ids, as of one moment. The order is that of
   * {@linkcode OrderedValue}.
   *
   * @throws {UnreadableValueError} At an item that cannot be read.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { collection } from "@sett/badger/cbor";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * type Id = [room: string, time: number];
   * const messages = collection<string, Id>(store, "messages");
   * for (const time of [1, 2, 10]) await messages.set(["hall", time], `at ${time}`);
   * await messages.set(["yard", 3], "elsewhere");
   * const last = messages.list({ prefix: ["hall"], reverse: true, limit: 2 });
   * const texts = (await Array.fromAsync(last)).map(({ value }) => value);
   * assertEquals(texts, ["at 10", "at 2"]);
   * ```
   */
  list(options: ItemListOptions<Id> = {}): ItemIterator<T, Id> {
    return listItems(this.#space, options) as ItemIterator<T, Id>;
  }

  /**
   * The first item, by id, with that value in an index.
   *
   * @throws {TypeError} If there is no such index.
   * @throws {IndexesChangedError} If the index may be incomplete.
   */
  findBy<Name extends keyof Values & string>(
    index: Name,
    value: Values[Name],
  ): Promise<Item<T, Id> | undefined> {
    try {
      const [found, start] = this.#index(index);
      const item = findByIndex(this.#space, found, start, value);
      return Promise.resolve(item as Item<T, Id> | undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Lists items in the order of an index, those with the same value in that of their
   * ids, as of one moment. An item is listed once for each value it has there.
   *
   * @throws {TypeError} If there is no such index.
   * @throws {IndexesChangedError} If the index may be incomplete.
   */
  listBy<Name extends keyof Values & string>(
    index: Name,
    options: IndexListOptions<Values[Name]> = {},
  ): ItemIterator<T, Id> {
    const [found, start] = this.#index(index);
    return listByIndex(
      this.#space,
      found,
      start,
      options as IndexListOptions,
    ) as ItemIterator<T, Id>;
  }

  /** How many items there are, or have an id in the range. Looks at each key once. */
  async count(range: ItemRange<Id> = {}): Promise<number> {
    return await this.#space.bucket.count(itemKeys(range));
  }

  /**
   * How many entries an index has for a value or a range. Looks at each key once.
   *
   * @throws {TypeError} If there is no such index.
   * @throws {IndexesChangedError} If the index may be incomplete.
   */
  async countBy<Name extends keyof Values & string>(
    index: Name,
    range: IndexRange<Values[Name]> = {},
  ): Promise<number> {
    const [, start] = this.#index(index);
    return await this.#space.bucket.count(
      entryKeys(start, range as IndexListOptions),
    );
  }

  #index(name: string): [ResolvedIndex, Uint8Array] {
    const { catalogue } = this.#space;
    const index = catalogue.find(name);
    const action = `look up ${this.name} by ${name}`;
    return [index, catalogue.forReading(index, action)];
  }
}

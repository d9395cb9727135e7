/**
 * Values of one type under ids, with indexes.
 *
 * @module
 */

import type { IndexValues } from "./index_definition.ts";
import { rebuildIndexes } from "./index_rebuild.ts";
import { ITEM_PREFIX } from "./item.ts";
import { ItemReader } from "./item_reader.ts";
import type { ItemSpace } from "./item_space.ts";
import { encodeKey, type OrderedValue } from "./ordered_key.ts";
import { isPromise, type StandardSchema, validate } from "./schema.ts";
import { WriteWindow } from "./write_window.ts";

/** How an item is written. */
export interface ItemSetOptions {
  /**
   * Milliseconds until the item expires, and its index entries with it; greater than
   * 0. Without it a new item stays.
   */
  expireIn?: number;
}

/** How {@linkcode Collection.rebuildIndexes} and {@linkcode Collection.clear} go. */
export interface ItemWorkOptions {
  /** Ends the work between two items with the signal's reason. */
  signal?: AbortSignal;
}

/** What {@linkcode Collection.update} changes: properties, or what a function makes. */
export type ItemChange<T, Input = T> =
  | Partial<Input>
  | ((current: T) => Input);

/**
 * A collection, got by {@linkcode collection}: values of type `T` under ids of type
 * `Id`, looked up by id and by the indexes `Values`. `Input` is what the schema takes.
 *
 * A write takes the item and its index entries in one batch: after a crash both are
 * there or neither is. Without a schema, or with one that answers at once, it shows
 * as soon as it is called, as a write to the store does.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { collection } from "@sett/badger/cbor";
 * import { assertEquals } from "@std/assert";
 *
 * interface User {
 *   email: string;
 *   age: number;
 * }
 *
 * await using store = await Store.open({ memoryMode: true });
 * const users = collection<User>(store, "users", {
 *   indexes: {
 *     email: { value: (user) => user.email, unique: true },
 *     age: (user) => user.age,
 *   },
 * });
 *
 * await users.set("ada", { email: "ada@example.com", age: 36 });
 * await users.update("ada", { age: 37 });
 * assertEquals((await users.findBy("email", "ada@example.com"))?.id, "ada");
 * const adults = await Array.fromAsync(users.listBy("age", { start: 18 }));
 * assertEquals(adults.map(({ value }) => value.age), [37]);
 * ```
 */
export class Collection<
  T,
  Input = T,
  Id extends OrderedValue = string,
  Values extends IndexValues = IndexValues,
> extends ItemReader<T, Id, Values> {
  readonly #space: ItemSpace;
  readonly #schema: StandardSchema<unknown> | undefined;

  /** Not for callers: use {@linkcode collection}. */
  constructor(space: unknown, schema: unknown) {
    super(space);
    this.#space = space as ItemSpace;
    this.#schema = schema as StandardSchema<unknown> | undefined;
  }

  /**
   * Sets an item, whether or not it is there.
   *
   * @param id The id; -0 is the same as 0.
   * @param value The value; the collection keeps a copy.
   * @param options When the item expires.
   * @throws {TypeError} If the value cannot be stored, or an id or an index's value has
   * no place in the order.
   * @throws {SchemaError} If the schema refuses the value.
   * @throws {UniqueIndexError} If another item has a value of a unique index.
   * @throws {IndexesChangedError} If the indexes are not those it was written with.
   * @throws {StoreError} What the store's `batch` throws.
   */
  set(id: Id, value: Input, options?: ItemSetOptions): Promise<void> {
    return this.#write(id, value, options, false, "set an item of");
  }

  /**
   * Adds an item that is not there yet.
   *
   * @throws {ItemExistsError} If there is one of that id.
   * @throws {TypeError | StoreError} What {@linkcode set} throws.
   */
  add(id: Id, value: Input, options?: ItemSetOptions): Promise<void> {
    return this.#write(id, value, options, true, "add an item to");
  }

  #write(
    id: Id,
    value: Input,
    options: ItemSetOptions | undefined,
    isNew: boolean,
    doing: string,
  ): Promise<void> {
    try {
      const space = this.#space;
      const action = `${doing} ${space.name}`;
      const key = encodeKey(id, ITEM_PREFIX);
      const write = (accepted: unknown) =>
        space.put(
          space.prepare(key, accepted, options?.expireIn, action),
          action,
          { isNew },
        );
      const accepted = validate(this.#schema, value, space.name, action);
      return isPromise(accepted) ? accepted.then(write) : write(accepted);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Changes an item that is there. No other write comes between: if one does while an
   * asynchronous schema looks at the new value, the change is made anew upon it.
   *
   * An item that expires goes on to, unless `expireIn` says otherwise. The schema sees
   * the whole new value, so it must accept what it has given before.
   *
   * @param id The id.
   * @param change Properties in place of those of the same names, or a function from
   * the present value to the new one. With an asynchronous schema it may run more than
   * once.
   * @param options When the item expires.
   * @returns The new value, or `undefined` if there is no such item.
   * @throws {UnreadableValueError} If the present value cannot be read.
   * @throws {TypeError | StoreError} What {@linkcode set} throws.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { collection } from "@sett/badger/cbor";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * const visits = collection<{ count: number; last?: Date }>(store, "visits");
   * await visits.set("/", { count: 1 });
   * await visits.update("/", { last: new Date() });
   * const now = await visits.update("/", (visit) => ({ ...visit, count: 2 }));
   * assertEquals(now?.count, 2);
   * assertEquals(await visits.update("/nowhere", { count: 1 }), undefined);
   * ```
   */
  async update(
    id: Id,
    change: ItemChange<T, Input>,
    options: ItemSetOptions = {},
  ): Promise<T | undefined> {
    const space = this.#space;
    const { bucket, name } = space;
    const action = `update an item of ${name}`;
    const key = encodeKey(id, ITEM_PREFIX);
    for (;;) {
      const before = bucket.getEntry(key);
      if (before.value === undefined) return undefined;
      const current = space.decode(key, before.value) as T;
      const wanted = typeof change === "function"
        ? change(current)
        : { ...current, ...change };
      const accepted = validate(this.#schema, wanted, name, action);
      // What is not awaited stays in one step with the reading above.
      const next = isPromise(accepted) ? await accepted : accepted;
      const { expiresAt } = before;
      const expireIn = options.expireIn ??
        (expiresAt && Math.max(1, expiresAt - Date.now()));
      const item = space.prepare(key, next, expireIn, action);
      const now = bucket.getEntry(key);
      if (now.versionstamp !== before.versionstamp) continue;
      await space.put(item, action);
      return next as T;
    }
  }

  /**
   * Deletes an item with its index entries. Neither its value nor the indexes need be
   * sound for that.
   *
   * @returns True if there was one.
   */
  delete(id: Id): Promise<boolean> {
    try {
      return this.#space.remove(encodeKey(id, ITEM_PREFIX));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Deletes all items, one by one: other work has its turn between, and after a crash a
   * part may be deleted.
   *
   * @returns How many were deleted.
   */
  async clear(options: ItemWorkOptions = {}): Promise<number> {
    const space = this.#space;
    const list = space.bucket.list({
      prefix: ITEM_PREFIX,
      keysOnly: true,
      ...options,
    });
    const writes = new WriteWindow();
    let count = 0;
    for await (const [key] of list) {
      if (!space.bucket.has(key)) continue;
      count++;
      await writes.add(space.remove(key));
    }
    await writes.settle();
    return count;
  }

  /**
   * Makes the indexes those that were asked for, and right for every item, item by
   * item. Items can be read and written meanwhile, but not looked up by an index: that
   * throws until the end. If it does not come to its end, call it again.
   *
   * Call it after the indexes were changed. It also mends indexes to which something
   * else wrote.
   *
   * @returns How many items had to be written anew.
   * @throws {UniqueIndexError} If two items have the same value of a unique index;
   * change one of them and call it again.
   * @throws {UnreadableValueError} If a value cannot be read; delete the item, and call
   * it again.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { collection } from "@sett/badger/cbor";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await collection<{ age: number }>(store, "users").set("ada", { age: 36 });
   *
   * const users = collection<{ age: number }>(store, "users", {
   *   indexes: { age: (user) => user.age },
   * });
   * await assertRejects(() => users.findBy("age", 36), Error, "age is new");
   * assertEquals(await users.rebuildIndexes(), 1);
   * assertEquals((await users.findBy("age", 36))?.id, "ada");
   * ```
   */
  rebuildIndexes(options: ItemWorkOptions = {}): Promise<number> {
    return rebuildIndexes(this.#space, options.signal);
  }
}

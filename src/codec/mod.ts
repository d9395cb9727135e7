/**
 * Collections: typed values under ids, with a schema and indexes, in buckets of a
 * store.
 *
 * Values are objects, arrays, maps, sets, dates, bigints, typed arrays, `undefined`
 * and what else JavaScript has for data, nested as you like; what is read equals what
 * was written, and what cannot be kept so is refused.
 *
 * This entry needs the package `cbor-x`, and no permission beyond the store's.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { collection } from "@sett/badger/cbor";
 * import { assertEquals } from "@std/assert";
 *
 * interface User {
 *   email: string;
 *   joined: Date;
 * }
 *
 * await using store = await Store.open({ memoryMode: true });
 * const users = collection<User>(store, "users", {
 *   indexes: { email: { value: (user) => user.email, unique: true } },
 * });
 * await users.add("1", { email: "ada@example.com", joined: new Date() });
 * const found = await users.findBy("email", "ada@example.com");
 * assertEquals(found?.id, "1");
 * ```
 *
 * @module
 */

export { collection } from "./open_collection.ts";
export type {
  CollectionOptions,
  SchemaCollectionOptions,
} from "./open_collection.ts";
export {
  Collection,
  type ItemChange,
  type ItemSetOptions,
  type ItemWorkOptions,
} from "./collection.ts";
export { ItemReader } from "./item_reader.ts";
export {
  IndexesChangedError,
  ItemExistsError,
  SchemaError,
  UniqueIndexError,
  UnreadableValueError,
  type ValueIssue,
} from "./errors.ts";
export type {
  IndexDefinition,
  Indexes,
  IndexOptions,
  IndexValues,
  ValueIndex,
  ValuesIndex,
} from "./index_definition.ts";
export type { Item } from "./item_space.ts";
export type {
  IndexListOptions,
  IndexRange,
  ItemIterator,
  ItemListOptions,
  ItemRange,
  OrderedPrefix,
} from "./listing.ts";
export {
  decodeOrdered,
  encodeOrdered,
  type OrderedValue,
} from "./ordered_key.ts";
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./schema.ts";

/**
 * Makes a collection of a bucket.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import { KeySpace } from "../store/key_space.ts";
import { Store } from "../store/store.ts";
import { Collection } from "./collection.ts";
import {
  type Indexes,
  type IndexValues,
  resolveIndexes,
} from "./index_definition.ts";
import { ItemSpace } from "./item_space.ts";
import type { OrderedValue } from "./ordered_key.ts";
import {
  requireSchema,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from "./schema.ts";

/** What a collection is. */
export interface CollectionOptions<T> {
  /**
   * A validator that implements Standard Schema, such as one of Zod, Valibot or
   * ArkType. Each value is put to it before it is written, and what it gives is
   * stored. What is read is not put to it. Default: values are taken as they are.
   */
  schema?: StandardSchema<unknown, T>;
  /**
   * The indexes by name. They are entered with each write; to change those of a
   * collection that has items takes {@linkcode Collection.rebuildIndexes}. Default:
   * none.
   */
  indexes?: Indexes<T>;
}

/** A collection whose type is that of its schema. */
export interface SchemaCollectionOptions<
  Schema extends StandardSchema,
  Values extends IndexValues,
> {
  /** As in {@linkcode CollectionOptions}. */
  schema: Schema;
  /** As in {@linkcode CollectionOptions}. */
  indexes?: Indexes<SchemaOutput<Schema>, Values>;
}

const OPTIONS: ReadonlySet<string> = new Set(["schema", "indexes"]);

/**
 * A collection in the bucket of that name, with types taken from the schema and the
 * indexes. Nothing is read or written before the first call; a collection needs no
 * closing, and there may be several objects for one.
 *
 * @param space The store; or a bucket, such as `await badger.bucket(name)` gives, which
 * then holds the collection itself. Nothing else should be kept there.
 * @param name The collection's name, and that of its bucket in the store.
 * @param options The schema and the indexes.
 * @throws {TypeError} If something of the options makes no sense.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { collection } from "@sett/badger/cbor";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * const tags = collection<Set<string>>(store, "tags");
 * await tags.set("post 1", new Set(["deno", "storage"]));
 * assertEquals(await tags.get("post 1"), new Set(["deno", "storage"]));
 * ```
 */
export function collection<
  Schema extends StandardSchema,
  Values extends IndexValues = Record<never, never>,
  Id extends OrderedValue = string,
>(
  space: KeySpace,
  name: string,
  options: SchemaCollectionOptions<Schema, Values>,
): Collection<SchemaOutput<Schema>, SchemaInput<Schema>, Id, Values>;
/** A collection of values of type `T` under ids of type `Id`. */
export function collection<T, Id extends OrderedValue = string>(
  space: KeySpace,
  name: string,
  options?: CollectionOptions<T>,
): Collection<T, T, Id>;
export function collection<T>(
  space: KeySpace,
  name: string,
  options: CollectionOptions<T> = {},
): Collection<T> {
  if (!(space instanceof KeySpace)) {
    throw new TypeError(
      `Cannot open a collection in ${
        describe(space)
      }: it must be a store or a bucket`,
    );
  }
  const unknown = Object.keys(options).find((key) => !OPTIONS.has(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot open a collection with ${unknown}: there is no such option, only ${
        [...OPTIONS].join(", ")
      }`,
    );
  }
  const bucket = space instanceof Store ? space.bucket(name) : space;
  const schema = requireSchema(options.schema);
  const indexes = resolveIndexes(options.indexes);
  return new Collection(new ItemSpace(bucket, name, indexes), schema);
}

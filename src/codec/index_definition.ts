/**
 * What a caller says of an index, and what its function says of a value.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import { encodeKey, type OrderedValue } from "./ordered_key.ts";

/** How an index is made, beside its function. */
export interface IndexOptions {
  /**
   * Refuse an item if another has the same value.
   *
   * @default {false}
   */
  unique?: boolean;
  /**
   * Raise it when the function changes what it gives: the collection then asks for
   * `rebuildIndexes()`. Functions themselves cannot be compared. Range 1 to
   * 2,147,483,647.
   *
   * @default {1}
   */
  version?: number;
}

/** An index in which an item has one value at most. */
export interface ValueIndex<T, Value> extends IndexOptions {
  /**
   * The value under which an item is found; `undefined` leaves it out. An array is one
   * value, compared element by element. The function must give the same for the same
   * item, and change nothing.
   */
  value: (item: T) => Value | undefined;
}

/** An index in which an item has any number of values. */
export interface ValuesIndex<T, Value> extends IndexOptions {
  /**
   * The values under each of which an item is found; `undefined` leaves it out. The
   * function must give the same for the same item, and change nothing.
   */
  values: (item: T) => readonly Value[] | undefined;
}

/** An index: the function of a {@linkcode ValueIndex}, or all of it. */
export type IndexDefinition<T, Value = OrderedValue> =
  | ((item: T) => Value | undefined)
  | ValueIndex<T, Value>
  | ValuesIndex<T, Value>;

/** The type of the values of each index of a collection, by name. */
export type IndexValues = Record<string, OrderedValue>;

/** The indexes of a collection by name. */
export type Indexes<T, Values extends IndexValues = IndexValues> = {
  [Name in keyof Values]: IndexDefinition<T, Values[Name]>;
};

/** A definition with all that was left out. */
export interface ResolvedIndex {
  readonly name: string;
  readonly unique: boolean;
  /** True if an item has any number of values. */
  readonly multi: boolean;
  readonly version: number;
  readonly valueOf: (item: unknown) => unknown;
}

/** What an index has of one item. */
export interface IndexedBytes {
  readonly index: ResolvedIndex;
  /** The ordered bytes of the value. */
  readonly bytes: Uint8Array;
}

const VERSION_MAX = 2 ** 31 - 1;
const NAMES: ReadonlySet<string> = new Set([
  "value",
  "values",
  "unique",
  "version",
]);

/**
 * Checks definitions and fills in what was left out.
 *
 * @throws {TypeError} If one makes no sense.
 * @throws {RangeError} If a version is out of its range.
 */
export function resolveIndexes(indexes: unknown): ResolvedIndex[] {
  if (indexes === undefined) return [];
  if (typeof indexes !== "object" || indexes === null) {
    throw new TypeError(
      `Cannot use ${
        describe(indexes)
      } as indexes: it must be an object with a function or options for each name`,
    );
  }
  return Object.entries(indexes).map(([name, definition]) =>
    resolveIndex(name, definition)
  );
}

function resolveIndex(name: string, definition: unknown): ResolvedIndex {
  const refuse = (why: string) =>
    new TypeError(`Cannot use the index ${JSON.stringify(name)}: ${why}`);
  const options = typeof definition === "function"
    ? { value: definition }
    : definition as Record<string, unknown> | null;
  if (typeof options !== "object" || options === null) {
    throw refuse(`it is ${describe(definition)}, not a function or options`);
  }
  const unknown = Object.keys(options).find((key) => !NAMES.has(key));
  if (unknown !== undefined) {
    throw refuse(`it has no option ${unknown}, only ${[...NAMES].join(", ")}`);
  }
  const { value, values, unique = false, version = 1 } = options as Record<
    string,
    unknown
  >;
  const valueOf = value ?? values;
  if (typeof valueOf !== "function") {
    throw refuse("it has no function as value or values");
  }
  if (value !== undefined && values !== undefined) {
    throw refuse("it has value and values: give one of them");
  }
  if (typeof unique !== "boolean") throw refuse("unique must be true or false");
  if (typeof version !== "number") throw refuse("its version is no number");
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX) {
    throw new RangeError(
      `Cannot use the index ${
        JSON.stringify(name)
      }: its version ${version} is not an integer from 1 to ${VERSION_MAX}`,
    );
  }
  if (!name.isWellFormed()) throw refuse("its name has a lone surrogate");
  return {
    name,
    unique,
    multi: values !== undefined,
    version,
    valueOf: valueOf as ResolvedIndex["valueOf"],
  };
}

/**
 * What all indexes have of an item, each value once. The caller's functions run here,
 * and nowhere else.
 *
 * @throws {TypeError} If a function gives what has no place in the order.
 */
export function indexItem(
  indexes: readonly ResolvedIndex[],
  item: unknown,
): IndexedBytes[] {
  const found: IndexedBytes[] = [];
  for (const index of indexes) {
    const value = index.valueOf(item);
    if (value === undefined) continue;
    if (!index.multi) {
      found.push({ index, bytes: encodeFor(index, value) });
      continue;
    }
    if (!Array.isArray(value)) {
      throw new TypeError(
        `Cannot enter an item in the index ${index.name}: its values are ${
          describe(value)
        }, not an array`,
      );
    }
    const first = found.length;
    for (const element of value) {
      const bytes = encodeFor(index, element);
      const isNew = !found.slice(first).some((one) =>
        sameBytes(one.bytes, bytes)
      );
      if (isNew) found.push({ index, bytes });
    }
  }
  return found;
}

function encodeFor(index: ResolvedIndex, value: unknown): Uint8Array {
  try {
    return encodeKey(value as OrderedValue);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new TypeError(
      `Cannot enter an item in the index ${index.name}: ${cause.message}`,
      { cause },
    );
  }
}

/** True if both are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * What a caller says of an index, and what its function says of a value.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import { encodeOrdered, type OrderedValue } from "./ordered_key.ts";

/** How an index is made. */
export interface IndexOptions<T> {
  /**
   * The value under which an item is found; `undefined` leaves it out. It must give
   * the same for the same item, and change nothing.
   */
  value: (item: T) => OrderedValue | undefined;
  /**
   * Refuse an item if another has the same value.
   *
   * @default {false}
   */
  unique?: boolean;
  /**
   * The value is an array, and the item is found under each of its elements. Without
   * it an array is one value, compared element by element.
   *
   * @default {false}
   */
  multi?: boolean;
  /**
   * Raise it when the function changes what it gives: the collection then asks for
   * `rebuildIndexes()`. Functions themselves cannot be compared. Range 1 to
   * 2,147,483,647.
   *
   * @default {1}
   */
  version?: number;
}

/** An index: its function, or its options. */
export type IndexDefinition<T> =
  | ((item: T) => OrderedValue | undefined)
  | IndexOptions<T>;

/** The indexes of a collection by name. */
export type Indexes<T> = Record<string, IndexDefinition<T>>;

/** The type of the values by which an index is looked up. */
export type IndexedValue<Definition> = Definition extends
  { value: (item: never) => infer Value }
  ? Definition extends { multi: true }
    ? Exclude<Value, undefined> extends readonly (infer Element)[] ? Element
    : OrderedValue
  : Exclude<Value, undefined>
  : Definition extends (item: never) => infer Value ? Exclude<Value, undefined>
  : OrderedValue;

/** A definition with all that was left out. */
export interface ResolvedIndex {
  readonly name: string;
  readonly unique: boolean;
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
  "unique",
  "multi",
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
  const { value, unique = false, multi = false, version = 1 } =
    options as Record<string, unknown>;
  if (typeof value !== "function") throw refuse("its value is no function");
  if (typeof unique !== "boolean" || typeof multi !== "boolean") {
    throw refuse("unique and multi must be true or false");
  }
  if (typeof version !== "number") throw refuse("its version is no number");
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX) {
    throw new RangeError(
      `Cannot use the index ${
        JSON.stringify(name)
      }: its version ${version} is not an integer from 1 to ${VERSION_MAX}`,
    );
  }
  if (!name.isWellFormed()) throw refuse("its name has a lone surrogate");
  const valueOf = value as ResolvedIndex["valueOf"];
  return { name, unique, multi, version, valueOf };
}

/**
 * The bytes of a value to look up or to enter. An index takes -0 for 0, as `===` does.
 *
 * @throws {TypeError} If it has no place in the order.
 */
export function encodeIndexed(value: unknown): Uint8Array {
  return encodeOrdered((value === 0 ? 0 : value) as OrderedValue);
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
        `Cannot enter an item in the index ${index.name}: it has multi, and ${
          describe(value)
        } is not an array`,
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
    return encodeIndexed(value);
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

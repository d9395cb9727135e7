/**
 * The states in which a collection refuses a call.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { OrderedValue } from "./ordered_key.ts";

const SHOWN_LENGTH_MAX = 80;

/** An id or an index's value for people: short, and unlike any other kind. */
export function show(value: OrderedValue): string {
  const text = showWhole(value);
  return text.length <= SHOWN_LENGTH_MAX
    ? text
    : text.slice(0, SHOWN_LENGTH_MAX) + "…";
}

function showWhole(value: OrderedValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) {
    const start = value.subarray(0, SHOWN_LENGTH_MAX);
    const hex = [...start].map((byte) => byte.toString(16).padStart(2, "0"));
    return `0x${hex.join("")}`;
  }
  if (Array.isArray(value)) return `[${value.map(showWhole).join(", ")}]`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** There is an item of that id; `code` is `ITEM_EXISTS`. Nothing was written. */
export class ItemExistsError extends StoreError {
  /** The collection. */
  readonly collection: string;
  /** The id that is taken. */
  readonly id: OrderedValue;

  /** Names collection and id. */
  constructor(collection: string, id: OrderedValue) {
    super(
      "ITEM_EXISTS",
      `Cannot add an item to ${collection}: there is one with the id ${
        show(id)
      }`,
    );
    this.name = "ItemExistsError";
    this.collection = collection;
    this.id = id;
  }
}

/**
 * Another item has that value of a unique index; `code` is `UNIQUE_CONFLICT`. Nothing
 * was written.
 */
export class UniqueIndexError extends StoreError {
  /** The collection. */
  readonly collection: string;
  /** The unique index. */
  readonly index: string;
  /** The value that both items have. */
  readonly value: OrderedValue;
  /** The id of the item that was to be written. */
  readonly id: OrderedValue;
  /** The id of the item that has the value. */
  readonly existingId: OrderedValue;

  /** Names the index, the value and both items. */
  constructor(
    collection: string,
    action: string,
    index: string,
    value: OrderedValue,
    id: OrderedValue,
    existingId: OrderedValue,
  ) {
    super(
      "UNIQUE_CONFLICT",
      `Cannot ${action}: the item ${show(id)} has ${show(value)} in the ` +
        `unique index ${index}, and so has ${show(existingId)}`,
    );
    this.name = "UniqueIndexError";
    this.collection = collection;
    this.index = index;
    this.value = value;
    this.id = id;
    this.existingId = existingId;
  }
}

/** One thing that a schema finds wrong with a value. */
export interface ValueIssue {
  /** What is wrong, in the validator's words. */
  message: string;
  /** The keys that lead to it from the value; empty for the value itself. */
  path: PropertyKey[];
}

/** The schema refuses the value; `code` is `INVALID_VALUE`. Nothing was written. */
export class SchemaError extends StoreError {
  /** The collection. */
  readonly collection: string;
  /** What is wrong, and where. */
  readonly issues: readonly ValueIssue[];

  /** Tells the issues in the message too. */
  constructor(
    collection: string,
    action: string,
    issues: readonly ValueIssue[],
  ) {
    const told = issues.map(({ message, path }) =>
      path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`
    );
    super(
      "INVALID_VALUE",
      `Cannot ${action}: the schema refuses the value: ${told.join("; ")}`,
    );
    this.name = "SchemaError";
    this.collection = collection;
    this.issues = issues;
  }
}

/**
 * What is stored is not a value that this version of the library wrote; `code` is
 * `UNREADABLE_VALUE`. `cause` says why.
 */
export class UnreadableValueError extends StoreError {
  /** The collection. */
  readonly collection: string;
  /** The id of the item; `undefined` if it is the list of indexes. */
  readonly id: OrderedValue | undefined;

  /** Names collection and id. */
  constructor(
    collection: string,
    id: OrderedValue | undefined,
    cause?: unknown,
  ) {
    const what = id === undefined ? "the list of indexes" : `item ${show(id)}`;
    const why = cause instanceof Error
      ? cause.message
      : "the bytes are not those of an item";
    super(
      "UNREADABLE_VALUE",
      `Cannot read ${what} of ${collection}: ${why}`,
      { cause },
    );
    this.name = "UnreadableValueError";
    this.collection = collection;
    this.id = id;
  }
}

/**
 * The indexes of the collection are not those with which it was written, or are not
 * built to the end; `code` is `INDEXES_CHANGED`. Call `rebuildIndexes()`.
 */
export class IndexesChangedError extends StoreError {
  /** The collection. */
  readonly collection: string;

  /** Says what differs. */
  constructor(collection: string, action: string, difference: string) {
    super(
      "INDEXES_CHANGED",
      `Cannot ${action}: ${difference}. Call rebuildIndexes()`,
    );
    this.name = "IndexesChangedError";
    this.collection = collection;
  }
}

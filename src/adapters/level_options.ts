/**
 * How a level database is made, and how it is written to.
 *
 * @module
 */

import type { AbstractDatabaseOptions } from "abstract-level";
import type { StoreOptions } from "../store/options.ts";

/** How a `SettLevel` is made. */
// deno-doc-ignore private-type-ref -- documented by abstract-level
export interface SettLevelOptions<Key = string, Value = string>
  extends AbstractDatabaseOptions<Key, Value> {
  /** The settings of the store, where a path is given. */
  store?: Omit<StoreOptions, "path">;
  /** The bucket of the store that holds the database. Default: outside of buckets. */
  bucket?: string;
}

/** What writes can be told beside what `abstract-level` knows. */
export interface LevelWriteOptions {
  /**
   * Wait until the write is on the medium. It needs the store: a database over an open
   * bucket refuses it. Batches know it too, but their type does not: give them their
   * options in a variable that has this type and theirs.
   *
   * @default {false}
   */
  sync?: boolean;
}

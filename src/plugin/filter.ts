/**
 * What a filter offers to the rest of a program, and the registry of all of them,
 * {@linkcode filter}.
 *
 * A filter remembers keys: "have I seen this one?". It keeps no values.
 *
 * @module
 */

import type { Key, SetOptions } from "../store/types.ts";
import { Registry } from "./registry.ts";

/** A filter with buckets. {@linkcode Badger} registers one; others may too. */
export interface Filter {
  /** Opens the filter; does nothing if it is open. */
  open(): Promise<void>;
  /** Closes the filter; does nothing if it is closed. */
  close(): Promise<void>;
  /** Tells whether the key was added. */
  exists(bucket: string, key: Key): Promise<boolean>;
  /** Remembers a key. */
  add(bucket: string, key: Key, options?: SetOptions): Promise<void>;
  /** Forgets a key; true if it was there. */
  delete(bucket: string, key: Key): Promise<boolean>;
  /**
   * Remembers a key and tells whether it was there before, in one step: of any
   * number of callers at once, exactly one is told `false`.
   */
  checkThenAdd(
    bucket: string,
    key: Key,
    options?: SetOptions,
  ): Promise<boolean>;
}

/**
 * The filters of a program by name. Its own methods `exists`, `add` and so on use
 * the default one.
 *
 * @example Usage
 * ```ts
 * import { Badger, filter } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * await using _badger = await Badger.start({ memory_mode: true });
 * assertEquals(await filter.checkThenAdd("seen", "a"), false);
 * assertEquals(await filter.checkThenAdd("seen", "a"), true);
 * ```
 */
export class FilterRegistry extends Registry<Filter> {
  /** Makes an empty registry. */
  constructor() {
    super("filter");
  }

  /**
   * Finds a filter.
   *
   * @param name The name it was registered by; without one, the default.
   * @returns The filter.
   * @throws {StoreError} `NOT_REGISTERED` if there is none.
   */
  getFilter(name?: string): Filter {
    return this.find(name);
  }

  /**
   * Looks a key up in the default filter.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if the key was added.
   */
  async exists(bucket: string, key: Key): Promise<boolean> {
    return await this.find().exists(bucket, key);
  }

  /**
   * Adds a key to the default filter.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param options When the key expires.
   */
  async add(bucket: string, key: Key, options?: SetOptions): Promise<void> {
    await this.find().add(bucket, key, options);
  }

  /**
   * Removes a key from the default filter.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if the key was there.
   */
  async delete(bucket: string, key: Key): Promise<boolean> {
    return await this.find().delete(bucket, key);
  }

  /**
   * Adds a key to the default filter and tells whether it was there before.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param options When the key expires, if it is added.
   * @returns True if the key was there before.
   */
  async checkThenAdd(
    bucket: string,
    key: Key,
    options?: SetOptions,
  ): Promise<boolean> {
    return await this.find().checkThenAdd(bucket, key, options);
  }
}

/** The filters of this program. */
export const filter: FilterRegistry = new FilterRegistry();

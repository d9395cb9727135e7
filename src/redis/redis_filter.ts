/**
 * The filter over servers that speak the Redis protocol.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Filter } from "../plugin/filter.ts";
import type { Key, SetOptions } from "../store/types.ts";
import {
  begin,
  count,
  exists,
  type RedisOwner,
  remove,
  set,
  settled,
  setWords,
  write,
} from "./redis_calls.ts";

/** What a filter stores for a key it remembers; the embedded engine stores the same. */
const REMEMBERED = Buffer.from("0");

/**
 * The filter of a {@linkcode RedisBackend}; `filter.getFilter(name)` finds it.
 *
 * @example Usage
 * ```ts ignore
 * import { RedisBackend } from "@sett/badger/redis";
 *
 * await using backend = await RedisBackend.start({ nodes: "10.0.0.1:6379" });
 * console.log(await backend.filter.checkThenAdd("seen", "a")); // false
 * console.log(await backend.filter.checkThenAdd("seen", "a")); // true
 * ```
 */
export class RedisFilter implements Filter {
  readonly #owner: RedisOwner;

  /** Not for callers: use {@linkcode RedisBackend.filter}. */
  constructor(owner: unknown) {
    this.#owner = owner as RedisOwner;
  }

  /** Opens the backend; does nothing if it is open. */
  open(): Promise<void> {
    return this.#owner.open();
  }

  /** Closes the backend; does nothing if it is closed. */
  close(): Promise<void> {
    return this.#owner.close();
  }

  /**
   * Looks a key up.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if it was added.
   */
  exists(bucket: string, key: Key): Promise<boolean> {
    return exists(this.#owner, bucket, key);
  }

  /**
   * Remembers a key.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param options When it is forgotten.
   * @throws {StoreError} As {@linkcode RedisKv.addValue} does.
   */
  add(bucket: string, key: Key, options?: SetOptions): Promise<void> {
    return settled(() => {
      const call = begin(this.#owner, "add a key", bucket, key);
      return set(call, REMEMBERED, options, "add");
    });
  }

  /**
   * Forgets a key.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if it was there.
   * @throws {StoreError} As {@linkcode RedisKv.deleteKey} does.
   */
  delete(bucket: string, key: Key): Promise<boolean> {
    return remove(this.#owner, bucket, key);
  }

  /**
   * Remembers a key and tells whether it was there before, in one step (`SET NX`).
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param options When it is forgotten, if it is added.
   * @returns True if it was there before.
   * @throws {StoreError} `OUTCOME_UNKNOWN` if the answer was lost: it is not asked
   * again, because the second answer would be another.
   */
  checkThenAdd(
    bucket: string,
    key: Key,
    options?: SetOptions,
  ): Promise<boolean> {
    return settled(async () => {
      const call = begin(this.#owner, "add a key", bucket, key);
      const words = [...setWords(call.key, REMEMBERED, options), "NX"];
      const operations = count(call, "exists");
      const isNew = await write(call, words, false) !== null;
      if (isNew) operations.add++;
      return !isNew;
    });
  }
}

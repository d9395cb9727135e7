/**
 * The key-value store over servers that speak the Redis protocol.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Compressor } from "../plugin/compression.ts";
import type { KvStore } from "../plugin/kv.ts";
import type { Key, SetOptions, Value } from "../store/types.ts";
import {
  begin,
  bytesOf,
  copyValue,
  describe,
  exists,
  read,
  type RedisOwner,
  remove,
  set,
  settled,
} from "./redis_calls.ts";

/** A key and its value, for {@linkcode RedisKv.addValues}. */
export type KeyAndValue = readonly [key: Key, value: Value];

/** Commands of one bulk call that are under way at once. */
const BULK_IN_FLIGHT = 1_000;

/**
 * The key-value store of a {@linkcode RedisBackend}; `kv.getStore(name)` finds it.
 *
 * Calls for one key take effect in the order they were made, awaited or not. Commands
 * of one turn of the event loop go to each server in one piece.
 *
 * @example Usage
 * ```ts ignore
 * import { RedisBackend } from "@sett/badger/redis";
 *
 * await using backend = await RedisBackend.start({ nodes: "10.0.0.1:6379" });
 * await backend.kvStore.addValue("users", "ada", "Ada", { expireIn: 60_000 });
 * const value = await backend.kvStore.getValue("users", "ada");
 * console.log(new TextDecoder().decode(value)); // Ada
 * ```
 */
export class RedisKv implements KvStore {
  readonly #owner: RedisOwner;
  readonly #compressor: Compressor;

  /** Not for callers: use {@linkcode RedisBackend.kvStore}. */
  constructor(owner: unknown, compressor: unknown) {
    this.#owner = owner as RedisOwner;
    this.#compressor = compressor as Compressor;
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
   * Reads a value.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value: `undefined` if the key is missing, empty if it is empty.
   * @throws {StoreError} `UNAVAILABLE` if no server answers in time.
   */
  getValue(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    return settled(() => {
      const call = begin(this.#owner, "get a value", bucket, key);
      return read(call, ["GET", call.key.bytes], "get").then(bytesOf);
    });
  }

  /**
   * Reads a value written by `addValueCompress`.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value in its original form, or `undefined` if the key is missing.
   * @throws {StoreError} `NOT_COMPRESSED` if it was written plain,
   * `UNSUPPORTED_CODEC` if this runtime cannot read it; `UNAVAILABLE`.
   */
  getCompressedValue(
    bucket: string,
    key: Key,
  ): Promise<Uint8Array | undefined> {
    return settled(async () => {
      const call = begin(this.#owner, "get a value", bucket, key);
      const what = describe(bucket, key);
      const reply = await read(call, ["GET", call.key.bytes], "getCompress");
      const envelope = bytesOf(reply);
      if (envelope === undefined) return undefined;
      return await this.#compressor.unwrap(envelope, what);
    });
  }

  /**
   * Writes a value, replacing what the key had.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param value The value, at most 512 MiB.
   * @param options When the key expires.
   * @throws {StoreError} `UNAVAILABLE` if it could not be done in time,
   * `OUTCOME_UNKNOWN` if it may have been.
   */
  addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    return settled(() => {
      const call = begin(this.#owner, "add a value", bucket, key);
      return set(call, copyValue(value), options, "add");
    });
  }

  /**
   * Writes a value compressed; the bytes are those that a `Badger` would store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param value The value in its original form.
   * @param options When the key expires.
   * @throws {StoreError} As {@linkcode RedisKv.addValue} does.
   */
  addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    return settled(async () => {
      begin(this.#owner, "add a value", bucket, key); // refuses before the work
      const ownKey = key instanceof Uint8Array ? key.slice() : key;
      const envelope = await this.#compressor.wrap(value);
      const call = begin(this.#owner, "add a value", bucket, ownKey);
      await set(call, Buffer.from(envelope.buffer), options, "addCompress");
    });
  }

  /**
   * Looks a key up.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if the key has a value, an empty one included.
   */
  existsKey(bucket: string, key: Key): Promise<boolean> {
    return exists(this.#owner, bucket, key);
  }

  /**
   * Removes a key.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if it was there.
   * @throws {StoreError} `OUTCOME_UNKNOWN` if the answer was lost: it is not asked
   * again, because the second answer would be another.
   */
  deleteKey(bucket: string, key: Key): Promise<boolean> {
    return remove(this.#owner, bucket, key);
  }

  /**
   * Writes many values, a thousand at a time, in one piece a server.
   *
   * @param bucket The bucket.
   * @param entries The keys and values; of a key that comes twice the last one stays.
   * @param options When the keys expire.
   * @throws {StoreError} As {@linkcode RedisKv.addValue} does; those before and beside
   * the one that failed may be written.
   */
  async addValues(
    bucket: string,
    entries: Iterable<KeyAndValue> | AsyncIterable<KeyAndValue>,
    options?: SetOptions,
  ): Promise<void> {
    let window: Promise<void>[] = [];
    for await (const [key, value] of entries) {
      window.push(this.addValue(bucket, key, value, options));
      if (window.length < BULK_IN_FLIGHT) continue;
      const full = window;
      window = [];
      await Promise.all(full);
    }
    await Promise.all(window);
  }

  /**
   * Reads many values, a thousand at a time, in one piece a server.
   *
   * @param bucket The bucket.
   * @param keys The keys.
   * @returns The value of each key, in the same order; `undefined` for missing ones.
   */
  async getValues(
    bucket: string,
    keys: readonly Key[],
  ): Promise<(Uint8Array | undefined)[]> {
    const found: (Uint8Array | undefined)[] = [];
    for (let at = 0; at < keys.length; at += BULK_IN_FLIGHT) {
      const some = keys.slice(at, at + BULK_IN_FLIGHT);
      found.push(
        ...await Promise.all(some.map((key) => this.getValue(bucket, key))),
      );
    }
    return found;
  }
}

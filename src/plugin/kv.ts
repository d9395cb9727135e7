/**
 * What a key-value store offers to the rest of a program, and the registry of all
 * of them, {@linkcode kv}.
 *
 * @module
 */

import type { Key, SetOptions, Value } from "../store/types.ts";
import { Registry } from "./registry.ts";

/**
 * A key-value store with buckets. {@linkcode Badger} registers one; others may
 * implement it too.
 */
export interface KvStore {
  /** Opens the store; does nothing if it is open. */
  open(): Promise<void>;
  /** Closes the store; does nothing if it is closed. */
  close(): Promise<void>;
  /** Reads a value: `undefined` if the key is missing, empty bytes if it is empty. */
  getValue(bucket: string, key: Key): Promise<Uint8Array | undefined>;
  /** Reads a value written by `addValueCompress`, in its original form. */
  getCompressedValue(bucket: string, key: Key): Promise<Uint8Array | undefined>;
  /** Writes a value, replacing what the key had. */
  addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void>;
  /** Writes a value compressed; read it with `getCompressedValue`. */
  addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void>;
  /** Tells whether the key has a value, an empty one included. */
  existsKey(bucket: string, key: Key): Promise<boolean>;
  /** Removes a key; true if it was there. */
  deleteKey(bucket: string, key: Key): Promise<boolean>;
}

/**
 * The key-value stores of a program by name. Its own methods `getValue`, `addValue`
 * and so on use the default one.
 *
 * @example Usage
 * ```ts
 * import { Badger, kv } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start({ memory_mode: true });
 * await kv.addValue("greetings", "en", "hello");
 * const value = await kv.getStore(badger.name).getValue("greetings", "en");
 * assertEquals(new TextDecoder().decode(value), "hello");
 * ```
 */
export class KvRegistry extends Registry<KvStore> {
  /** Makes an empty registry. */
  constructor() {
    super("key-value store");
  }

  /**
   * Finds a store.
   *
   * @param name The name it was registered by; without one, the default.
   * @returns The store.
   * @throws {StoreError} `NOT_REGISTERED` if there is none.
   */
  getStore(name?: string): KvStore {
    return this.find(name);
  }

  /**
   * Reads a value from the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value, or `undefined` if the key is missing.
   */
  async getValue(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    return await this.find().getValue(bucket, key);
  }

  /**
   * Reads a compressed value from the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value in its original form, or `undefined` if the key is missing.
   * @throws {StoreError} `NOT_COMPRESSED` if the value was written plain;
   * `UNSUPPORTED_CODEC` if this runtime cannot read it.
   */
  async getCompressedValue(
    bucket: string,
    key: Key,
  ): Promise<Uint8Array | undefined> {
    return await this.find().getCompressedValue(bucket, key);
  }

  /**
   * Writes a value to the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param value The value.
   * @param options When the key expires.
   */
  async addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    await this.find().addValue(bucket, key, value, options);
  }

  /**
   * Writes a value compressed to the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @param value The value in its original form.
   * @param options When the key expires.
   */
  async addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    await this.find().addValueCompress(bucket, key, value, options);
  }

  /**
   * Looks a key up in the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if the key has a value, an empty one included.
   */
  async existsKey(bucket: string, key: Key): Promise<boolean> {
    return await this.find().existsKey(bucket, key);
  }

  /**
   * Removes a key from the default store.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns True if the key was there.
   */
  async deleteKey(bucket: string, key: Key): Promise<boolean> {
    return await this.find().deleteKey(bucket, key);
  }
}

/** The key-value stores of this program. */
export const kv: KvRegistry = new KvRegistry();

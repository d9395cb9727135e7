/**
 * The key-value store and the filter that an instance registers: the two contracts
 * over the same buckets.
 *
 * @module
 */

import type { Key, SetOptions, Value } from "../store/types.ts";
import type { BucketStores, OpenBucket } from "./bucket_stores.ts";
import type { Compressor } from "./compression.ts";
import type { Filter } from "./filter.ts";
import type { KvStore } from "./kv.ts";

/** What the two need from their instance. */
export interface BucketOwner {
  /** Opens the instance. */
  open(): Promise<void>;
  /** Closes the instance. */
  close(): Promise<void>;
  /** The buckets; throws if the instance is closed or disabled. */
  requireBuckets(action: string): BucketStores;
}

/** What a filter stores for a key it remembers. */
const REMEMBERED = "0";

/** The key-value store of an instance. */
export class BadgerKv implements KvStore {
  readonly #owner: BucketOwner;
  readonly #compressor: Compressor;

  /** Makes the store of `owner`. */
  constructor(owner: BucketOwner, compressor: Compressor) {
    this.#owner = owner;
    this.#compressor = compressor;
  }

  open(): Promise<void> {
    return this.#owner.open();
  }

  close(): Promise<void> {
    return this.#owner.close();
  }

  getValue(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    return inFound(this.#owner, bucket, key, "get a value", (found, key) => {
      found.operations.get++;
      return found.space.get(key);
    }, undefined);
  }

  getCompressedValue(
    bucket: string,
    key: Key,
  ): Promise<Uint8Array | undefined> {
    return inFound(
      this.#owner,
      bucket,
      key,
      "get a value",
      async (found, key) => {
        found.operations.getCompress++;
        const envelope = await found.space.get(key);
        if (envelope === undefined) return undefined;
        return await this.#compressor.unwrap(envelope, describe(bucket, key));
      },
      undefined,
    );
  }

  addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    return inCreated(
      this.#owner,
      bucket,
      key,
      value,
      "add a value",
      ({ operations, space }, key, value) => {
        operations.add++;
        return space.set(key, value, options);
      },
    );
  }

  async addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    const ownKey = copy(key);
    const envelope = await this.#compressor.wrap(value);
    await inCreated(
      this.#owner,
      bucket,
      ownKey,
      envelope,
      "add a value",
      ({ operations, space }, key, value) => {
        operations.addCompress++;
        return space.set(key, value, options);
      },
    );
  }

  existsKey(bucket: string, key: Key): Promise<boolean> {
    return exists(this.#owner, bucket, key);
  }

  deleteKey(bucket: string, key: Key): Promise<boolean> {
    return remove(this.#owner, bucket, key);
  }
}

/** The filter of an instance. */
export class BadgerFilter implements Filter {
  readonly #owner: BucketOwner;

  /** Makes the filter of `owner`. */
  constructor(owner: BucketOwner) {
    this.#owner = owner;
  }

  open(): Promise<void> {
    return this.#owner.open();
  }

  close(): Promise<void> {
    return this.#owner.close();
  }

  exists(bucket: string, key: Key): Promise<boolean> {
    return exists(this.#owner, bucket, key);
  }

  add(bucket: string, key: Key, options?: SetOptions): Promise<void> {
    return inCreated(
      this.#owner,
      bucket,
      key,
      REMEMBERED,
      "add a key",
      ({ operations, space }, key, value) => {
        operations.add++;
        return space.set(key, value, options);
      },
    );
  }

  delete(bucket: string, key: Key): Promise<boolean> {
    return remove(this.#owner, bucket, key);
  }

  checkThenAdd(
    bucket: string,
    key: Key,
    options?: SetOptions,
  ): Promise<boolean> {
    return inCreated(
      this.#owner,
      bucket,
      key,
      REMEMBERED,
      "add a key",
      async ({ operations, space }, key, value) => {
        operations.exists++;
        const isNew = await space.setIfAbsent(key, value, options);
        if (isNew) operations.add++;
        return !isNew;
      },
    );
  }
}

function exists(
  owner: BucketOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  return inFound(owner, bucket, key, "look a key up", (found, key) => {
    found.operations.exists++;
    return Promise.resolve(found.space.has(key));
  }, false);
}

function remove(
  owner: BucketOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  return inFound(owner, bucket, key, "delete a key", (found, key) => {
    found.operations.delete++;
    return found.space.delete(key);
  }, false);
}

/**
 * Acts in a bucket that may not exist; `absent` is the answer then. Where the bucket
 * is open, it acts before it returns, so that calls keep their order.
 */
function inFound<T>(
  owner: BucketOwner,
  bucket: string,
  key: Key,
  action: string,
  act: (bucket: OpenBucket, key: Key) => Promise<T>,
  absent: T,
): Promise<T> {
  try {
    const found = owner.requireBuckets(action).find(bucket);
    if (!(found instanceof Promise)) {
      return found === undefined ? Promise.resolve(absent) : act(found, key);
    }
    const ownKey = copy(key);
    return found.then((open) =>
      open === undefined ? absent : act(open, ownKey)
    );
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Acts in a bucket that is made if need be, before it returns where that is open. */
function inCreated<T>(
  owner: BucketOwner,
  bucket: string,
  key: Key,
  value: Value,
  action: string,
  act: (bucket: OpenBucket, key: Key, value: Value) => Promise<T>,
): Promise<T> {
  try {
    const created = owner.requireBuckets(action).create(bucket);
    if (!(created instanceof Promise)) return act(created, key, value);
    // The caller may change its bytes while the bucket is opened.
    const [ownKey, ownValue] = [copy(key), copy(value)];
    return created.then((open) => act(open, ownKey, ownValue));
  } catch (error) {
    return Promise.reject(error);
  }
}

function copy<T extends Key | Value>(given: T): T {
  return given instanceof Uint8Array ? given.slice() as T : given;
}

function describe(bucket: string, key: Key): string {
  const text = typeof key === "string" ? key : new TextDecoder().decode(key);
  return `the value of ${JSON.stringify(text)} in bucket ${
    JSON.stringify(bucket)
  }`;
}

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

  async getValue(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    const found = await find(this.#owner, bucket, "get a value");
    if (found === undefined) return undefined;
    found.operations.get++;
    return await found.space.get(key);
  }

  async getCompressedValue(
    bucket: string,
    key: Key,
  ): Promise<Uint8Array | undefined> {
    const found = await find(this.#owner, bucket, "get a value");
    if (found === undefined) return undefined;
    found.operations.getCompress++;
    const envelope = await found.space.get(key);
    if (envelope === undefined) return undefined;
    return await this.#compressor.unwrap(envelope, describe(bucket, key));
  }

  async addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    const { operations, space } = await create(
      this.#owner,
      bucket,
      "add a value",
    );
    operations.add++;
    await space.set(key, value, options);
  }

  async addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    const envelope = await this.#compressor.wrap(value);
    const { operations, space } = await create(
      this.#owner,
      bucket,
      "add a value",
    );
    operations.addCompress++;
    await space.set(key, envelope, options);
  }

  async existsKey(bucket: string, key: Key): Promise<boolean> {
    return await exists(this.#owner, bucket, key);
  }

  async deleteKey(bucket: string, key: Key): Promise<boolean> {
    return await remove(this.#owner, bucket, key);
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

  async exists(bucket: string, key: Key): Promise<boolean> {
    return await exists(this.#owner, bucket, key);
  }

  async add(bucket: string, key: Key, options?: SetOptions): Promise<void> {
    const { operations, space } = await create(
      this.#owner,
      bucket,
      "add a key",
    );
    operations.add++;
    await space.set(key, REMEMBERED, options);
  }

  async delete(bucket: string, key: Key): Promise<boolean> {
    return await remove(this.#owner, bucket, key);
  }

  async checkThenAdd(
    bucket: string,
    key: Key,
    options?: SetOptions,
  ): Promise<boolean> {
    const { operations, space } = await create(
      this.#owner,
      bucket,
      "add a key",
    );
    operations.exists++;
    const isNew = await space.setIfAbsent(key, REMEMBERED, options);
    if (isNew) operations.add++;
    return !isNew;
  }
}

async function exists(
  owner: BucketOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  const found = await find(owner, bucket, "look a key up");
  if (found === undefined) return false;
  found.operations.exists++;
  return found.space.has(key);
}

async function remove(
  owner: BucketOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  const found = await find(owner, bucket, "delete a key");
  if (found === undefined) return false;
  found.operations.delete++;
  return await found.space.delete(key);
}

function find(
  owner: BucketOwner,
  bucket: string,
  action: string,
): OpenBucket | undefined | Promise<OpenBucket | undefined> {
  return owner.requireBuckets(action).find(bucket);
}

function create(
  owner: BucketOwner,
  bucket: string,
  action: string,
): OpenBucket | Promise<OpenBucket> {
  return owner.requireBuckets(action).create(bucket);
}

function describe(bucket: string, key: Key): string {
  const text = typeof key === "string" ? key : new TextDecoder().decode(key);
  return `the value of ${JSON.stringify(text)} in bucket ${
    JSON.stringify(bucket)
  }`;
}

/**
 * Where the buckets of an instance live: all in one store, or each in its own.
 *
 * Both answer the same questions, so that nothing above cares which it is. A bucket
 * comes into being when it is first written to; looking something up in a bucket that
 * never was makes nothing.
 *
 * @module
 */

import type { KeySpace } from "../store/key_space.ts";
import type { LargeKey } from "../store/largest.ts";
import type { Store } from "../store/store.ts";

/** A bucket in use: its key space and how often each operation was asked for. */
export interface OpenBucket {
  /** The name of the bucket. */
  readonly name: string;
  /** Where its keys are. */
  readonly space: KeySpace;
  /** How often each operation was asked for. */
  readonly operations: BucketOperations;
}

/** How often each operation was asked for in one bucket since the start. */
export interface BucketOperations {
  /** Plain reads. */
  get: number;
  /** Reads of compressed values. */
  getCompress: number;
  /** Plain writes. */
  add: number;
  /** Writes of compressed values. */
  addCompress: number;
  /** Look-ups. */
  exists: number;
  /** Removals. */
  delete: number;
}

/** A store of an instance that is open. */
export interface BadgerStore {
  /** The bucket it is for; `undefined` where one store has all buckets. */
  bucket: string | undefined;
  /** The store. */
  store: Store;
}

/** The buckets of an open instance. */
export interface BucketStores {
  /** The bucket of that name; `undefined` if nothing was ever written to it. */
  find(
    name: string,
  ): OpenBucket | undefined | Promise<OpenBucket | undefined>;
  /** The same, made if it is not there. */
  create(name: string): OpenBucket | Promise<OpenBucket>;
  /** The names of all buckets, in order. */
  names(): string[];
  /** The buckets in use since the start. */
  opened(): OpenBucket[];
  /** The stores that are open. */
  stores(): Store[];
  /** Every store, opened if need be. */
  openAll(): Promise<Store[]>;
  /** The keys with the largest values, of all buckets. */
  largest(count: number, signal: AbortSignal | undefined): Promise<LargeKey[]>;
  /** Keys in the stores that are ours and nobody's data. */
  bookkeepingKeys(): number;
  /** Closes every store. */
  close(): Promise<void>;
}

/** Counters at zero. */
export function noOperations(): BucketOperations {
  return {
    get: 0,
    getCompress: 0,
    add: 0,
    addCompress: 0,
    exists: 0,
    delete: 0,
  };
}

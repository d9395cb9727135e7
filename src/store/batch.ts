/**
 * Operations that take effect together or not at all.
 *
 * @module
 */

import type { BatchBuffer } from "../engine/batch_buffer.ts";
import type { Compression } from "../engine/compression.ts";
import { Engine } from "../engine/engine.ts";
import { bucketPrefix } from "./bucket_name.ts";
import { readExpireIn } from "./expire_in.ts";
import type { Key, SetOptions, Value } from "./types.ts";
import { ValueBuffer } from "./value_buffer.ts";

/** Where a batch operation goes. */
export interface BatchTarget {
  /** The bucket of the key. Default: where the batch was started. */
  bucket?: string;
}

const values = new ValueBuffer();

/**
 * A batch, made by {@linkcode KeySpace.batch}. Keys and values are copied when they
 * are added. A batch must fit in one segment.
 */
export class Batch {
  readonly #engine: Engine;
  readonly #prefix: Uint8Array | undefined;
  readonly #compression: Compression;
  #buffer: BatchBuffer | undefined;

  /** Not for callers: use {@linkcode KeySpace.batch}. */
  constructor(
    engine: unknown,
    prefix: Uint8Array | undefined,
    compression: unknown,
  ) {
    if (!(engine instanceof Engine)) {
      throw new TypeError("Cannot construct a batch: call batch on a store");
    }
    this.#engine = engine;
    this.#prefix = prefix;
    this.#compression = compression as Compression;
  }

  /** Operations added so far. */
  get length(): number {
    return this.#buffer?.count ?? 0;
  }

  /** Brings the key to hand; returns what takes its operation. */
  #load(key: Key, target: BatchTarget | undefined): BatchBuffer {
    const engine = this.#engine;
    engine.check("add to a batch");
    const bucket = target?.bucket;
    const prefix = bucket === undefined ? this.#prefix : bucketPrefix(bucket);
    engine.key.load(key, prefix);
    return this.#buffer ??= engine.takeBatch();
  }

  /** Adds the setting of a key. Its time to expire starts with the commit. */
  set(key: Key, value: Value, options?: SetOptions & BatchTarget): this {
    const expireIn = options === undefined ? 0 : readExpireIn(options);
    const compression = options?.bucket === undefined
      ? this.#compression
      : this.#engine.compression;
    values.loadFor(value, compression);
    const { bytes, length, codec } = values;
    this.#load(key, options)
      .put(this.#engine.key, bytes, length, expireIn, codec);
    return this;
  }

  /** Adds the deletion of a key. */
  delete(key: Key, options?: BatchTarget): this {
    this.#load(key, options).remove(this.#engine.key);
    return this;
  }

  /** Drops all operations added so far. */
  clear(): this {
    this.#release();
    return this;
  }

  /**
   * Makes all operations take effect at once, in the order in which they were
   * added. The batch is empty afterwards and can be used again.
   *
   * @throws {StoreError} `BATCH_TOO_LARGE` if the batch does not fit in one segment;
   * it is unchanged then.
   */
  commit(): Promise<void> {
    try {
      const engine = this.#engine;
      engine.check("commit a batch");
      if (this.length === 0) return Promise.resolve();
      engine.commit(this.#buffer!);
      this.#release();
      return engine.queue.done;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #release(): void {
    if (this.#buffer !== undefined) this.#engine.releaseBatch(this.#buffer);
    this.#buffer = undefined;
  }
}

/**
 * Operations that take effect together or not at all.
 *
 * @module
 */

import { type BatchOperation, Engine } from "../engine/engine.ts";
import { bucketPrefix } from "./bucket_name.ts";
import { readExpireIn } from "./key_space.ts";
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
  #operations: BatchOperation[] = [];

  /** Not for callers: use {@linkcode KeySpace.batch}. */
  constructor(engine: unknown, prefix: Uint8Array | undefined) {
    if (!(engine instanceof Engine)) {
      throw new TypeError("Cannot construct a batch: call batch on a store");
    }
    this.#engine = engine;
    this.#prefix = prefix;
  }

  /** Operations added so far. */
  get length(): number {
    return this.#operations.length;
  }

  #add(
    key: Key,
    target: BatchTarget | undefined,
    value: Uint8Array | undefined,
    expireIn: number,
  ): this {
    const engine = this.#engine;
    engine.check("add to a batch");
    const bucket = target?.bucket;
    const prefix = bucket === undefined ? this.#prefix : bucketPrefix(bucket);
    engine.key.load(key, prefix);
    this.#operations.push({
      key: engine.key.bytes.slice(0, engine.key.length),
      isBucket: prefix !== undefined,
      value,
      expireIn,
    });
    return this;
  }

  /** Adds the setting of a key. Its time to expire starts with the commit. */
  set(key: Key, value: Value, options?: SetOptions & BatchTarget): this {
    values.load(value);
    const copy = values.bytes.slice(0, values.length);
    return this.#add(key, options, copy, readExpireIn(options));
  }

  /** Adds the deletion of a key. */
  delete(key: Key, options?: BatchTarget): this {
    return this.#add(key, options, undefined, 0);
  }

  /** Drops all operations added so far. */
  clear(): this {
    this.#operations = [];
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
      if (this.#operations.length === 0) return Promise.resolve();
      engine.commit(this.#operations);
      this.#operations = [];
      return engine.queue.done;
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

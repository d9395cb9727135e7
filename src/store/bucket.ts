/**
 * A named key space inside a store.
 *
 * @module
 */

import { bucketPrefix } from "./bucket_name.ts";
import type { BucketOptions } from "./bucket_options.ts";
import { KeySpace } from "./key_space.ts";

/** A bucket, got by {@linkcode Store.bucket}. It needs no closing. */
export class Bucket extends KeySpace {
  /** The bucket's name. */
  readonly name: string;

  /** Not for callers: use {@linkcode Store.bucket}. */
  constructor(engine: unknown, name: string, options?: BucketOptions) {
    super(engine, bucketPrefix(name), options);
    this.name = name;
  }
}

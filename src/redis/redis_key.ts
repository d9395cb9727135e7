/**
 * How a key of a bucket is named on a server: the prefix of all that is ours, then the
 * bucket's name with its length, then the key. What follows the prefix is byte for
 * byte what a store with all buckets in one has as the key of a record.
 *
 * A key and its bucket are held to the same limits, so that whatever is in one backend
 * fits into the other.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import calculateSlot from "cluster-key-slot";
import { KeyBuffer } from "../engine/key_buffer.ts";
import { KEY_BYTES_MAX } from "../format/record.ts";
import {
  BUCKET_NAME_BYTES_MAX,
  bucketPrefix,
  splitBucketKey,
} from "../store/bucket_name.ts";
import type { Key } from "../store/types.ts";

/** A key as the servers know it. */
export interface RedisKey {
  /** Its bytes. */
  readonly bytes: Buffer;
  /** The same, for a map. */
  readonly text: string;
  /** The slot that a cluster has it in. */
  readonly slot: number;
}

const buffer = new KeyBuffer();
/** Buckets whose prefix is kept at hand. */
const KNOWN_PREFIXES_MAX = 1_000;

/** The slot of a key, by its name. */
export function slotOf(name: Buffer): number {
  return calculateSlot(name);
}

/** Names keys. */
export class RedisKeys {
  /** What all keys begin with. */
  readonly prefix: Buffer;
  readonly #prefixes = new Map<string, Uint8Array>();

  /** Takes the prefix of all keys. */
  constructor(prefix: string) {
    this.prefix = Buffer.from(prefix);
  }

  /**
   * Names a key.
   *
   * @throws {TypeError} If bucket or key are of the wrong type or not well-formed.
   * @throws {RangeError} If one is too long, or the key is empty.
   */
  name(bucket: string, key: Key): RedisKey {
    buffer.load(key, this.#bucketPrefix(bucket));
    const { prefix } = this;
    const bytes = Buffer.allocUnsafe(prefix.length + buffer.length);
    bytes.set(prefix);
    bytes.set(buffer.bytes.subarray(0, buffer.length), prefix.length);
    return {
      bytes,
      text: bytes.toString("latin1"),
      slot: slotOf(bytes),
    };
  }

  /** The bucket and key of a name; `undefined` if it is not one of ours. */
  split(name: Buffer): { bucket: string; key: Uint8Array } | undefined {
    const { prefix } = this;
    if (!name.subarray(0, prefix.length).equals(prefix)) return undefined;
    const whole = name.subarray(prefix.length);
    if (whole.length < 2 || whole.length > KEY_BYTES_MAX) return undefined;
    const { bucket, key } = splitBucketKey(whole);
    const nameBytes = whole.length - key.length;
    if (key.length === 0) return undefined;
    if (Buffer.byteLength(bucket) > BUCKET_NAME_BYTES_MAX) return undefined;
    // A name of somebody else that reads like ours does not come out the same.
    const isOurs = whole.subarray(0, nameBytes).equals(bucketPrefix(bucket));
    return isOurs ? { bucket, key: Uint8Array.from(key) } : undefined;
  }

  /** The pattern of `SCAN` for the keys of a bucket, or of all buckets. */
  pattern(bucket?: string): Buffer {
    const start = bucket === undefined
      ? this.prefix
      : Buffer.concat([this.prefix, bucketPrefix(bucket)]);
    const pattern: number[] = [];
    for (const byte of start) {
      if ("*?[]\\^-".includes(String.fromCharCode(byte))) pattern.push(0x5c);
      pattern.push(byte);
    }
    pattern.push(0x2a);
    return Buffer.from(pattern);
  }

  #bucketPrefix(bucket: string): Uint8Array {
    const known = this.#prefixes.get(bucket);
    if (known !== undefined) return known;
    const prefix = bucketPrefix(bucket);
    if (this.#prefixes.size === KNOWN_PREFIXES_MAX) this.#prefixes.clear();
    this.#prefixes.set(bucket, prefix);
    return prefix;
  }
}

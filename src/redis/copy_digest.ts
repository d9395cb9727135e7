/**
 * A digest of entries in any order: the sum of the first 128 bits of the SHA-256 of
 * each, so that two sides that are walked differently can be compared. It tells
 * accidents and not forgeries.
 *
 * When a key expires is not in it: a server knows that by the time it has left.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { bucketPrefix } from "../store/bucket_name.ts";

const MODULUS = 1n << 128n;

/** Adds entries up. */
export class EntryDigest {
  /** Entries that were added. */
  entries = 0;
  /** Bytes of their keys and values. */
  bytes = 0;
  #sum = 0n;
  readonly #length = Buffer.alloc(4);

  /** Adds an entry. */
  add(bucket: string, key: Uint8Array, value: Uint8Array): void {
    this.#length.writeUInt32LE(key.length);
    const hash = createHash("sha256")
      .update(bucketPrefix(bucket)).update(this.#length).update(key)
      .update(value).digest();
    this.#sum = (this.#sum + (hash.readBigUInt64LE(0) << 64n) +
      hash.readBigUInt64LE(8)) % MODULUS;
    this.entries++;
    this.bytes += key.length + value.length;
  }

  /** The sum in hexadecimal. */
  get hex(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }
}

/**
 * The operations of a batch, encoded as the records that they will be: whole but for
 * what only the commit knows, which is version, batch flags, sync mark and checksum;
 * and for the expiry, in whose place the time until then stands.
 *
 * Keys and values are copied once when they are added and once more, all together,
 * by the commit. Nothing is allocated an operation.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import {
  FLAG_BUCKET,
  FLAG_EXPIRING,
  headLength,
  KIND_PUT,
  KIND_TOMBSTONE,
  writeHead,
} from "../format/record.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";

const FIRST_BYTES = 16 * 1024;
const FIRST_ROWS = 64;
/** Larger buffers are not kept for the next batch. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const BYTES_MAX = 2 ** 32 - 1;
/** Below this length a loop copies faster than a call does. */
const LOOP_LENGTH_MAX = 48;

/** Operations of one batch. */
export class BatchBuffer {
  /** The records, one after the other. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  /** The same bytes, for numbers. */
  view: DataView = new DataView(this.bytes.buffer);
  /** Bytes of the records. */
  length = 0;
  /** Operations. */
  count = 0;
  /** Where the record of each operation starts. */
  starts: Uint32Array = new Uint32Array(FIRST_ROWS);
  /** The hash of the key of each operation. */
  hashes: Int32Array = new Int32Array(FIRST_ROWS);

  /** Adds a put of the key at hand; `expireIn` is 0 if it does not expire. */
  put(
    key: KeyBuffer,
    value: Uint8Array,
    valueLength: number,
    expireIn: number,
    codec: number = 0,
  ): void {
    const flags = expireIn === 0 ? KIND_PUT : KIND_PUT | FLAG_EXPIRING;
    let at = this.#begin(key, flags, codec, valueLength, expireIn);
    const { bytes } = this;
    if (valueLength <= LOOP_LENGTH_MAX) {
      for (let i = 0; i < valueLength; i++) bytes[at + i] = value[i]!;
    } else if (value.length === valueLength) {
      bytes.set(value, at);
    } else {
      bytes.set(value.subarray(0, valueLength), at);
    }
    at += valueLength;
    this.length = at;
    this.count++;
  }

  /** Adds a tombstone of the key at hand. */
  remove(key: KeyBuffer): void {
    this.length = this.#begin(key, KIND_TOMBSTONE, 0, 0, 0);
    this.count++;
  }

  /** Writes head and key; returns where the value goes. */
  #begin(
    key: KeyBuffer,
    kindAndFlags: number,
    codec: number,
    valueLength: number,
    expireIn: number,
  ): number {
    const { length: at, count } = this;
    const flags = (key.tag & TAG_BUCKET) !== 0
      ? kindAndFlags | FLAG_BUCKET
      : kindAndFlags;
    const end = at + headLength(flags) + key.length + valueLength;
    if (end > this.bytes.length) this.#grow(end);
    if (count === this.starts.length) this.#growRows();
    this.starts[count] = at;
    this.hashes[count] = key.hash;
    const { bytes, view } = this;
    const keyAt = writeHead(
      view,
      at,
      flags,
      codec,
      key.length,
      valueLength,
      0,
      expireIn,
      0,
    );
    key.copyTo(bytes, view, keyAt);
    return keyAt + key.length;
  }

  #grow(needed: number): void {
    if (needed > BYTES_MAX) {
      throw new StoreError(
        "BATCH_TOO_LARGE",
        `Cannot add to a batch of ${this.length} bytes: no segment is as large. Split it`,
      );
    }
    const capacity = Math.min(BYTES_MAX, needed * 2);
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  #growRows(): void {
    const { starts, hashes } = this;
    this.starts = new Uint32Array(starts.length * 2);
    this.starts.set(starts);
    this.hashes = new Int32Array(hashes.length * 2);
    this.hashes.set(hashes);
  }

  /** Forgets the operations; false if it is too large to be kept for others. */
  clear(): boolean {
    this.length = this.count = 0;
    return this.bytes.length <= KEPT_BYTES_MAX;
  }
}

/**
 * What an atomic operation or a transaction will write: the last state of each key.
 *
 * @module
 */

import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { keyText, textOfKey } from "../engine/history.ts";
import type { Key, Value } from "./types.ts";
import { ValueBuffer } from "./value_buffer.ts";

/** What a key will be. */
export interface Change {
  /** The whole key, with the bucket's name. */
  readonly key: Uint8Array;
  readonly isBucket: boolean;
  /** The value; `undefined` for none. */
  readonly value: Uint8Array | undefined;
  /** Milliseconds from the commit on until it expires; 0 for never. */
  readonly expireIn: number;
  /** How the value is compressed. */
  readonly compression: Compression;
  /** When it expires, where that does not begin with the commit; 0 otherwise. */
  readonly expiry: number;
}

const values = new ValueBuffer();

/** A copy of a caller's value. */
export function copyValue(value: Value): Uint8Array {
  values.load(value);
  return values.bytes.slice(0, values.length);
}

/** A copy of a caller's key, checked, with the bucket's name. */
export function copyKey(
  engine: Engine,
  key: Key,
  space: Uint8Array | undefined,
): Uint8Array {
  const buffer = engine.key;
  buffer.load(key, space);
  return buffer.bytes.slice(0, buffer.length);
}

/** Brings a whole key to hand. */
export function loadKey(
  engine: Engine,
  key: Uint8Array,
  isBucket: boolean,
): void {
  engine.key.loadRecord(key, 0, key.length, isBucket);
}

/** The changes, by key. */
export class Changes {
  readonly #changes = new Map<string, Change>();

  /** Changes there are. */
  get size(): number {
    return this.#changes.size;
  }

  /** Notes what a key will be. */
  put(change: Change): void {
    this.#changes.set(keyText(change.key, change.isBucket), change);
  }

  /** What the key at hand will be; `undefined` if it is not changed. */
  find(engine: Engine): Change | undefined {
    if (this.#changes.size === 0) return undefined;
    return this.#changes.get(textOfKey(engine.key));
  }

  /** All changes, in the order in which their keys were first changed. */
  values(): Iterable<Change> {
    return this.#changes.values();
  }

  /**
   * Writes all changes in one step; returns the version they have.
   *
   * @throws {StoreError} `BATCH_TOO_LARGE` if they do not fit in one segment.
   */
  commit(engine: Engine, now: number): number {
    const batch = engine.takeBatch();
    try {
      for (const change of this.#changes.values()) {
        loadKey(engine, change.key, change.isBucket);
        const { value, expiry, expireIn, compression } = change;
        if (value === undefined || (expiry !== 0 && expiry <= now)) {
          // Without a value there is nothing that a tombstone would hide.
          if (engine.ledger.findLive(engine) !== 0) batch.remove(engine.key);
        } else {
          const rest = expiry === 0 ? expireIn : expiry - now;
          const coded = compression.encode(value);
          const { codec } = compression;
          batch.put(engine.key, coded, coded.length, rest, codec);
        }
      }
      if (batch.count > 0) engine.commit(batch, now);
      return engine.writer.nextVersion - 1;
    } finally {
      engine.releaseBatch(batch);
    }
  }
}

/**
 * A key-value store near the program in front of one far away: values that were read
 * are kept in the embedded engine for a while.
 *
 * What is promised: a read gives what the far store had at the time of the call, or at
 * some time within `stalenessMilliseconds` before; and what this program wrote is
 * seen by its own reads that begin after the write was done. Where the servers tell of
 * changes a kept value goes as soon as that is heard, which is about the time that a
 * message takes; the bound holds without that too, through lost connections and
 * servers that hang, as long as this machine's clock is not set back.
 *
 * Writes go to the far store and nowhere else. A value that is being read while it
 * changes is not kept.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { Compressor } from "../plugin/compression.ts";
import type { KvStore } from "../plugin/kv.ts";
import type { Key, SetOptions, Value } from "../store/types.ts";
import { describe } from "./redis_calls.ts";
import type { RedisKeys } from "./redis_key.ts";

/** What a tier did since it was made. */
export interface TierCounts {
  /** Reads that were answered from near. */
  hits: number;
  /** Reads that had to go far. */
  misses: number;
  /** Kept values that were dropped because the servers told of a change. */
  invalidations: number;
  /** Times that everything kept was dropped, because changes may have gone unheard. */
  gaps: number;
  /** Times that the near store failed; reads then go far. */
  failures: number;
}

/** What a tier is made of. */
export interface TierParts {
  /** Opens both stores. */
  open: () => Promise<void>;
  /** Closes both stores. */
  close: () => Promise<void>;
  /** Where values are kept; for nothing else. */
  near: KvStore;
  /** Where they are. */
  far: KvStore;
  /** Names keys as the servers do. */
  keys: RedisKeys;
  /** Opens compressed values. */
  compressor: Compressor;
  /** How long a value is kept, in milliseconds. */
  stalenessMilliseconds: number;
}

/** A read that is under way, for all who ask meanwhile. */
interface Fetch {
  value: Promise<Uint8Array | undefined>;
  /** When it began: what it brings may be as old as that. */
  begun: number;
  /** True once the key may have changed after the read began. */
  isOld: boolean;
}

/** Bytes that say in which of the times between two gaps a value was kept. */
const ERA_BYTES = 8;
const ENTRY_HEAD_BYTES = ERA_BYTES + 1;
const ABSENT = 0;
const PRESENT = 1;

/** Keeps what was read. */
export class TieredKv implements KvStore {
  /** What was done so far. */
  readonly counts: TierCounts = {
    hits: 0,
    misses: 0,
    invalidations: 0,
    gaps: 0,
    failures: 0,
  };
  readonly #parts: TierParts;
  readonly #fetches = new Map<string, Fetch>();
  /** What is kept under another one is not believed: from before a gap, or a restart. */
  #era = randomBytes(ERA_BYTES);

  /** Not for callers: use {@linkcode TieredBackend.kvStore}. */
  constructor(parts: unknown) {
    this.#parts = parts as TierParts;
  }

  /** Opens both stores; does nothing if they are open. */
  open(): Promise<void> {
    return this.#parts.open();
  }

  /** Closes both stores; does nothing if they are closed. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  /**
   * Reads a value, from near if it is kept there.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value: `undefined` if the key is missing, empty if it is empty.
   * @throws {StoreError} `UNAVAILABLE` if it is not kept and no server answers in time.
   */
  async getValue(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    const ownKey = copyOf(key);
    const entry = await this.#kept(bucket, ownKey);
    if (entry !== undefined) {
      return entry[ERA_BYTES] === ABSENT
        ? undefined
        : entry.slice(ENTRY_HEAD_BYTES);
    }
    return await this.#fetch(bucket, ownKey);
  }

  /**
   * Reads a value written by `addValueCompress`.
   *
   * @param bucket The bucket.
   * @param key The key.
   * @returns The value in its original form, or `undefined` if the key is missing.
   * @throws {StoreError} `NOT_COMPRESSED` if it was written plain; and what
   * {@linkcode TieredKv.getValue} does.
   */
  async getCompressedValue(
    bucket: string,
    key: Key,
  ): Promise<Uint8Array | undefined> {
    const what = describe(bucket, key);
    const envelope = await this.getValue(bucket, key);
    return envelope && await this.#parts.compressor.unwrap(envelope, what);
  }

  /** Writes a value to the far store. */
  addValue(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    return this.#change(
      bucket,
      key,
      (far, key) => far.addValue(bucket, key, value, options),
    );
  }

  /** Writes a value compressed to the far store. */
  addValueCompress(
    bucket: string,
    key: Key,
    value: Value,
    options?: SetOptions,
  ): Promise<void> {
    return this.#change(
      bucket,
      key,
      (far, key) => far.addValueCompress(bucket, key, value, options),
    );
  }

  /** Removes a key from the far store; true if it was there. */
  deleteKey(bucket: string, key: Key): Promise<boolean> {
    return this.#change(bucket, key, (far, key) => far.deleteKey(bucket, key));
  }

  /** Tells whether the key has a value, by what is kept if it is. */
  async existsKey(bucket: string, key: Key): Promise<boolean> {
    const ownKey = copyOf(key);
    const entry = await this.#kept(bucket, ownKey);
    if (entry !== undefined) return entry[ERA_BYTES] === PRESENT;
    return await this.#parts.far.existsKey(bucket, ownKey);
  }

  /** Drops what is kept of a key that was written, by its name on the servers. */
  async forget(bucket: string, key: Key): Promise<void> {
    this.#overtake(bucket, key);
    if (await this.#drop(bucket, key)) this.counts.invalidations++;
  }

  /** Drops everything that is kept. */
  forgetAll(): void {
    this.counts.gaps++;
    this.#era = randomBytes(ERA_BYTES);
    for (const fetch of this.#fetches.values()) fetch.isOld = true;
    this.#fetches.clear();
  }

  /** What is kept of a key, if it is to be believed. */
  async #kept(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    const entry = await this.#parts.near.getValue(bucket, key)
      .catch(() => void this.counts.failures++);
    const era = this.#era;
    let isBelieved = entry !== undefined && entry.length >= ENTRY_HEAD_BYTES;
    for (let i = 0; isBelieved && i < ERA_BYTES; i++) {
      isBelieved = entry![i] === era[i];
    }
    if (isBelieved) this.counts.hits++;
    else this.counts.misses++;
    return isBelieved ? entry! : undefined;
  }

  async #fetch(bucket: string, key: Key): Promise<Uint8Array | undefined> {
    const name = this.#nameOf(bucket, key);
    const running = this.#fetches.get(name);
    if (running !== undefined && this.#timeLeft(running) > 0) {
      // What another one has asked for is his: each caller owns his array.
      return (await running.value)?.slice();
    }
    const fetch: Fetch = {
      begun: Date.now(),
      value: this.#parts.far.getValue(bucket, key),
      isOld: false,
    };
    this.#fetches.set(name, fetch);
    try {
      const value = await fetch.value;
      await this.#keep(bucket, key, value, fetch);
      return value;
    } finally {
      if (this.#fetches.get(name) === fetch) this.#fetches.delete(name);
    }
  }

  async #keep(
    bucket: string,
    key: Key,
    value: Uint8Array | undefined,
    fetch: Fetch,
  ): Promise<void> {
    // The answer may have been long under way.
    const expireIn = this.#timeLeft(fetch);
    if (fetch.isOld || expireIn <= 0) return;
    const entry = new Uint8Array(ENTRY_HEAD_BYTES + (value?.length ?? 0));
    entry.set(this.#era);
    entry[ERA_BYTES] = value === undefined ? ABSENT : PRESENT;
    if (value !== undefined) entry.set(value, ENTRY_HEAD_BYTES);
    try {
      await this.#parts.near.addValue(bucket, key, entry, { expireIn });
    } catch {
      // A full disk is no reason not to answer; but it may have kept something.
      fetch.isOld = true;
      this.counts.failures++;
    }
    // It may have changed while it was being kept.
    if (fetch.isOld) await this.#drop(bucket, key);
  }

  /** Milliseconds for which what a read brings may be given out. */
  #timeLeft({ begun }: Fetch): number {
    return this.#parts.stalenessMilliseconds - (Date.now() - begun);
  }

  /** Drops what is kept of a key, or everything if that cannot be done. */
  async #drop(bucket: string, key: Key): Promise<boolean> {
    try {
      return await this.#parts.near.deleteKey(bucket, key);
    } catch {
      this.counts.failures++;
      this.forgetAll();
      return false;
    }
  }

  async #change<T>(
    bucket: string,
    key: Key,
    act: (far: KvStore, key: Key) => Promise<T>,
  ): Promise<T> {
    const ownKey = copyOf(key);
    // What is read from now on comes after it, awaited or not: so it goes far too.
    this.#overtake(bucket, ownKey);
    const dropped = this.#drop(bucket, ownKey);
    try {
      return await act(this.#parts.far, ownKey);
    } finally {
      await dropped;
      // Done or not, or nobody knows: reads that began before it was done do not count.
      this.#overtake(bucket, ownKey);
      await this.#drop(bucket, ownKey);
    }
  }

  /** Keeps reads of a key that are under way from being kept, or shared any more. */
  #overtake(bucket: string, key: Key): void {
    const name = this.#nameOf(bucket, key);
    const fetch = this.#fetches.get(name);
    if (fetch === undefined) return;
    fetch.isOld = true;
    this.#fetches.delete(name);
  }

  #nameOf(bucket: string, key: Key): string {
    return this.#parts.keys.name(bucket, key).text;
  }
}

/** The key as it is now, whatever its owner does with his array. */
function copyOf(key: Key): Key {
  return key instanceof Uint8Array ? key.slice() : key;
}

/**
 * A storage adapter for [Keyv](https://keyv.org) 5, and so for what takes one, over a
 * store or a bucket.
 *
 * This entry imports no package, not even Keyv, and needs no permission beyond the
 * store's.
 *
 * @example Usage
 * ```ts
 * import { KeyvSett } from "@sett/badger/keyv";
 * import Keyv from "keyv";
 * import { assertEquals } from "@std/assert";
 *
 * const keyv = new Keyv({ store: new KeyvSett({ memoryMode: true }) });
 * await keyv.set("session", { user: "ada" }, 60_000);
 * assertEquals(await keyv.get("session"), { user: "ada" });
 * await keyv.disconnect();
 * ```
 *
 * @module
 */

import type { KeySpace } from "../store/key_space.ts";
import { commitTogether } from "./commit_together.ts";
import { type AdapterTarget, LazyTarget } from "./adapter_target.ts";
import { setFor } from "./time_to_live.ts";

export type { AdapterTarget };

/** How a {@linkcode KeyvSett} is made. */
export interface KeyvSettOptions {
  /** The bucket of the store that holds the entries. Default: outside of buckets. */
  bucket?: string;
}

/** An entry for {@linkcode KeyvSett.setMany}. */
export interface KeyvItem {
  /** The key, with its namespace. */
  key: string;
  /** The value, as Keyv serialized it. */
  value: unknown;
  /** Milliseconds until it expires. Default: never. */
  ttl?: number;
}

const decoder = new TextDecoder();

/** What Keyv made of a value. */
function serialized(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(
    `Cannot set a value of type ${typeof value}: the store keeps what Keyv ` +
      "serializes, so leave its serialize and deserialize on",
  );
}

function text<Value>(bytes: Uint8Array | undefined): Value | undefined {
  return bytes && decoder.decode(bytes) as Value;
}

/**
 * Keeps the entries of a Keyv. They expire in the store by themselves, and their keys
 * are in order, so what belongs to a namespace is found without looking at the rest.
 */
export class KeyvSett {
  /**
   * What Keyv reads of an adapter. It has an iterator only over adapters that name one
   * of a list of databases in their address.
   */
  readonly opts: { dialect: string; url: string } = {
    dialect: "sett",
    url: "sett://like-sqlite",
  };
  /** The namespace that {@linkcode clear} clears; Keyv sets it. */
  namespace?: string;
  readonly #lazy: LazyTarget;
  readonly #listeners = new Set<(error: unknown) => void>();

  /**
   * Makes an adapter; the store is opened by the first call.
   *
   * @param target The path of a data directory or the settings of a store, which
   * {@linkcode disconnect} closes; or an open store or bucket, which stays open.
   * @param options The bucket.
   */
  constructor(target: AdapterTarget, options: KeyvSettOptions = {}) {
    this.#lazy = new LazyTarget(target, options.bucket);
  }

  /** The store or bucket underneath; opens it if it is not open yet. */
  space(): Promise<KeySpace> {
    return this.#lazy.open();
  }

  /** Listens to `"error"`: reads that fail, which Keyv takes for misses. */
  on(event: string, listener: (error: unknown) => void): this {
    if (event === "error") this.#listeners.add(listener);
    return this;
  }

  /** The value of a key; `undefined` if it has none. */
  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      const space = await this.#lazy.open();
      return text<Value>(await space.get(key));
    } catch (error) {
      for (const listener of this.#listeners) listener(error);
      throw error;
    }
  }

  /** The values of several keys. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const space = await this.#lazy.open();
    return (await space.getMany(keys)).map((bytes) => text<Value>(bytes));
  }

  /**
   * Sets a key.
   *
   * @param key The key, with its namespace.
   * @param value The value, as Keyv serialized it.
   * @param ttl Milliseconds until it expires. Default: never.
   * @throws {TypeError} If the value is no text.
   */
  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const bytes = serialized(value);
    await setFor(await this.#lazy.open(), key, bytes, ttl);
  }

  /** Sets several keys at once, all or none. */
  async setMany(entries: KeyvItem[]): Promise<void> {
    await commitTogether(await this.#lazy.open(), (batch) => {
      for (const { key, value, ttl } of entries) {
        setFor(batch, key, serialized(value), ttl);
      }
    });
    // Keyv hands this on to its caller, whom it promises a boolean for each entry,
    // though its type for adapters says that nothing is returned.
    return entries.map(() => true) as unknown as void;
  }

  /** Deletes a key; true if it had a value. */
  async delete(key: string): Promise<boolean> {
    return await (await this.#lazy.open()).delete(key);
  }

  /** Deletes several keys at once; true if all of them had a value. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const space = await this.#lazy.open();
    const hadAll = keys.every((key) => space.has(key));
    await commitTogether(space, (batch) => {
      for (const key of keys) batch.delete(key);
    });
    return hadAll;
  }

  /** True if the key has a value. */
  async has(key: string): Promise<boolean> {
    return (await this.#lazy.open()).has(key);
  }

  /** Which of several keys have a value. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const space = await this.#lazy.open();
    return keys.map((key) => space.has(key));
  }

  /** Deletes what is in the namespace; all of the store or bucket if there is none. */
  async clear(): Promise<void> {
    const space = await this.#lazy.open();
    await (this.namespace === undefined
      ? space.clear()
      : space.deleteRange({ prefix: `${this.namespace}:` }));
  }

  /** The entries of a namespace, or all, as of one moment, in the order of their keys. */
  async *iterator<Value>(
    namespace?: string,
  ): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    const space = await this.#lazy.open();
    const range = namespace === undefined ? {} : { prefix: `${namespace}:` };
    for await (const [key, value] of space.list(range)) {
      yield [decoder.decode(key), text<Awaited<Value>>(value)];
    }
  }

  /** Closes the store if this opened it. The adapter cannot be used any more then. */
  disconnect(): Promise<void> {
    return this.#lazy.close();
  }
}

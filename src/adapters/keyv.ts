/**
 * A store as the storage of Keyv.
 *
 * @example Usage
 * ```ts ignore
 * import Keyv from "keyv";
 * import { KeyvSett } from "@sett/badger/keyv";
 *
 * const keyv = new Keyv({ store: new KeyvSett("./data/cache"), namespace: "a" });
 * await keyv.set("key", { any: "value" }, 60_000);
 * await keyv.disconnect();
 * ```
 *
 * @module
 */

import { EventEmitter } from "node:events";
import type { KeySpace } from "../store/key_space.ts";
import { type AdapterTarget, OpenSpace } from "./open_space.ts";

export type { AdapterTarget } from "./open_space.ts";

/** One entry that {@linkcode KeyvSett.setMany} sets. */
export interface KeyvItem {
  /** The key, with its namespace. */
  key: string;
  /** The value, as Keyv serialized it. */
  value: string;
  /** Milliseconds until it expires; 0 or absent for never. */
  ttl?: number;
}

const decoder = new TextDecoder();

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : decoder.decode(value);
}

/**
 * The storage adapter. Values are text, as Keyv's serializers make them. An adapter
 * has one namespace, so each Keyv needs its own; several can share a store.
 */
export class KeyvSett extends EventEmitter {
  /** What Keyv reads about the adapter. */
  readonly opts: { dialect: string; url: string };
  /** Set by Keyv: keys begin with it and a colon, and `clear` keeps to them. */
  namespace: string | undefined;
  readonly #open: OpenSpace;

  /**
   * An adapter over a store at a path, or one that is open already, or a bucket. What
   * is open already stays so at `disconnect`.
   */
  constructor(target: AdapterTarget) {
    super();
    // Keyv offers iteration only over adapters that it knows by name, in one of these.
    this.opts = { dialect: "sett", url: "sett://like-sqlite" };
    this.#open = new OpenSpace(target);
  }

  #space(): Promise<KeySpace> {
    return this.#open.get();
  }

  /** The serialized value of a key; `undefined` if it has none. */
  async get(key: string): Promise<string | undefined> {
    return text(await (await this.#space()).get(key));
  }

  /** The values of several keys, in their order. */
  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    const space = await this.#space();
    return (await space.getMany(keys)).map(text);
  }

  /** Sets a key; `ttl` is in milliseconds. */
  async set(key: string, value: string, ttl?: number): Promise<void> {
    await (await this.#space()).set(key, value, expiry(ttl));
  }

  /** Sets several keys, all or none. */
  async setMany(items: KeyvItem[]): Promise<void> {
    const batch = (await this.#space()).batch();
    for (const { key, value, ttl } of items) {
      batch.set(key, value, expiry(ttl));
    }
    await batch.commit();
  }

  /** True if the key has a value. */
  async has(key: string): Promise<boolean> {
    return (await this.#space()).has(key);
  }

  /** The same for several keys. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const space = await this.#space();
    return keys.map((key) => space.has(key));
  }

  /** Deletes a key; true if it had a value. */
  async delete(key: string): Promise<boolean> {
    return await (await this.#space()).delete(key);
  }

  /** Deletes several keys, all or none; true if each of them had a value. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const space = await this.#space();
    const hadAll = keys.every((key) => space.has(key));
    const batch = space.batch();
    for (const key of keys) batch.delete(key);
    await batch.commit();
    return hadAll;
  }

  /** Deletes all keys of the namespace, or all if there is none. */
  async clear(): Promise<void> {
    await (await this.#space()).deleteRange(rangeOf(this.namespace));
  }

  /** The keys of a namespace and their serialized values, as of one moment. */
  async *iterator(
    namespace?: string,
  ): AsyncGenerator<[key: string, value: string], void> {
    const space = await this.#space();
    for await (const [key, value] of space.list(rangeOf(namespace))) {
      yield [decoder.decode(key), decoder.decode(value)];
    }
  }

  /** Closes the store if the adapter opened it. */
  disconnect(): Promise<void> {
    return this.#open.close();
  }
}

function rangeOf(namespace: string | undefined): { prefix?: string } {
  return namespace === undefined ? {} : { prefix: `${namespace}:` };
}

function expiry(ttl: number | undefined): { expireIn?: number } {
  return ttl === undefined || ttl <= 0 ? {} : { expireIn: ttl };
}

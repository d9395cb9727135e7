/**
 * A store as a driver of unstorage.
 *
 * @example Usage
 * ```ts ignore
 * import { createStorage } from "unstorage";
 * import settDriver from "@sett/badger/unstorage";
 *
 * const storage = createStorage({ driver: settDriver("./data/storage") });
 * await storage.setItem("users:ada", { born: 1815 }, { ttl: 3600 });
 * await storage.dispose();
 * ```
 *
 * @module
 */

import { type AdapterTarget, OpenSpace } from "./open_space.ts";

export type { AdapterTarget } from "./open_space.ts";

/** How an item is set. */
export interface SettItemOptions {
  /** Seconds until it expires. */
  ttl?: number;
}

/** What is known of an item beside its value. */
export interface SettItemMeta {
  /** Bytes of the value. */
  size: number;
  /** Seconds until it expires; absent if it does not. */
  ttl?: number;
  /** The commit that set it. */
  versionstamp: string;
}

/** The driver; see the documentation of unstorage for what its methods do. */
export interface SettDriver {
  /** The name. */
  name: "sett";
  /** What the driver was made with. */
  options: AdapterTarget;
  /** True if the key has a value. */
  hasItem(key: string): Promise<boolean>;
  /** The value as text; null if there is none. */
  getItem(key: string): Promise<string | null>;
  /** The value as bytes; null if there is none. */
  getItemRaw(key: string): Promise<Uint8Array | null>;
  /** Sets a value of text. */
  setItem(key: string, value: string, options?: SettItemOptions): Promise<void>;
  /** Sets a value of bytes. */
  setItemRaw(
    key: string,
    value: string | Uint8Array,
    options?: SettItemOptions,
  ): Promise<void>;
  /** Deletes a key. */
  removeItem(key: string): Promise<void>;
  /** Size, time to live and versionstamp; null if there is no value. */
  getMeta(key: string): Promise<SettItemMeta | null>;
  /** The keys that begin with `base`, in order. */
  getKeys(base?: string): Promise<string[]>;
  /** Deletes the keys that begin with `base`. */
  clear(base?: string): Promise<void>;
  /** Tells of changes until the function that it gives is called. */
  watch(
    callback: (event: "update" | "remove", key: string) => void,
  ): Promise<() => Promise<void>>;
  /** Closes the store if the driver opened it. */
  dispose(): Promise<void>;
}

const decoder = new TextDecoder();

function expiry(options: SettItemOptions | undefined): { expireIn?: number } {
  const ttl = options?.ttl;
  return ttl === undefined ? {} : { expireIn: ttl * 1000 };
}

function rangeOf(base: string | undefined): { prefix?: string } {
  return base === undefined || base === "" ? {} : { prefix: base };
}

/**
 * Makes a driver over a store at a path, or one that is open already, or a bucket.
 *
 * @param target The path of a data directory, settings, or an open store or bucket,
 * which stays open at `dispose`.
 */
export default function settDriver(target: AdapterTarget): SettDriver {
  const open = new OpenSpace(target);
  const watches = new Set<() => Promise<void>>();
  return {
    name: "sett",
    options: target,
    async hasItem(key) {
      return (await open.get()).has(key);
    },
    async getItem(key) {
      const value = await (await open.get()).get(key);
      return value === undefined ? null : decoder.decode(value);
    },
    async getItemRaw(key) {
      return await (await open.get()).get(key) ?? null;
    },
    async setItem(key, value, options) {
      await (await open.get()).set(key, value, expiry(options));
    },
    async setItemRaw(key, value, options) {
      await (await open.get()).set(key, value, expiry(options));
    },
    async removeItem(key) {
      await (await open.get()).delete(key);
    },
    async getMeta(key) {
      const { value, versionstamp, expiresAt } = (await open.get())
        .getEntry(key);
      if (value === undefined) return null;
      return {
        size: value.length,
        versionstamp: versionstamp!,
        ...(expiresAt === undefined
          ? {}
          : { ttl: Math.ceil((expiresAt - Date.now()) / 1000) }),
      };
    },
    async getKeys(base) {
      const keys: string[] = [];
      const list = (await open.get())
        .list({ ...rangeOf(base), keysOnly: true });
      for await (const [key] of list) keys.push(decoder.decode(key));
      return keys;
    },
    async clear(base) {
      await (await open.get()).deleteRange(rangeOf(base));
    },
    async watch(callback) {
      const reader = (await open.get()).watch().getReader();
      const told = (async () => {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return;
          for (const change of value.changes) {
            const event = change.value === undefined ? "remove" : "update";
            callback(event, decoder.decode(change.key));
          }
        }
      })();
      const stop = async () => {
        watches.delete(stop);
        await reader.cancel();
        await told;
      };
      watches.add(stop);
      return stop;
    },
    async dispose() {
      await Promise.all([...watches].map((stop) => stop()));
      await open.close();
    },
  };
}

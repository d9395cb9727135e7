/**
 * A driver for [unstorage](https://unstorage.unjs.io), and so for Nitro and Nuxt, over
 * a store or a bucket.
 *
 * This entry imports no package, not even unstorage, and needs no permission beyond
 * the store's.
 *
 * @example Usage
 * ```ts
 * import settDriver from "@sett/badger/unstorage";
 * import { createStorage } from "unstorage";
 * import { assertEquals } from "@std/assert";
 *
 * const storage = createStorage({
 *   driver: settDriver({ memoryMode: true }),
 * });
 * await storage.setItem("users:ada", { age: 36 }, { ttl: 60 });
 * assertEquals(await storage.getItem("users:ada"), { age: 36 });
 * assertEquals(await storage.getKeys("users"), ["users:ada"]);
 * await storage.dispose();
 * ```
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { KeySpace } from "../store/key_space.ts";
import type { WatchedCommit } from "../store/watch.ts";
import { commitTogether } from "./commit_together.ts";
import { type AdapterTarget, LazyTarget } from "./adapter_target.ts";
import { setFor } from "./time_to_live.ts";

export type { AdapterTarget };

/** How a driver is made. */
export interface SettDriverOptions {
  /**
   * The path of a data directory or the settings of a store, which the driver opens
   * when it is first used and closes with `dispose`; or an open store or bucket, which
   * stays open.
   */
  store: AdapterTarget;
  /** The bucket of the store that holds the items. Default: outside of buckets. */
  bucket?: string;
  /** Seconds until an item expires that is set without a `ttl` of its own. Default: never. */
  ttl?: number;
}

/** How an item is set. */
export interface SettItemOptions {
  /** Seconds until the item expires. Default: that of the driver. */
  ttl?: number;
}

/** What {@linkcode SettDriver.getMeta} tells of an item. */
export interface SettItemMeta {
  /** Bytes of the value. */
  size: number;
  /** Seconds until it expires, rounded up; absent if it does not. */
  ttl?: number;
  /** When it expires; absent if it does not. */
  expires?: Date;
  /** The commit that set it. */
  versionstamp: string;
  /** What the type of unstorage has room for. */
  [key: string]: string | number | Date | undefined;
}

/** What unstorage calls. */
export interface SettDriver {
  /** The name of the driver. */
  name: string;
  /** What the driver can do that not all can. */
  flags: { ttl: boolean };
  /** What the driver was made with. */
  options: AdapterTarget | SettDriverOptions;
  /** The store or bucket; opens it if it is not open yet. */
  getInstance(): Promise<KeySpace>;
  /** True if there is such an item. */
  hasItem(key: string): Promise<boolean>;
  /** The value as text; null if there is none. */
  getItem(key: string): Promise<string | null>;
  /** The values of several items, as of one moment. */
  getItems(
    items: { key: string }[],
  ): Promise<{ key: string; value: string | null }[]>;
  /** The value as bytes; null if there is none. */
  getItemRaw(key: string): Promise<Uint8Array | null>;
  /** Sets an item. */
  setItem(
    key: string,
    value: string,
    options?: SettItemOptions,
  ): Promise<void>;
  /** Sets several items at once, all or none. */
  setItems(
    items: { key: string; value: string; options?: SettItemOptions }[],
    options?: SettItemOptions,
  ): Promise<void>;
  /** Sets an item to text or bytes. */
  setItemRaw(
    key: string,
    value: unknown,
    options?: SettItemOptions,
  ): Promise<void>;
  /** Removes an item. */
  removeItem(key: string): Promise<void>;
  /** What is known of an item; null if there is none. */
  getMeta(key: string): Promise<SettItemMeta | null>;
  /** The keys that begin with `base`, in order. */
  getKeys(base?: string): Promise<string[]>;
  /** Removes the items whose keys begin with `base`. */
  clear(base?: string): Promise<void>;
  /** Closes the store if this opened it. The driver cannot be used any more then. */
  dispose(): Promise<void>;
  /**
   * Tells of every change, whoever makes it, until the function it gives is called.
   * That one throws what ended the watch before, if anything did.
   */
  watch(
    listener: (event: "update" | "remove", key: string) => void,
  ): Promise<() => Promise<void>>;
}

const decoder = new TextDecoder();

function text(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : decoder.decode(bytes);
}

/** A raw value as the store takes it. */
function rawValue(value: unknown): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw new TypeError(
    `Cannot set a raw value of type ${typeof value}: it must be text or bytes`,
  );
}

/** Tells a listener of changes until the stream ends. */
async function tell(
  reader: ReadableStreamDefaultReader<WatchedCommit>,
  listener: (event: "update" | "remove", key: string) => void,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const { key, value: bytes } of value.changes) {
      listener(bytes === undefined ? "remove" : "update", decoder.decode(key));
    }
  }
}

function isOptions(
  target: AdapterTarget | SettDriverOptions,
): target is SettDriverOptions {
  return typeof target === "object" && target !== null && "store" in target;
}

/**
 * Makes a driver.
 *
 * @param target What {@linkcode SettDriverOptions.store} is, or it and more options.
 * @returns The driver, for `createStorage` and `storage.mount`.
 */
export default function settDriver(
  target: AdapterTarget | SettDriverOptions,
): SettDriver {
  const options = isOptions(target) ? target : { store: target };
  const lazy = new LazyTarget(options.store, options.bucket);
  const watches = new Set<() => Promise<void>>();
  const milliseconds = (own: SettItemOptions = {}) => {
    const ttl = own.ttl ?? options.ttl;
    return ttl === undefined ? undefined : ttl * 1000;
  };
  const prefixed = (base?: string) => base ? { prefix: base } : {};

  return {
    name: "sett",
    flags: { ttl: true },
    options: target,
    getInstance: () => lazy.open(),
    hasItem: async (key) => (await lazy.open()).has(key),
    getItem: async (key) => text(await (await lazy.open()).get(key)),
    async getItems(items) {
      const space = await lazy.open();
      const values = await space.getMany(items.map(({ key }) => key));
      return items.map(({ key }, i) => ({ key, value: text(values[i]) }));
    },
    getItemRaw: async (key) => await (await lazy.open()).get(key) ?? null,
    async setItem(key, value, own) {
      await setFor(await lazy.open(), key, value, milliseconds(own));
    },
    async setItems(items, common) {
      await commitTogether(await lazy.open(), (batch) => {
        for (const { key, value, options: own } of items) {
          setFor(batch, key, value, milliseconds({ ...common, ...own }));
        }
      });
    },
    async setItemRaw(key, value, own) {
      const bytes = rawValue(value);
      await setFor(await lazy.open(), key, bytes, milliseconds(own));
    },
    async removeItem(key) {
      await (await lazy.open()).delete(key);
    },
    async getMeta(key) {
      const entry = (await lazy.open()).getEntry(key);
      const { value, versionstamp, expiresAt } = entry;
      if (value === undefined || versionstamp === null) return null;
      return {
        size: value.length,
        versionstamp,
        ...expiresAt === undefined ? {} : {
          ttl: Math.ceil((expiresAt - Date.now()) / 1000),
          expires: new Date(expiresAt),
        },
      };
    },
    async getKeys(base) {
      const keys: string[] = [];
      const listed = (await lazy.open())
        .list({ ...prefixed(base), keysOnly: true });
      for await (const [key] of listed) keys.push(decoder.decode(key));
      return keys;
    },
    async clear(base) {
      await (await lazy.open()).deleteRange(prefixed(base));
    },
    async dispose() {
      try {
        await Promise.all([...watches].map((stop) => stop()));
      } finally {
        await lazy.close();
      }
    },
    async watch(listener) {
      const space = await lazy.open();
      let isStopped = false;
      let reader = space.watch().getReader();
      const telling = (async () => {
        while (!isStopped) {
          try {
            return await tell(reader, listener);
          } catch (error) {
            const isBehind = error instanceof StoreError &&
              error.code === "TOO_OLD";
            if (!isBehind) throw error;
            if (isStopped) return;
            // What was missed is in no log any more, so it goes on from here.
            reader = space.watch().getReader();
          }
        }
      })();
      const stop = async () => {
        watches.delete(stop);
        isStopped = true;
        // What ended the telling is thrown below.
        await reader.cancel().catch(() => {});
        await telling;
      };
      // Nobody may be there to hear of it before the watch is stopped.
      telling.catch(() => {});
      watches.add(stop);
      return stop;
    },
  };
}

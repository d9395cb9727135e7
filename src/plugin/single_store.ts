/**
 * All buckets in one store (`single_bucket_mode: true`).
 *
 * The store cannot tell which buckets it holds without looking at every key, so the
 * names are kept as keys of a bucket of their own. A name is appended before the first
 * record of its bucket; log order is the order of truth, so after a crash there is
 * never a bucket without its name.
 *
 * @module
 */

import type { KeySpace } from "../store/key_space.ts";
import type { LargeKey } from "../store/largest.ts";
import type { Store } from "../store/store.ts";
import {
  type BucketStores,
  noOperations,
  type OpenBucket,
} from "./bucket_stores.ts";

/** The bucket whose keys are the names of the others. */
export const CATALOGUE = "\0badger.buckets";
/** A key has at least one byte and a bucket's name may have none. */
export const CATALOGUE_KEY_PREFIX = "=";

/** The buckets of one store. */
export class SingleStore implements BucketStores {
  readonly #store: Store;
  readonly #catalogue: KeySpace;
  readonly #names: Set<string>;
  readonly #open = new Map<string, OpenBucket>();

  private constructor(store: Store, catalogue: KeySpace, names: Set<string>) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.#names = names;
  }

  /** Reads the names of the buckets of an open store. */
  static async over(store: Store): Promise<SingleStore> {
    const catalogue = store.bucket(CATALOGUE);
    const names = new Set<string>();
    const decoder = new TextDecoder();
    for await (const [key] of catalogue.list({ keysOnly: true })) {
      names.add(decoder.decode(key).slice(CATALOGUE_KEY_PREFIX.length));
    }
    return new SingleStore(store, catalogue, names);
  }

  find(name: string): OpenBucket {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const bucket = this.#bucket(name);
    // Names nobody wrote to are not kept: readers may make up any number of them.
    if (this.#names.has(name)) this.#open.set(name, bucket);
    return bucket;
  }

  create(name: string): OpenBucket {
    const bucket = this.find(name);
    if (!this.#names.has(name)) {
      this.#names.add(name);
      this.#open.set(name, bucket);
      this.#catalogue.set(CATALOGUE_KEY_PREFIX + name, "").catch(() => {
        // The write that is about to follow fails for the same reason and tells its
        // caller; the next one tries again.
        this.#names.delete(name);
        this.#open.delete(name);
      });
    }
    return bucket;
  }

  names(): string[] {
    return [...this.#names].sort();
  }

  opened(): OpenBucket[] {
    return [...this.#open.values()];
  }

  stores(): Store[] {
    return [this.#store];
  }

  openAll(): Promise<Store[]> {
    return Promise.resolve([this.#store]);
  }

  async largest(
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<LargeKey[]> {
    const largest = await this.#store.largest(
      // What is no count at all must stay one, to be refused.
      count < 0 ? count : count + this.bookkeepingKeys(),
      signal === undefined ? {} : { signal },
    );
    return largest.filter(({ bucket }) => bucket !== CATALOGUE)
      .slice(0, count);
  }

  bookkeepingKeys(): number {
    return this.#names.size;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #bucket(name: string): OpenBucket {
    if (name === CATALOGUE) {
      throw new TypeError(
        `Cannot use the bucket ${JSON.stringify(name)}: the name is reserved`,
      );
    }
    return {
      name,
      space: this.#store.bucket(name),
      operations: noOperations(),
    };
  }
}

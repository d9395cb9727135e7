/**
 * The name of an instance in the two registries: both or none.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { type Filter, filter } from "./filter.ts";
import { kv, type KvStore } from "./kv.ts";

/** A key-value store and a filter that stand under one name. */
export class Registration {
  readonly #name: string;
  readonly #kvStore: KvStore;
  readonly #filter: Filter;

  /** Registers nothing yet. */
  constructor(name: string, kvStore: KvStore, filter: Filter) {
    this.#name = name;
    this.#kvStore = kvStore;
    this.#filter = filter;
  }

  /**
   * Called before anything is opened: the name is the cheaper thing to get wrong.
   *
   * @throws {StoreError} `ALREADY_REGISTERED` if the name is taken.
   */
  refuseTakenName(): void {
    const name = this.#name;
    if (!kv.has(name) && !filter.has(name)) return;
    throw new StoreError(
      "ALREADY_REGISTERED",
      `Cannot start ${name}: the name is registered. ` +
        "Close the instance that has it, or give this one another name",
    );
  }

  /** Registers both or none. */
  add(): void {
    kv.register(this.#name, this.#kvStore);
    try {
      filter.register(this.#name, this.#filter);
    } catch (error) {
      kv.unregister(this.#name);
      throw error;
    }
  }

  /** Leaves alone what somebody else has put in our place. */
  remove(): void {
    const name = this.#name;
    if (kv.has(name) && kv.getStore(name) === this.#kvStore) {
      kv.unregister(name);
    }
    if (filter.has(name) && filter.getFilter(name) === this.#filter) {
      filter.unregister(name);
    }
  }
}

/**
 * The store that an adapter works on: one that it was given and leaves open, or one
 * that it opens and closes.
 *
 * @module
 */

import { KeySpace } from "../store/key_space.ts";
import type { StoreOptions } from "../store/options.ts";
import { Store } from "../store/store.ts";

/** A path, the settings of a store to be opened, or an open store or bucket. */
export type AdapterTarget = string | StoreOptions | KeySpace;

/** Opens what was asked for when it is first needed. */
export class OpenSpace {
  readonly #target: AdapterTarget;
  #opened: Promise<Store> | undefined;

  /** Over a target; nothing is opened yet. */
  constructor(target: AdapterTarget) {
    this.#target = target;
  }

  /** The key space. */
  get(): Promise<KeySpace> {
    const target = this.#target;
    if (target instanceof KeySpace) return Promise.resolve(target);
    return this.#opened ??= Store.open(target);
  }

  /** Closes the store if it was opened here; the next use opens it again. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await (await opened)?.close();
  }
}

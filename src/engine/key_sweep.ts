/**
 * Deletes all keys but those that are named, which come in their order. Nothing is
 * kept in memory but a page of keys.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import {
  afterPrefix,
  compareOrderKeys,
  FIRST,
  justAfter,
  type OrderKey,
  orderKeyOf,
} from "./key_order.ts";

const KEYS_A_PAGE = 256;
const END = afterPrefix(new Uint8Array(0), true);

/** A walk over all keys. The ordered view must be complete. */
export class KeySweep {
  readonly #engine: Engine;
  #page: OrderKey[] = [];
  #at = 0;
  #from = FIRST;
  #isDone = false;
  #last = FIRST;

  /** A walk that begins before the first key. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  #peek(): OrderKey | undefined {
    if (this.#at === this.#page.length && !this.#isDone) {
      const { index } = this.#engine.ledger;
      const found = index.ordered.forward(this.#from, END, KEYS_A_PAGE);
      this.#page = found.map((pointer) => orderKeyOf(index.arena, pointer));
      this.#at = 0;
      this.#isDone = found.length < KEYS_A_PAGE;
      const last = this.#page.at(-1);
      if (last !== undefined) this.#from = justAfter(last.bytes, last.isBucket);
    }
    return this.#page[this.#at];
  }

  /** Deletes what comes before a key; false if it does not follow the one before. */
  keep(key: OrderKey): boolean {
    if (compareOrderKeys(this.#last, key) >= 0) return false;
    this.#last = key;
    for (;;) {
      const next = this.#peek();
      if (next === undefined) return true;
      const order = compareOrderKeys(next, key);
      if (order > 0) return true;
      this.#at++;
      if (order === 0) return true;
      this.#remove(next);
    }
  }

  /** Deletes up to a page of what is left; false when nothing is. */
  finish(): boolean {
    let next = this.#peek();
    for (let i = 0; next !== undefined && i < KEYS_A_PAGE; i++) {
      this.#at++;
      this.#remove(next);
      next = this.#peek();
    }
    return next !== undefined;
  }

  #remove({ bytes, isBucket }: OrderKey): void {
    const engine = this.#engine;
    engine.key.loadRecord(bytes, 0, bytes.length, isBucket);
    if (engine.ledger.findLive(engine) !== 0) engine.remove();
  }
}

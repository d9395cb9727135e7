/**
 * The keys of a range as of one moment, page by page in their order. Each page is one
 * synchronous step: it takes what the ordered view has now, puts back what left it
 * since, and leaves out what had no value at the moment.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { ReadEngine } from "./read_engine.ts";
import { keyBytes, keyText, type Moment, type PastPut } from "./history.ts";
import { TAG_BUCKET } from "./key_buffer.ts";
import {
  compareOrderKeys,
  justAfter,
  type OrderKey,
  orderKey,
} from "./key_order.ts";

/** Entries taken into the ordered view between two looks at the clock. */
const ENTRIES_A_LOOK = 256;

/** Keys from `start`, inclusive, to `end`, exclusive. */
export interface KeyRange {
  readonly start: OrderKey;
  readonly end: OrderKey;
}

/** True if no key can lie in the range. */
function isEmptyRange({ start, end }: KeyRange): boolean {
  return compareOrderKeys(start, end) >= 0;
}

/** Makes the ordered view whole on this thread. */
export function completeView(engine: ReadEngine): void {
  const view = engine.ledger.index.ordered;
  while (!view.isComplete) view.build(ENTRIES_A_LOOK);
}

/** The same in slices that let other work have its turn. */
export async function completeViewAsync(
  engine: ReadEngine,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { host } = engine.log;
  const view = engine.ledger.index.ordered;
  while (!view.isComplete) {
    view.build(ENTRIES_A_LOOK);
    if (!host.shouldBreathe()) continue;
    await host.breathe();
    signal?.throwIfAborted();
    if (engine.status !== "open") throw new StoreClosedError("list keys");
  }
}

/** Walks over a range. The ordered view must be complete. */
export class RangeScan {
  readonly #engine: ReadEngine;
  readonly #moment: Moment;
  readonly #isReverse: boolean;
  #start: OrderKey;
  #end: OrderKey;
  /** True when there is no further page. */
  isDone: boolean;

  /** A walk over the keys that had a value at `moment`. */
  constructor(
    engine: ReadEngine,
    moment: Moment,
    range: KeyRange,
    isReverse: boolean,
  ) {
    this.#engine = engine;
    this.#moment = moment;
    this.#start = range.start;
    this.#end = range.end;
    this.#isReverse = isReverse;
    this.isDone = isEmptyRange(range);
  }

  /**
   * The next keys, bucket's name included: those with a value among the next `limit`
   * entries, so there may be none although others follow.
   */
  next(limit: number): Uint8Array[] {
    const { index } = this.#engine.ledger;
    const { arena } = index;
    const start = this.#start;
    const end = this.#end;
    const found = this.#isReverse
      ? index.ordered.backward(start, end, limit)
      : index.ordered.forward(start, end, limit);
    this.isDone = found.length < limit;
    const last = found.at(-1);
    if (!this.isDone && last !== undefined) {
      const key = arena.copyKey(last);
      const isBucket = (arena.tag(last) & TAG_BUCKET) !== 0;
      if (this.#isReverse) this.#end = orderKey(key, isBucket);
      else this.#start = justAfter(key, isBucket);
    }
    if (!this.#moment.hasChanged) {
      const { ledger } = this.#engine;
      const { time } = this.#moment;
      const live = found.filter((pointer) => ledger.isLive(pointer, time));
      return live.map((pointer) => arena.copyKey(pointer));
    }
    const from = this.#isReverse && !this.isDone ? this.#end : start;
    const to = !this.#isReverse && !this.isDone ? this.#start : end;
    return this.#withPast(found, from, to);
  }

  /** Judges entries of a page that ran from one place to another by the notes. */
  #withPast(found: number[], from: OrderKey, to: OrderKey): Uint8Array[] {
    const { ledger } = this.#engine;
    const { arena } = ledger.index;
    const moment = this.#moment;
    const { time } = moment;
    const keys: Uint8Array[] = [];
    const met = new Set<string>();
    for (const pointer of found) {
      const key = arena.copyKey(pointer);
      const text = keyText(key, (arena.tag(pointer) & TAG_BUCKET) !== 0);
      if (moment.find(text)) {
        met.add(text);
        if (hadValue(moment.past, time)) keys.push(key);
      } else if (ledger.isLive(pointer, time)) keys.push(key);
    }
    let isMixed = false;
    for (const text of moment.goneKeys()) {
      if (met.has(text)) continue;
      met.add(text);
      if (!moment.find(text) || !hadValue(moment.past, time)) continue;
      const key = keyBytes(text);
      const place = orderKey(key, text.startsWith("b"));
      if (compareOrderKeys(place, from) < 0) continue;
      if (compareOrderKeys(place, to) >= 0) continue;
      keys.push(key);
      isMixed = true;
    }
    if (isMixed) keys.sort(compareBytes);
    if (isMixed && this.#isReverse) keys.reverse();
    return keys;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  // All keys of a range lie in one space.
  return compareOrderKeys(orderKey(a, true), orderKey(b, true));
}

/** True if a noted state is that of a key with a value at `time`. */
export function hadValue(past: PastPut | undefined, time: number): boolean {
  return past !== undefined && (past.expiry === 0 || past.expiry > time);
}

/**
 * Work on all keys of a range, in slices that let other work have its turn.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { ReadEngine } from "../engine/read_engine.ts";
import { keyText, type Moment } from "../engine/history.ts";
import { keepMoment } from "../engine/moment_reader.ts";
import {
  completeViewAsync,
  type KeyRange,
  RangeScan,
} from "../engine/range_scan.ts";

const KEYS_A_PAGE = 128;

/** Calls back with pages of the keys of a range as of a moment. */
async function forEachPage(
  engine: ReadEngine,
  range: KeyRange,
  given: Moment | undefined,
  signal: AbortSignal | undefined,
  action: string,
  work: (keys: Uint8Array[], moment: Moment) => void,
): Promise<void> {
  const { host } = engine.log;
  const moment = given ?? keepMoment(engine);
  try {
    signal?.throwIfAborted();
    await completeViewAsync(engine, signal);
    const scan = new RangeScan(engine, moment, range, false);
    while (!scan.isDone) {
      work(scan.next(KEYS_A_PAGE), moment);
      if (!host.shouldBreathe()) continue;
      await host.breathe();
      signal?.throwIfAborted();
      if (engine.status !== "open") throw new StoreClosedError(action);
      if (!moment.isKept) {
        throw new StoreClosedError(action, "its moment is over");
      }
    }
  } finally {
    if (given === undefined) engine.ledger.history.drop(moment);
  }
}

/** How many keys of a range had a value at a moment, or have one now. */
export async function countRange(
  engine: ReadEngine,
  range: KeyRange,
  signal: AbortSignal | undefined,
  moment?: Moment,
): Promise<number> {
  let count = 0;
  await forEachPage(engine, range, moment, signal, "count keys", (keys) => {
    count += keys.length;
  });
  return count;
}

/**
 * Deletes the keys of a range that have a value now and are not set again until it is
 * their turn.
 */
export async function deleteRange(
  engine: Engine,
  range: KeyRange,
  isBucket: boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  let count = 0;
  let failure: Error | undefined;
  const { key: buffer, ledger: { history } } = engine;
  await forEachPage(
    engine,
    range,
    undefined,
    signal,
    "delete keys",
    (keys, moment) => {
      if (failure !== undefined) throw failure;
      const before = count;
      for (const key of keys) {
        if (moment.hasChanged && moment.find(keyText(key, isBucket))) continue;
        buffer.loadRecord(key, 0, key.length, isBucket);
        // The walk does not come back, so only other moments need a note.
        history.isSuspended = history.count === 1;
        try {
          if (engine.remove()) count++;
        } finally {
          history.isSuspended = false;
        }
      }
      // A page shares the fate of what others write in its turn, and may be undone
      // with it while a later one is not.
      if (count > before) {
        engine.queue.done.catch((error) => failure ??= error);
      }
    },
  );
  await engine.queue.done;
  if (failure !== undefined) throw failure;
  return count;
}

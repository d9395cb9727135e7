/**
 * A reader in a worker, or in a process that may read and nothing else: it refreshes
 * and checks what it sees until it is told to stop.
 *
 * Commit `n` sets `left` and `right` to n and key `n % KEYS` to a value that begins
 * with n. So from n follows what everything must be.
 *
 * @module
 */

import { strict as assert } from "node:assert";
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { StoreReader } from "../../mod.ts";

/** Keys beside `left` and `right`. */
export const KEYS = 150;

/** What a worker saw so far. */
export interface Seen {
  isDone: boolean;
  looks: number;
  removed: number;
  rebuilt: number;
  newest: number;
}

const decoder = new TextDecoder();

function numberIn(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number.parseInt(decoder.decode(value));
}

/** Checks that all is as after one commit; returns its number. */
export function checkOneMoment(
  reader: Pick<StoreReader, "getSync">,
): number {
  const newest = numberIn(reader.getSync("left"));
  assert.equal(numberIn(reader.getSync("right")), newest);
  for (let i = 0; i < KEYS; i++) {
    // The last one up to the newest that set this key.
    const expected = newest - ((newest - i) % KEYS + KEYS) % KEYS;
    assert.equal(numberIn(reader.getSync(`key ${i}`)), Math.max(0, expected));
  }
  return newest;
}

async function follow(path: string): Promise<void> {
  let isDone = false;
  parentPort!.on("message", () => isDone = true);
  const seen: Seen = {
    isDone: false,
    looks: 0,
    removed: 0,
    rebuilt: 0,
    newest: 0,
  };
  let reader = await StoreReader.open({ path, blockCacheSize: 1 << 20 });
  while (!isDone) {
    if (seen.looks % 40 === 39) {
      await reader.close();
      reader = await StoreReader.open({ path, blockCacheSize: 1 << 20 });
    }
    const newest = checkOneMoment(reader);
    assert.ok(newest >= seen.newest, "it never goes back");
    seen.newest = newest;
    const snapshot = reader.snapshot();
    const report = seen.looks % 2 === 0
      ? reader.refreshSync()
      : await reader.refresh();
    seen.removed += report.segmentsRemoved;
    if (report.isRebuilt) seen.rebuilt++;
    assert.equal(checkOneMoment(snapshot), newest);
    snapshot.close();
    seen.looks++;
    parentPort!.postMessage(seen);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await reader.refresh();
  seen.newest = checkOneMoment(reader);
  seen.isDone = true;
  await reader.close();
  parentPort!.postMessage(seen);
}

/** Tells what it sees whenever it is asked. */
async function answer(path: string): Promise<void> {
  const reader = await StoreReader.open(path);
  console.log(checkOneMoment(reader));
  for await (const _ of process.stdin) {
    await reader.refresh();
    console.log(checkOneMoment(reader));
  }
  await reader.close();
}

if (parentPort !== null) await follow(workerData.path);
else if (import.meta.main) await answer(process.argv[2]!);

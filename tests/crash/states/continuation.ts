/**
 * A process that dies leaves what was not safe in the system's memory. The next one
 * reads it there, and builds on it; then the power goes. What was acknowledged as
 * safe by the second process must be there, with all that came before it.
 *
 * @module
 */

import type { CrashChoice } from "../../support/disk_log.ts";
import { SimulatedDisk } from "../../support/simulated_disk.ts";
import { Driver } from "./driver.ts";
import type { Contents } from "./history.ts";
import { openAndCheck } from "./oracles.ts";
import { messageOf, Violation } from "./recovered.ts";
import type { Life } from "./session.ts";

/** A life that went on after a kill. */
export interface Continuation {
  /** The driver that went on. */
  driver: Driver;
  /** Length of the disk's log at the kill. */
  killedAt: number;
  /** The same when the store was open again. */
  openedAt: number;
  /** The same when the first new write was safe. */
  syncedAt: number;
  /** What may be there if the power goes before the store is open again. */
  legalBefore: Map<string, Contents>;
}

/** Goes on after the kill of a life behind `prefix` operations. */
export async function goOn(
  { options, versions }: Driver,
  { disk, history }: Life,
  prefix: number,
): Promise<Continuation> {
  const time = history.timeAt(prefix);
  const fork = disk.fork(prefix);
  const driver = new Driver(options, prefix, fork, new Map(), time);
  for (const path of history.paths) driver.life.history.paths.add(path);
  driver.versions = new Map(versions);
  driver.life.history.baseVersion = history.versionAt({ prefix, isKill: true });
  driver.openAs(history.legal({ prefix, isKill: true }, time));
  const openedAt = driver.at;
  await driver.set("probe", "1");
  await driver.sync();
  const syncedAt = driver.at;
  await driver.gc();
  await driver.set("probe", "2");
  await driver.close();
  const legalBefore = history.legal({ prefix, isKill: false }, time);
  return { driver, killedAt: prefix, openedAt, syncedAt, legalBefore };
}

/** Cuts the power while the store is opened, or after it was synced. */
export function checkPowerLoss(
  { driver, syncedAt, legalBefore }: Continuation,
  choice: CrashChoice,
): void {
  const { disk, history } = driver.life;
  const { prefix } = choice;
  const time = history.timeAt(prefix);
  const isBefore = prefix < syncedAt;
  const legal = isBefore
    ? legalBefore
    : history.legal({ prefix, isKill: false }, time);
  try {
    openAndCheck(new SimulatedDisk(disk.crash(choice)), {
      options: driver.options,
      legal,
      paths: history.paths,
      time,
      seed: prefix,
      versions: driver.versions,
      // What was not safe by the time of the kill may be lost with its version.
      versionMin: isBefore ? 0 : history.versionAt({ prefix, isKill: false }),
    });
  } catch (error) {
    throw new Violation(
      `killed, gone on with, then the power lost: ${messageOf(error)}`,
      choice,
    );
  }
}

/** Goes on after a kill, then cuts the power at `count` moments. */
export async function checkContinuation(
  driver: Driver,
  life: Life,
  killedAt: number,
  count: number,
  random: () => number,
): Promise<void> {
  const continuation = await goOn(driver, life, killedAt);
  const { openedAt, syncedAt } = continuation;
  const { log } = continuation.driver.life.disk;
  for (let i = 0; i < count; i++) {
    const [from, to] = i % 3 === 0
      ? [killedAt, openedAt]
      : [syncedAt, log.length];
    const prefix = from + Math.floor(random() * (to - from + 1));
    const unsafe = log.unsafe(prefix);
    const share = random();
    const lost = unsafe.filter((_, at) =>
      i < 2 || (i === 2 ? at === 0 : random() < share)
    );
    checkPowerLoss(continuation, { prefix, lost });
  }
}

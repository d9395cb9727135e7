/**
 * What must hold when a store is opened on what a crash left.
 *
 * @module
 */

import type { Engine } from "../../../src/engine/engine.ts";
import { SNAPSHOT_NAME } from "../../../src/format/file_names.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import { openEngine, Store } from "../../../src/store/store.ts";
import { checkBooks } from "../../support/check_books.ts";
import type { CrashChoice, DiskFiles } from "../../support/disk_log.ts";
import { SimulatedDisk } from "../../support/simulated_disk.ts";
import { settle, SimulatedHost } from "../../support/simulated_host.ts";
import {
  checkFiles,
  checkOrder,
  checkSameFiles,
  checkVersions,
  describeFound,
  DIRECTORY,
  messageOf,
  readContents,
  START_TIME,
  Violation,
} from "./recovered.ts";

/** What a crash left, and what may come of it. */
export interface CrashState {
  /** The settings of the store. */
  options: StoreOptions;
  /** The files. */
  files: DiskFiles;
  /** The contents that are allowed, as text. */
  legal: { has(text: string): boolean; keys(): Iterable<string> };
  /** Every key there may be. */
  paths: Iterable<string>;
  /** The clock. */
  time: number;
  /** Makes the hosts. */
  seed: number;
  /** The versions of the commits that set values, by `path=value`. */
  versions: ReadonlyMap<string, number>;
  /** A version that was given out and is not to be given again. */
  versionMin: number;
}

/** A store that was opened on a crash state. */
export interface Opened {
  /** The store's engine. */
  engine: Engine;
  /** Its disk. */
  disk: SimulatedDisk;
  /** Its clock. */
  host: SimulatedHost<SimulatedDisk>;
  /** What it holds, as text. */
  found: string;
}

/** Opens a disk and checks contents, books and files. */
export function openAndCheck(
  disk: SimulatedDisk,
  state: Omit<CrashState, "files">,
): Opened {
  const host = new SimulatedHost(state.seed, disk, state.time);
  let engine: Engine;
  try {
    engine = openEngine(state.options, host);
  } catch (error) {
    throw new Violation(`the store does not open: ${messageOf(error)}`);
  }
  const contents = readAll(engine, state.paths);
  const found = describeFound(contents);
  if (!state.legal.has(found)) {
    const allowed = [...state.legal.keys()].join('", "');
    throw new Violation(`the store holds "${found}", not "${allowed}"`);
  }
  check(engine, disk);
  asViolation(() => {
    checkVersions(engine, contents, state.versions, state.versionMin);
    checkOrder(engine, contents);
  });
  return { engine, disk, host, found };
}

function asViolation<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new Violation(messageOf(error));
  }
}

function readAll(
  engine: Engine,
  paths: Iterable<string>,
): Map<string, string> {
  return asViolation(() => readContents(engine, paths));
}

function check(engine: Engine, disk: SimulatedDisk): void {
  asViolation(() => checkBooks(engine));
  checkFiles(disk.files());
}

/** Checks what the first recovery did; returns the store it left open. */
export function checkRecovery(state: CrashState): Opened {
  const disk = new SimulatedDisk(state.files);
  const first = openAndCheck(disk, state);
  const { source } = first.engine.recovery;
  if (
    state.files.has(`${DIRECTORY}/${SNAPSHOT_NAME}`) && source !== "snapshot"
  ) {
    // It was synced before it got its name, and goes before what it names does.
    throw new Violation("the index snapshot is not sound");
  }
  return first;
}

/** Checks that a second recovery finds the same and changes nothing. */
export function checkSecondRecovery(state: CrashState, first: Opened): void {
  const before = first.disk.files();
  const disk = new SimulatedDisk(before);
  const same = new Set([first.found]);
  try {
    openAndCheck(disk, { ...state, legal: same });
  } catch (error) {
    throw new Violation(`second recovery: ${messageOf(error)}`);
  }
  checkSameFiles(before, disk.files());
}

/** Cuts the power during the recovery itself. */
export function checkCrashedRecovery(
  state: CrashState,
  first: Opened,
  choice: CrashChoice,
): void {
  const files = first.disk.crash(choice);
  try {
    openAndCheck(new SimulatedDisk(files), state);
  } catch (error) {
    throw new Violation(`crash during recovery: ${messageOf(error)}`, choice);
  }
}

/** Checks that what is gone stays gone through collections and a reopen. */
export async function checkLater(
  state: CrashState,
  first: Opened,
): Promise<void> {
  const { engine, disk, host, found } = first;
  const expect = (now: Engine, when: string) => {
    const contents = readAll(now, state.paths);
    const text = describeFound(contents);
    if (text !== found) {
      throw new Violation(`${when} the store holds "${text}", not "${found}"`);
    }
    check(now, disk);
    asViolation(() => {
      checkVersions(now, contents, state.versions, state.versionMin);
      checkOrder(now, contents);
    });
  };
  const store = new Store(engine);
  const finish = async (promise: Promise<unknown>, action: string) => {
    let isSettled = false;
    const done = () => void (isSettled = true);
    promise.then(done, done);
    for (let turn = 0; turn < 300 && !isSettled; turn++) {
      await settle();
      if (!isSettled) await host.letBreathe();
    }
    if (!isSettled) throw new Violation(`${action} hangs`);
    try {
      await promise;
    } catch (error) {
      throw new Violation(`${action}: ${messageOf(error)}`);
    }
  };
  await finish(store.gc({ discardRatio: 0.01 }), "gc after recovery");
  expect(engine, "after gc");
  if (engine.collector.totals.unknownPuts > 0) {
    throw new Violation("gc met a put that the books did not know");
  }
  await finish(store.gc({ discardRatio: 0.01 }), "second gc after recovery");
  await finish(store.close(), "close after recovery");
  // A clock that was set back brings nothing back.
  const again = new SimulatedHost(state.seed + 1, disk, START_TIME);
  let reopened: Engine;
  try {
    reopened = openEngine(state.options, again);
  } catch (error) {
    throw new Violation(`reopen after gc and close: ${messageOf(error)}`);
  }
  expect(reopened, "after gc, close and reopen");
}

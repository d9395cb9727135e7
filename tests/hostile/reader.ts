/**
 * A damaged store is opened by a reader, alone and beside a writer: it is refused where
 * the writer refuses it and shows what the writer shows, and no file is changed.
 *
 * @module
 */

import type { Engine } from "../../src/engine/engine.ts";
import type { ReaderEngine } from "../../src/engine/reader_engine.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { openReaderEngine, StoreReader } from "../../src/store/store_reader.ts";
import type { Dice } from "./dice.ts";
import { checkError, OPEN_CODES, READ_CODES } from "./expected_errors.ts";
import { HostileHost } from "./hostile_host.ts";
import { Violation } from "./meters.ts";
import type { Mutant } from "./mutant.ts";
import { checkPrefix, mergeReads, readState } from "./reading.ts";
import { areEqual, DIRECTORY } from "./store_maker.ts";

/** A directory without a segment is a new store for a writer, and none for a reader. */
const NO_STORE = "BAD_PATH";

function attempt<T>(mutant: Mutant, stage: string, open: () => T): T | string {
  try {
    return open();
  } catch (error) {
    return checkError(error, stage, mutant.isForged, [...OPEN_CODES, NO_STORE]);
  }
}

function checkUnchanged(mutant: Mutant, host: HostileHost): void {
  const left = host.files.copy();
  const isSame = left.size === mutant.files.size &&
    [...mutant.files].every(([name, bytes]) =>
      left.has(name) && areEqual(left.get(name)!, bytes)
    );
  if (!isSame) throw new Violation("A reader changed a file");
}

/** Reads a mutant beside a writer. */
export async function tryReader(mutant: Mutant, dice: Dice): Promise<void> {
  const { isForged, base } = mutant;
  const host = new HostileHost(mutant.files, dice);
  const options = { path: DIRECTORY, blockCacheSize: dice.pick([0, 131_072]) };
  const opened = attempt(
    mutant,
    "open a reader",
    () => openReaderEngine(options, host),
  );
  const reader = typeof opened === "string"
    ? undefined
    : new StoreReader(opened as ReaderEngine);
  const noteError = (error: unknown) => {
    checkError(error, "read beside a writer", isForged, READ_CODES);
  };
  const before = reader && await readState(mutant, reader, dice, noteError);
  if (before !== undefined) checkPrefix(mutant, before);
  checkUnchanged(mutant, host);
  const engine = attempt(
    mutant,
    "open a writer",
    () => openEngine({ ...base.options, recovery: "tail" }, host),
  );
  if (typeof engine === "string") {
    if (reader !== undefined && !isForged) {
      throw new Violation(`A reader opens what a writer refuses: ${engine}`);
    }
    await reader?.close();
    return;
  }
  const store = new Store(engine as Engine);
  if (reader === undefined) {
    const isNew = `${opened}`.includes(NO_STORE);
    if (!isNew) throw new Violation(`A writer opens, but not: ${opened}`);
  } else {
    await reader.refresh();
    const seen = await readState(mutant, reader, dice, noteError);
    const changed = mergeReads(before!, seen);
    if (changed !== undefined) {
      throw new Violation(`${changed} changed for a reader by an open`);
    }
    const shown = await readState(mutant, store, dice, noteError);
    const differs = mergeReads(shown, seen) ?? mergeReads(seen, shown);
    if (differs !== undefined) {
      throw new Violation(`${differs} for a writer and its reader`);
    }
    await reader.close();
  }
  await store.close();
  if (host.files.violation !== undefined) throw host.files.violation;
}

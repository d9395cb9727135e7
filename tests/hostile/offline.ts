/**
 * What is done to a damaged store that is not opened: it is verified, and what makes
 * sense of it copied to a new one. Neither may change it.
 *
 * @module
 */

import { salvage } from "../../src/engine/salvage.ts";
import { verify } from "../../src/engine/verify.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { areEqual, DIRECTORY } from "./store_maker.ts";
import type { Dice } from "./dice.ts";
import { checkError, READ_CODES } from "./expected_errors.ts";
import { HostileHost } from "./hostile_host.ts";
import { Violation } from "./meters.ts";
import { lower, type Mutant } from "./mutant.ts";
import { checkPrefix, readState } from "./reading.ts";

const CODES = ["BAD_PATH", "UNSUPPORTED_FORMAT"];

/** Verifies and salvages a mutant. */
export async function tryOffline(mutant: Mutant, dice: Dice): Promise<void> {
  const { isForged, trust, base } = mutant;
  const host = new HostileHost(mutant.files, dice);
  try {
    const { isSound } = await verify(DIRECTORY, host);
    if (!isSound && trust === "whole") {
      throw new Violation("Its log is whole, but not sound when verified");
    }
  } catch (error) {
    checkError(error, "verify", isForged, CODES);
  }
  const target = new HostileHost(new Map(), dice);
  try {
    const options = { ...base.options, path: `${DIRECTORY}/new` };
    await salvage(DIRECTORY, host, () => openEngine(options, target));
    const store = new Store(openEngine(options, target));
    // Where nothing was lost, all of it must be there.
    const copy = {
      ...mutant,
      trust: trust === "whole" ? trust : lower(trust, "member"),
    };
    const state = await readState(copy, store, dice, (error) => {
      checkError(error, "read what was salvaged", isForged, READ_CODES);
    });
    checkPrefix(copy, state);
    await store.close();
  } catch (error) {
    checkError(error, "salvage", isForged, CODES);
  }
  for (const meter of [host.files, target.files]) {
    if (meter.violation !== undefined) throw meter.violation;
  }
  const left = host.files.copy();
  const isSame = left.size === mutant.files.size &&
    [...mutant.files].every(([name, bytes]) =>
      left.has(name) && areEqual(left.get(name)!, bytes)
    );
  if (!isSame) throw new Violation("Verify or salvage changed a file");
}

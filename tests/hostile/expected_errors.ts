/**
 * Which errors a damaged store may answer with.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../../src/errors.ts";
import { DIRECTORY } from "./store_maker.ts";
import { Violation } from "./meters.ts";

/** Codes that an open may end with. */
export const OPEN_CODES = ["CORRUPT", "UNSUPPORTED_FORMAT"];
/** Codes that a read may end with. */
export const READ_CODES = ["CORRUPT", "UNSUPPORTED_CODEC"];

/** Checks an error that the engine threw; returns it in short. */
export function checkError(
  error: unknown,
  stage: string,
  isForged: boolean,
  codes?: readonly string[],
): string {
  if (error instanceof Violation) throw error;
  if (!(error instanceof StoreError)) {
    const text = error instanceof Error ? error.stack : String(error);
    throw new Violation(`An untyped error at ${stage}: ${text}`);
  }
  if (codes !== undefined && !codes.includes(error.code)) {
    throw new Violation(`${error.code} at ${stage}: ${error.stack}`);
  }
  if (error.code === "CORRUPT") {
    // An index that lies may name a segment that is not there: no file to blame.
    const isPlaced = error instanceof CorruptionError
      ? Number.isSafeInteger(error.offset) && error.offset >= 0 &&
        error.path!.startsWith(`${DIRECTORY}/`)
      : isForged && error.path === DIRECTORY;
    if (!isPlaced) {
      throw new Violation(`Corruption without a place at ${stage}: ${error}`);
    }
  }
  const reason = error.message
    .replace(/^.*? is damaged at offset \d+: |\. Restore this file.*/g, "")
    .replaceAll(/\d+/g, "#").replaceAll(/\/\S+/g, "");
  return `${stage} ${error.code} ${reason}`;
}

/**
 * A store's errors as users of level databases know them.
 *
 * @module
 */

import { StoreError, type StoreErrorCode } from "../errors.ts";

/** The codes that `classic-level` has for the same states of the world. */
const LEVEL_CODES: Partial<Record<StoreErrorCode, string>> = {
  CLOSED: "LEVEL_DATABASE_NOT_OPEN",
  CORRUPT: "LEVEL_CORRUPTION",
  DISK_FULL: "LEVEL_IO_ERROR",
  IO: "LEVEL_IO_ERROR",
  LOCKED: "LEVEL_LOCKED",
  PERMISSION: "LEVEL_IO_ERROR",
  POISONED: "LEVEL_IO_ERROR",
  TOO_MANY_OPEN_FILES: "LEVEL_IO_ERROR",
};

/** An error with a code of level databases; `cause` is the store's own, if any. */
class LevelError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LevelError";
    this.code = code;
  }
}

/** Makes an error with a code of level databases. */
export function levelError(
  code: string,
  message: string,
): Error & { code: string } {
  return new LevelError(code, message);
}

/** What to throw for an error of the store. */
export function toLevelError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const code = LEVEL_CODES[error.code];
  return code === undefined
    ? error
    : new LevelError(code, error.message, error);
}

/** Does something, and throws the store's errors as users of level databases know them. */
export function orLevelError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLevelError(error);
  }
}

/**
 * The exit codes, and what is said of an error.
 *
 * @module
 */

import { StoreError, type StoreErrorCode } from "../errors.ts";
import type { EndSignal } from "./surroundings.ts";

/** One row of the table of exit codes. */
export interface ExitCodeRow {
  /** The code. */
  code: number;
  /** What it means. */
  meaning: string;
}

/** Done. */
export const EXIT_DONE = 0;
/** The answer is no. */
export const EXIT_NO = 1;
/** The command line makes no sense. */
export const EXIT_USAGE = 2;
/** The system or the place refused. */
export const EXIT_REFUSED = 3;
/** Another process writes the store. */
export const EXIT_LOCKED = 4;
/** Damage was found. */
export const EXIT_DAMAGED = 5;
/** The key is missing or wrong. */
export const EXIT_KEY = 6;
/** A bug. */
export const EXIT_BUG = 70;

/** Every exit code, for the help and the documentation. */
export const EXIT_CODES: readonly ExitCodeRow[] = [
  { code: EXIT_DONE, meaning: "done" },
  { code: EXIT_NO, meaning: "the key has no value (get, has, delete)" },
  { code: EXIT_USAGE, meaning: "the command line or the input makes no sense" },
  {
    code: EXIT_REFUSED,
    meaning: "no store there, access refused, disk full, or another error",
  },
  { code: EXIT_LOCKED, meaning: "another process has the store open to write" },
  {
    code: EXIT_DAMAGED,
    meaning: "damage was found, or the sides of a copy differ",
  },
  { code: EXIT_KEY, meaning: "the encryption key is missing or wrong" },
  { code: EXIT_BUG, meaning: "an error nobody thought of: please report it" },
  { code: 130, meaning: "ended by Ctrl-C (SIGINT); the store is sound" },
  { code: 143, meaning: "ended by SIGTERM; the store is sound" },
];

const CODES: Partial<Record<StoreErrorCode, number>> = {
  LOCKED: EXIT_LOCKED,
  CORRUPT: EXIT_DAMAGED,
  BACKUP_DAMAGED: EXIT_DAMAGED,
  ENCRYPTED: EXIT_KEY,
  NOT_ENCRYPTED: EXIT_KEY,
  WRONG_KEY: EXIT_KEY,
  BAD_ROW: EXIT_USAGE,
  BAD_CONFIG: EXIT_USAGE,
};

const HINTS: Partial<Record<StoreErrorCode, string>> = {
  LOCKED:
    "Stop that process for this command; get, has, list, count, stats, top, info, dump and export work meanwhile",
  ENCRYPTED: "Name the file of its key with --key-file",
  WRONG_KEY:
    "Name the file of the right key with --key-file, and to replace it --previous-key-file as well",
  CORRUPT: `"badger verify" tells all damage, "badger salvage" copies the rest`,
};

/** A signal ended the command. */
export class SignalError extends Error {
  /** The signal. */
  readonly signal: EndSignal;

  /** Names the signal. */
  constructor(signal: EndSignal) {
    super(`Ended by ${signal}`);
    this.name = "SignalError";
    this.signal = signal;
  }
}

/** Whoever read the output has gone, as `head` does. */
export class BrokenPipeError extends Error {
  /** Wraps what the stream said. */
  constructor(cause?: unknown) {
    super("Nobody reads the output any more", { cause });
    this.name = "BrokenPipeError";
  }
}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof SignalError) {
    return error.signal === "SIGINT" ? 130 : 143;
  }
  if (error instanceof BrokenPipeError) return EXIT_DONE;
  if (error instanceof StoreError) return CODES[error.code] ?? EXIT_REFUSED;
  if (error instanceof RangeError || error instanceof TypeError) {
    return isSystemError(error) ? EXIT_REFUSED : EXIT_USAGE;
  }
  return isSystemError(error) ? EXIT_REFUSED : EXIT_BUG;
}

/** True for what the runtime throws for a file or a stream. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { code?: unknown }).code ===
      "string" &&
    !(error instanceof StoreError);
}

/** One line that says what went wrong and what to do. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof StoreError ? HINTS[error.code] : undefined;
  const line = error.message.trim().replace(/\s*\n\s*/g, " ");
  if (hint === undefined) return line;
  // What a program would do about its key is none of our options.
  const isOfKey = exitCodeOf(error) === EXIT_KEY;
  const state = isOfKey ? line.replace(/\. Give .*$/, "") : line;
  return `${state.replace(/\.$/, "")}. ${hint}`;
}

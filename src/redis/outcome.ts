/**
 * What became of a command that was not answered as it should be.
 *
 * Everything the client promises hangs on one distinction: a command that was surely
 * not carried out may be sent again, whatever it is; one that may have been carried
 * out may only be sent again if doing it twice is the same as doing it once.
 *
 * @module
 */

import { ErrorReply } from "@redis/client";
import { StoreError } from "../errors.ts";

/** The command was not carried out: it never left, or a server refused it. */
export class NotDone extends Error {
  /** Says why, and whether the layout of the servers is to be read again. */
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = "NotDone";
  }
}

/** The command was given to a connection that was lost before the answer came. */
export class AnswerLost extends Error {
  /** Says how the connection was lost. */
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = "AnswerLost";
  }
}

/** A server says which one has the slot. */
export interface Redirection {
  /** True for this one command only (`ASK`), false for all that follow (`MOVED`). */
  isOnce: boolean;
  /** The slot. */
  slot: number;
  /** `host:port`; the host is empty where it is that of the server who says so. */
  address: string;
}

/** Reads `MOVED 3999 127.0.0.1:6381` and `ASK 3999 127.0.0.1:6381`. */
export function readRedirection(error: unknown): Redirection | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  const [word, slot, address] = error.message.split(" ");
  if (word !== "MOVED" && word !== "ASK") return undefined;
  return { isOnce: word === "ASK", slot: Number(slot), address: address ?? "" };
}

/** Refusals that pass by themselves; nothing was changed. */
const PASSING = new Set([
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "NOREPLICAS",
  "READONLY",
  "TRYAGAIN",
  "UNBLOCKED",
]);

/** True for a refusal of a server that passes by itself. */
export function isPassingRefusal(error: unknown): error is Error {
  return error instanceof ErrorReply && PASSING.has(firstWord(error));
}

/** Refusals of a user or a password: for people, not to be tried again. */
const LOGIN = new Set(["NOAUTH", "NOPERM", "WRONGPASS"]);

/** True if a server refuses a user, a password, or what that user may do. */
export function isRefusedLogin(error: unknown): error is Error {
  return error instanceof ErrorReply && LOGIN.has(firstWord(error));
}

/** The error for a refusal that does not pass by itself. */
export function refused(action: string, error: unknown): unknown {
  if (!(error instanceof ErrorReply)) return error;
  const { message } = error;
  const options = { cause: error };
  if (isRefusedLogin(error)) {
    return new StoreError(
      "PERMISSION",
      `Cannot ${action}: the server refuses it (${message}). ` +
        "Check username and password, and what that user may do",
      options,
    );
  }
  if (firstWord(error) === "OOM") {
    return new StoreError(
      "DISK_FULL",
      `Cannot ${action}: the memory of the server is full (${message}). ` +
        "Free some, or raise its maxmemory, and try again",
      options,
    );
  }
  return new StoreError(
    "IO",
    `Cannot ${action}: the server refuses it (${message})`,
    options,
  );
}

/** The error for a command that could not be carried out in time. */
export function unavailable(
  action: string,
  milliseconds: number,
  cause: unknown,
): StoreError {
  return new StoreError(
    "UNAVAILABLE",
    `Cannot ${action}: no server could do it within ${milliseconds} ms ` +
      `(${reasonOf(cause)}). Nothing was changed. ` +
      "Check that the servers run and can be reached, and try again",
    { cause },
  );
}

/** The error for a command that was done or was not. */
export function outcomeUnknown(action: string, cause: unknown): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell the outcome of an attempt to ${action}: ${reasonOf(cause)}. ` +
      "It was carried out, or was not, or still will be. " +
      "Read the key before you try again",
    { cause },
  );
}

/** What an error says, in the middle of a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(reasonOf).join("; ");
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/[.\s]+$/, "");
}

function firstWord(error: Error): string {
  return /^[A-Z]+/.exec(error.message)?.[0] ?? "";
}

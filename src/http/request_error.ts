/**
 * What a client is told when a request cannot be answered: a status, and JSON with a
 * message and a code. Messages about the machine, which name paths, stay here.
 *
 * @module
 */

import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { StoreError, type StoreErrorCode } from "../errors.ts";

type Status = 400 | 403 | 404 | 409 | 410 | 412 | 413 | 415 | 500 | 503 | 507;

const CODES: Partial<Record<Status, string>> = {
  400: "BAD_REQUEST",
  403: "READ_ONLY",
  404: "NOT_FOUND",
  409: "CHECK_FAILED",
  412: "PRECONDITION_FAILED",
  413: "TOO_LARGE",
  415: "UNSUPPORTED_TYPE",
  503: "TOO_MANY_WATCHERS",
};

const STATUSES: Partial<Record<StoreErrorCode, Status>> = {
  BATCH_TOO_LARGE: 413,
  CLOSED: 503,
  CONFLICT: 409,
  DISK_FULL: 507,
  NOT_A_COUNTER: 409,
  NOT_REGISTERED: 503,
  POISONED: 503,
  TOO_OLD: 410,
};

/** A request that is refused. */
export class RequestError extends Error {
  /** The status of the answer. */
  readonly status: Status;

  /** Says why. */
  constructor(status: Status, reason: string) {
    super(`Cannot answer the request: ${reason}`);
    this.status = status;
  }
}

/** What a client may know of an error; `undefined` if it is none of ours. */
export function describeError(
  error: unknown,
): { status: Status; error: string; code: string } | undefined {
  if (error instanceof RequestError) {
    const { status, message } = error;
    return { status, error: message, code: CODES[status]! };
  }
  if (error instanceof StoreError) {
    const { code } = error;
    const message = error.path === undefined
      ? error.message
      : `Cannot answer the request: the store has an error ${code}`;
    return { status: STATUSES[code] ?? 500, error: message, code };
  }
  // Keys, names and numbers that the store refuses come from the request.
  if (error instanceof TypeError || error instanceof RangeError) {
    return { status: 400, error: error.message, code: "BAD_REQUEST" };
  }
  return undefined;
}

/** Answers with an error. */
export function answerError(error: unknown, context: Context): Response {
  if (error instanceof HTTPException) return error.getResponse();
  const known = describeError(error);
  context.header("cache-control", "no-store");
  if (known !== undefined) {
    const { status, ...body } = known;
    return context.json(body, status);
  }
  console.error(error);
  return context.json({
    error: "Cannot answer the request: an unexpected error",
    code: "INTERNAL",
  }, 500);
}

/**
 * Conditional requests: entity tags made of versionstamps, and what they ask for.
 *
 * The forms of one value have tags of their own, as they must: the versionstamp, and
 * behind it the form if that is not plain bytes. A condition looks at the first.
 *
 * @module
 */

import type { Context } from "hono";
import { RequestError } from "./request_error.ts";

/** The form of an answer. */
export type Form = "bytes" | "json" | "cbor";

/** The entity tag of a versionstamp. */
export function writeTag(versionstamp: string, form: Form = "bytes"): string {
  return form === "bytes" ? `"${versionstamp}"` : `"${versionstamp}-${form}"`;
}

/** True if a list of entity tags, or `*`, has one of that versionstamp. */
function hasTag(list: string, versionstamp: string | null): boolean {
  if (list.trim() === "*") return versionstamp !== null;
  return list.split(",").some((tag) => {
    const found = /^(?:W\/)?"([0-9a-f]{20})(?:-\w+)?"$/.exec(tag.trim());
    if (found === null) {
      throw new RequestError(400, "a condition must be an ETag of this server");
    }
    return found[1] === versionstamp;
  });
}

/** True if the request has a condition. */
export function hasConditions(context: Context): boolean {
  return context.req.header("if-match") !== undefined ||
    context.req.header("if-none-match") !== undefined;
}

/**
 * Holds the conditions of a request against what there is.
 *
 * @returns True if the client has it already and is to be told so.
 * @throws {RequestError} 412 if a condition does not hold.
 */
export function checkConditions(
  context: Context,
  versionstamp: string | null,
): boolean {
  const match = context.req.header("if-match");
  if (match !== undefined && !hasTag(match, versionstamp)) {
    throw new RequestError(412, "If-Match does not hold");
  }
  const noneMatch = context.req.header("if-none-match");
  if (noneMatch === undefined || !hasTag(noneMatch, versionstamp)) return false;
  if (context.req.method === "GET" || context.req.method === "HEAD") {
    return true;
  }
  throw new RequestError(412, "If-None-Match does not hold");
}

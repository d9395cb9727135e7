/**
 * Conditional requests: entity tags made of versionstamps, and what they ask for.
 *
 * The forms of one value have tags of their own, as they must: the versionstamp, and
 * behind it the form if that is not plain bytes. Only whether a reader has the value
 * already depends on the form; the other conditions are about the versionstamp.
 *
 * @module
 */

import type { Context } from "hono";
import { RequestError } from "./request_error.ts";

/** The form of an answer. */
export type Form = "bytes" | "json" | "cbor";

/** A tag that {@linkcode writeTag} wrote, and that somebody may have made weak. */
const TAG = /^(W\/)?"([0-9a-f]{20})(?:-(\w+))?"$/;

/** The entity tag of a versionstamp. */
export function writeTag(versionstamp: string, form: Form = "bytes"): string {
  return form === "bytes" ? `"${versionstamp}"` : `"${versionstamp}-${form}"`;
}

/** The entity tags of a list, in which elements may be empty. */
function tagsOf(list: string): string[] {
  if (!/^[\s,]*(?:(?:W\/)?"[^"\s]*"[ \t]*(?:,[\s,]*|$))+$/.test(list)) {
    throw new RequestError(400, "a condition must be * or a list of ETags");
  }
  return list.match(/(?:W\/)?"[^"]*"/g)!;
}

/** True if a list of entity tags, or `*`, has one of that versionstamp. */
function hasTag(
  list: string,
  versionstamp: string | null,
  isMeant: (isWeak: boolean, form: string) => boolean,
): boolean {
  if (list.trim() === "*") return versionstamp !== null;
  return tagsOf(list).some((tag) => {
    const [, weak, stamp, form = "bytes"] = TAG.exec(tag) ?? [];
    return stamp !== undefined && stamp === versionstamp &&
      isMeant(weak !== undefined, form);
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
 * @param form The form of the answer to a reader.
 * @returns True if the client has it already and is to be told so.
 * @throws {RequestError} 412 if a condition does not hold.
 */
export function checkConditions(
  context: Context,
  versionstamp: string | null,
  form: Form = "bytes",
): boolean {
  const match = context.req.header("if-match");
  // A weak tag does not say that the bytes are the same.
  const isStrong = (isWeak: boolean) => !isWeak;
  if (match !== undefined && !hasTag(match, versionstamp, isStrong)) {
    throw new RequestError(412, "If-Match does not hold");
  }
  const noneMatch = context.req.header("if-none-match");
  if (noneMatch === undefined) return false;
  const isRead = context.req.method === "GET" || context.req.method === "HEAD";
  // Who has another form of the value does not have this one.
  const isMeant = (_: boolean, of: string) => !isRead || of === form;
  if (!hasTag(noneMatch, versionstamp, isMeant)) return false;
  if (isRead) return true;
  throw new RequestError(412, "If-None-Match does not hold");
}

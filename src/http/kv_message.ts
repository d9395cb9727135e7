/**
 * Requests to the key-value store taken apart, and answers put together.
 *
 * @module
 */

import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { decodeValue, encodeValue } from "../codec/value_codec.ts";
import type { SetOptions } from "../store/types.ts";
import { readAddress, readText, showBytes } from "./kv_bytes.ts";
import type { Form } from "./kv_conditions.ts";
import { RequestError } from "./request_error.ts";

/** The media type of each form. */
export const TYPES: Record<Form, string> = {
  bytes: "application/octet-stream",
  json: "application/json",
  cbor: "application/cbor",
};

const LIST_LIMIT_DEFAULT = 100;
const LIST_LIMIT_MAX = 1000;
/** The form that the client likes best. */
export function formOf(context: Context, forms: Form[]): Form {
  const supports = forms.map((form) => TYPES[form]);
  const type = accepts(context, {
    header: "Accept",
    supports,
    default: supports[0]!,
  });
  context.header("vary", "accept");
  return forms.find((form) => TYPES[form] === type)!;
}

/** Answers with an object whose bytes are shown as the form has them. */
export function answer(
  context: Context,
  form: Form,
  make: (show: (bytes: Uint8Array) => unknown) => Record<string, unknown>,
): Response {
  if (form !== "cbor") return context.json(make(showBytes));
  const bytes = encodeValue(make((inner) => inner), "answer").slice();
  return context.body(bytes, 200, { "content-type": TYPES.cbor });
}

/** The path of a request as it was sent, in parts. */
export function pathParts(context: Context): string[] {
  const { url } = context.req;
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return url.slice(start).split(/[?#]/, 1)[0]!.split("/");
}

/** The parts of the query, each at most once and all of them known. */
export function readQuery(
  context: Context,
  known: readonly string[],
): Map<string, Uint8Array> {
  const { url } = context.req;
  const at = url.indexOf("?");
  const query = new Map<string, Uint8Array>();
  const parts = at < 0 ? [] : url.slice(at + 1).split("#", 1)[0]!.split("&");
  for (const part of parts.filter((part) => part !== "")) {
    const middle = part.includes("=") ? part.indexOf("=") : part.length;
    const name = part.slice(0, middle);
    if (!known.includes(name) || query.has(name)) {
      throw new RequestError(
        400,
        `the query has ${
          JSON.stringify(name)
        }, which is unknown or there twice; ` +
          `known are ${known.join(", ")}`,
      );
    }
    query.set(name, readAddress(part.slice(middle + 1), true));
  }
  return query;
}

/** A switch of the query. */
export function readFlag(
  query: Map<string, Uint8Array>,
  name: string,
): boolean {
  const given = query.get(name);
  const text = given && readText(given, name);
  if (text === undefined || text === "false") return false;
  if (text === "" || text === "true") return true;
  throw new RequestError(400, `${name} must be true or false`);
}

/** How many entries a page may have. */
export function readLimit(query: Map<string, Uint8Array>): number {
  const given = query.get("limit");
  if (given === undefined) return LIST_LIMIT_DEFAULT;
  const text = readText(given, "limit");
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIST_LIMIT_MAX) return limit;
  throw new RequestError(400, `limit must be 1 to ${LIST_LIMIT_MAX}`);
}

/** When a key that is set is to expire. */
export function readExpiry(context: Context): SetOptions {
  const text = context.req.header("badger-expire-in");
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) {
    throw new RequestError(400, "Badger-Expire-In must be milliseconds");
  }
  return { expireIn: Number(text) };
}

/** The object that a body is. */
export function readObject(body: Uint8Array, type: string): unknown {
  try {
    return type === TYPES.json
      ? JSON.parse(readText(body, "the body"))
      : decodeValue(body, 0);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(
      400,
      type === TYPES.json
        ? "the body must be JSON"
        : "the body must be CBOR, with lengths that are known",
    );
  }
}

/** The whole body; one that breaks off is none. */
export async function readBody(context: Context): Promise<Uint8Array> {
  try {
    return new Uint8Array(await context.req.arrayBuffer());
  } catch {
    throw new RequestError(400, "the body broke off");
  }
}

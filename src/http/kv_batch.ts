/**
 * A batch as a client sends it: checks and operations, which take effect together.
 *
 * @module
 */

import type { AtomicOperation } from "../store/atomic.ts";
import { readBytes } from "./kv_bytes.ts";
import { RequestError } from "./request_error.ts";

type Fields = Record<string, unknown>;

const OPERATION_FIELDS: Record<string, readonly string[]> = {
  set: ["value", "expireIn"],
  delete: [],
  sum: ["n", "expireIn"],
};

/** Adds what the client sent to an atomic operation. */
export function fillBatch(atomic: AtomicOperation, body: unknown): void {
  const { checks = [], operations = [] } = fieldsOf(body, "the batch", [
    "checks",
    "operations",
  ]);
  for (const [i, given] of listOf(checks, "checks").entries()) {
    const what = `checks[${i}]`;
    const { key, versionstamp } = fieldsOf(given, what, [
      "key",
      "versionstamp",
    ]);
    if (versionstamp !== null && typeof versionstamp !== "string") {
      throw new RequestError(400, `${what}.versionstamp must be text or null`);
    }
    atomic.check({ key: readBytes(key, `${what}.key`), versionstamp });
  }
  for (const [i, given] of listOf(operations, "operations").entries()) {
    addOperation(atomic, given, `operations[${i}]`);
  }
}

function addOperation(
  atomic: AtomicOperation,
  given: unknown,
  what: string,
): void {
  const { type } = fieldsOf(given, what);
  const known =
    typeof type === "string" && Object.hasOwn(OPERATION_FIELDS, type)
      ? OPERATION_FIELDS[type]!
      : undefined;
  if (known === undefined) {
    throw new RequestError(400, `${what}.type must be set, delete or sum`);
  }
  const fields = fieldsOf(given, what, ["type", "key", ...known]);
  const key = readBytes(fields.key, `${what}.key`);
  const { expireIn } = fields;
  const options = expireIn === undefined
    ? {}
    : { expireIn: expireIn as number };
  if (type === "set") {
    atomic.set(key, readBytes(fields.value, `${what}.value`), options);
  } else if (type === "delete") atomic.delete(key);
  else atomic.sum(key, readCount(fields.n, `${what}.n`), options);
}

/** A number of 64 bits: JSON has it as text, or as a number that is exact. */
function readCount(n: unknown, what: string): bigint {
  if (typeof n === "bigint") return n;
  if (Number.isSafeInteger(n) || (typeof n === "string" && /^\d+$/.test(n))) {
    return BigInt(n as number | string);
  }
  throw new RequestError(400, `${what} must be a whole number`);
}

function listOf(given: unknown, what: string): unknown[] {
  if (Array.isArray(given)) return given;
  throw new RequestError(400, `${what} must be a list`);
}

function fieldsOf(
  given: unknown,
  what: string,
  known?: readonly string[],
): Fields {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new RequestError(400, `${what} must be an object`);
  }
  const extra = Object.keys(given).find((name) =>
    known !== undefined && !known.includes(name)
  );
  if (extra === undefined) return given as Fields;
  throw new RequestError(
    400,
    `${what} has an unknown field ${JSON.stringify(extra)}; known are ` +
      known!.join(", "),
  );
}

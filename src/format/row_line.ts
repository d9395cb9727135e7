/**
 * One row as a line of JSON (NDJSON): `{"key":"…","value":"…","expiresAt":…}`. Bytes
 * that are not UTF-8 are in `keyBase64` and `valueBase64` instead (RFC 4648, with its
 * `+`, `/` and `=`).
 *
 * @module
 */

/** A row on its way in or out. */
export interface Row {
  key: Uint8Array;
  value: Uint8Array;
  /** When it expires, in milliseconds since 1970; 0 if it does not. */
  expiry: number;
}

const encoder = new TextEncoder();
// A byte order mark is part of the text; else it would be lost.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const EXPIRY_MAX = 2 ** 52;
const FIELDS = ["key", "keyBase64", "value", "valueBase64", "expiresAt"];
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function field(name: string, bytes: Uint8Array): string {
  try {
    return `"${name}":${JSON.stringify(decoder.decode(bytes))}`;
  } catch {
    return `"${name}Base64":"${toBase64(bytes)}"`;
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text);
}

/** The line of a row, with its end. */
export function encodeLine({ key, value, expiry }: Row): Uint8Array {
  const parts = [field("key", key), field("value", value)];
  if (expiry !== 0) parts.push(`"expiresAt":${expiry}`);
  return encoder.encode(`{${parts.join()}}\n`);
}

/** Reads a line; a string says what is wrong with it, `undefined` that it is blank. */
export function decodeLine(line: Uint8Array): Row | string | undefined {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return "the line is not UTF-8";
  }
  if (/^[ \t\r]*$/.test(text)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return "the line is not JSON";
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return "the line is not an object";
  }
  const fields = parsed as Record<string, unknown>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    return `the field ${JSON.stringify(unknown)} is unknown`;
  }
  const key = bytesOf(fields, "key");
  if (typeof key === "string") return key;
  const value = bytesOf(fields, "value");
  if (typeof value === "string") return value;
  const { expiresAt = 0 } = fields;
  if (!isTime(expiresAt) || (expiresAt === 0 && "expiresAt" in fields)) {
    return "expiresAt is no number of milliseconds since 1970";
  }
  return { key, value, expiry: expiresAt };
}

/** True for a time that a record can have, or 0. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 &&
    value <= EXPIRY_MAX;
}

function bytesOf(
  fields: Record<string, unknown>,
  name: string,
): Uint8Array | string {
  const text = fields[name];
  const base64 = fields[`${name}Base64`];
  if (text !== undefined && base64 !== undefined) {
    return `there is a ${name} and a ${name}Base64`;
  }
  if (base64 !== undefined) {
    return typeof base64 === "string" && BASE64.test(base64)
      ? Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      : `${name}Base64 is not in Base64`;
  }
  if (text === undefined) return `there is no ${name}`;
  if (typeof text !== "string") return `${name} is no text`;
  return text.isWellFormed()
    ? encoder.encode(text)
    : `${name} has a lone surrogate, which UTF-8 cannot hold`;
}

/**
 * Bytes in addresses and in JSON.
 *
 * In an address bytes are percent-encoded; what begins with `~` is the base64 of the
 * bytes, in the alphabet for addresses. The second form is there because no address
 * can hold a segment that is empty, `.` or `..`, however it is encoded: `~`, `~Lg` and
 * `~Li4` are those. In JSON bytes are text where they are UTF-8, else
 * `{"base64": "…"}`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { RequestError } from "./request_error.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const TILDE = 0x7e;

/** Bytes in JSON. */
export type JsonBytes = string | { base64: string };

/** The bytes that a part of a path stands for, or of a query, where `+` is a space. */
export function readAddress(part: string, isQuery: boolean): Uint8Array {
  const source = encoder.encode(part);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    let byte = source[i]!;
    if (byte === PERCENT) {
      const digits = part.length === source.length
        ? part.slice(i + 1, i + 3)
        : String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0);
      if (!/^[0-9a-f]{2}$/i.test(digits)) {
        throw new RequestError(400, "a percent sign is not followed by digits");
      }
      byte = parseInt(digits, 16);
      i += 2;
    } else if (byte === PLUS && isQuery) byte = SPACE;
    bytes[length++] = byte;
  }
  const found = bytes.subarray(0, length);
  if (found[0] !== TILDE) return found;
  return readBase64(Buffer.from(found.subarray(1)).toString("latin1"));
}

/** The text of bytes; `what` they are is for the error if they are none. */
export function readText(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RequestError(400, `${what} must be UTF-8`);
  }
}

function readBase64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, "");
  if (!/^[\w+/-]*$/.test(digits) || digits.length % 4 === 1) {
    throw new RequestError(400, "what should be base64 is not");
  }
  return new Uint8Array(Buffer.from(digits, "base64"));
}

/** Bytes as JSON shows them. */
export function showBytes(bytes: Uint8Array): JsonBytes {
  try {
    return decoder.decode(bytes);
  } catch {
    const { buffer, byteOffset, length } = bytes;
    return {
      base64: Buffer.from(buffer, byteOffset, length).toString("base64"),
    };
  }
}

/** The bytes that JSON or CBOR gave for `what`. */
export function readBytes(given: unknown, what: string): string | Uint8Array {
  if (typeof given === "string" || given instanceof Uint8Array) return given;
  if (typeof given === "object" && given !== null) {
    const { base64, ...rest } = given as { base64?: unknown };
    if (typeof base64 === "string" && Object.keys(rest).length === 0) {
      return readBase64(base64);
    }
  }
  throw new RequestError(
    400,
    `${what} must be text, {"base64": "…"} or, in CBOR, bytes`,
  );
}

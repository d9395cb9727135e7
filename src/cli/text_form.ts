/**
 * Keys and values as text: printable text as it is and other bytes escaped, or all of it
 * in hexadecimal or Base64. What is printed can be given back.
 *
 * ```text
 * \n \r \t \\   line feed, carriage return, tab, backslash
 * \xHH          the byte HH, where there is no printable UTF-8
 * ```
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** How keys and values are written. */
export type TextForm = "text" | "hex" | "base64";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ESCAPES: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\\": "\\\\",
};
const BYTES_OF_ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9 };
const BACKSLASH = 92;
/** Controls, what has no glyph of its own, and blanks that look like nothing. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes as text of a form. */
export function formatBytes(bytes: Uint8Array, form: TextForm): string {
  return form === "text" ? escapeBytes(bytes) : toBuffer(bytes).toString(form);
}

/** Reads what {@linkcode formatBytes} wrote. */
export function parseBytes(text: string, form: TextForm): Uint8Array {
  switch (form) {
    case "text":
      return unescapeBytes(text);
    case "hex":
      if (!/^(?:[0-9A-Fa-f]{2})*$/.test(text)) throw notIn(text, "hexadecimal");
      return new Uint8Array(Buffer.from(text, "hex"));
    case "base64":
      if (!BASE64.test(text)) throw notIn(text, "Base64");
      return new Uint8Array(Buffer.from(text, "base64"));
  }
}

function notIn(text: string, form: string): TypeError {
  return new TypeError(`Cannot read ${JSON.stringify(text)} as ${form}`);
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes with everything escaped that is not printable. */
export function escapeBytes(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return escapeInvalid(bytes);
  }
  return escapeText(text);
}

function escapeText(text: string): string {
  let escaped = "";
  for (const character of text) {
    escaped += ESCAPES[character] ??
      (UNPRINTABLE.test(character)
        ? escapeEach(encoder.encode(character))
        : character);
  }
  return escaped;
}

function escapeEach(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** Bytes of which some are no UTF-8: the longest runs that are stay text. */
function escapeInvalid(bytes: Uint8Array): string {
  let escaped = "";
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes[at]!);
    const one = bytes.subarray(at, at + length);
    try {
      if (length === 0) throw new TypeError("no character begins here");
      escaped += escapeText(decoder.decode(one));
      at += length;
    } catch {
      escaped += escapeEach(bytes.subarray(at, at + 1));
      at++;
    }
  }
  return escaped;
}

/** Bytes of the character that a byte begins; 0 if it begins none. */
function characterLength(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/**
 * The bytes that escaped text stands for.
 *
 * @throws {TypeError} If a backslash begins nothing that is known.
 */
export function unescapeBytes(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (!text.includes("\\")) return bytes;
  const target = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== BACKSLASH) {
      target[length++] = bytes[at]!;
      continue;
    }
    const name = String.fromCharCode(bytes[++at] ?? 0);
    const digits = name === "x"
      ? String.fromCharCode(...bytes.subarray(at + 1, at + 3))
      : "";
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
      target[length++] = parseInt(digits, 16);
      at += 2;
      continue;
    }
    const byte = name === "\\" ? BACKSLASH : BYTES_OF_ESCAPES[name];
    if (byte === undefined) {
      throw new TypeError(
        `Cannot read ${
          JSON.stringify(text)
        } as a key: a backslash stands only in ` +
          `\\\\, \\n, \\r, \\t and \\xHH. Double it`,
      );
    }
    target[length++] = byte;
  }
  return target.slice(0, length);
}

/** Bytes as the fields `name` or `nameBase64` of JSON, as exported rows have them. */
export function jsonBytes(
  name: string,
  bytes: Uint8Array,
): Record<string, string> {
  try {
    return { [name]: decoder.decode(bytes) };
  } catch {
    return { [`${name}Base64`]: toBuffer(bytes).toString("base64") };
  }
}

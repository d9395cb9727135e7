/**
 * A key as people can read it, whatever its bytes are: text as it is, and everything
 * that is not seen, or that would change how its surroundings are seen, as an escape.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Controls, formats such as changes of direction, separators, and the unassigned. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * Shows a key. No two keys look the same: a backslash is doubled, a byte of a key that
 * is not UTF-8 is `\xNN`, and a character that is not seen is `\u{N}`.
 */
export function showKey(key: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(key);
  } catch {
    return showBytes(key);
  }
  return text.replaceAll("\\", "\\\\").replace(
    UNSEEN,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** ASCII as it is, all other bytes in hexadecimal. */
function showBytes(key: Uint8Array): string {
  let text = "";
  for (const byte of key) {
    if (byte === 0x5c) text += "\\\\";
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

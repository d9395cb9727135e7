/**
 * How the version of a commit is shown: 20 hexadecimal digits, as in Deno.Kv, so that
 * later commits have greater strings.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";

const DIGITS = 20;

/** The versionstamp of a version. */
export function writeVersionstamp(version: number): string {
  return version.toString(16).padStart(DIGITS, "0");
}

/**
 * The version of a versionstamp.
 *
 * @throws {TypeError} If it is none.
 */
export function readVersionstamp(versionstamp: string): number {
  if (
    typeof versionstamp === "string" && /^0{6}[0-9a-f]{14}$/.test(versionstamp)
  ) {
    const version = parseInt(versionstamp, 16);
    if (Number.isSafeInteger(version)) return version;
  }
  throw new TypeError(
    `Cannot use ${
      typeof versionstamp === "string"
        ? `"${versionstamp}"`
        : describe(versionstamp)
    } as a versionstamp: it must be one that the store gave`,
  );
}

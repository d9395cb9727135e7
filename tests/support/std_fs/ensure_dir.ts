/**
 * Makes a directory and what is above it, unless it is there.
 *
 * @module
 */
import { mkdirSync, statSync } from "node:fs";

/** Makes `dir` and its parents; throws when something else stands there. */
export function ensureDirSync(dir: string | URL): void {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) {
    mkdirSync(dir, { recursive: true });
  } else if (!found.isDirectory()) {
    throw new Error(
      `Failed to ensure directory exists: expected 'dir', got 'file'`,
    );
  }
}

/** Makes `dir` and its parents; rejects when something else stands there. */
// deno-lint-ignore require-await -- the async form of the function above
export async function ensureDir(dir: string | URL): Promise<void> {
  ensureDirSync(dir);
}

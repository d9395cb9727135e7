/**
 * Makes sure a directory is there and has nothing in it.
 *
 * @module
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toPath } from "./to_path.ts";

/** Removes what is in `dir`, or makes it. */
export function emptyDirSync(dir: string | URL): void {
  const path = toPath(dir);
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) {
    rmSync(join(path, name), { recursive: true });
  }
}

/** Removes what is in `dir`, or makes it. */
// deno-lint-ignore require-await -- the async form of the function above
export async function emptyDir(dir: string | URL): Promise<void> {
  emptyDirSync(dir);
}

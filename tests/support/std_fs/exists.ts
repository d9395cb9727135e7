/**
 * Whether something stands at a path.
 *
 * @module
 */
import { statSync } from "node:fs";

/** What must stand there; at most one of the two. */
export interface ExistsOptions {
  /** Only a directory counts. */
  isDirectory?: boolean;
  /** Only a file counts. */
  isFile?: boolean;
}

/** True when `path` is there and is of the kind asked for. */
export function existsSync(
  path: string | URL,
  options: ExistsOptions = {},
): boolean {
  if (options.isDirectory && options.isFile) {
    throw new TypeError(
      "ExistsOptions.options.isDirectory and ExistsOptions.options.isFile must not be true together",
    );
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (options.isDirectory) return found.isDirectory();
  if (options.isFile) return found.isFile();
  return true;
}

/** Resolves to true when `path` is there and is of the kind asked for. */
// deno-lint-ignore require-await -- the async form of the function above
export async function exists(
  path: string | URL,
  options: ExistsOptions = {},
): Promise<boolean> {
  return existsSync(path, options);
}

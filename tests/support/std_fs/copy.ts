/**
 * Copies a file or a whole directory.
 *
 * @module
 */
import { cpSync } from "node:fs";
import { toPath } from "./to_path.ts";

/** How to copy. */
export interface CopyOptions {
  /** Replace what stands at the destination; otherwise that is an error. */
  overwrite?: boolean;
  /** Keep the times of the files. */
  preserveTimestamps?: boolean;
}

/** Copies `src` to `dest`. */
export function copySync(
  src: string | URL,
  dest: string | URL,
  options: CopyOptions = {},
): void {
  cpSync(toPath(src), toPath(dest), {
    recursive: true,
    force: options.overwrite ?? false,
    errorOnExist: !(options.overwrite ?? false),
    preserveTimestamps: options.preserveTimestamps ?? false,
  });
}

/** Copies `src` to `dest`. */
// deno-lint-ignore require-await -- the async form of the function above
export async function copy(
  src: string | URL,
  dest: string | URL,
  options: CopyOptions = {},
): Promise<void> {
  copySync(src, dest, options);
}

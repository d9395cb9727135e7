/**
 * Where a level database lies on disk, if it does, and whether it is there.
 *
 * @module
 */

import { parseFileName } from "../format/file_names.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { OPTION_RULES, type StoreOptions } from "../store/options.ts";
import { type AdapterTarget, isOpenTarget } from "./adapter_target.ts";

/** The path that a target names, unless nothing of it is on disk. */
export function pathOf(target: AdapterTarget): string | undefined {
  if (isOpenTarget(target)) return undefined;
  const options: StoreOptions = typeof target === "string"
    ? { path: target }
    : target;
  if (options.memoryMode === true) return undefined;
  const rule = OPTION_RULES.find(({ name }) => name === "path");
  return options.path ?? String(rule?.default);
}

/** True if a directory holds a store. */
export function holdsStore(path: string): boolean {
  try {
    return new NodeFileSystem().list(path)
      .some((name) => parseFileName(name)?.kind === "segment");
  } catch {
    // What stands in the way of a look, opening the store will tell.
    return false;
  }
}

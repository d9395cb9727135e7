/**
 * Lists a file tree, a directory before what is in it.
 *
 * @module
 */
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { toPath } from "./to_path.ts";

/** What to list. Symbolic links are listed and never followed. */
export interface WalkOptions {
  /** How many levels below the root; 0 is the root alone. */
  maxDepth?: number;
  /** List files; true by default. */
  includeFiles?: boolean;
  /** List directories; true by default. */
  includeDirs?: boolean;
  /** List symbolic links; true by default. */
  includeSymlinks?: boolean;
  /** List only what has one of these endings. */
  exts?: string[];
  /** List only paths that match one of these. */
  match?: RegExp[];
  /** Neither list nor enter paths that match one of these. */
  skip?: RegExp[];
}

/** One thing found. */
export interface WalkEntry {
  /** Its path: the root as given, joined with what lies below. */
  path: string;
  /** The last part of its path. */
  name: string;
  /** True for a file. */
  isFile: boolean;
  /** True for a directory. */
  isDirectory: boolean;
  /** True for a symbolic link. */
  isSymlink: boolean;
}

/** Lists `root` and what lies below it. */
export function* walkSync(
  root: string | URL,
  options: WalkOptions = {},
): IterableIterator<WalkEntry> {
  const path = toPath(root);
  const found = statSync(path);
  yield* visit(
    {
      path,
      name: basename(path),
      isFile: found.isFile(),
      isDirectory: found.isDirectory(),
      isSymlink: false,
    },
    options,
    options.maxDepth ?? Infinity,
  );
}

/** Lists `root` and what lies below it. */
export async function* walk(
  root: string | URL,
  options: WalkOptions = {},
): AsyncIterableIterator<WalkEntry> {
  yield* walkSync(root, options);
}

/** Lists `entry` and, `depth` allowing, what lies below it. */
function* visit(
  entry: WalkEntry,
  options: WalkOptions,
  depth: number,
): IterableIterator<WalkEntry> {
  if (options.skip?.some((pattern) => pattern.test(entry.path))) return;
  if (isWanted(entry, options)) yield entry;
  if (!entry.isDirectory || depth <= 0) return;
  for (const child of readdirSync(entry.path, { withFileTypes: true })) {
    yield* visit(
      {
        path: join(entry.path, child.name),
        name: child.name,
        isFile: child.isFile(),
        isDirectory: child.isDirectory(),
        isSymlink: child.isSymbolicLink(),
      },
      options,
      depth - 1,
    );
  }
}

/** True when the options ask for `entry`. */
function isWanted(entry: WalkEntry, options: WalkOptions): boolean {
  if (entry.isFile && options.includeFiles === false) return false;
  if (entry.isDirectory && options.includeDirs === false) return false;
  if (entry.isSymlink && options.includeSymlinks === false) return false;
  const { exts, match } = options;
  if (exts && !exts.some((ending) => entry.path.endsWith(ending))) return false;
  return match === undefined ||
    match.some((pattern) => pattern.test(entry.path));
}

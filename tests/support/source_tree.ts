/**
 * Reads the repository as text: its files and what its modules import.
 *
 * Imports are found by pattern, not by a parser: enough for formatted code, in
 * which every import and export starts a line.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";

/** Folders that hold no source: made by tools, or git's own. */
const SKIPPED = [".git", ".tmp", "coverage", "data", "node_modules"];

/** Endings of files that are not text. */
const BINARY = [".gz", ".png", ".tgz", ".bin", ".sett", ".vlog", ".hint"];

/** One file of the repository. */
export interface SourceFile {
  /** Its path from the root, with forward slashes. */
  readonly path: string;
  /** What it says. */
  readonly text: string;
}

/** Every text file below `folder`, in the order of their paths. */
export function readTree(folder: string): SourceFile[] {
  const found: SourceFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.includes(entry.name)) found.push(...readTree(path));
    } else if (!BINARY.some((ending) => path.endsWith(ending))) {
      found.push({ path, text: readFileSync(path, "utf8") });
    }
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Every TypeScript module below `folder`. */
export function readModules(folder: string): SourceFile[] {
  return readTree(folder).filter((file) => file.path.endsWith(".ts"));
}

const STATIC_IMPORT =
  /^\s*(?:import|export)\s[^;"'(=]*?\bfrom\s*["']([^"']+)["']/gm;
const BARE_IMPORT = /^\s*import\s*["']([^"']+)["']/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*["']([^"']+)["']/gm;

/** The specifiers a module imports or exports from, as written. */
export function importsOf(file: SourceFile): string[] {
  return [STATIC_IMPORT, BARE_IMPORT, DYNAMIC_IMPORT].flatMap((pattern) =>
    [...file.text.matchAll(pattern)].map((match) => match[1]!)
  );
}

/** The path that a relative `specifier` in `file` names, or `undefined`. */
export function resolveImport(
  file: SourceFile,
  specifier: string,
): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return normalize(join(dirname(file.path), specifier));
}

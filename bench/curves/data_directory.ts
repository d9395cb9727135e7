/**
 * The directories that measured stores lie in: made empty below `.tmp/curves`,
 * weighed, and removed at the end.
 *
 * @module
 */

import { emptyDirSync } from "@std/fs";

const ROOT = ".tmp/curves";

const made = new Set<string>();

// What is left of a store that is still open goes with the process.
addEventListener("unload", () => {
  for (const path of made) removeDirectory(path);
  try {
    Deno.removeSync(ROOT);
  } catch { /* another program's stores are still in it */ }
});

/** An empty directory; it goes with the process. */
export function emptyDirectory(name: string): string {
  // Of its own for each process, so that two runs do not meet.
  const path = `${ROOT}/${name}-${Deno.pid}`;
  made.add(path);
  emptyDirSync(path);
  return path;
}

/** Removes a directory of {@linkcode emptyDirectory} before the end. */
export function removeDirectory(path: string): void {
  if (!made.delete(path)) return;
  Deno.removeSync(path, { recursive: true });
}

/** Bytes of a block, as the count of a file's blocks has them everywhere. */
const BLOCK_BYTES = 512;

/**
 * Bytes of the blocks that a directory's files have: a file that was made longer
 * than what is in it counts for what is in it.
 */
export function directoryBytes(path: string): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(path)) {
    try {
      const { blocks, size } = Deno.statSync(`${path}/${name}`);
      sum += blocks === null ? size : blocks * BLOCK_BYTES;
    } catch (error) {
      // Removed between the two calls, as a compaction in another thread does.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return sum;
}

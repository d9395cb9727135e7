/**
 * Directories in which a store is being made: a file in them says that it is not
 * there yet, so nobody takes the half for the whole.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { type FileSystem, joinPath } from "../fs/file_system.ts";
import { KEYS_NAME } from "../fs/key_ring.ts";
import { parseFileName, UNFINISHED_NAME } from "../format/file_names.ts";

/** Puts the mark into a directory; it is safe there when this returns. */
export function markUnfinished(files: FileSystem, directory: string): void {
  const file = files.open(joinPath(directory, UNFINISHED_NAME), "create");
  try {
    file.sync();
  } finally {
    file.close();
  }
  files.syncDirectory(directory);
}

/** Takes the mark away: everything else in the directory must be safe by then. */
export function markFinished(files: FileSystem, directory: string): void {
  files.syncDirectory(directory);
  files.remove(joinPath(directory, UNFINISHED_NAME));
  files.syncDirectory(directory);
}

/** Removes the store's files that a directory holds, the mark last. */
export function removeUnfinished(files: FileSystem, directory: string): void {
  for (const name of files.list(directory)) {
    const file = parseFileName(name);
    const isOurs = name === KEYS_NAME ||
      (file !== undefined && file.kind !== "unfinished");
    if (!isOurs) continue;
    // The lock's own temporary files belong to whoever is locking.
    if (name.startsWith("LOCK")) continue;
    files.remove(joinPath(directory, name));
  }
  markFinished(files, directory);
}

/**
 * Makes a directory for a new store.
 *
 * @throws {StoreError} `BAD_PATH` if something is in it, `UNFINISHED` if that is what
 * an earlier attempt left.
 */
export function makeEmpty(
  files: FileSystem,
  directory: string,
  action: string,
): void {
  files.createDirectory(directory);
  const names = files.list(directory);
  if (names.length === 0) return;
  const isUnfinished = names.includes(UNFINISHED_NAME);
  throw new StoreError(
    isUnfinished ? "UNFINISHED" : "BAD_PATH",
    `Cannot ${action} ${directory}: ` +
      (isUnfinished
        ? `an earlier attempt did not come to its end. Remove its files`
        : `it is not empty. Choose an empty directory`),
    { path: directory },
  );
}

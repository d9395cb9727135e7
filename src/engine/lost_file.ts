/**
 * What recovery takes out of a directory: a torn tail, which is kept aside in a
 * `lost` file, and what a crash left of files that were being made.
 *
 * @module
 */

import {
  joinPath,
  readFully,
  removeIfPresent,
  writeFully,
} from "../fs/file_system.ts";
import { lostName, parseFileName } from "../format/file_names.ts";
import type { StoreError } from "../errors.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";

/** Bytes of a torn tail that are kept aside. */
const LOST_BYTES_MAX = 16 * 1024 * 1024;
/** Files of cut bytes that are kept; the oldest make room. */
const LOST_FILES_MAX = 8;

/**
 * Keeps what will be cut from the end of a segment; returns the file, if there was
 * room for one: a full disk is the usual reason of a torn tail.
 */
export function keepTail(
  log: ValueLog,
  segment: Segment,
  size: number,
): string | undefined {
  try {
    return copyTail(log, segment, segment.length, size);
  } catch (error) {
    if ((error as StoreError).code !== "DISK_FULL") throw error;
    return undefined;
  }
}

function copyTail(
  log: ValueLog,
  segment: Segment,
  end: number,
  size: number,
): string {
  const { files, directory } = log;
  const kept = new Uint8Array(Math.min(size - end, LOST_BYTES_MAX));
  const count = readFully(segment.file, kept, 0, kept.length, end);
  const path = joinPath(directory, lostName(segment.id, end));
  removeIfPresent(files, path);
  const lost = files.open(path, "create");
  try {
    writeFully(lost, kept, 0, count, 0);
    lost.sync();
  } catch (error) {
    lost.close();
    removeIfPresent(files, path);
    throw error;
  }
  lost.close();
  files.syncDirectory(directory);
  return path;
}

/**
 * Cuts a segment at its length, and writes what may never have been synced of it once
 * more, for a sync may have failed in an earlier process. If we crash before that, the
 * next open does the same again.
 */
export function renewTail(segment: Segment, syncedMax: number): void {
  const { file, length } = segment;
  const from = Math.max(segment.syncedLength, Math.min(syncedMax, length));
  segment.renew(file, from, length);
  file.truncate(length);
}

/** Removes files that were being made, hints without a segment, and old cut bytes. */
export function removeLeftovers(log: ValueLog, names: string[]): void {
  const { files, directory } = log;
  const lost: string[] = [];
  for (const name of names) {
    const file = parseFileName(name);
    const isOrphan = file?.kind === "temporary" ||
      (file?.kind === "hint" && !log.segments.has(file.segmentId));
    // The lock's own temporary files belong to whoever is locking.
    if (isOrphan && !name.startsWith("LOCK")) {
      // The removal of a retired segment may be under way still.
      removeIfPresent(files, joinPath(directory, name));
    }
    if (file?.kind === "lost") lost.push(name);
  }
  lost.sort();
  const surplus = Math.max(0, lost.length - LOST_FILES_MAX);
  for (const name of lost.slice(0, surplus)) {
    files.remove(joinPath(directory, name));
  }
}

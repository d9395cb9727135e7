/**
 * Which segments a directory holds at one moment, while a writer makes and removes
 * some.
 *
 * The directory is listed, what is new is opened, sizes are taken, and the directory
 * is listed again. Ids are not used twice and only rise. So if both lists agree, those
 * were the segments all the time between, and the sizes are of one moment: whatever
 * had been written by then lies within them, also what the collector had moved.
 *
 * @module
 */

import { isNotFound, StoreError } from "../errors.ts";
import {
  type FileHandle,
  type FileSystem,
  joinPath,
  openIfPresent,
} from "../fs/file_system.ts";
import { hintName, segmentName } from "../format/file_names.ts";
import type { Segment } from "../log/segment.ts";
import {
  checkOwner,
  type FoundSegment,
  readSegment,
  refuseEncrypted,
  refuseUnfinished,
  segmentIds,
} from "./segment_files.ts";

/** A collector or a rotation in between is rare; so many in a row are none. */
const TRIES_MAX = 1000;

/** The segments of one moment. */
export interface Survey {
  /** All their ids, in the order of truth. */
  readonly ids: readonly number[];
  /** Those that were not known before, their files open. */
  readonly came: readonly FoundSegment[];
  /** The next segment is being made: the newest one is sealed already. */
  readonly isSealed: boolean;
  /** All names in the directory. */
  readonly names: readonly string[];
  /** Bytes of the newest segment. */
  readonly newestSize: number;
}

/**
 * Takes a survey of a directory of which some segments are known. `look` is called
 * with the new ones before sizes are taken, so what it reads is not of later bytes.
 *
 * @throws {StoreError} `BAD_PATH` if there is no store.
 */
export function takeSurvey(
  files: FileSystem,
  directory: string,
  known: ReadonlyMap<number, Segment>,
  look: (came: readonly FoundSegment[]) => void = () => {},
): Survey {
  const came = new Map<number, FoundSegment>();
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const survey = trySurvey(files, directory, known, came, look);
      if (survey !== undefined) return survey;
    }
    throw new StoreError(
      "IO",
      `Cannot read ${directory}: its segments change faster than they can be listed`,
      { path: directory },
    );
  } catch (error) {
    for (const { file } of came.values()) file.close();
    throw error;
  }
}

function trySurvey(
  files: FileSystem,
  directory: string,
  known: ReadonlyMap<number, Segment>,
  came: Map<number, FoundSegment>,
  look: (came: readonly FoundSegment[]) => void,
): Survey | undefined {
  const names = listNames(files, directory);
  refuseUnfinished(directory, names);
  refuseEncrypted(directory, names);
  const listed = segmentIds(names);
  for (const [id, { file }] of came) {
    if (listed.includes(id)) continue;
    file.close();
    came.delete(id);
  }
  let isSealed = false;
  for (const id of listed) {
    if (known.has(id) || came.has(id)) continue;
    const file = openIfPresent(files, joinPath(directory, segmentName(id)));
    // Removed since it was listed: what was live in it lies elsewhere now.
    if (file === undefined) return undefined;
    const isNewest = id === listed.at(-1);
    const found = readOrClose(
      file,
      id,
      isNewest && !names.includes(hintName(id)),
    );
    if (found === undefined) isSealed = true;
    else came.set(id, found);
  }
  const found = [...came.values()].sort((a, b) => a.id - b.id);
  for (const { id, header, file } of found) {
    checkOwner(found[0]!.header, header, id, file.path);
  }
  look(found);
  for (const { file } of found) file.lookAgain?.();
  for (const one of found) one.size = one.file.size();
  const ids = isSealed ? listed.slice(0, -1) : listed;
  const newest = ids.at(-1);
  if (newest === undefined) throw noStoreError(directory);
  const { file } = came.get(newest) ?? known.get(newest)!;
  file.lookAgain?.();
  const newestSize = file.size();
  const again = segmentIds(listNames(files, directory));
  if (again.join() !== listed.join()) return undefined;
  return { ids, came: found, isSealed, names, newestSize };
}

function listNames(files: FileSystem, directory: string): string[] {
  try {
    return files.list(directory);
  } catch (error) {
    if (isNotFound((error as StoreError).cause)) throw noStoreError(directory);
    throw error;
  }
}

function readOrClose(
  file: FileHandle,
  id: number,
  mayBeHalfMade: boolean,
): FoundSegment | undefined {
  try {
    return readSegment(file, id, mayBeHalfMade);
  } catch (error) {
    file.close();
    throw error;
  }
}

function noStoreError(directory: string): StoreError {
  return new StoreError(
    "BAD_PATH",
    `Cannot read the store in ${directory}: there is none. Open it with Store first`,
    { path: directory },
  );
}

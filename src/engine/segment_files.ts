/**
 * Which segments a directory holds: opens each and checks that its header belongs
 * to it and to the store of the others.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import {
  type FileHandle,
  type FileSystem,
  joinPath,
  readFile,
  readFully,
} from "../fs/file_system.ts";
import { KEYS_NAME } from "../fs/key_ring.ts";
import { segmentSeed } from "../format/checksum.ts";
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  isHeaderSealed,
  sameStore,
} from "../format/file_header.ts";
import {
  hintName,
  lostName,
  parseFileName,
  segmentName,
  UNFINISHED_NAME,
} from "../format/file_names.ts";
import type { LostRange } from "../log/salvage_reader.ts";
import { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { SnapshotSegment } from "./index_snapshot.ts";
import type { SegmentReplay } from "./segment_replay.ts";

/** A segment on disk whose header is sound. */
export interface FoundSegment {
  /** The segment's id. */
  id: number;
  /** The open file. */
  file: FileHandle;
  /** What its header says. */
  header: FileHeader;
  /** Bytes of the file. */
  size: number;
}

/** The ids of the segments among `names`, in the order of truth. */
export function segmentIds(names: string[]): number[] {
  const ids: number[] = [];
  for (const name of names) {
    const file = parseFileName(name);
    if (file?.kind === "segment") ids.push(file.segmentId);
  }
  return ids.sort((a, b) => a - b);
}

/**
 * Refuses a directory into which a store is being restored or copied.
 *
 * @throws {StoreError} `UNFINISHED` if it is such a one.
 */
export function refuseUnfinished(directory: string, names: string[]): void {
  if (!names.includes(UNFINISHED_NAME)) return;
  throw new StoreError(
    "UNFINISHED",
    `Cannot open ${directory}: a restore, salvage or checkpoint to it did not come to ` +
      `its end. Remove its files and make it again`,
    { path: directory },
  );
}

/** @throws {StoreError} `ENCRYPTED` if the files can be made no sense of without a key. */
export function refuseEncrypted(directory: string, names: string[]): void {
  // Encrypted files hide their keys from those who see them in clear.
  if (!names.includes(KEYS_NAME)) return;
  throw new StoreError(
    "ENCRYPTED",
    `Cannot open ${directory}: the store is encrypted and no key was given. ` +
      `Give its key in the option encryption`,
    { path: directory },
  );
}

/** The bytes of a file's header, fewer where the file is shorter. */
export function readHeaderBytes(file: FileHandle, size: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(size, FILE_HEADER_BYTES));
  return bytes.subarray(0, readFully(file, bytes, 0, bytes.length, 0));
}

/**
 * Opens every segment in the order of truth. Handles are added to `opened` at once,
 * so that the caller can close them whatever happens.
 */
export function openSegments(
  files: FileSystem,
  directory: string,
  names: string[],
  opened: FileHandle[],
): { found: FoundSegment[]; halfMade: string | undefined } {
  refuseUnfinished(directory, names);
  refuseEncrypted(directory, names);
  const ids = segmentIds(names);
  const found: FoundSegment[] = [];
  for (const id of ids) {
    const path = joinPath(directory, segmentName(id));
    const file = files.open(path, "write");
    opened.push(file);
    const mayBeHalfMade = id === ids.at(-1) && !names.includes(hintName(id));
    const segment = readSegment(file, id, mayBeHalfMade);
    // The one before it was sealed and synced by then. The name stays until its
    // successor is made: it is the proof of that.
    if (segment === undefined) return { found, halfMade: path };
    checkOwner(found[0]?.header, segment.header, id, path);
    found.push(segment);
  }
  return { found, halfMade: undefined };
}

/**
 * Reads the header of a segment; `undefined`, with the file closed, if it is being
 * made or was in a crash. A header is synced before the first record is written, so
 * that can only be a newest segment that is no longer than a header and has no hints.
 */
export function readSegment(
  file: FileHandle,
  id: number,
  mayBeHalfMade: boolean,
): FoundSegment | undefined {
  const size = file.size();
  const bytes = readHeaderBytes(file, size);
  try {
    const header = decodeFileHeader(bytes, "VLOG", file.path);
    return { id, file, header, size };
  } catch (error) {
    const isHalfMade = mayBeHalfMade && size <= FILE_HEADER_BYTES &&
      !isHeaderSealed(bytes);
    if (!isHalfMade) throw error;
    file.close();
    return undefined;
  }
}

/** Checks that a header is that of the segment, and of the store of the first one. */
export function checkOwner(
  first: FileHeader | undefined,
  header: FileHeader,
  id: number,
  path: string,
): void {
  const place = { path, segmentId: id, offset: 12 };
  if (header.segmentId !== id) {
    throw new CorruptionError(
      "open the store",
      place,
      `its header says that it is segment ${header.segmentId}`,
    );
  }
  if (first !== undefined && !sameStore(first.storeId, header.storeId)) {
    throw new CorruptionError(
      "open the store",
      { ...place, offset: 16 },
      "it belongs to another store than the segments before it",
    );
  }
}

/**
 * Opens every segment whose header is sound, for salvage. The others are set aside
 * under the name of lost bytes, and told.
 */
export function openSoundSegments(
  files: FileSystem,
  directory: string,
  names: string[],
  opened: FileHandle[],
): {
  found: FoundSegment[];
  halfMade: string | undefined;
  lost: LostRange[];
} {
  refuseUnfinished(directory, names);
  refuseEncrypted(directory, names);
  const found: FoundSegment[] = [];
  const lost: LostRange[] = [];
  const ids = segmentIds(names);
  for (const id of ids) {
    const name = segmentName(id);
    try {
      const own = names.filter((other) =>
        other === name || other === hintName(id)
      );
      const one = openSegments(files, directory, own, opened);
      if (one.halfMade !== undefined) {
        if (id === ids.at(-1)) return { found, halfMade: one.halfMade, lost };
        throw new CorruptionError(
          "read the file header",
          { path: one.halfMade, segmentId: id, offset: 0 },
          "it is not whole",
        );
      }
      for (const segment of one.found) {
        const path = joinPath(directory, name);
        checkOwner(found[0]?.header, segment.header, id, path);
        found.push(segment);
      }
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      const path = joinPath(directory, lostName(id, 0));
      const bytes = sizeOf(files, joinPath(directory, name));
      files.rename(joinPath(directory, name), path);
      lost.push({
        path,
        segmentId: id,
        offset: 0,
        bytes,
        reason: error.message,
      });
    }
  }
  return { found, halfMade: undefined, lost };
}

function sizeOf(files: FileSystem, path: string): number {
  const file = files.open(path, "read");
  try {
    return file.size();
  } finally {
    file.close();
  }
}

/**
 * Adds segments to an empty log, as far as an index snapshot covers them. Entries may
 * point at any segment, so all must be there before the first row.
 */
export function addSegments(
  log: ValueLog,
  found: readonly FoundSegment[],
  covered: readonly SnapshotSegment[] | undefined,
): void {
  const known = new Map(covered?.map((segment) => [segment.id, segment]));
  const newestKnown = covered?.at(-1)?.id ?? 0;
  for (const one of found) {
    const snapshot = known.get(one.id);
    if (one.id < newestKnown && snapshot === undefined) {
      // A copy of an old directory over a newer one, say.
      throw new CorruptionError(
        "open the store",
        { path: one.file.path, segmentId: one.id, offset: 0 },
        "the segment had been removed before the last close",
      );
    }
    const segment = segmentOf(one);
    segment.length = snapshot?.length ?? FILE_HEADER_BYTES;
    segment.recordCount = snapshot?.recordCount ?? 0;
    segment.deadBytes = snapshot?.deadBytes ?? 0;
    segment.hintBytes = snapshot?.hintBytes ?? 0;
    segment.syncedLength = segment.length;
    segment.flushedLength = one.size;
    log.add(segment);
  }
}

/** A segment that was found, before any of its records was read. */
export function segmentOf({ id, file, header }: FoundSegment): Segment {
  return new Segment(
    id,
    file,
    segmentSeed(header.storeId, id),
    header.nextVersion,
    header.expiryHorizon,
  );
}

/** The bytes of a segment's hint file, if there is one that belongs to it. */
export function readHint(log: ValueLog, id: number): Uint8Array | undefined {
  const path = joinPath(log.directory, hintName(id));
  try {
    const bytes = readFile(log.files, path);
    const header = decodeFileHeader(
      bytes.subarray(0, FILE_HEADER_BYTES),
      "HINT",
      path,
    );
    const isOurs = sameStore(header.storeId, log.storeId) &&
      header.segmentId === id;
    return isOurs ? bytes : undefined;
  } catch (error) {
    // No hint, or a damaged one: the segment itself tells the same.
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** Whether the hint file of a segment that is known whole need not be read. */
export function isHintWhole(
  log: ValueLog,
  id: number,
  replay: SegmentReplay,
): boolean {
  let file: FileHandle | undefined;
  try {
    file = log.files.open(joinPath(log.directory, hintName(id)), "read");
    return replay.skimHint(file);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  } finally {
    file?.close();
  }
}

/** Checks that what an index snapshot covers is there: it was whole and synced. */
export function checkCovered(
  covered: readonly { id: number; length: number }[],
  found: readonly FoundSegment[],
  directory: string,
): void {
  for (const { id, length } of covered) {
    const size = found.find((segment) => segment.id === id)?.size ?? 0;
    if (size >= length) continue;
    throw new CorruptionError(
      "open the store",
      {
        path: joinPath(directory, segmentName(id)),
        segmentId: id,
        offset: size,
      },
      size === 0
        ? "the file is missing"
        : `${
          length - size
        } bytes that were there at the last close are missing`,
    );
  }
}

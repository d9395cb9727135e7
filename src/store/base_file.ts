/**
 * Of what a store is a copy: what `backup.base` in its directory says, and whether an
 * incremental backup may be applied to it.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import {
  filesBelow,
  type FileSystem,
  joinPath,
  readIfPresent,
  replaceFile,
} from "../fs/file_system.ts";
import type { BackupHeader } from "../format/backup.ts";
import {
  type BackupBase,
  decodeBase,
  encodeBase,
} from "../format/backup_base.ts";
import { FILE_HEADER_BYTES, sameStore } from "../format/file_header.ts";
import { BASE_NAME, temporaryName } from "../format/file_names.ts";
import { KIND_CONTROL } from "../format/record.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";

/** What the store's directory says of its origin; `undefined` if it has none. */
export function readBase(engine: Engine): BackupBase | undefined {
  const { directory } = engine.log;
  const files = filesBelow(engine.log.files);
  const path = joinPath(directory, BASE_NAME);
  const bytes = readIfPresent(files, path);
  if (bytes === undefined) return undefined;
  const base = decodeBase(bytes);
  if (base !== undefined) return base;
  throw new CorruptionError(
    "read of what the store is a copy",
    { path, offset: 0 },
    "it is not what was written",
  );
}

/** The name by which backups of the store speak of its versions. */
export function lineageOf(engine: Engine): Uint8Array {
  return readBase(engine)?.lineage ?? engine.log.storeId;
}

/**
 * Writes the file aside, synced, and renames it; the directory is synced too. There is
 * no secret in it, so it is in clear beside encrypted files too.
 */
export function writeBase(
  files: FileSystem,
  directory: string,
  base: BackupBase,
): void {
  const path = joinPath(directory, BASE_NAME);
  replaceFile(files, path, temporaryName(path), encodeBase(base));
  files.syncDirectory(directory);
}

/**
 * Checks that a store holds what an incremental backup builds on.
 *
 * @throws {StoreError} `WRONG_BASE` if it does not.
 */
export function checkBase(engine: Engine, header: BackupHeader): void {
  const base = readBase(engine);
  if (base === undefined) {
    throw wrongBase("the store was not restored from a backup");
  }
  if (!sameStore(base.origin, header.lineage)) {
    throw wrongBase("it is of another store than the one restored here");
  }
  if (base.originVersion < header.since) {
    throw wrongBase(
      `it holds what changed since version ${header.since}, and the store is at ` +
        `version ${base.originVersion}: a backup in between is missing`,
    );
  }
  if (base.originVersion > header.version) {
    throw wrongBase(
      `it ends at version ${header.version}, and the store is at version ` +
        `${base.originVersion} already`,
    );
  }
  if (!isUntouched(engine, base.ownVersion)) {
    throw wrongBase("the store was written to since it was restored");
  }
}

function wrongBase(reason: string): StoreError {
  return new StoreError(
    "WRONG_BASE",
    `Cannot apply the incremental backup: ${reason}. Restore a full one first`,
  );
}

/**
 * True if every commit since a version was the store's own note of what had expired.
 * Where the garbage collector has removed such a note, that cannot be told.
 */
function isUntouched(engine: Engine, version: number): boolean {
  const { log, writer } = engine;
  const notes = new Set<number>();
  const wanted = engine.flushedVersion() - version;
  if (wanted === 0) return true;
  const segments = [...log.segments.values()];
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]?.nextVersion ?? writer.nextVersion;
    if (next - 1 <= version) continue;
    const end = segment.flushedLength;
    const scanner = new SegmentScanner(segment, FILE_HEADER_BYTES, end);
    while (scanner.next()) {
      const { head } = scanner;
      if (head.version <= version) continue;
      if (head.kind !== KIND_CONTROL) return false;
      notes.add(head.version);
    }
    if (scanner.problem !== undefined) return false;
  }
  return notes.size === wanted;
}

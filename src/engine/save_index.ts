/**
 * The index snapshot of a store: written when it is about to be closed, and removed, as
 * a hint file is, before a segment goes that it names.
 *
 * @module
 */

import { joinPath, removeIfPresent } from "../fs/file_system.ts";
import { hintName, SNAPSHOT_NAME } from "../format/file_names.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { writeSnapshot } from "./index_snapshot.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { LogWriter } from "./log_writer.ts";

/**
 * Writes the snapshot of the books over the whole log, all of which must be synced;
 * returns its bytes.
 */
export function saveIndex(
  log: ValueLog,
  ledger: KeyLedger,
  writer: LogWriter,
  secret: Uint8Array,
): number {
  const { index } = ledger;
  return writeSnapshot(
    log.files,
    log.directory,
    {
      kind: "SNAP",
      segmentId: 0,
      storeId: log.storeId,
      created: log.host.now(),
      nextVersion: writer.nextVersion,
      expiryHorizon: writer.expiryHorizon,
    },
    secret,
    [...log.segments.values()],
    index.isSparse ? index.compacted() : index,
    ledger.liveKeys,
  );
}

/** Removes the snapshot; one that names a missing segment would read as damage. */
export function removeSnapshot({ files, directory }: ValueLog): void {
  removeIfPresent(files, joinPath(directory, SNAPSHOT_NAME));
  files.syncDirectory(directory);
}

/** Removes the hint file of a segment. */
export function removeHint(
  { files, directory }: ValueLog,
  { id }: Segment,
): void {
  removeIfPresent(files, joinPath(directory, hintName(id)));
}

/**
 * Writes the index snapshot of a store that is about to be closed.
 *
 * @module
 */

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

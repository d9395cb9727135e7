/**
 * Opens the files of a store as they lie there, and the books beside them.
 *
 * @module
 */

import { Inspection } from "../engine/inspection.ts";
import type { InspectedRecord } from "../engine/inspection.ts";
import type { ReaderEngine } from "../engine/reader_engine.ts";
import { CorruptionError } from "../errors.ts";
import type { Host } from "../fs/file_system.ts";
import { NodeFileSystem, systemHost } from "../fs/node_file_system.ts";
import { offlineHost } from "../store/encrypted_host.ts";
import { openReaderEngine } from "../store/store_reader.ts";
import type { Call } from "./call.ts";

/** The files of a store and its books. */
export interface Inspected {
  /** The files. */
  inspection: Inspection;
  /** The books; `undefined` if the store is damaged and has none. */
  books: ReaderEngine | undefined;
  /** The damage that keeps the books from being made. */
  damage: CorruptionError | undefined;
  /** The files of the directory, in clear. */
  host: Host;
}

/** Opens what a call is about, lets `work` look at it, and closes it. */
export async function inspect<T>(
  call: Call,
  work: (inspected: Inspected) => Promise<T>,
): Promise<T> {
  const encryption = call.encryption();
  call.requireStore();
  const host = offlineHost(systemHost(new NodeFileSystem()), encryption);
  const inspection = new Inspection(call.path, host);
  let books: ReaderEngine | undefined;
  let damage: CorruptionError | undefined;
  try {
    try {
      books = openReaderEngine({ path: call.path, ...encryption });
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      damage = error;
    }
    return await work({ inspection, books, damage, host });
  } finally {
    books?.close();
    inspection.close();
  }
}

/** What the books say of a record: whether its key points at it. */
export function stateOf(
  books: ReaderEngine | undefined,
  record: InspectedRecord,
): "live" | "dead" | "unknown" {
  if (record.kind === "lost" || record.kind === "control") return "dead";
  if (books === undefined) return "unknown";
  const { key, isInBucket, segmentId, offset } = record;
  books.key.loadRecord(key, 0, key.length, isInBucket);
  const { index } = books.ledger;
  const pointer = index.find(books.key);
  return pointer !== 0 && index.arena.isAt(pointer, segmentId, offset)
    ? "live"
    : "dead";
}

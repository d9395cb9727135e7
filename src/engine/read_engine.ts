/**
 * What reading needs of an engine: the key at hand, the books, the log and what reads
 * values. The engine of a store writes too; that of a reader follows a writer that
 * is elsewhere.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { ValueLog } from "../log/value_log.ts";
import type { BlockCache } from "./block_cache.ts";
import type { Counters } from "./counters.ts";
import type { KeyBuffer } from "./key_buffer.ts";
import type { Clock, KeyLedger } from "./key_ledger.ts";
import type { RecordReader } from "./record_reader.ts";

/** An engine as those see it that only read. */
export abstract class ReadEngine implements Clock {
  /** The key at hand. */
  abstract readonly key: KeyBuffer;
  /** The books. */
  abstract readonly ledger: KeyLedger;
  /** The segments. */
  abstract readonly log: ValueLog;
  /** Reads values. */
  abstract readonly reader: RecordReader;
  /** Keeps blocks of files. */
  abstract readonly cache: BlockCache;
  /** What the engine counts. */
  abstract readonly counters: Counters;
  /** Whether calls are accepted. */
  abstract readonly status: "open" | "closing" | "closed";

  /** The time for expiries; it never goes back. */
  abstract now(): number;

  /**
   * The version of the newest commit. What is pending might yet be undone, so it is
   * flushed first.
   */
  abstract flushedVersion(): number;

  /** @throws {StoreClosedError} If the store is not open. */
  check(action: string): void {
    if (this.status !== "open") throw new StoreClosedError(action);
  }
}

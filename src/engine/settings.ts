/**
 * The settings that the parts of an engine heed; options.ts in the layer above says
 * what each means, its range and its default.
 *
 * @module
 */

import type { StoreListener } from "../log/store_event.ts";
import type { CompressionName } from "./compression.ts";

/** The settings that a writer heeds. */
export interface WriterSettings {
  /** Bytes of the active memtable. */
  memTableSize: number;
  /** Sealed memtables kept for reads. */
  numMemTables: number;
  /** Bytes at which a segment is rotated. */
  valueLogFileSize: number;
  /** Records at which a segment is rotated. */
  valueLogMaxEntries: number;
  /** Bytes of a value that bypasses the memtable. */
  valueThreshold: number;
}

/** The settings that a timetable heeds. */
export interface TimetableSettings {
  /** Bytes at which a segment is rotated. */
  valueLogFileSize: number;
  /** Run the garbage collector by itself. */
  valueLogGcEnabled: boolean;
  /** Dead bytes / bytes from which a segment is rewritten. */
  valueLogGcDiscardRatio: number;
  /** Seconds between two runs. */
  valueLogGcIntervalInSeconds: number;
}

/** What recovery does with bytes that make no sense. */
export type RecoveryMode = "strict" | "tail" | "salvage";

/** The settings of an engine. */
export interface EngineSettings extends WriterSettings, TimetableSettings {
  /** Wait for the medium before a write resolves. */
  syncWrites: boolean;
  /** Level-0 tables that start their writing. */
  numLevel0Tables: number;
  /** Level-0 tables at which writers wait. */
  numLevel0TablesStall: number;
  /** How values are compressed. */
  compression: CompressionName;
  /** Bytes of a value from which on it is compressed. */
  compressionThreshold: number;
  /** What recovery does with bytes that make no sense. */
  recovery: RecoveryMode;
  /** Bytes of the block cache. */
  blockCacheSize: number;
  /** Is told what happens. */
  onEvent?: StoreListener;
}

/**
 * What opening a store tells about itself.
 *
 * @module
 */

import type { LostRange } from "../log/salvage_reader.ts";

/** What opening a store found and did. */
export interface RecoveryReport {
  /** Where the index came from: a new store, the index snapshot, or the log and its hints. */
  source: "new" | "snapshot" | "log";
  /** Segments found. */
  segments: number;
  /** Index rows taken from hint files. */
  rowsFromHints: number;
  /** Records read from segments. */
  recordsReplayed: number;
  /** Bytes that `recovery: "salvage"` left out; empty otherwise. */
  lost: LostRange[];
  /** Bytes of a torn tail that were cut. */
  bytesCut: number;
  /** Where the cut bytes were kept, if there were any. */
  lostFile: string | undefined;
  /** Time it took, in milliseconds. */
  milliseconds: number;
}

/**
 * How long opening takes. The rates are measured ones and belong to the machine that
 * they were measured on; the sizes they are applied to are the model's.
 *
 * @module
 */

import type { DiskPlan } from "./disk.ts";
import type { Load } from "./load.ts";

/** Opening. */
export interface RecoveryPlan {
  /** Milliseconds after a clean close: `snapshot / 1.1 GB a second`. */
  afterCloseMilliseconds: number;
  /** Milliseconds after a kill: `records of the log × 318 ns`, by the hint files. */
  afterKillMilliseconds: number;
  /**
   * Bytes at the end of the log that no hint file covers yet, at most, and that are
   * read after a kill: `(1 + numLevel0Tables) × memTableSize`.
   */
  unhintedBytes: number;
}

/**
 * Bytes of index snapshot that are read a second. bench/results/growth.md and
 * memory.md: 10,000,000 keys, 472.2 MiB of index, open in 398.9 ms (1.24 GB a second);
 * 1,000,000 keys, 51.1 MiB, in 60.1 ms (0.89).
 */
export const SNAPSHOT_BYTES_PER_SECOND = 1.1e9;

/**
 * Seconds a record. bench/results/peers.md, "reopen 1m after SIGKILL": 318 ms for
 * 1,000,000 records.
 */
export const REPLAY_SECONDS_PER_RECORD = 318e-9;

/** Opening a store of `load` with `disk`. */
export function planRecovery(load: Load, disk: DiskPlan): RecoveryPlan {
  const records = disk.steady / load.recordBytes;
  return {
    afterCloseMilliseconds: 1000 * disk.snapshot / SNAPSHOT_BYTES_PER_SECOND,
    afterKillMilliseconds: 1000 * records * REPLAY_SECONDS_PER_RECORD,
    unhintedBytes: Math.min(
      disk.steady,
      (1 + load.numLevel0Tables) * load.memTableSize,
    ),
  };
}

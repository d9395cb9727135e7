/**
 * How much a store takes on disk, and how much it writes there.
 *
 * The model is that of a log whose segments die evenly: keys are overwritten at
 * random, so of a segment the part e^(−t) is live after t × keys further updates. The
 * collector takes it when the part `discardRatio` (r) is dead, and keeps up. What is
 * overwritten unevenly costs less: some segments are then dead nearly whole.
 *
 * @module
 */

import { triggerBytes } from "../engine/gc_policy.ts";
import { TABLE_FILE_WORDS } from "../engine/index_snapshot.ts";
import { ROW_HEAD_BYTES } from "../format/hint.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import type { Load } from "./load.ts";
import { entryBytes, tableCount } from "./memory.ts";

/** Bytes on disk. */
export interface DiskPlan {
  /** Records that are live: `keys × record`. */
  live: number;
  /**
   * The value log while keys are overwritten, on average: `live × spaceAmplification`,
   * and half of what dies between two runs. `live` without updates.
   */
  steady: number;
  /** `−ln(1 − r) / r` with updates, 1 without: value log / live records. */
  spaceAmplification: number;
  /**
   * The most while garbage is collected, files beside the log included:
   * `live / (1 − r)`, what dies between two runs, and the live part of one segment
   * twice.
   */
  peak: number;
  /** Hint files: 8 bytes and the key for each record of the steady log. */
  hints: number;
  /** The index snapshot that a clean close writes: entries and tables. */
  snapshot: number;
  /** Segments of the steady log. */
  segments: number;
}

/** What overwriting costs. */
export interface WritePlan {
  /** `1 / r`: bytes appended to the value log / bytes of records written by users. */
  writeAmplification: number;
  /**
   * `writeAmplification × (record + hint row) / (key + value)`: bytes written to files
   * for each byte of keys and values.
   */
  deviceAmplification: number;
  /** Bytes a second that users' updates append: `updateRate × record`. */
  updateBytesPerSecond: number;
  /** Bytes a second that the collector appends: `updates × (1 / r − 1)`. */
  gcBytesPerSecond: number;
  /** Bytes a second written to files in all, hint files included. */
  deviceBytesPerSecond: number;
  /** Seconds between two runs: by the clock, or when enough has died. */
  gcSecondsBetweenRuns: number;
}

/** Bytes of one key's row in a hint file. */
function hintRowBytes(load: Load): number {
  return ROW_HEAD_BYTES + (load.isExpiring ? 8 : 0) + load.keySize;
}

/** Bytes that die between two runs of the collector. */
function bytesBetweenRuns(load: Load): number {
  const byClock = load.updateRate * load.recordBytes *
    load.valueLogGcIntervalInSeconds;
  return Math.min(
    byClock,
    triggerBytes(load.valueLogFileSize, load.discardRatio),
  );
}

/** Disk for `load`. */
export function planDisk(load: Load): DiskPlan {
  const { keys, recordBytes, segmentBytes, discardRatio: ratio } = load;
  const live = keys * recordBytes;
  const isUpdated = load.updateRate > 0 && keys > 0;
  const amplification = isUpdated ? -Math.log(1 - ratio) / ratio : 1;
  const between = isUpdated ? bytesBetweenRuns(load) : 0;
  const log = live * amplification + between / 2;
  const segments = Math.max(1, Math.ceil(log / segmentBytes));
  const steady = log + segments * FILE_HEADER_BYTES;
  const hints = segments * FILE_HEADER_BYTES +
    log / recordBytes * hintRowBytes(load);
  const snapshot = keys * entryBytes(load) +
    tableCount(keys) * TABLE_FILE_WORDS * 4;
  const peak = isUpdated
    ? live / (1 - ratio) + between + Math.min(live, segmentBytes * (1 - ratio))
    : live;
  return {
    live,
    steady,
    spaceAmplification: amplification,
    peak: peak + segments * FILE_HEADER_BYTES + hints + snapshot,
    hints,
    snapshot,
    segments,
  };
}

/** What the updates of `load` cost. */
export function planWrites(load: Load): WritePlan {
  const { recordBytes, discardRatio: ratio, updateRate } = load;
  const amplification = 1 / ratio;
  const device = amplification * (recordBytes + hintRowBytes(load));
  const updates = updateRate * recordBytes;
  return {
    writeAmplification: amplification,
    deviceAmplification: device / (load.keySize + load.valueSize),
    updateBytesPerSecond: updates,
    gcBytesPerSecond: updates * (amplification - 1),
    deviceBytesPerSecond: updateRate * device,
    gcSecondsBetweenRuns: updates === 0
      ? load.valueLogGcIntervalInSeconds
      : bytesBetweenRuns(load) / updates,
  };
}

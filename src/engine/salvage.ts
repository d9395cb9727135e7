/**
 * Salvage: everything of a damaged store that still makes sense is copied to a new
 * one, in the order of the log, with versions and expiries. The damaged store is not
 * changed.
 *
 * A batch of which a part is lost is left out as a whole. What a lost record had
 * replaced or deleted comes back, for nothing tells that it should not.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Host } from "../fs/file_system.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import {
  countedVersion,
  headLength,
  KIND_PUT,
  KIND_TOMBSTONE,
} from "../format/record.ts";
import {
  type CommittedRecord,
  isInBucket,
  kindOf,
} from "../log/committed_records.ts";
import { type LostRange, SalvageReader } from "../log/salvage_reader.ts";
import type { Segment } from "../log/segment.ts";
import type { Engine } from "./engine.ts";
import { OfflineSegments } from "./offline_segments.ts";
import { OfflineWork, type OfflineWorkOptions } from "./offline_work.ts";

const RECORDS_A_LOOK = 64;

/** What {@linkcode Store.salvage} did. */
export interface SalvageReport {
  /** The damaged store. */
  source: string;
  /** The new store. */
  target: string;
  /** Segments read. */
  segments: number;
  /** Puts and tombstones read and applied. */
  records: number;
  /** Sound records left out because their batch is not whole. */
  skipped: number;
  /** Keys that have a value in the new store. */
  keys: number;
  /** Bytes that made no sense. */
  lost: LostRange[];
  /** Time it took, in milliseconds. */
  milliseconds: number;
}

/** Copies what is sound of the store in `source` to a new one. */
export async function salvage(
  source: string,
  host: Host,
  openTarget: () => Engine,
  options: OfflineWorkOptions = {},
): Promise<SalvageReport> {
  const offline = new OfflineSegments(host.files, source, "salvage");
  try {
    const target = openTarget();
    try {
      const work = new OfflineWork(host, offline.all, options);
      return await copyAll(source, host, offline, target, work);
    } finally {
      await target.close();
    }
  } finally {
    offline.close();
  }
}

async function copyAll(
  source: string,
  host: Host,
  offline: OfflineSegments,
  target: Engine,
  work: OfflineWork,
): Promise<SalvageReport> {
  const start = performance.now();
  if (target.recovery.source !== "new") {
    throw new StoreError(
      "BAD_PATH",
      `Cannot salvage to ${target.log.directory}: there is a store already. ` +
        `Choose an empty directory`,
      { path: target.log.directory },
    );
  }
  const report: SalvageReport = {
    source,
    target: target.log.directory,
    segments: offline.all.length,
    records: 0,
    skipped: 0,
    keys: 0,
    lost: [],
    milliseconds: 0,
  };
  let versionMax = 0;
  let horizonMax = 0;
  for (const one of offline.all) {
    const { segment, size, headerProblem, isReadable } = one;
    if (headerProblem !== undefined) report.lost.push(headerProblem);
    versionMax = Math.max(versionMax, countedVersion(segment.nextVersion) - 1);
    horizonMax = Math.max(horizonMax, segment.expiryHorizon);
    if (!isReadable) continue;
    const reader = new SalvageReader(segment, FILE_HEADER_BYTES, size);
    for (let count = 1; reader.next(); count++) {
      apply(target, segment, reader.current);
      report.records++;
      if (count % RECORDS_A_LOOK === 0 && host.shouldBreathe()) {
        target.writer.flush();
        await work.breathe(reader.current.offset);
      }
    }
    versionMax = Math.max(versionMax, reader.versionMax);
    horizonMax = Math.max(horizonMax, reader.horizonMax);
    report.skipped += reader.skipped;
    report.lost.push(...reader.lost);
    work.done(one);
  }
  target.writer.flush();
  // Versions go on, and what had expired stays expired, where they were.
  target.writer.nextVersion = Math.max(
    target.writer.nextVersion,
    versionMax + 1,
  );
  target.advanceClock(horizonMax);
  if (horizonMax > 0) target.writer.appendHorizon(horizonMax);
  target.writer.flush();
  await target.gc(undefined, undefined);
  report.keys = target.ledger.liveKeys;
  report.milliseconds = performance.now() - start;
  return report;
}

function apply(
  target: Engine,
  segment: Segment,
  record: CommittedRecord,
): void {
  const { flags, codec, version, expiry, keyLength, valueLength } = record;
  const { offset, source, keyStart } = record;
  const { key, ledger, writer } = target;
  key.loadRecord(source, keyStart, keyLength, isInBucket(record));
  switch (kindOf(record)) {
    case KIND_PUT: {
      const value = new Uint8Array(valueLength);
      const valueOffset = offset + headLength(flags) + keyLength;
      segment.read(value, 0, valueLength, valueOffset);
      writer.appendPut(value, valueLength, expiry, version, 0, codec);
      break;
    }
    case KIND_TOMBSTONE:
      if (ledger.index.find(key) !== 0) writer.appendTombstone(version, 0);
  }
}

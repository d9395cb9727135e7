/**
 * Opening a directory: which segments there are, what their records mean for the
 * books, and where the log ends.
 *
 * The index comes from the newest source that can be trusted, for each stretch of
 * the log: the index snapshot, else the hint files, else the records themselves.
 * A hint chunk is believed without reading the segment only if the bytes it covers
 * were synced by then; otherwise the bytes must have the checksum it names.
 *
 * A bad record at the end of the newest segment is a torn tail: it is cut and kept
 * aside. A bad record anywhere else, or before bytes that are known to have been
 * synced, is corruption, and the store does not open.
 *
 * @module
 */

import { type FileHandle, type Host, joinPath } from "../fs/file_system.ts";
import { type FileHeader, STORE_ID_BYTES } from "../format/file_header.ts";
import { SNAPSHOT_NAME } from "../format/file_names.ts";
import { countedVersion } from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { ValueLog } from "../log/value_log.ts";
import { readSnapshot } from "./index_snapshot.ts";
import { KeyBuffer } from "./key_buffer.ts";
import { KeyLedger } from "./key_ledger.ts";
import type { Level0 } from "./level0.ts";
import type { RecoveryReport } from "./recovery_report.ts";
import type { RecoveryMode } from "./settings.ts";
import { SegmentReplay } from "./segment_replay.ts";
import { keepTail, removeLeftovers, renewTail } from "./lost_file.ts";
import {
  addSegments,
  checkCovered,
  type FoundSegment,
  isHintWhole,
  openSegments,
  openSoundSegments,
  readHint,
} from "./segment_files.ts";
import { findSyncedAfter } from "./torn_tail.ts";

/** A directory brought back to life. */
export interface Recovered {
  /** The segments; the last one is active. */
  log: ValueLog;
  /** The books. */
  ledger: KeyLedger;
  /** The buffer of the key at hand, with the store's secret. */
  key: KeyBuffer;
  /** The secret of the hash. */
  secret: Uint8Array;
  /** The version of the next commit. */
  nextVersion: number;
  /** What expired by then is gone for good. */
  expiryHorizon: number;
  /** Bytes of the index snapshot on disk; 0 if there is none. */
  snapshotBytes: number;
  /** True if a snapshot on disk says just what the books say. */
  isSnapshotCurrent: boolean;
  /** Hint files, with the active segment's open where it goes on. */
  level0: Level0;
  /**
   * A segment that was being made in a crash; it must be made again, for the one
   * before it is sealed.
   */
  halfMade: string | undefined;
  /** True if nothing may be appended to the newest segment. */
  mustSeal: boolean;
  /** What was found and done. */
  report: RecoveryReport;
}

/** Reads the directory at `directory`, which must be locked, and repairs its tail. */
export function recover(
  directory: string,
  host: Host,
  mode: RecoveryMode,
  makeLevel0: (log: ValueLog) => Level0,
): Recovered {
  const start = performance.now();
  const opened: FileHandle[] = [];
  let level0: Level0 | undefined;
  try {
    const recovered = new Recovery(directory, host, mode, opened).run((log) =>
      level0 = makeLevel0(log)
    );
    recovered.report.milliseconds = performance.now() - start;
    return recovered;
  } catch (error) {
    level0?.close();
    for (const file of opened) file.close();
    throw error;
  }
}

class Recovery {
  readonly #directory: string;
  readonly #host: Host;
  readonly #mode: RecoveryMode;
  readonly #opened: FileHandle[];
  #report: RecoveryReport = {
    source: "new",
    segments: 0,
    rowsFromHints: 0,
    recordsReplayed: 0,
    lost: [],
    bytesCut: 0,
    lostFile: undefined,
    milliseconds: 0,
  };
  #nextVersion = 1;
  #horizon = 0;
  #halfMade: string | undefined;
  #mustSeal = false;

  constructor(
    directory: string,
    host: Host,
    mode: RecoveryMode,
    opened: FileHandle[],
  ) {
    this.#directory = directory;
    this.#host = host;
    this.#mode = mode;
    this.#opened = opened;
  }

  run(makeLevel0: (log: ValueLog) => Level0): Recovered {
    const { files } = this.#host;
    const names = files.list(this.#directory);
    const found = this.#openSegments(names);
    // Names may have been made or removed just before a kill. A crash must not undo
    // that once something was acknowledged on top of it.
    if (found.length > 0) files.syncDirectory(this.#directory);
    for (const { header } of found) this.#noteHeader(header);
    this.#report.segments = found.length;
    const storeId = found[0]?.header.storeId ??
      this.#host.randomBytes(STORE_ID_BYTES);
    const log = new ValueLog(this.#directory, storeId, this.#host);
    let secret = this.#host.randomBytes(8);
    const key = new KeyBuffer();
    key.setSecret(secret);
    let ledger = new KeyLedger(log, key);
    const isSnapshotTrusted = found.length > 0 && this.#mode !== "salvage";
    const loaded = isSnapshotTrusted
      ? readSnapshot(files, this.#directory, storeId, ledger)
      : undefined;
    if (loaded === undefined) {
      ledger = new KeyLedger(log, key);
    } else {
      secret = loaded.secret;
      key.setSecret(secret);
      checkCovered(loaded.segments, found, this.#directory);
      this.#noteHeader(loaded.header);
      this.#report.source = "snapshot";
    }
    const level0 = makeLevel0(log);
    addSegments(log, found, loaded?.segments);
    for (const { id, size } of found) {
      const segment = log.get(id);
      const replay = new SegmentReplay(segment, ledger, key, size);
      if (this.#mode === "salvage") this.#salvageSegment(log, segment, replay);
      else this.#replaySegment(log, segment, replay, level0, size);
    }
    if (found.length > 0 && loaded === undefined) this.#report.source = "log";
    removeLeftovers(log, names);
    const isReplayed = this.#report.rowsFromHints +
        this.#report.recordsReplayed > 0;
    return {
      log,
      ledger,
      key,
      secret,
      nextVersion: this.#nextVersion,
      expiryHorizon: this.#horizon,
      snapshotBytes: loaded?.bytes ?? this.#fileSize(names, SNAPSHOT_NAME),
      isSnapshotCurrent: loaded !== undefined && !isReplayed,
      level0,
      halfMade: this.#halfMade,
      mustSeal: this.#mustSeal,
      report: this.#report,
    };
  }

  #openSegments(names: string[]): FoundSegment[] {
    const { files } = this.#host;
    const directory = this.#directory;
    if (this.#mode === "salvage") {
      const sound = openSoundSegments(files, directory, names, this.#opened);
      this.#report.lost.push(...sound.lost);
      return this.#noteHalfMade(sound);
    }
    return this.#noteHalfMade(
      openSegments(files, directory, names, this.#opened),
    );
  }

  #noteHalfMade({ found, halfMade }: {
    found: FoundSegment[];
    halfMade: string | undefined;
  }): FoundSegment[] {
    this.#halfMade = halfMade;
    this.#mustSeal = halfMade !== undefined;
    return found;
  }

  #fileSize(names: string[], name: string): number {
    if (!names.includes(name)) return 0;
    const file = this.#host.files.open(joinPath(this.#directory, name), "read");
    try {
      return file.size();
    } finally {
      file.close();
    }
  }

  #noteHeader(header: FileHeader): void {
    const nextVersion = countedVersion(header.nextVersion);
    this.#nextVersion = Math.max(this.#nextVersion, nextVersion);
    this.#horizon = Math.max(this.#horizon, header.expiryHorizon);
  }

  /** Brings one segment into the books, from where the snapshot left off. */
  #replaySegment(
    log: ValueLog,
    segment: Segment,
    replay: SegmentReplay,
    level0: Level0,
    size: number,
  ): void {
    const isNewest = segment === log.active;
    const isSealed = !isNewest || this.#mustSeal;
    // What the snapshot has whole needs no hints, only where more of them would go.
    const isKnown = segment.length === size &&
      isHintWhole(log, segment.id, replay);
    if (!isKnown) replay.useHint(readHint(log, segment.id));
    const scanStart = segment.length;
    const problem = replay.scan();
    this.#noteReplay(replay);
    this.#checkEnd(segment, replay, problem, size, isSealed);
    if (problem !== undefined) {
      this.#report.bytesCut = size - segment.length;
      this.#report.lostFile = keepTail(log, segment, size);
    }
    if (!isSealed) renewTail(segment, replay.syncedMax);
    if (isNewest || size !== segment.syncedLength) {
      // What was read may be in the page cache only, and what is missing may have
      // been cut there only. Both must be on the medium before anything new is
      // acknowledged on top of it.
      segment.file.sync();
    }
    segment.flushedLength = segment.syncedLength = segment.length;
    if (replay.hintLength > 0 && (isNewest || !replay.rows.isEmpty)) {
      level0.resume(segment, replay.hintLength, replay.hintCoveredTo);
    }
    segment.hintBytes = replay.hintLength;
    if (!replay.rows.isEmpty) {
      // Rows that had to be read from the segment need not be read again.
      const end = segment.length;
      level0.writeChunk(replay.rows, segment, scanStart, end, 0, isSealed);
    }
  }

  #noteReplay(replay: SegmentReplay): void {
    this.#report.rowsFromHints += replay.rowsFromHints;
    this.#report.recordsReplayed += replay.recordsReplayed;
    this.#nextVersion = Math.max(this.#nextVersion, replay.versionMax + 1);
    this.#horizon = Math.max(this.#horizon, replay.horizonMax);
  }

  /** Brings what is sound of one segment into the books, and leaves its bytes alone. */
  #salvageSegment(
    log: ValueLog,
    segment: Segment,
    replay: SegmentReplay,
  ): void {
    const lost = replay.salvage();
    this.#noteReplay(replay);
    this.#report.lost.push(...lost);
    segment.isDamaged = lost.length > 0;
    // As in any recovery: what was read must be on the medium before more is.
    segment.file.sync();
    segment.flushedLength = segment.syncedLength = segment.length;
    // Records after bad bytes could not be told from ones before them.
    if (segment === log.active && segment.isDamaged) this.#mustSeal = true;
  }

  /** Tells a torn tail, which is cut, from corruption, which is an error. */
  #checkEnd(
    segment: Segment,
    replay: SegmentReplay,
    problem: string | undefined,
    size: number,
    isSealed: boolean,
  ): void {
    const end = segment.length;
    if (problem === undefined) {
      if (replay.syncedMax <= end) return;
      throw segment.corruption(
        "open the store",
        end,
        `the file ends here, though ${replay.syncedMax} bytes of it were synced`,
      );
    }
    // No crash leaves a record that is sealed and impossible.
    if (isSealed || this.#mode === "strict" || replay.isForged) {
      throw segment.corruption("open the store", replay.problemOffset, problem);
    }
    const synced = Math.max(
      replay.syncedMax,
      findSyncedAfter(segment, end, size, this.#nextVersion),
    );
    if (synced <= end) return;
    throw segment.corruption(
      "open the store",
      replay.problemOffset,
      `${problem}, though the log says that the first ${synced} bytes were synced`,
    );
  }
}

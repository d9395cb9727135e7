/**
 * Verifying a store that is not open: every byte of every segment is read, hints and
 * index snapshot are held against what was read. Nothing is changed.
 *
 * @module
 */

import {
  type FileSystem,
  type Host,
  joinPath,
  readFile,
} from "../fs/file_system.ts";
import { CODEC_PLAIN, decodeValue, hasCodec } from "../format/codec.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import { hintName, SNAPSHOT_NAME } from "../format/file_names.ts";
import { KIND_CONTROL, KIND_PUT, KIND_TOMBSTONE } from "../format/record.ts";
import {
  type CommittedRecord,
  isInBucket,
  kindOf,
} from "../log/committed_records.ts";
import { type LostRange, SalvageReader } from "../log/salvage_reader.ts";
import type { Segment } from "../log/segment.ts";
import { ValueLog } from "../log/value_log.ts";
import { HintCheck } from "./hint_check.ts";
import { readSnapshot } from "./index_snapshot.ts";
import { KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";
import { KeyLedger } from "./key_ledger.ts";
import { type OfflineSegment, OfflineSegments } from "./offline_segments.ts";
import { OfflineWork, type OfflineWorkOptions } from "./offline_work.ts";

const RECORDS_A_LOOK = 64;

/** What {@linkcode Store.verify} found in one segment. */
export interface SegmentVerification {
  /** The segment's id. */
  id: number;
  /** The file. */
  path: string;
  /** Bytes of the file. */
  bytes: number;
  /** Puts that are sound. */
  puts: number;
  /** Tombstones that are sound. */
  tombstones: number;
  /** Sound records of batches that are not whole. */
  skipped: number;
  /**
   * The hint file: there is none, all of it agrees with the segment, it covers only
   * the beginning of the segment, or it is damaged or says something else. Only the
   * last is a fault, and one that only costs time.
   */
  hint: "absent" | "sound" | "partial" | "wrong";
  /** Bytes that make no sense. */
  lost: LostRange[];
  /**
   * Sound puts whose compressed values do not decompress: no store has written them.
   * Values in a codec that this runtime does not have are not tried.
   */
  unreadable: LostRange[];
}

/** What {@linkcode Store.verify} found. */
export interface VerifyReport {
  /** The data directory. */
  path: string;
  /**
   * True if no byte was lost and all values can be read; a torn tail of the newest
   * segment does not count.
   */
  isSound: boolean;
  /** Keys that have a value. */
  keys: number;
  /** Bytes at the end of the newest segment that opening will cut as a torn tail. */
  tornBytes: number;
  /**
   * The index snapshot: there is none, it agrees with the segments, it is older than
   * them, or it is damaged or says something else, which only costs time.
   */
  snapshot: "absent" | "sound" | "outdated" | "wrong";
  /** The segments. */
  segments: SegmentVerification[];
  /** Time it took, in milliseconds. */
  milliseconds: number;
}

/** Verifies the store in `directory`. */
export async function verify(
  directory: string,
  host: Host,
  options: OfflineWorkOptions = {},
): Promise<VerifyReport> {
  const start = performance.now();
  const offline = new OfflineSegments(host.files, directory, "verify");
  try {
    const { storeId } = offline;
    const log = new ValueLog(directory, storeId ?? new Uint8Array(16), host);
    const key = new KeyBuffer();
    const ledger = new KeyLedger(log, key);
    const segments: SegmentVerification[] = [];
    const work = new OfflineWork(host, offline.all, options);
    for (const one of offline.all) {
      one.segment.length = FILE_HEADER_BYTES;
      log.add(one.segment);
      segments.push(
        await verifySegment(directory, host.files, one, ledger, key, work),
      );
      work.done(one);
    }
    ledger.sweep(host.now(), Infinity);
    const tornBytes = tornTail(segments.at(-1)!);
    const lostBytes = segments.flatMap(({ lost }) => lost)
      .reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      path: directory,
      isSound: lostBytes === tornBytes &&
        segments.every(({ unreadable }) => unreadable.length === 0),
      keys: ledger.liveKeys,
      tornBytes,
      snapshot: checkSnapshot(host, directory, storeId, offline, ledger),
      segments,
      milliseconds: performance.now() - start,
    };
  } finally {
    offline.close();
  }
}

/** Bytes at the end of the newest segment that a crash can have left. */
function tornTail({ bytes, lost, hint }: SegmentVerification): number {
  const last = lost.at(-1);
  if (last === undefined || last.offset + last.bytes !== bytes) return 0;
  // A segment that was being made has no whole header yet, and no hints.
  const wasBeingMade = bytes <= FILE_HEADER_BYTES && hint === "absent";
  return last.offset >= FILE_HEADER_BYTES || wasBeingMade ? last.bytes : 0;
}

async function verifySegment(
  directory: string,
  files: FileSystem,
  { segment, size, headerProblem, isReadable }: OfflineSegment,
  ledger: KeyLedger,
  key: KeyBuffer,
  work: OfflineWork,
): Promise<SegmentVerification> {
  const report: SegmentVerification = {
    id: segment.id,
    path: segment.file.path,
    bytes: size,
    puts: 0,
    tombstones: 0,
    skipped: 0,
    hint: "absent",
    lost: headerProblem === undefined ? [] : [headerProblem],
    unreadable: [],
  };
  if (!isReadable) return report;
  const hint = readHint(files, directory, segment.id);
  const check = hint && new HintCheck(hint, segment);
  const reader = new SalvageReader(segment, FILE_HEADER_BYTES, size);
  for (let count = 1; reader.next(); count++) {
    const record = reader.current;
    const { source, keyStart, keyLength, offset, length, expiry } = record;
    key.loadRecord(source, keyStart, keyLength, isInBucket(record));
    segment.length = offset + length;
    check?.compare(record);
    switch (kindOf(record)) {
      case KIND_PUT:
        report.puts++;
        if (record.codec !== CODEC_PLAIN) {
          report.unreadable.push(...tryValue(segment, record));
        }
        ledger.put(segment, offset, length, expiry, -1);
        break;
      case KIND_TOMBSTONE:
        report.tombstones++;
        ledger.tombstone(segment, offset, length, -1);
        break;
      case KIND_CONTROL:
        ledger.control(segment, length, -1);
    }
    if (count % RECORDS_A_LOOK === 0) await work.breathe(offset + length);
  }
  segment.length = size;
  report.skipped = reader.skipped;
  report.lost.push(...reader.lost);
  if (check !== undefined) report.hint = check.verdict(size);
  return report;
}

/** Decompresses the value of a put; what is wrong with it, if anything is. */
function tryValue(segment: Segment, record: CommittedRecord): LostRange[] {
  const { codec, offset, length, valueLength } = record;
  if (!hasCodec(codec)) return [];
  const coded = new Uint8Array(valueLength);
  segment.read(coded, 0, valueLength, offset + length - valueLength);
  try {
    decodeValue(codec, coded);
    return [];
  } catch (error) {
    const { path } = segment.file;
    const reason = (error as Error).message;
    return [{ path, segmentId: segment.id, offset, bytes: length, reason }];
  }
}

function readHint(
  files: FileSystem,
  directory: string,
  segmentId: number,
): Uint8Array | undefined {
  try {
    return readFile(files, joinPath(directory, hintName(segmentId)));
  } catch {
    return undefined;
  }
}

/** Holds the index snapshot against the books that the segments gave. */
function checkSnapshot(
  host: Host,
  directory: string,
  storeId: Uint8Array | undefined,
  offline: OfflineSegments,
  ledger: KeyLedger,
): VerifyReport["snapshot"] {
  const { files } = host;
  if (!files.list(directory).includes(SNAPSHOT_NAME)) return "absent";
  if (storeId === undefined) return "wrong";
  const key = new KeyBuffer();
  const other = new KeyLedger(
    new ValueLog(directory, storeId, host),
    key,
  );
  const loaded = readSnapshot(files, directory, storeId, other);
  if (loaded === undefined) return "wrong";
  const sizes = new Map(
    offline.all.map(({ segment, size }) => [segment.id, size]),
  );
  const isCurrent = loaded.segments.length === offline.all.length &&
    loaded.segments.every(({ id, length }) => sizes.get(id) === length);
  if (!isCurrent) return "outdated";
  key.setSecret(loaded.secret);
  return sameEntries(ledger, other, key) ? "sound" : "wrong";
}

function sameEntries(
  ledger: KeyLedger,
  other: KeyLedger,
  otherKey: KeyBuffer,
): boolean {
  if (ledger.index.entryCount !== other.index.entryCount) return false;
  const { arena } = ledger.index;
  let isSame = true;
  ledger.index.forEach((pointer) => {
    const key = arena.copyKey(pointer);
    const isBucket = (arena.tag(pointer) & TAG_BUCKET) !== 0;
    otherKey.loadRecord(key, 0, key.length, isBucket);
    const found = other.index.find(otherKey);
    isSame &&= found !== 0 && other.index.arena.isAt(
      found,
      arena.segmentId(pointer),
      arena.offset(pointer),
    );
  });
  return isSame;
}

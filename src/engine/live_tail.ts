/**
 * The end of the newest segment as a reader beside the writer sees it.
 *
 * A bad record there is a write under way, or what a killed writer left: the log goes
 * as far as the good records do. Yet a write may fail after part of it could be read,
 * and is cut then; what was written in its place may even have the same length. So
 * until a later record or a hint says that they were synced, or were whole, bytes that
 * were read are summed, and the sum is compared before the reader goes on.
 *
 * @module
 */

import { Segment } from "../log/segment.ts";
import type { SegmentReplay } from "./segment_replay.ts";
import { findSyncedAfter } from "./torn_tail.ts";

/** A segment over the same file that tells of bad bytes as they are. */
export function bareSegment(segment: Segment): Segment {
  const { id, file, seed, nextVersion, expiryHorizon } = segment;
  const bare = new Segment(id, file, seed, nextVersion, expiryHorizon);
  bare.length = bare.flushedLength = segment.length;
  return bare;
}

/** What was read of the newest segment and might yet be undone. */
export interface LiveTail {
  /** The segment. */
  readonly segment: Segment;
  /** No byte before it can be cut any more. */
  readonly settled: number;
  /** First byte that was not read as part of a commit. */
  readonly end: number;
  /** CRC-32 of the bytes between. */
  readonly sum: number;
  /** Bytes of the file when what lies behind the end was last judged; 0 if never. */
  judgedSize: number;
}

/** The end of a segment that is sealed: nothing of it can be undone. */
export function settledTail(segment: Segment): LiveTail {
  const { length } = segment;
  const bare = bareSegment(segment);
  return { segment: bare, settled: length, end: length, sum: 0, judgedSize: 0 };
}

/** True if what was read is still there. */
export function isUnchanged({ segment, settled, end, sum }: LiveTail): boolean {
  try {
    return segment.checksumRange(settled, end, 0) === sum;
  } catch {
    return false;
  }
}

/**
 * Reads the records of a tail from the bare segment's length on, with a pause after
 * every `count`. Returns what might yet be undone of it; `undefined` if the writer
 * took bytes back meanwhile, so that nobody knows what was read.
 *
 * @throws {CorruptionError} If bad bytes are no write under way.
 */
export function* readTail(
  segment: Segment,
  replay: SegmentReplay,
  settled: number,
  size: number,
  nextVersion: number,
  count: number,
  before?: LiveTail,
): Generator<void, LiveTail | undefined> {
  const sumBefore = segment.checksumRange(settled, size, 0);
  const problem = yield* replay.scanInSlices(count);
  const end = segment.length;
  const tail = {
    segment: bareSegment(segment),
    settled: Math.max(settled, Math.min(replay.syncedMax, end)),
    end,
    sum: 0,
    judgedSize: 0,
  };
  const hasSettled = tail.settled > settled;
  if (hasSettled) tail.sum = segment.checksumRange(tail.settled, end, 0);
  // What was scanned, and summed here, was read between two looks at the same bytes.
  // So it was these bytes: no writer takes some back and writes the very same again.
  const sum = segment.checksumRange(settled, end, 0);
  if (!hasSettled) tail.sum = sum;
  if (segment.checksumRange(end, size, sum) !== sumBefore) return undefined;
  if (before?.end === end) tail.judgedSize = before.judgedSize;
  judge(
    tail,
    replay,
    problem,
    size,
    Math.max(nextVersion, segment.nextVersion, replay.versionMax + 1),
  );
  return tail;
}

/** Tells a write under way from corruption. */
function judge(
  tail: LiveTail,
  replay: SegmentReplay,
  problem: string | undefined,
  size: number,
  nextVersion: number,
): void {
  const { segment, end } = tail;
  let synced = replay.syncedMax;
  if (problem === undefined) {
    if (synced <= end) return;
    throw segment.corruption(
      "read the log",
      end,
      `the file ends here, though ${synced} bytes of it were synced`,
    );
  }
  if (replay.isForged) {
    throw segment.corruption("read the log", replay.problemOffset, problem);
  }
  if (synced <= end) {
    // These very bytes were looked at before, or the writer is at it.
    if (size === tail.judgedSize || segment.file.size() !== size) return;
    tail.judgedSize = size;
    synced = findSyncedAfter(segment, end, size, nextVersion);
    if (synced <= end) return;
  }
  throw segment.corruption(
    "read the log",
    replay.problemOffset,
    `${problem}, though the log says that the first ${synced} bytes were synced`,
  );
}

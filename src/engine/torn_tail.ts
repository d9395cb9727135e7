/**
 * Whether bytes at the end of the newest segment are a torn tail or rot.
 *
 * After a bad record nothing is certain, but a later record may still stand whole
 * and carry a sync mark: if that mark lies beyond the bad record, the bad bytes had
 * been synced, and no crash can have torn them. Records are bound to their offset by
 * their checksum, so a copy of a log inside a value is not taken for one.
 *
 * @module
 */

import {
  FLAG_SYNC_MARK,
  isSealed,
  RECORD_HEAD_BYTES,
  RecordHead,
} from "../format/record.ts";
import { checksum, recordSeed } from "../format/checksum.ts";
import type { Segment } from "../log/segment.ts";

const WINDOW_BYTES = 1 << 20;
/** Bytes that may be summed in search of a record. */
const EFFORT_BYTES_MAX = 2 ** 32;

/**
 * The highest sync mark above `bad` in a sound record after it; 0 if there is none.
 * Only heads that could be a record's are summed: a version that cannot have been
 * given out by then is none. Should a torn value still look like so many heads that
 * the search would take too long, it is given up: every state that a crash can leave
 * must open, and what is cut is kept aside.
 */
export function findSyncedAfter(
  segment: Segment,
  bad: number,
  size: number,
  versionMax: number,
): number {
  const head = new RecordHead();
  const window = new Uint8Array(Math.min(WINDOW_BYTES, size - bad));
  const view = new DataView(window.buffer);
  // No version is left out, and each has a record of at least a head.
  const versionLimit = versionMax + (size - bad) / RECORD_HEAD_BYTES;
  let effort = 0;
  for (let start = bad; start < size;) {
    const length = Math.min(window.length, size - start);
    segment.read(window, 0, length, start);
    const isLast = start + length === size;
    // The last bytes of a window are looked at again as the first of the next, so
    // that no head is missed.
    const end = isLast ? length : length - 64;
    for (let at = 0; at < end; at++) {
      if ((window[at + 4]! & (FLAG_SYNC_MARK | 0x80)) !== FLAG_SYNC_MARK) {
        continue;
      }
      if (head.read(view, at, length - at) !== undefined) continue;
      const offset = start + at;
      if (head.version > versionLimit || head.codec !== 0) continue;
      if (head.syncMark <= bad || head.syncMark > offset) continue;
      if (offset + head.length > size) continue;
      effort += head.length;
      if (effort > EFFORT_BYTES_MAX) return 0;
      const isSound = at + head.length <= length
        ? isSealed(window, view, at, head.length, segment.seed, offset)
        : isSealedInFile(segment, offset, head.length);
      if (isSound) return head.syncMark;
    }
    if (isLast) break;
    start += end;
  }
  return 0;
}

function isSealedInFile(
  segment: Segment,
  offset: number,
  length: number,
): boolean {
  const piece = new Uint8Array(Math.min(WINDOW_BYTES, length));
  segment.read(piece, 0, 4, offset);
  const expected = new DataView(piece.buffer).getUint32(0, true);
  let sum = recordSeed(segment.seed, offset);
  for (let done = 4; done < length;) {
    const step = Math.min(piece.length, length - done);
    segment.read(piece, 0, step, offset + done);
    sum = checksum(piece.subarray(0, step), sum);
    done += step;
  }
  return sum === expected;
}

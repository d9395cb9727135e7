/**
 * Whether bytes at the end of the newest segment are a torn tail or rot.
 *
 * After a bad record nothing is certain, but a later record may still stand whole
 * and carry a sync mark: if that mark lies beyond the bad record, the bad bytes had
 * been synced, and no crash can have torn them.
 *
 * @module
 */

import { CODEC_ZSTD } from "../format/codec.ts";
import { FLAG_SYNC_MARK, RECORD_HEAD_BYTES } from "../format/record.ts";
import { findRecord } from "../log/record_search.ts";
import type { Segment } from "../log/segment.ts";

/** Bytes that may be summed in search of a record. */
const EFFORT_BYTES_MAX = 2 ** 32;

/**
 * A sync mark above `bad` in a sound record after it; 0 if there is none.
 *
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
  // No version is left out, and each has a record of at least a head.
  const versionLimit = versionMax + (size - bad) / RECORD_HEAD_BYTES;
  let mark = 0;
  const offset = findRecord(
    segment,
    bad,
    size,
    FLAG_SYNC_MARK,
    ({ version, codec, syncMark }, offset) => {
      mark = syncMark;
      return version <= versionLimit && codec <= CODEC_ZSTD && syncMark > bad &&
        syncMark <= offset;
    },
    EFFORT_BYTES_MAX,
  );
  return offset < 0 ? 0 : mark;
}

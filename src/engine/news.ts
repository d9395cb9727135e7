/**
 * What a writer has written since a reader's books were made: read without touching
 * the books, then brought in all at once.
 *
 * Segments that the collector removed need not be read. What was live in them lies
 * further on, and of the rest a record matters only to hide an older one, whose
 * segment is gone too then. So an entry that still points at a removed segment once
 * all else is in the books has lost its record.
 *
 * @module
 */

import { sameStore } from "../format/file_header.ts";
import { lostName } from "../format/file_names.ts";
import type { Segment } from "../log/segment.ts";
import { checkSealed, type LiveBooks } from "./live_books.ts";
import {
  bareSegment,
  isUnchanged,
  type LiveTail,
  readTail,
  settledTail,
} from "./live_tail.ts";
import { type FoundSegment, readHint, segmentOf } from "./segment_files.ts";
import { SegmentReplay } from "./segment_replay.ts";
import { StagedRecords } from "./staged_records.ts";
import { type Survey, takeSurvey } from "./survey.ts";

/** Records that are read between two pauses. */
const RECORDS_A_SLICE = 16;

/** A segment that was read further, or for the first time. */
interface ReadSegment {
  readonly segment: Segment;
  readonly replay: SegmentReplay;
  /** Counts as `segment` will when the books have what was read. */
  readonly ahead: Segment;
}

/** What was read and is not in the books yet. */
export interface News {
  /** The segments that are new. */
  readonly came: readonly FoundSegment[];
  /** The ids of segments that are gone. */
  readonly gone: ReadonlySet<number>;
  /** What was read, in the order of the log. */
  readonly read: ReadSegment[];
  /** Its records. */
  readonly records: StagedRecords;
  /** The end of the log. */
  tail: LiveTail;
}

/**
 * Reads what is new, in slices. Returns `undefined` if the log does not go on from
 * where the books stand: the writer took back what it had failed to write, or files
 * were replaced.
 *
 * @throws {CorruptionError} If bytes on disk are not what was written.
 */
export function* readNews(
  books: LiveBooks,
): Generator<void, News | undefined> {
  const { log } = books;
  const known = new Map(log.segments);
  // One without a record may be made anew under the same id.
  if (log.active.recordBytes === 0) known.delete(log.active.id);
  const survey = takeSurvey(log.files, log.directory, known);
  let news: News | undefined;
  try {
    if (goesOn(books, survey)) news = yield* readOn(books, survey);
    return news;
  } finally {
    if (news === undefined) {
      for (const { file } of survey.came) file.close();
    }
  }
}

/** Gives back what was opened for news that are not wanted any more. */
export function dismiss({ came }: News): void {
  for (const { file } of came) file.close();
}

function goneSegments({ log }: LiveBooks, { ids }: Survey): Set<number> {
  const present = new Set(ids);
  return new Set([...log.segments.keys()].filter((id) => !present.has(id)));
}

/** True if what the books are made of is still so, or was collected. */
function goesOn(books: LiveBooks, survey: Survey): boolean {
  const { log, tail } = books;
  const { active } = log;
  const newest = survey.ids.at(-1)!;
  if (newest < active.id) return false;
  for (const { id, header, file } of survey.came) {
    if (id < active.id) return false;
    if (sameStore(header.storeId, log.storeId)) continue;
    throw bareSegment(segmentOf({ id, header, file, size: 0 })).corruption(
      "read the log",
      16,
      "it belongs to another store than the segments before it",
    );
  }
  for (const id of goneSegments(books, survey)) {
    // Set aside because of damage, and not collected.
    if (survey.names.includes(lostName(id, 0))) return false;
  }
  if (newest === active.id && survey.newestSize < tail.end) return false;
  return isUnchanged(tail);
}

function* readOn(
  books: LiveBooks,
  survey: Survey,
): Generator<void, News | undefined> {
  const { log, key } = books;
  const { active } = log;
  const records = new StagedRecords(key);
  const news: News = {
    came: survey.came,
    gone: goneSegments(books, survey),
    read: [],
    records,
    tail: books.tail,
  };
  const newest = survey.ids.at(-1)!;
  const hasNoMore = newest === active.id && survey.came.length === 0 &&
    survey.newestSize === books.tail.end;
  if (hasNoMore) return news;
  const found = new Map(survey.came.map((one) => [one.id, one]));
  for (const id of survey.ids) {
    if (id < active.id) continue;
    const one = found.get(id);
    const segment = one === undefined ? active : segmentOf(one);
    const ahead = bareSegment(segment);
    // One that is sealed now may have grown before.
    if (id !== newest) segment.file.lookAgain?.();
    const size = id === newest ? survey.newestSize : segment.file.size();
    const replay = new SegmentReplay(ahead, records, key, size);
    replay.makesRows = false;
    if (id === newest && !survey.isSealed) {
      const { settled } = segment === active ? books.tail : {
        settled: ahead.length,
      };
      const tail = yield* readTail(
        ahead,
        replay,
        settled,
        size,
        books.nextVersion,
        RECORDS_A_SLICE,
        books.tail,
      );
      if (tail === undefined) return undefined;
      news.tail = tail;
    } else {
      if (one !== undefined) replay.useHint(readHint(log, id));
      checkSealed(ahead, replay, yield* replay.scanInSlices(RECORDS_A_SLICE));
      news.tail = settledTail(ahead);
    }
    news.read.push({ segment, replay, ahead });
    yield;
  }
  return news;
}

/** Brings news into the books that they were read for. */
export function bringIn(books: LiveBooks, news: News): void {
  const { log, ledger } = books;
  for (const { header } of news.came) books.noteHeader(header);
  for (const { segment, replay, ahead } of news.read) {
    if (segment !== log.segments.get(segment.id)) {
      // One without a record, which may have been made anew.
      const former = log.segments.get(segment.id);
      if (former !== undefined) log.drop(former);
      log.add(segment);
    }
    segment.length = segment.flushedLength = ahead.length;
    segment.recordCount += ahead.recordCount;
    books.noteReplay(replay);
  }
  news.records.tell(ledger, log);
  if (news.gone.size > 0) {
    ledger.forget(news.gone);
    for (const id of news.gone) log.drop(log.segments.get(id)!);
  }
  books.tail = news.tail;
}

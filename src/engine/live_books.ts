/**
 * The books of a reader, made from the files of a store that a writer may have open.
 * Nothing is locked, written or cut.
 *
 * Invariants:
 * - the books say what the log said at one moment: all that was written by then, as
 *   far as it makes whole commits, and nothing else;
 * - the file of every segment that an entry points at is open, though its name may be
 *   gone; so values stay readable until the books are brought up to date.
 *
 * @module
 */

import { CorruptionError } from "../errors.ts";
import type { Host } from "../fs/file_system.ts";
import type { FileHeader } from "../format/file_header.ts";
import { countedVersion } from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import { ValueLog } from "../log/value_log.ts";
import { type LoadedSnapshot, readSnapshot } from "./index_snapshot.ts";
import { KeyBuffer } from "./key_buffer.ts";
import { KeyLedger } from "./key_ledger.ts";
import { type LiveTail, readTail, settledTail } from "./live_tail.ts";
import {
  addSegments,
  checkCovered,
  isHintWhole,
  readHint,
} from "./segment_files.ts";
import { SegmentReplay } from "./segment_replay.ts";
import { type Survey, takeSurvey } from "./survey.ts";

/** How often the books are made before what looks damaged is taken for damage. */
const TRIES_MAX = 3;

/** What a reader knows of a store. */
export class LiveBooks {
  /** The segments. */
  readonly log: ValueLog;
  /** The index and all that goes with it. */
  readonly ledger: KeyLedger;
  /** The buffer of the key at hand, with the secret of the hash. */
  readonly key: KeyBuffer;
  /** The secret of the hash. */
  readonly secret: Uint8Array;
  /** The version of the next commit. */
  nextVersion = 1;
  /** What expired by then is gone for good. */
  expiryHorizon = 0;
  /** The end of the log. */
  tail!: LiveTail;
  /** Where the index came from at first. */
  source: "snapshot" | "log" = "log";
  /** Index rows taken from hint files. */
  rowsFromHints = 0;
  /** Records read from segments. */
  recordsReplayed = 0;

  /** Books without a record yet. */
  constructor(
    log: ValueLog,
    ledger: KeyLedger,
    key: KeyBuffer,
    secret: Uint8Array,
  ) {
    this.log = log;
    this.ledger = ledger;
    this.key = key;
    this.secret = secret;
  }

  /** Notes what a file header says of versions and time. */
  noteHeader(header: FileHeader): void {
    const nextVersion = countedVersion(header.nextVersion);
    this.nextVersion = Math.max(this.nextVersion, nextVersion);
    this.expiryHorizon = Math.max(this.expiryHorizon, header.expiryHorizon);
  }

  /** Notes what records say of versions and time. */
  noteReplay(replay: SegmentReplay): void {
    this.nextVersion = Math.max(this.nextVersion, replay.toldVersionMax + 1);
    this.expiryHorizon = Math.max(this.expiryHorizon, replay.horizonMax);
    this.rowsFromHints += replay.rowsFromHints;
    this.recordsReplayed += replay.recordsReplayed;
  }

  /** Closes all files, but for those that are being read. */
  close(): void {
    this.ledger.history.dropAll();
    this.log.close();
  }
}

/** Checks that a sealed segment made sense to its end. */
export function checkSealed(
  segment: Segment,
  replay: SegmentReplay,
  problem: string | undefined,
): void {
  if (problem !== undefined) {
    throw segment.corruption("read the log", replay.problemOffset, problem);
  }
  if (replay.syncedMax <= segment.length) return;
  throw segment.corruption(
    "read the log",
    segment.length,
    `the file ends here, though ${replay.syncedMax} bytes of it were synced`,
  );
}

/**
 * Makes the books of the store in `directory`.
 *
 * @throws {StoreError} `BAD_PATH` if there is no store.
 * @throws {CorruptionError} If bytes on disk are not what was written.
 */
export function makeBooks(directory: string, host: Host): LiveBooks {
  for (let tries = 1;; tries++) {
    try {
      const books = tryMakeBooks(directory, host);
      if (books !== undefined) return books;
    } catch (error) {
      // The writer may have taken back under our eyes what it failed to write.
      if (!(error instanceof CorruptionError) || tries >= TRIES_MAX) {
        throw error;
      }
    }
  }
}

/** What is read between the two lists of a survey. */
interface Sources {
  log: ValueLog;
  key: KeyBuffer;
  ledger: KeyLedger;
  loaded: LoadedSnapshot | undefined;
  newestHint: Uint8Array | undefined;
}

function tryMakeBooks(directory: string, host: Host): LiveBooks | undefined {
  let sources: Sources | undefined;
  const survey = takeSurvey(host.files, directory, new Map(), (came) => {
    const first = came[0];
    if (first === undefined) return;
    const log = new ValueLog(directory, first.header.storeId, host);
    sources = readSources(log, came.at(-1)!.id);
  });
  let books: LiveBooks | undefined;
  try {
    return books = replayAll(survey, sources!);
  } finally {
    if (books === undefined) {
      for (const { file } of survey.came) file.close();
    }
  }
}

/** What hints and snapshot say must not be newer than the sizes that are taken next. */
function readSources(log: ValueLog, newestId: number): Sources {
  const key = new KeyBuffer();
  const ledger = new KeyLedger(log, key);
  const loaded = readSnapshot(log.files, log.directory, log.storeId, ledger);
  return {
    log,
    key,
    ledger: loaded === undefined ? new KeyLedger(log, key) : ledger,
    loaded,
    newestHint: readHint(log, newestId),
  };
}

function replayAll(
  { came, isSealed, newestSize }: Survey,
  { log, key, ledger, loaded, newestHint }: Sources,
): LiveBooks | undefined {
  const secret = loaded?.secret ?? log.host.randomBytes(8);
  key.setSecret(secret);
  const books = new LiveBooks(log, ledger, key, secret);
  if (loaded !== undefined) {
    checkCovered(loaded.segments, came, log.directory);
    books.noteHeader(loaded.header);
    books.source = "snapshot";
  }
  for (const { header } of came) books.noteHeader(header);
  addSegments(log, came, loaded?.segments);
  for (const segment of log.segments.values()) {
    const isNewest = segment === log.active;
    const size = isNewest ? newestSize : segment.flushedLength;
    const replay = new SegmentReplay(segment, ledger, key, size);
    replay.makesRows = false;
    // A hint may know of more bytes than there are, also where the snapshot does not.
    if (isNewest) replay.useHint(newestHint);
    else if (segment.length < size || !isHintWhole(log, segment.id, replay)) {
      replay.useHint(readHint(log, segment.id));
    }
    if (isNewest && !isSealed) {
      const from = segment.length;
      // What hints or the snapshot cover was whole or synced by then.
      const tail = toEnd(
        readTail(segment, replay, from, size, books.nextVersion, Infinity),
      );
      if (tail === undefined) return undefined;
      books.tail = tail;
    } else {
      checkSealed(segment, replay, replay.scan());
      if (isNewest) books.tail = settledTail(segment);
    }
    segment.flushedLength = segment.length;
    books.noteReplay(replay);
  }
  return books;
}

/** Does all of some work that could be done in slices. */
export function toEnd<T>(slices: Generator<void, T>): T {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value as T;
  }
}

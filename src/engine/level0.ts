/**
 * Level-0 tables on their way to hint files. A level-0 table is the index rows of one
 * sealed memtable; enough of them start their writing, too many make writers wait.
 * The rows are made flush by flush, so that sealing has little left to do.
 *
 * Hints only save time at the next open. If one cannot be written, the segment goes
 * without and nothing else changes.
 *
 * @module
 */

import {
  type FileHandle,
  type Host,
  joinPath,
  removeIfPresent,
  type Timer,
  writeFully,
} from "../fs/file_system.ts";
import { encodeFileHeader, FILE_HEADER_BYTES } from "../format/file_header.ts";
import { hintName } from "../format/file_names.ts";
import { ChunkBuilder } from "../format/hint.ts";
import {
  CONTROL_EXPIRY_HORIZON,
  getUint64,
  KIND_CONTROL,
  RecordHead,
} from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { announceStall } from "./announcements.ts";
import type { Counters } from "./counters.ts";
import type { Memtable } from "./memtable.ts";

/** The hint file that is being written: the active segment's. */
interface OpenHint {
  segment: Segment;
  file: FileHandle | undefined;
  length: number;
  /** The segment's bytes covered so far. */
  coveredTo: number;
}

/** The rows of one sealed memtable, as a chunk of its segment's hint file. */
interface Level0Table {
  segment: Segment;
  from: number;
  to: number;
  chunk: Uint8Array;
}

/** Turns sealed memtables into chunks of hint files. */
export class Level0 {
  readonly #log: ValueLog;
  readonly #host: Host;
  readonly #counters: Counters;
  readonly #startAt: number;
  readonly #stallAt: number;
  readonly #builder = new ChunkBuilder();
  readonly #head = new RecordHead();
  #waiting: Level0Table[] = [];
  #timer: Timer | undefined;
  /** The memtable whose rows are being made, and how far that went. */
  #source: Memtable | undefined;
  #at = 0;
  #offset = 0;
  #gap = 0;
  #open: OpenHint | undefined;

  /** An empty queue that starts writing at `startAt` tables and stalls at `stallAt`. */
  constructor(
    log: ValueLog,
    counters: Counters,
    startAt: number,
    stallAt: number,
  ) {
    this.#log = log;
    this.#host = log.host;
    this.#counters = counters;
    this.#startAt = startAt;
    this.#stallAt = stallAt;
  }

  /** Bytes of the tables that are not written yet. */
  get bytes(): number {
    return this.#waiting.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  /** Goes on with the hint file that recovery found sound up to `length`. */
  resume(segment: Segment, length: number, coveredTo: number): void {
    this.#closeHint();
    try {
      const path = joinPath(this.#log.directory, hintName(segment.id));
      const file = this.#log.files.open(path, "write");
      if (file.size() > length) file.truncate(length);
      this.#open = { segment, file, length, coveredTo };
    } catch {
      this.#open = { segment, file: undefined, length: 0, coveredTo: 0 };
    }
  }

  /** Makes the rows of what a memtable has flushed since the last call. */
  note(memtable: Memtable): void {
    const { image, view, flushedUsed, gaps } = memtable;
    if (memtable !== this.#source) {
      this.#source = memtable;
      this.#at = this.#gap = 0;
      this.#offset = memtable.start;
    }
    const head = this.#head;
    while (this.#at < flushedUsed) {
      const at = this.#at;
      head.read(view, at, flushedUsed - at);
      const keyStart = at + head.headLength;
      if (
        head.kind === KIND_CONTROL && image[keyStart] === CONTROL_EXPIRY_HORIZON
      ) {
        this.#builder.noteHorizon(getUint64(view, keyStart + 1));
      }
      this.#builder.add(
        head.flags,
        head.codec,
        head.keyLength,
        head.valueLength,
        head.version,
        head.expiry,
        image,
        keyStart,
      );
      this.#at += head.length;
      if (gaps[this.#gap]?.recordOffset === this.#offset) {
        this.#gap++;
        this.#at -= head.valueLength;
      }
      this.#offset += head.length;
    }
  }

  /** Takes a sealed, flushed memtable, whose image it does not need any longer. */
  add(memtable: Memtable): void {
    this.note(memtable);
    this.#source = undefined;
    const { segment, start: from, end: to, dataChecksum } = memtable;
    const { syncedLength } = segment;
    const chunk = this.#builder
      .finish(segment.seed, from, to, dataChecksum, syncedLength, false)
      .slice();
    this.#waiting.push({ segment, from, to, chunk });
    if (this.#waiting.length >= this.#stallAt) {
      // The writer waits here: its own thread does the work.
      this.#counters.stalls++;
      const start = performance.now();
      this.drain();
      announceStall(this.#log, "level0", 1, performance.now() - start);
    } else if (this.#waiting.length >= this.#startAt) {
      this.#timer ??= this.#host.setTimer(() => this.drain(), 0);
    }
  }

  /** Writes all waiting tables. */
  drain(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const tables = this.#waiting;
    this.#waiting = [];
    for (const { segment, from, to, chunk } of tables) {
      this.#append(segment, from, to, chunk);
      this.#counters.level0TablesWritten++;
    }
  }

  /** Ends the hint file of a segment that is sealed and synced. */
  finish(segment: Segment): void {
    this.drain();
    const end = segment.length;
    this.writeChunk(this.#builder, segment, end, end, 0, true);
    this.#closeHint();
  }

  /** Writes no more: another may own the directory from here on. */
  close(): void {
    this.#timer?.cancel();
    this.#waiting = [];
    this.#closeHint();
  }

  #closeHint(): void {
    this.#open?.file?.close();
    this.#open = undefined;
  }

  /** Writes the rows of a range of a segment at once. */
  writeChunk(
    builder: ChunkBuilder,
    segment: Segment,
    from: number,
    to: number,
    dataChecksum: number,
    isFinal: boolean,
  ): void {
    const { syncedLength } = segment;
    this.#append(
      segment,
      from,
      to,
      builder.finish(
        segment.seed,
        from,
        to,
        dataChecksum,
        syncedLength,
        isFinal,
      ),
    );
  }

  #append(segment: Segment, from: number, to: number, chunk: Uint8Array): void {
    const hint = this.#hintOf(segment);
    // A chunk that does not follow the last one would never be read.
    if (hint.file === undefined || hint.coveredTo !== from) return;
    try {
      writeFully(hint.file, chunk, 0, chunk.length, hint.length);
    } catch {
      // No space, say. What was written of the chunk fails its checksum.
      hint.file.close();
      hint.file = undefined;
      return;
    }
    hint.length += chunk.length;
    hint.coveredTo = to;
    segment.hintBytes = hint.length;
  }

  #hintOf(segment: Segment): OpenHint {
    if (this.#open?.segment === segment) return this.#open;
    this.#closeHint();
    return this.#open = this.#create(segment);
  }

  #create(segment: Segment): OpenHint {
    const path = joinPath(this.#log.directory, hintName(segment.id));
    const hint: OpenHint = {
      segment,
      file: undefined,
      length: FILE_HEADER_BYTES,
      coveredTo: FILE_HEADER_BYTES,
    };
    let file: FileHandle | undefined;
    try {
      removeIfPresent(this.#log.files, path);
      file = this.#log.files.open(path, "create");
      const header = encodeFileHeader({
        kind: "HINT",
        segmentId: segment.id,
        storeId: this.#log.storeId,
        created: this.#host.now(),
        nextVersion: segment.nextVersion,
        expiryHorizon: segment.expiryHorizon,
      });
      writeFully(file, header, 0, header.length, 0);
      hint.file = file;
    } catch {
      file?.close();
    }
    return hint;
  }
}

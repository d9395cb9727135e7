/**
 * A look at the files of a store as they lie there, for people: segments, hints and
 * records, also of a store that is damaged or that a writer has open. Nothing is locked
 * or changed.
 *
 * What a record means now, live or dead, is for the books to say and not found here.
 *
 * @module
 */

import { type Host, joinPath, readIfPresent } from "../fs/file_system.ts";
import { segmentSeed } from "../format/checksum.ts";
import { decodeFileHeader, FILE_HEADER_BYTES } from "../format/file_header.ts";
import { hintName } from "../format/file_names.ts";
import { type ChunkHead, readChunk } from "../format/hint.ts";
import {
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_PUT,
} from "../format/record.ts";
import { findRecord } from "../log/record_search.ts";
import { Segment } from "../log/segment.ts";
import { SegmentScanner } from "../log/segment_scanner.ts";
import { takeSurvey } from "./survey.ts";

/** A segment as it lies there. */
export interface InspectedSegment {
  /** The segment. */
  segment: Segment;
  /** Bytes of the file. */
  size: number;
  /** When the file was made, in milliseconds since 1970. */
  created: number;
  /** True for the segment that is appended to. */
  isNewest: boolean;
}

/** A hint file as it lies there. */
export interface InspectedHint {
  /** Bytes of the file. */
  bytes: number;
  /** Its sound chunks. */
  chunks: ChunkHead[];
  /** What is wrong with the rest, if anything is. */
  problem: string | undefined;
}

/** A record as it lies there, or bytes that are none. */
export type InspectedRecord = {
  /** The segment. */
  segmentId: number;
  /** Where it lies in the segment. */
  offset: number;
  /** Bytes of it. */
  length: number;
} & ({ kind: "lost"; problem: string } | SoundRecord);

/** What a record says that is sound. */
export interface SoundRecord {
  /** What it is. */
  kind: "put" | "tombstone" | "control";
  /** The commit that wrote it. */
  version: number;
  /** When it expires, in milliseconds since 1970; 0 if it does not. */
  expiry: number;
  /** How its value is coded: 0 for as given. */
  codec: number;
  /** Whether it is one of several that count only together. */
  batch: "no" | "member" | "end";
  /** Bytes of its segment that were known to be synced; 0 if it does not say. */
  syncMark: number;
  /** True if the key begins with a bucket's name. */
  isInBucket: boolean;
  /** The whole key. */
  key: Uint8Array;
  /** Bytes of its value, as they are stored. */
  valueBytes: number;
}

/** Looks at the files of a store. */
export class Inspection {
  /** The segments in the order of truth. */
  readonly segments: readonly InspectedSegment[];
  readonly #host: Host;
  readonly #directory: string;

  /**
   * Opens the segments of `directory`.
   *
   * @throws {StoreError} `BAD_PATH` if there is no store.
   */
  constructor(directory: string, host: Host) {
    this.#host = host;
    this.#directory = directory;
    const { came } = takeSurvey(host.files, directory, new Map());
    this.segments = came.map(({ id, file, header, size }) => {
      const { storeId, created, nextVersion, expiryHorizon } = header;
      const seed = segmentSeed(storeId, id);
      const segment = new Segment(id, file, seed, nextVersion, expiryHorizon);
      segment.length = segment.flushedLength = size;
      return { segment, size, created, isNewest: id === came.at(-1)!.id };
    });
  }

  /** The hint file of a segment; `undefined` if there is none. */
  hint({ segment }: InspectedSegment): InspectedHint | undefined {
    const path = joinPath(this.#directory, hintName(segment.id));
    const bytes = readIfPresent(this.#host.files, path);
    if (bytes === undefined) return undefined;
    const hint: InspectedHint = {
      bytes: bytes.length,
      chunks: [],
      problem: undefined,
    };
    try {
      const head = bytes.subarray(0, FILE_HEADER_BYTES);
      const header = decodeFileHeader(head, "HINT", path);
      if (header.segmentId !== segment.id) {
        hint.problem = `it belongs to segment ${header.segmentId}`;
        return hint;
      }
    } catch (error) {
      hint.problem = (error as Error).message;
      return hint;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = FILE_HEADER_BYTES;
    while (at < bytes.length) {
      const chunk = readChunk(bytes, view, at, segment.seed);
      if (chunk === undefined) {
        hint.problem = `no sound chunk begins at offset ${at}`;
        break;
      }
      hint.chunks.push(chunk);
      at += chunk.length;
    }
    return hint;
  }

  /** All records of a segment, bytes that are none included. */
  async *records(
    { segment, size }: InspectedSegment,
  ): AsyncGenerator<InspectedRecord> {
    const host = this.#host;
    for (let from = FILE_HEADER_BYTES; from < size;) {
      const scanner = new SegmentScanner(segment, from, size);
      while (scanner.next()) {
        yield soundRecord(segment.id, scanner);
        if (host.shouldBreathe()) await host.breathe();
      }
      const { problem, position } = scanner;
      if (problem === undefined) return;
      const found = findRecord(segment, position + 1, size, 0, () => true);
      from = found < 0 ? size : found;
      yield {
        segmentId: segment.id,
        offset: position,
        length: from - position,
        kind: "lost",
        problem,
      };
    }
  }

  /** Gives the files back. */
  close(): void {
    for (const { segment } of this.segments) segment.file.close();
  }
}

function soundRecord(
  segmentId: number,
  scanner: SegmentScanner,
): InspectedRecord {
  const { head, offset, window, keyStart } = scanner;
  const { flags, kind } = head;
  return {
    segmentId,
    offset,
    length: head.length,
    kind: kind === KIND_PUT
      ? "put"
      : kind === KIND_CONTROL
      ? "control"
      : "tombstone",
    version: head.version,
    expiry: head.expiry,
    codec: head.codec,
    batch: (flags & FLAG_BATCH_END) !== 0
      ? "end"
      : (flags & FLAG_BATCH) !== 0
      ? "member"
      : "no",
    syncMark: head.syncMark,
    isInBucket: (flags & FLAG_BUCKET) !== 0,
    key: window.slice(keyStart, keyStart + head.keyLength),
    valueBytes: head.valueLength,
  };
}

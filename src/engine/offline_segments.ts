/**
 * The segments of a store that is not open, for verifying and salvage: read only,
 * and as many of them as possible, so a damaged header does not hide what follows.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import {
  type DirectoryLock,
  type FileSystem,
  joinPath,
} from "../fs/file_system.ts";
import { segmentSeed } from "../format/checksum.ts";
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  sameStore,
} from "../format/file_header.ts";
import { segmentName } from "../format/file_names.ts";
import type { LostRange } from "../log/salvage_reader.ts";
import { Segment } from "../log/segment.ts";
import {
  readHeaderBytes,
  refuseEncrypted,
  segmentIds,
} from "./segment_files.ts";

/** A segment of a store that is not open. */
export interface OfflineSegment {
  /** The segment, its file open for reading. */
  segment: Segment;
  /** Bytes of the file. */
  size: number;
  /** What is wrong with its header, if anything is. */
  headerProblem: LostRange | undefined;
  /** False if the records can not be told from noise: the store's id is not known. */
  isReadable: boolean;
}

/** The segments of a store that is not open, held until {@linkcode close}. */
export class OfflineSegments {
  /** The segments in the order of truth. */
  readonly all: OfflineSegment[] = [];
  /** The store's id, from the first sound header. */
  storeId: Uint8Array | undefined;
  readonly #lock: DirectoryLock | undefined;

  /**
   * Opens the segments of `directory` and locks it, where that may be written to.
   *
   * @throws {StoreError} `LOCKED` if the store is open, `BAD_PATH` if there is none.
   */
  constructor(files: FileSystem, directory: string, action: string) {
    const names = files.list(directory);
    refuseEncrypted(directory, names);
    const ids = segmentIds(names);
    if (ids.length === 0) {
      throw new StoreError(
        "BAD_PATH",
        `Cannot ${action} ${directory}: there is no store`,
        { path: directory },
      );
    }
    this.#lock = lockIfPossible(files, directory);
    try {
      const headers = ids.map((id) => this.#open(files, directory, id));
      this.storeId = headers.find((header) => header !== undefined)?.storeId;
      this.#seed(headers);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(
    files: FileSystem,
    directory: string,
    id: number,
  ): FileHeader | undefined {
    const path = joinPath(directory, segmentName(id));
    const file = files.open(path, "read");
    const size = file.size();
    const segment = new Segment(id, file, 0, 0, 0);
    segment.length = segment.flushedLength = size;
    const one: OfflineSegment = {
      segment,
      size,
      headerProblem: undefined,
      isReadable: true,
    };
    this.all.push(one);
    try {
      const bytes = readHeaderBytes(file, size);
      const header = decodeFileHeader(bytes, "VLOG", path);
      if (header.segmentId === id) return header;
      one.headerProblem = this.#lost(
        one,
        `it says that it is segment ${header.segmentId}`,
      );
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      one.headerProblem = this.#lost(one, error.message);
    }
    return undefined;
  }

  #lost({ segment, size }: OfflineSegment, reason: string): LostRange {
    return {
      path: segment.file.path,
      segmentId: segment.id,
      offset: 0,
      bytes: Math.min(size, FILE_HEADER_BYTES),
      reason,
    };
  }

  /** Gives each segment the seed of its checksums, its own or that of its neighbours. */
  #seed(headers: (FileHeader | undefined)[]): void {
    for (const [index, one] of this.all.entries()) {
      const { segment, size, headerProblem } = one;
      const { storeId = this.storeId } = headers[index] ?? {};
      if (storeId === undefined) {
        one.isReadable = false;
        headerProblem!.bytes = size;
        continue;
      }
      if (!sameStore(storeId, this.storeId!)) {
        one.isReadable = false;
        one.headerProblem = {
          ...this.#lost(one, "it belongs to another store"),
          bytes: size,
        };
        continue;
      }
      const { id, file } = segment;
      const header = headers[index];
      const seeded = new Segment(
        id,
        file,
        segmentSeed(storeId, id),
        header?.nextVersion ?? 0,
        header?.expiryHorizon ?? 0,
      );
      seeded.length = seeded.flushedLength = size;
      one.segment = seeded;
    }
  }

  /** Gives files and directory back. */
  close(): void {
    for (const { segment } of this.all) segment.file.close();
    this.#lock?.release();
  }
}

/** A directory that may only be read has no writer that could take the lock. */
function lockIfPossible(
  files: FileSystem,
  directory: string,
): DirectoryLock | undefined {
  try {
    return files.lock(directory);
  } catch (error) {
    if ((error as StoreError).code === "PERMISSION") return undefined;
    throw error;
  }
}

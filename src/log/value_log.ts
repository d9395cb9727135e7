/**
 * The value log: the ordered set of segments, of which the newest is appended to.
 * It makes, finds and removes segments; what goes into them is the engine's.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import {
  type FileSystem,
  type Host,
  joinPath,
  removeIfPresent,
  writeFully,
} from "../fs/file_system.ts";
import { segmentSeed } from "../format/checksum.ts";
import { encodeFileHeader, FILE_HEADER_BYTES } from "../format/file_header.ts";
import { retiredName, segmentName } from "../format/file_names.ts";
import type { Announcer } from "./announcer.ts";
import { Segment } from "./segment.ts";

/** The segments of a store. */
export class ValueLog {
  /** The data directory. */
  readonly directory: string;
  /** The store that owns the files. */
  readonly storeId: Uint8Array;
  /** The machine. */
  readonly host: Host;
  /** All segments by id, in the order of truth. */
  readonly segments: Map<number, Segment> = new Map();
  /** Called when a name that could not be removed may be there after a crash. */
  onUncertainName: (error: StoreError) => void = () => {};
  /** Tells what happens to the store, where somebody listens. */
  announcer: Announcer | undefined;
  #active: Segment | undefined;
  #lastFound: Segment | undefined;

  /** A log without segments yet. */
  constructor(directory: string, storeId: Uint8Array, host: Host) {
    this.directory = directory;
    this.storeId = storeId;
    this.host = host;
  }

  /** The segment that is appended to. */
  get active(): Segment {
    return this.#active!;
  }

  /** The file system. */
  get files(): FileSystem {
    return this.host.files;
  }

  /** Bytes of all segments. */
  get length(): number {
    let sum = 0;
    for (const segment of this.segments.values()) sum += segment.length;
    return sum;
  }

  /** Dead bytes of all segments. */
  get deadBytes(): number {
    let sum = 0;
    for (const segment of this.segments.values()) sum += segment.deadBytes;
    return sum;
  }

  /** Bytes of all hint files. */
  get hintBytes(): number {
    let sum = 0;
    for (const segment of this.segments.values()) sum += segment.hintBytes;
    return sum;
  }

  /** Takes in a segment found on disk; the last one added is the active one. */
  add(segment: Segment): void {
    this.segments.set(segment.id, segment);
    this.#active = segment;
  }

  /** The segment with an id that an index entry or an undo row named. */
  get(id: number): Segment {
    // Reads tend to stay in one segment for a while.
    if (this.#lastFound?.id === id) return this.#lastFound;
    const segment = this.segments.get(id);
    if (segment === undefined) {
      throw new StoreError(
        "CORRUPT",
        `Cannot find segment ${id}: the index names a segment that is not in ${this.directory}`,
        { path: this.directory },
      );
    }
    return this.#lastFound = segment;
  }

  /** Starts a new active segment. The old one must have been synced before. */
  create(nextVersion: number, expiryHorizon: number): Segment {
    const id = (this.#active?.id ?? 0) + 1;
    const path = joinPath(this.directory, segmentName(id));
    const file = this.files.open(path, "create");
    try {
      const header = encodeFileHeader({
        kind: "VLOG",
        segmentId: id,
        storeId: this.storeId,
        created: this.host.now(),
        nextVersion,
        expiryHorizon,
      });
      writeFully(file, header, 0, header.length, 0);
      // If we crash before this, the next open finds a newest segment without a
      // whole header and makes it anew: no record can be in it yet.
      file.sync();
      this.files.syncDirectory(this.directory);
    } catch (error) {
      file.close();
      // A half-made segment would take the id of the next attempt, and if its name
      // came back after a crash, the one before would count as sealed.
      try {
        removeIfPresent(this.files, path);
        this.files.syncDirectory(this.directory);
      } catch {
        this.onUncertainName(error as StoreError);
      }
      throw error;
    }
    const segment = new Segment(
      id,
      file,
      segmentSeed(this.storeId, id),
      nextVersion,
      expiryHorizon,
    );
    segment.flushedLength = segment.syncedLength = FILE_HEADER_BYTES;
    this.add(segment);
    return segment;
  }

  /** Takes a segment's name off the disk; its readers keep reading. */
  retire(segment: Segment): void {
    const { file } = segment;
    if (file.retire === undefined) this.files.remove(file.path);
    else file.retire(joinPath(this.directory, retiredName(segment.id)));
    this.drop(segment);
    // Only after the name is gone for good may anything rely on its records being
    // gone: tombstones of keys that had older puts in it.
    this.files.syncDirectory(this.directory);
  }

  /** Forgets a segment whose name is gone; its readers keep reading. */
  drop(segment: Segment): void {
    this.segments.delete(segment.id);
    if (this.#lastFound === segment) this.#lastFound = undefined;
    segment.close();
  }

  /** Closes all files. */
  close(): void {
    for (const segment of this.segments.values()) segment.close();
  }
}

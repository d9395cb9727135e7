/**
 * Checkpoints: a store's files a second time, in another directory, as a store of its
 * own. Where the medium can do that they are second names of the same bytes.
 *
 * That two stores share bytes is safe because a segment that is sealed is never
 * changed in place: it is only read, and in the end its name is removed. What recovery
 * cuts, or writes once more, is the end of the newest segment alone, and both stores
 * have a newest segment of their own. A segment that was collected loses its name and
 * is never cut. Hint files are cut and appended to, so they are copied.
 *
 * @module
 */

import type { StoreError } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { describe } from "../engine/key_buffer.ts";
import {
  type FileHandle,
  filesBelow,
  type FileSystem,
  joinPath,
  openIfPresent,
  readFile,
  readIfPresent,
  writeFully,
} from "../fs/file_system.ts";
import { MemoryFileSystem } from "../fs/memory_file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { KEYS_NAME } from "../fs/key_ring.ts";
import { LINEAGE_BYTES } from "../format/backup.ts";
import { FILE_HEADER_BYTES } from "../format/file_header.ts";
import { hintName, segmentName } from "../format/file_names.ts";
import type { Segment } from "../log/segment.ts";
import { lineageOf, writeBase } from "./base_file.ts";
import {
  makeEmpty,
  markFinished,
  markUnfinished,
  removeUnfinished,
} from "./unfinished.ts";
import { writeVersionstamp } from "./versionstamp.ts";

const PIECE_BYTES = 1 << 20;

/** How {@linkcode Store.checkpoint} goes. */
export interface CheckpointOptions {
  /** Ends it with the signal's reason; what was made is removed. */
  signal?: AbortSignal;
}

/** What {@linkcode Store.checkpoint} did. */
export interface CheckpointReport {
  /** Segments in it that share their bytes with the store. */
  linked: number;
  /** Segments that were copied, because the medium cannot link them. */
  copied: number;
  /** Bytes of all segments. */
  bytes: number;
  /** The newest commit in it. */
  versionstamp: string;
}

/** Makes a checkpoint; see {@linkcode Store.checkpoint}. */
export async function checkpoint(
  engine: Engine,
  directory: string,
  { signal }: CheckpointOptions,
): Promise<CheckpointReport> {
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(
      `Cannot make a checkpoint in ${
        describe(directory)
      }: it must be the path of a directory`,
    );
  }
  signal?.throwIfAborted();
  const files = filesBelow(engine.log.files);
  // Of a store in memory it is the way to the disk.
  const target = files instanceof MemoryFileSystem
    ? new NodeFileSystem()
    : files;
  makeEmpty(target, directory, "make a checkpoint in");
  markUnfinished(target, directory);
  try {
    const report = await new Checkpoint(engine, target, directory, signal)
      .run();
    markFinished(target, directory);
    return report;
  } catch (error) {
    removeUnfinished(target, directory);
    throw error;
  }
}

class Checkpoint {
  readonly #engine: Engine;
  /** The files as they lie there: what is encrypted stays so. */
  readonly #files: FileSystem;
  readonly #target: FileSystem;
  readonly #directory: string;
  readonly #signal: AbortSignal | undefined;

  constructor(
    engine: Engine,
    target: FileSystem,
    directory: string,
    signal: AbortSignal | undefined,
  ) {
    this.#engine = engine;
    this.#files = filesBelow(engine.log.files);
    this.#target = target;
    this.#directory = directory;
    this.#signal = signal;
  }

  async run(): Promise<CheckpointReport> {
    const engine = this.#engine;
    const { log, writer } = engine;
    // Most of the sync that a rotation does on this thread is done off it first.
    await engine.queue.sync();
    this.#check();
    // From here to the last link there is no wait, so the links show one moment.
    engine.sweep();
    if (log.active.recordCount > 0) writer.rotate();
    const version = writer.nextVersion - 1;
    const { id: newestId } = log.active;
    const newest = readFile(this.#files, log.active.file.path);
    // An encrypted store's keys, wrapped under the user's: of the same moment, for a new
    // one may be made, and files under it, while others are copied.
    const keysPath = joinPath(log.directory, KEYS_NAME);
    const keys = readIfPresent(this.#files, keysPath);
    if (keys !== undefined) this.#write(KEYS_NAME, keys);
    const sealed = [...log.segments.values()].slice(0, -1);
    const unlinked = new Map<Segment, FileHandle>();
    for (const segment of sealed) {
      if (!this.#link(segment)) {
        unlinked.set(segment, this.#files.open(segment.file.path, "read"));
      }
    }
    const lineage = lineageOf(engine);
    // Their names may go now: open files are read to their end.
    try {
      for (const [{ id }, file] of unlinked) {
        await this.#copy(file, segmentName(id), true);
      }
      for (const { id } of sealed) await this.#copyIfThere(hintName(id));
    } finally {
      for (const file of unlinked.values()) file.close();
    }
    // Without a newest segment of its own the twin would append to one of ours.
    this.#write(segmentName(newestId), newest);
    writeBase(this.#target, this.#directory, {
      lineage: log.host.randomBytes(LINEAGE_BYTES),
      origin: lineage,
      originVersion: version,
      ownVersion: version,
    });
    return {
      linked: sealed.length - unlinked.size,
      copied: unlinked.size,
      bytes: sealed.reduce(
        (sum, { length }) => sum + length,
        FILE_HEADER_BYTES,
      ),
      versionstamp: writeVersionstamp(version),
    };
  }

  #check(): void {
    this.#signal?.throwIfAborted();
    this.#engine.check("make a checkpoint");
  }

  /** Gives a segment its second name; false if it must be copied. */
  #link(segment: Segment): boolean {
    if (this.#files !== this.#target) return false;
    const to = joinPath(this.#directory, segmentName(segment.id));
    try {
      this.#files.link(segment.file.path, to);
      return true;
    } catch (error) {
      // Another device, a file system without links, or one that forbids them.
      if ((error as StoreError).code === "DISK_FULL") throw error;
      return false;
    }
  }

  #create(name: string): FileHandle {
    return this.#target.open(joinPath(this.#directory, name), "create");
  }

  #write(name: string, bytes: Uint8Array): void {
    const file = this.#create(name);
    try {
      writeFully(file, bytes, 0, bytes.length, 0);
      file.sync();
    } finally {
      file.close();
    }
  }

  /** Copies a file that may be gone: without its hints a twin only opens slower. */
  async #copyIfThere(name: string): Promise<void> {
    const path = joinPath(this.#engine.log.directory, name);
    const from = openIfPresent(this.#files, path);
    if (from === undefined) return;
    try {
      await this.#copy(from, name, false);
    } finally {
      from.close();
    }
  }

  async #copy(
    from: FileHandle,
    name: string,
    isSynced: boolean,
  ): Promise<void> {
    const to = this.#create(name);
    try {
      const size = from.size();
      const piece = new Uint8Array(Math.min(PIECE_BYTES, size));
      for (let at = 0; at < size;) {
        const count = await from.readAsync(piece, 0, piece.length, at);
        if (count === 0) break;
        writeFully(to, piece, 0, count, at);
        at += count;
        this.#check();
      }
      if (isSynced) await to.syncAsync();
    } finally {
      to.close();
    }
  }
}

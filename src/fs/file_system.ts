/**
 * The seam between the engine and the machine: files, a directory lock, a clock,
 * randomness and timers. Everything the engine does to the outside goes through
 * these interfaces, so the same engine runs on disk, in memory and under faults.
 *
 * What the engine relies on a medium to do, and on nothing else:
 * - bytes handed to `write` survive the end of the process;
 * - bytes written before a `sync` that returned survive the loss of power;
 * - names created, renamed or removed survive it after `syncDirectory` returned;
 * - `rename` is atomic: a name means the old file or the new one, never a mixture.
 * It does not rely on the order of unsynced writes, nor on an unsynced write being
 * whole.
 *
 * @module
 */

import { isNotFound } from "../errors.ts";

/** What to do with a path: read it, change the file there, or make a new one. */
export type OpenMode = "read" | "write" | "create";

/** An open file, read and written at explicit positions. */
export interface FileHandle {
  /** Where the file lies. */
  readonly path: string;
  /** Reads up to `length` bytes at `position`; returns how many, 0 at the end. */
  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): number;
  /** The same off the event loop, for large reads. */
  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number>;
  /** Writes up to `length` bytes at `position`; returns how many were taken. */
  write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): number;
  /**
   * Writes the bytes from `from` up to `to` once more, as they are. Not there where
   * reading and writing them does that.
   */
  renew?(from: number, to: number): void;
  /** Cuts the file to `length` bytes. */
  truncate(length: number): void;
  /** The length of the file in bytes. */
  size(): number;
  /**
   * Takes note of what others wrote or cut since the file was opened. Not there where
   * that shows by itself.
   */
  lookAgain?(): void;
  /** Returns when the file's bytes are on the medium. */
  sync(): void;
  /** The same off the event loop. */
  syncAsync(): Promise<void>;
  /** Gives the handle back; a second call does nothing. */
  close(): void;
  /**
   * Removes the file's name, as {@linkcode FileSystem.remove} does: whoever has it
   * open, in another process too, goes on reading it. Until {@linkcode close} it has
   * the name `path` instead, and then its space is freed off the event loop. Not there
   * where that takes no time.
   */
  retire?(path: string): void;
}

/** Exclusive ownership of a directory until released or until the process dies. */
export interface DirectoryLock {
  /** Gives the directory back; a second call does nothing. */
  release(): void;
}

/** A place where files live. Errors are {@linkcode StoreError}s naming the path. */
export interface FileSystem {
  /** Makes a directory and its parents; does nothing where it exists. */
  createDirectory(path: string): void;
  /** The names in a directory, in no order. */
  list(path: string): string[];
  /** Opens a file; `create` fails where the name is taken, the others where it is not. */
  open(path: string, mode: OpenMode): FileHandle;
  /** Removes a file. Open handles keep reading it. */
  remove(path: string): void;
  /** Gives a file another name, replacing what has that name. */
  rename(from: string, to: string): void;
  /**
   * Gives a file a second name, which must not be taken, in this or another directory.
   * Throws where the medium cannot do that.
   */
  link(from: string, to: string): void;
  /** Returns when the names in the directory are on the medium. */
  syncDirectory(path: string): void;
  /** The files as they lie there, where this one shows them otherwise: encrypted. */
  readonly below?: FileSystem;
  /** Takes the directory for one writer, or throws `LOCKED` naming the holder. */
  lock(path: string): DirectoryLock;
  /**
   * Makes a new key for files that are made from now on. Not there where files are not
   * encrypted.
   */
  rotateDataKey?(): void;
}

/** A timer that can be called off. */
export interface Timer {
  /** Calls the timer off; harmless after it fired. */
  cancel(): void;
}

/** The machine as the engine sees it. */
export interface Host {
  /** Where the files live. */
  readonly files: FileSystem;
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds since some moment; unlike {@linkcode now} it is never set. */
  elapsed(): number;
  /** `length` unpredictable bytes. */
  randomBytes(length: number): Uint8Array;
  /** Calls back once after `milliseconds`; never keeps the process alive. */
  setTimer(callback: () => void, milliseconds: number): Timer;
  /** True when other work has waited long enough for its turn: time to breathe. */
  shouldBreathe(): boolean;
  /** Resolves after other work waiting on the event loop had its turn. */
  breathe(): Promise<void>;
  /**
   * True when the event loop had no turn for long: a caller that only awaits promises
   * gives none. Not there where nothing waits for one.
   */
  isStarving?(): boolean;
}

/** The files as they lie on the medium. */
export function filesBelow(files: FileSystem): FileSystem {
  return files.below ?? files;
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
export function readFully(
  file: FileHandle,
  target: Uint8Array,
  targetOffset: number,
  length: number,
  position: number,
): number {
  let done = 0;
  while (done < length) {
    const count = file.read(
      target,
      targetOffset + done,
      length - done,
      position + done,
    );
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `length` bytes, however many calls it takes. */
export function writeFully(
  file: FileHandle,
  source: Uint8Array,
  sourceOffset: number,
  length: number,
  position: number,
): void {
  let done = 0;
  while (done < length) {
    done += file.write(
      source,
      sourceOffset + done,
      length - done,
      position + done,
    );
  }
}

/** Reads a whole file. */
export function readFile(files: FileSystem, path: string): Uint8Array {
  return readAndClose(files.open(path, "read"));
}

function readAndClose(file: FileHandle): Uint8Array {
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, readFully(file, bytes, 0, bytes.length, 0));
  } finally {
    file.close();
  }
}

/** Opens a file to read it; `undefined` if there is none. */
export function openIfPresent(
  files: FileSystem,
  path: string,
): FileHandle | undefined {
  try {
    return files.open(path, "read");
  } catch (error) {
    if (isNotFound((error as { cause?: unknown }).cause)) return undefined;
    throw error;
  }
}

/** Reads a whole file; `undefined` if there is none. */
export function readIfPresent(
  files: FileSystem,
  path: string,
): Uint8Array | undefined {
  const file = openIfPresent(files, path);
  return file && readAndClose(file);
}

/**
 * Puts a file in the place of what has its name, or may have it. It is written to
 * `aside` first, so after a crash the name means the old file or the new one, whole.
 * For the name to last, the directory has to be synced then.
 */
export function replaceFile(
  files: FileSystem,
  path: string,
  aside: string,
  bytes: Uint8Array,
): void {
  // A crash may have left one.
  removeIfPresent(files, aside);
  const file = files.open(aside, "create");
  try {
    writeFully(file, bytes, 0, bytes.length, 0);
    file.sync();
  } finally {
    file.close();
  }
  files.rename(aside, path);
}

/** Path of `name` in `directory`. */
export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** Removes a file that may not be there. */
export function removeIfPresent(files: FileSystem, path: string): void {
  try {
    files.remove(path);
  } catch (error) {
    if (!isNotFound((error as { cause?: unknown }).cause)) throw error;
  }
}

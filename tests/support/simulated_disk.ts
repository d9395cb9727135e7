/**
 * A disk that can lose power and fail. It records every operation; `disk_log.ts`
 * says what a crash after any of them leaves. It fails the operation it is told to
 * fail, and refuses writes when it is full.
 *
 * @module
 */

import { fromSystemError } from "../../src/errors.ts";
import {
  type DirectoryLock,
  type FileHandle,
  type FileSystem,
  joinPath,
  type OpenMode,
} from "../../src/fs/file_system.ts";
import {
  type CrashChoice,
  type DiskFiles,
  DiskLog,
  FileContent,
  startOf,
} from "./disk_log.ts";

/** How one operation fails. */
export type FaultKind =
  /** The operation throws EIO. */
  | "EIO"
  /** The operation throws ENOSPC; a write has taken half of the bytes by then. */
  | "ENOSPC"
  /** The operation throws EMFILE. */
  | "EMFILE"
  /** A write takes half of the bytes and says so; other operations succeed. */
  | "short"
  /** A sync throws EIO and drops what was not synced, though it can still be read. */
  | "dropped";

/** Which operation fails, and how. */
export interface Fault {
  /** The number of the operation, the first being 1; reads and opens count too. */
  at: number;
  /** How it fails. */
  kind: FaultKind;
}

/** An operation as it was asked for. */
export interface AskedOperation {
  /** What was to be done: "write", "sync" and so on. */
  action: string;
  /** To which path. */
  path: string;
  /** Length of the log by then. */
  at: number;
  /** True if a crash could have undone the making of the file. */
  isNew: boolean;
}

/** A disk in memory with a memory of its own past. */
export class SimulatedDisk implements FileSystem {
  /** Every change, in order. */
  readonly log: DiskLog;
  /** The files that it began with, all of them safe. */
  readonly before: ReadonlyMap<string, Uint8Array>;
  /** Operations asked for so far, those that change nothing included. */
  count = 0;
  /** The operation that fails. */
  fault: Fault | undefined;
  /** Bytes that can be written before the disk is full. */
  freeBytes = Infinity;
  /** The operation that failed. */
  failed: AskedOperation | undefined;
  /** The operations asked for, where they are to be noted. */
  readonly trace: AskedOperation[] | undefined;
  readonly #contents: Map<number, FileContent>;
  readonly #names: Map<string, number>;
  #fileCount: number;
  #isLocked = false;

  /** A disk with `files`, all of them safe. */
  constructor(
    files: ReadonlyMap<string, Uint8Array> = new Map(),
    isTraced: boolean = false,
    log: DiskLog = new DiskLog(),
  ) {
    this.before = files;
    this.log = log;
    this.trace = isTraced ? [] : undefined;
    const { contents, names } = startOf(files);
    this.#contents = contents;
    this.#names = names;
    this.#fileCount = contents.size;
  }

  /**
   * The disk after the process was killed behind the operation of number `prefix`:
   * it goes on from there, and what was not safe then is not safe yet.
   */
  fork(prefix: number): SimulatedDisk {
    const log = this.log.fork(prefix);
    const disk = new SimulatedDisk(this.before, false, log);
    for (const operation of log.operations) {
      if (operation.kind === "syncDirectory" || operation.kind === "sync") {
        continue;
      }
      const { file } = operation;
      disk.#fileCount = Math.max(disk.#fileCount, file + 1);
      if (!disk.#contents.has(file)) {
        disk.#contents.set(file, new FileContent());
      }
      const content = disk.#contents.get(file)!;
      if (operation.kind === "create" || operation.kind === "link") {
        disk.#names.set(operation.name, file);
      } else if (operation.kind === "write") {
        content.write(operation.position, operation.bytes);
      } else if (operation.kind === "truncate") {
        content.truncate(operation.length);
      } else if (operation.kind === "remove") {
        disk.#names.delete(operation.name);
      } else {
        disk.#names.delete(operation.from);
        disk.#names.set(operation.to, file);
      }
    }
    return disk;
  }

  #newFile(): number {
    const file = this.#fileCount++;
    this.#contents.set(file, new FileContent());
    return file;
  }

  /** True if the fault was met, on this disk or on the one before it. */
  get hasFailed(): boolean {
    return this.fault !== undefined && this.count >= this.fault.at;
  }

  /** Counts an operation; throws or tells how it is to fail. */
  #begin(action: string, path: string): FaultKind | undefined {
    this.count++;
    const at = this.log.length;
    this.trace?.push({ action, path, at, isNew: false });
    if (this.fault?.at !== this.count) return undefined;
    const isNew = this.log.unsafe(at).some((index) => {
      const operation = this.log.operations[index]!;
      return operation.kind === "create" && operation.name === path;
    });
    this.failed = { action, path, at, isNew };
    const { kind } = this.fault;
    if (kind === "short") return action === "write" ? kind : undefined;
    const isWrite = action === "write" && kind === "ENOSPC";
    const isSync = action === "sync" && kind === "dropped";
    if (isWrite || isSync) return kind;
    throw systemError(action, path, kind === "dropped" ? "EIO" : kind);
  }

  createDirectory(path: string): void {
    this.#begin("create the directory", path);
  }

  list(path: string): string[] {
    this.#begin("list", path);
    const start = joinPath(path, "");
    return [...this.#names.keys()]
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length));
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#begin(mode === "create" ? "create" : "open", path);
    let file = this.#names.get(path);
    if (mode === "create") {
      if (file !== undefined) throw systemError("open", path, "EEXIST");
      file = this.#newFile();
      this.#names.set(path, file);
      this.log.push({ kind: "create", name: path, file });
    }
    if (file === undefined) throw systemError("open", path, "ENOENT");
    return this.#handle(path, file);
  }

  #handle(name: string, file: number): FileHandle {
    const content = this.#contents.get(file)!;
    let isClosed = false;
    const begin = (action: string) => {
      if (isClosed) throw new Error(`Cannot ${action} ${name}: it is closed`);
      return this.#begin(action, name);
    };
    const read: FileHandle["read"] = (target, offset, length, position) => {
      begin("read");
      const found = content.bytes.subarray(position, position + length);
      target.set(found, offset);
      return found.length;
    };
    return {
      path: name,
      read,
      readAsync: async (target, offset, length, position) => {
        await Promise.resolve();
        return read(target, offset, length, position);
      },
      write: (source, offset, length, position) => {
        const fault = begin("write");
        const count = this.#countTaken(fault, length);
        if (count > 0) {
          const bytes = source.slice(offset, offset + count);
          content.write(position, bytes);
          this.freeBytes -= count;
          this.log.push({ kind: "write", name, file, position, bytes });
        }
        const isFull = count === 0 && length > 0;
        if (fault === "ENOSPC" || isFull) {
          throw systemError("write", name, "ENOSPC");
        }
        return count;
      },
      truncate: (length) => {
        begin("truncate");
        content.truncate(length);
        this.log.push({ kind: "truncate", name, file, length });
      },
      size: () => {
        begin("measure");
        return content.bytes.length;
      },
      sync: () => this.#sync(name, file, this.log.length),
      syncAsync: async () => {
        const start = this.log.length;
        await Promise.resolve();
        this.#sync(name, file, start);
      },
      close: () => void (isClosed = true),
    };
  }

  /** Bytes that a write takes. One that takes none would be an error of its own. */
  #countTaken(fault: FaultKind | undefined, length: number): number {
    let count = length;
    if (fault === "short") count = (length + 1) >> 1;
    if (fault === "ENOSPC") count = length >> 1;
    return Math.min(count, this.freeBytes);
  }

  #sync(name: string, file: number, start: number): void {
    if (this.#begin("sync", name) === "dropped") {
      this.log.drop(file);
      throw systemError("sync", name, "EIO");
    }
    this.log.push({ kind: "sync", name, file, start });
  }

  remove(path: string): void {
    this.#begin("remove", path);
    const file = this.#names.get(path);
    if (file === undefined) throw systemError("remove", path, "ENOENT");
    this.#names.delete(path);
    this.log.push({ kind: "remove", name: path, file });
  }

  rename(from: string, to: string): void {
    this.#begin("rename", from);
    const file = this.#names.get(from);
    if (file === undefined) throw systemError("rename", from, "ENOENT");
    this.#names.delete(from);
    this.#names.set(to, file);
    this.log.push({ kind: "rename", from, to, file });
  }

  link(from: string, to: string): void {
    this.#begin("link", from);
    const file = this.#names.get(from);
    if (file === undefined) throw systemError("link", from, "ENOENT");
    if (this.#names.has(to)) throw systemError("link", to, "EEXIST");
    this.#names.set(to, file);
    this.log.push({ kind: "link", name: to, file });
  }

  syncDirectory(path: string): void {
    this.#begin("sync the directory", path);
    this.log.push({ kind: "syncDirectory", path, start: this.log.length });
  }

  lock(path: string): DirectoryLock {
    this.#begin("lock", path);
    if (this.#isLocked) throw systemError("lock", path, "EBUSY");
    this.#isLocked = true;
    return { release: () => void (this.#isLocked = false) };
  }

  /** The process that held the lock died. */
  unlock(): void {
    this.#isLocked = false;
  }

  /** The files as programs see them now. */
  files(): DiskFiles {
    const files: DiskFiles = new Map();
    for (const [name, file] of this.#names) {
      files.set(name, this.#contents.get(file)!.bytes.slice());
    }
    return files;
  }

  /** The files that a crash leaves. */
  crash(choice: CrashChoice): DiskFiles {
    return this.log.crash(choice, this.before);
  }
}

function systemError(action: string, path: string, code: string): Error {
  const cause = Object.assign(new Error(code), { code });
  return fromSystemError(action, path, cause);
}

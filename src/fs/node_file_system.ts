/**
 * The file system of the machine, through `node:fs`, which Deno, Bun and Node
 * share. In Deno it asks for `--allow-read` and `--allow-write` on the data
 * directory and for nothing else.
 *
 * @module
 */

import * as fs from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers";
import { fromSystemError, StoreError } from "../errors.ts";
import type {
  DirectoryLock,
  FileHandle,
  FileSystem,
  Host,
  OpenMode,
  Timer,
} from "./file_system.ts";
import { lockDirectory } from "./directory_lock.ts";

const OPEN_FLAGS: Record<OpenMode, string> = {
  read: "r",
  write: "r+",
  create: "wx+",
};

/** Time that long work takes before others have their turn. */
const TURN_MILLISECONDS = 1;

/** `node:fs` takes positions as a double and lengths of at most 2 GiB - 1 a call. */
const CALL_BYTES_MAX = 1 << 30;

class NodeFileHandle implements FileHandle {
  readonly path: string;
  #descriptor: number;
  /** The name that the file has from {@linkcode retire} until it is closed. */
  #retiredPath: string | undefined;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): number {
    try {
      return fs.readSync(
        this.#descriptor,
        target,
        targetOffset,
        Math.min(length, CALL_BYTES_MAX),
        position,
      );
    } catch (error) {
      throw fromSystemError("read", this.path, error);
    }
  }

  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(
        this.#descriptor,
        target,
        targetOffset,
        Math.min(length, CALL_BYTES_MAX),
        position,
        (error, count) =>
          error
            ? reject(fromSystemError("read", this.path, error))
            : resolve(count),
      );
    });
  }

  write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): number {
    let count: number;
    try {
      count = fs.writeSync(
        this.#descriptor,
        source,
        sourceOffset,
        Math.min(length, CALL_BYTES_MAX),
        position,
      );
    } catch (error) {
      throw fromSystemError("write", this.path, error);
    }
    if (count === 0 && length > 0) {
      throw new StoreError(
        "IO",
        `Cannot write ${this.path}: the system took no byte`,
        { path: this.path },
      );
    }
    return count;
  }

  truncate(length: number): void {
    try {
      fs.ftruncateSync(this.#descriptor, length);
    } catch (error) {
      throw fromSystemError("truncate", this.path, error);
    }
  }

  size(): number {
    try {
      return fs.fstatSync(this.#descriptor).size;
    } catch (error) {
      throw fromSystemError("measure", this.path, error);
    }
  }

  sync(): void {
    try {
      fs.fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw fromSystemError("sync", this.path, error);
    }
  }

  syncAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(
        this.#descriptor,
        (error) =>
          error ? reject(fromSystemError("sync", this.path, error)) : resolve(),
      );
    });
  }

  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    fs.closeSync(descriptor);
    // If we crash before this, the next open removes the name.
    if (this.#retiredPath !== undefined) fs.unlink(this.#retiredPath, () => {});
  }

  retire(path: string): void {
    // Whoever lets go of a file last, its last name or its last descriptor, frees its
    // blocks and pages: tens of milliseconds for a large segment. With a name kept
    // until the descriptor is closed that is the thread of the pool that removes the
    // name. Cutting the file first would do too, but others may be reading it.
    try {
      fs.renameSync(this.path, path);
    } catch (error) {
      throw fromSystemError("remove", this.path, error);
    }
    this.#retiredPath = path;
  }
}

/** False only where Deno would have to ask before it reads `path`. */
function mayRead(path: string): boolean {
  const { Deno } = globalThis as {
    Deno?: {
      permissions: {
        querySync(query: { name: "read"; path: string }): { state: string };
      };
    };
  };
  return Deno === undefined ||
    Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** The directories that making `path` will make, as far as one may look. */
function missingDirectories(path: string): string[] {
  const missing: string[] = [];
  let directory = path;
  while (mayRead(directory) && !fs.existsSync(directory)) {
    missing.push(directory);
    const parent = dirname(directory);
    if (parent === directory) break;
    directory = parent;
  }
  return missing;
}

/** Syncs the name of a directory that was just made, where that is permitted. */
function syncParent(directory: string): void {
  const parent = dirname(directory);
  if (!mayRead(parent)) return;
  let descriptor = -1;
  try {
    descriptor = fs.openSync(parent, "r");
    fs.fsyncSync(descriptor);
  } catch {
    /* not every system and not every owner allows it */
  } finally {
    if (descriptor >= 0) fs.closeSync(descriptor);
  }
}

/** The disk. */
export class NodeFileSystem implements FileSystem {
  /** Makes a directory and its parents. */
  createDirectory(path: string): void {
    const made = missingDirectories(path);
    try {
      fs.mkdirSync(path, { recursive: true });
      if (!fs.statSync(path).isDirectory()) {
        throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
      }
    } catch (error) {
      throw fromSystemError("create the directory", path, error);
    }
    for (const directory of made) syncParent(directory);
  }

  /** The names in a directory. */
  list(path: string): string[] {
    try {
      return fs.readdirSync(path);
    } catch (error) {
      throw fromSystemError("list", path, error);
    }
  }

  /** Opens a file. */
  open(path: string, mode: OpenMode): FileHandle {
    try {
      return new NodeFileHandle(path, fs.openSync(path, OPEN_FLAGS[mode]));
    } catch (error) {
      throw fromSystemError("open", path, error);
    }
  }

  /** Removes a file. */
  remove(path: string): void {
    try {
      fs.unlinkSync(path);
    } catch (error) {
      throw fromSystemError("remove", path, error);
    }
  }

  /** Renames a file. */
  rename(from: string, to: string): void {
    try {
      fs.renameSync(from, to);
    } catch (error) {
      throw fromSystemError("rename", from, error);
    }
  }

  /** Syncs the names in a directory. */
  syncDirectory(path: string): void {
    // Windows has no fsync of directories (EPERM); NTFS journals names itself.
    if (globalThis.process?.platform === "win32") return;
    let descriptor = -1;
    try {
      descriptor = fs.openSync(path, "r");
      fs.fsyncSync(descriptor);
    } catch (error) {
      throw fromSystemError("sync the directory", path, error);
    } finally {
      if (descriptor >= 0) fs.closeSync(descriptor);
    }
  }

  /** Takes the directory for one writer. */
  lock(path: string): DirectoryLock {
    return lockDirectory(path);
  }
}

/** Lets a timer go without keeping the process for it, on every runtime. */
function setUnreferencedTimer(
  callback: () => void,
  milliseconds: number,
): Timer {
  const timer: unknown = setTimeout(callback, milliseconds);
  const { Deno } = globalThis as {
    Deno?: { unrefTimer(id: number): void };
  };
  if (typeof timer === "number") Deno?.unrefTimer(timer);
  else (timer as { unref?(): void }).unref?.();
  return { cancel: () => clearTimeout(timer as number) };
}

/** A host with the machine's clock, randomness and timers over any file system. */
export function systemHost(files: FileSystem): Host {
  let turnStart = performance.now();
  /** When the turn of the event loop that is under way was first noticed. */
  let noticed = NaN;
  return {
    files,
    now: () => Date.now(),
    elapsed: () => performance.now(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    setTimer: setUnreferencedTimer,
    shouldBreathe: () => performance.now() - turnStart >= TURN_MILLISECONDS,
    isStarving: () => {
      const now = performance.now();
      if (!Number.isNaN(noticed)) return now - noticed >= TURN_MILLISECONDS;
      noticed = now;
      setImmediate(() => noticed = NaN);
      return false;
    },
    breathe: async () => {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnStart = performance.now();
    },
  };
}

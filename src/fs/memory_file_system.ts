/**
 * A file system in memory, for `memory_mode` and tests. Files are lists of blocks,
 * so growing one copies nothing. Everything is gone when it is dropped.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type {
  DirectoryLock,
  FileHandle,
  FileSystem,
  OpenMode,
} from "./file_system.ts";

const BLOCK_BITS = 16;
const BLOCK_BYTES = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_BYTES - 1;

class MemoryFile {
  readonly blocks: Uint8Array[] = [];
  length = 0;
}

class MemoryFileHandle implements FileHandle {
  readonly path: string;
  readonly #file: MemoryFile;

  constructor(path: string, file: MemoryFile) {
    this.path = path;
    this.#file = file;
  }

  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): number {
    const count = Math.max(0, Math.min(length, this.#file.length - position));
    for (let done = 0; done < count;) {
      const at = position + done;
      const within = at & BLOCK_MASK;
      const step = Math.min(count - done, BLOCK_BYTES - within);
      const block = this.#file.blocks[Math.floor(at / BLOCK_BYTES)]!;
      target.set(block.subarray(within, within + step), targetOffset + done);
      done += step;
    }
    return count;
  }

  readAsync(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return Promise.resolve(this.read(target, targetOffset, length, position));
  }

  write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): number {
    const { blocks } = this.#file;
    while (blocks.length * BLOCK_BYTES < position + length) {
      blocks.push(new Uint8Array(BLOCK_BYTES));
    }
    for (let done = 0; done < length;) {
      const at = position + done;
      const within = at & BLOCK_MASK;
      const step = Math.min(length - done, BLOCK_BYTES - within);
      const from = sourceOffset + done;
      blocks[Math.floor(at / BLOCK_BYTES)]!.set(
        source.subarray(from, from + step),
        within,
      );
      done += step;
    }
    this.#file.length = Math.max(this.#file.length, position + length);
    return length;
  }

  truncate(length: number): void {
    const { blocks } = this.#file;
    if (length < this.#file.length) {
      blocks.length = Math.ceil(length / BLOCK_BYTES);
      blocks.at(-1)?.fill(0, ((length - 1) & BLOCK_MASK) + 1);
    }
    this.#file.length = Math.min(this.#file.length, length);
  }

  size(): number {
    return this.#file.length;
  }

  sync(): void {}

  syncAsync(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

function notFound(action: string, path: string): StoreError {
  return new StoreError("IO", `Cannot ${action} ${path}: no such file`, {
    path,
    cause: Object.assign(new Error("no such file"), { code: "ENOENT" }),
  });
}

function exists(action: string, path: string): StoreError {
  return new StoreError("IO", `Cannot ${action} ${path}: it exists`, {
    path,
    cause: Object.assign(new Error("exists"), { code: "EEXIST" }),
  });
}

/** Files in memory. */
export class MemoryFileSystem implements FileSystem {
  readonly #files: Map<string, MemoryFile> = new Map();
  readonly #locked: Set<string> = new Set();

  /** Directories exist as soon as they are named. */
  createDirectory(_path: string): void {}

  /** The names in a directory. */
  list(path: string): string[] {
    const start = path.endsWith("/") ? path : `${path}/`;
    return [...this.#files.keys()]
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length))
      .filter((name) => !name.includes("/"));
  }

  /** Opens a file. */
  open(path: string, mode: OpenMode): FileHandle {
    let file = this.#files.get(path);
    if (mode === "create") {
      if (file !== undefined) {
        throw exists("create", path);
      }
      file = new MemoryFile();
      this.#files.set(path, file);
    }
    if (file === undefined) throw notFound("open", path);
    return new MemoryFileHandle(path, file);
  }

  /** Removes a file. */
  remove(path: string): void {
    if (!this.#files.delete(path)) throw notFound("remove", path);
  }

  /** Renames a file. */
  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw notFound("rename", from);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  /** Gives a file a second name. */
  link(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw notFound("link", from);
    if (this.#files.has(to)) throw exists("link to", to);
    this.#files.set(to, file);
  }

  /** Nothing to do: nothing here survives anyway. */
  syncDirectory(_path: string): void {}

  /** Takes the directory for one writer. */
  lock(path: string): DirectoryLock {
    if (this.#locked.has(path)) {
      throw new StoreError(
        "LOCKED",
        `Cannot open ${path}: this process holds it`,
        { path },
      );
    }
    this.#locked.add(path);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#locked.delete(path);
        isHeld = false;
      },
    };
  }
}

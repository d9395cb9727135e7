/**
 * What a damaged store must not make the engine do: read or allocate more than a file
 * holds, go on for ever, drop a rejection.
 *
 * @module
 */

import type {
  DirectoryLock,
  FileHandle,
  FileSystem,
  OpenMode,
} from "../../src/fs/file_system.ts";
import { joinPath } from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { DIRECTORY, type Files } from "./store_maker.ts";

/** Operations after which a trial is taken to be endless. */
const OPERATIONS_MAX = 30_000;
/** Reads of this many bytes are asked for whatever the size of the file. */
const READ_BYTES_FREE = 4096;

/** No store of a trial has a reason to allocate this much at once. */
const ALLOCATION_MAX = 2 ** 24;

/** What must not have happened. */
export class Violation extends Error {
  override name = "Violation";
}

/** Files in memory that count what is done to them. */
export class MeteredFileSystem implements FileSystem {
  /** Operations so far. */
  operations = 0;
  /** What went wrong, in case the engine swallowed it. */
  violation: Violation | undefined;
  readonly #inner: MemoryFileSystem = new MemoryFileSystem();

  /** A directory with these files. */
  constructor(files: Files) {
    for (const [name, bytes] of files) {
      this.#inner.open(joinPath(DIRECTORY, name), "create")
        .write(bytes, 0, bytes.length, 0);
    }
  }

  #fail(message: string): never {
    this.violation ??= new Violation(message);
    throw this.violation;
  }

  #count(): void {
    if (++this.operations > OPERATIONS_MAX) {
      this.#fail(`It goes on for more than ${OPERATIONS_MAX} operations`);
    }
  }

  #checkRead(handle: FileHandle, length: number): void {
    this.#count();
    const size = handle.size();
    if (length > Math.max(size, READ_BYTES_FREE)) {
      this.#fail(
        `${length} bytes were read of ${handle.path}, which has ${size}`,
      );
    }
  }

  createDirectory(path: string): void {
    this.#inner.createDirectory(path);
  }

  list(path: string): string[] {
    this.#count();
    return this.#inner.list(path);
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#count();
    const handle = this.#inner.open(path, mode);
    return {
      path: handle.path,
      read: (target, targetOffset, length, position) => {
        this.#checkRead(handle, length);
        return handle.read(target, targetOffset, length, position);
      },
      readAsync: (target, targetOffset, length, position) => {
        this.#checkRead(handle, length);
        return handle.readAsync(target, targetOffset, length, position);
      },
      write: (source, sourceOffset, length, position) => {
        this.#count();
        return handle.write(source, sourceOffset, length, position);
      },
      truncate: (length) => {
        this.#count();
        handle.truncate(length);
      },
      size: () => handle.size(),
      sync: () => this.#count(),
      syncAsync: () => {
        this.#count();
        return Promise.resolve();
      },
      close: () => handle.close(),
    };
  }

  remove(path: string): void {
    this.#count();
    this.#inner.remove(path);
  }

  rename(from: string, to: string): void {
    this.#count();
    this.#inner.rename(from, to);
  }

  link(from: string, to: string): void {
    this.#count();
    this.#inner.link(from, to);
  }

  syncDirectory(_path: string): void {
    this.#count();
  }

  lock(path: string): DirectoryLock {
    return this.#inner.lock(path);
  }

  /** A copy of the files as they are. */
  copy(): Files {
    const files: Files = new Map();
    for (const name of this.#inner.list(DIRECTORY)) {
      const handle = this.#inner.open(joinPath(DIRECTORY, name), "read");
      const bytes = new Uint8Array(handle.size());
      handle.read(bytes, 0, bytes.length, 0);
      files.set(name, bytes);
    }
    return files;
  }
}

type ArrayClass = new (...args: never[]) => ArrayBufferView | ArrayBuffer;

/** Notes the largest buffer that is allocated while it is installed. */
export class AllocationMeter implements Disposable {
  /** The largest number of bytes asked for at once. */
  largest = 0;
  readonly #originals = new Map<string, unknown>();

  /** Puts itself before the constructors of buffers and arrays of bytes and words. */
  constructor() {
    this.#wrap("ArrayBuffer", 1);
    this.#wrap("Uint8Array", 1);
    this.#wrap("Int32Array", 4);
    this.#wrap("Uint32Array", 4);
    this.#wrap("Float64Array", 8);
  }

  #wrap(name: string, bytesEach: number): void {
    const scope = globalThis as unknown as Record<string, ArrayClass>;
    const original = scope[name]!;
    this.#originals.set(name, original);
    scope[name] = new Proxy(original, {
      construct: (target, args, newTarget) => {
        const [first] = args as unknown[];
        if (typeof first === "number") {
          const bytes = first * bytesEach;
          this.largest = Math.max(this.largest, bytes);
          // What grows without end is stopped while there is memory left.
          if (bytes > ALLOCATION_MAX) {
            throw new Violation(`${bytes} bytes are allocated at once`);
          }
        }
        return Reflect.construct(
          target,
          args,
          newTarget === scope[name] ? target : newTarget,
        );
      },
    });
  }

  /** Gives the constructors back. */
  [Symbol.dispose](): void {
    for (const [name, original] of this.#originals) {
      (globalThis as unknown as Record<string, unknown>)[name] = original;
    }
  }
}

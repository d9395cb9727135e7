/**
 * A host for tests whose every answer is a function of a seed: clock, randomness,
 * timers that fire only when told, files in memory that can be copied as a crash
 * would leave them and that refuse writes on request.
 */

import { StoreError } from "../../src/errors.ts";
import {
  type DirectoryLock,
  type FileHandle,
  type FileSystem,
  type Host,
  joinPath,
  type OpenMode,
  readFile,
  type Timer,
} from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";

/** Mulberry32: a small generator of numbers from 0 up to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Files in memory whose writes can be made to fail. */
export class FailingFileSystem implements FileSystem {
  /** The files. */
  readonly inner: MemoryFileSystem;
  /** Bytes that may still be written before the disk is full. */
  freeBytes = Infinity;
  /** Makes every sync fail. */
  failsSync = false;

  constructor(inner: MemoryFileSystem = new MemoryFileSystem()) {
    this.inner = inner;
  }

  createDirectory(path: string): void {
    this.inner.createDirectory(path);
  }

  list(path: string): string[] {
    return this.inner.list(path);
  }

  open(path: string, mode: OpenMode): FileHandle {
    const handle = this.inner.open(path, mode);
    return {
      path: handle.path,
      read: handle.read.bind(handle),
      readAsync: handle.readAsync.bind(handle),
      truncate: handle.truncate.bind(handle),
      size: handle.size.bind(handle),
      close: handle.close.bind(handle),
      sync: () => this.#checkSync(path),
      syncAsync: async () => {
        await Promise.resolve();
        this.#checkSync(path);
      },
      write: (source, sourceOffset, length, position) => {
        const count = Math.min(length, this.freeBytes);
        if (count <= 0 && length > 0) {
          throw new StoreError("DISK_FULL", `Cannot write ${path}: full`, {
            path,
          });
        }
        this.freeBytes -= count;
        return handle.write(source, sourceOffset, count, position);
      },
    };
  }

  #checkSync(path: string): void {
    if (this.failsSync) {
      throw new StoreError("IO", `Cannot sync ${path}: EIO`, { path });
    }
  }

  remove(path: string): void {
    this.inner.remove(path);
  }

  rename(from: string, to: string): void {
    this.inner.rename(from, to);
  }

  link(from: string, to: string): void {
    this.inner.link(from, to);
  }

  syncDirectory(path: string): void {
    this.inner.syncDirectory(path);
  }

  lock(path: string): DirectoryLock {
    return this.inner.lock(path);
  }

  /** The files as the end of the process leaves them: unlocked, else the same. */
  afterKill(directory: string): FailingFileSystem {
    const copy = new MemoryFileSystem();
    for (const name of this.inner.list(directory)) {
      const path = joinPath(directory, name);
      const bytes = readFile(this.inner, path);
      copy.open(path, "create").write(bytes, 0, bytes.length, 0);
    }
    return new FailingFileSystem(copy);
  }
}

/** A host under the test's control. */
export class SimulatedHost<Files extends FileSystem = FailingFileSystem>
  implements Host {
  readonly files: Files;
  /** The machine's clock, in milliseconds since 1970. */
  time: number;
  #elapsed = 0;
  #timers = new Set<{ at: number; callback: () => void }>();
  #breathing: (() => void)[] = [];
  readonly #random: () => number;

  constructor(
    seed: number,
    files: Files = new FailingFileSystem() as FileSystem as Files,
    time: number = Date.UTC(2030, 0, 1),
  ) {
    this.files = files;
    this.time = time;
    this.#random = seededRandom(seed);
  }

  now(): number {
    return this.time;
  }

  /** The time that {@linkcode advance} moved on, whatever the clock was set to. */
  elapsed(): number {
    return this.#elapsed;
  }

  /** Slices of work end at random. */
  shouldBreathe(): boolean {
    return this.#random() < 0.5;
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#random() * 256));
  }

  setTimer(callback: () => void, milliseconds: number): Timer {
    const timer = { at: this.time + milliseconds, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => this.#breathing.push(resolve));
  }

  /** Lets what waits for its next slice go on; false if nothing waits. */
  async letBreathe(): Promise<boolean> {
    const waiting = this.#breathing;
    this.#breathing = [];
    for (const resolve of waiting) resolve();
    await settle();
    return waiting.length > 0;
  }

  /** Moves the clock and fires the timers that are due. */
  async advance(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    this.#elapsed += Math.max(0, milliseconds);
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.time || !this.#timers.delete(timer)) continue;
      timer.callback();
      await settle();
    }
  }
}

/** Lets every promise that can resolve do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

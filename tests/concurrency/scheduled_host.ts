/**
 * A host of which fast-check's scheduler decides what goes on next: the slices of
 * long work, the ends of syncs, large reads, and timers that are due soon.
 *
 * @module
 */

import type fc from "fast-check";
import type {
  FileHandle,
  FileSystem,
  Host,
  OpenMode,
  Timer,
} from "../../src/fs/file_system.ts";
import type { SimulatedDisk } from "../support/simulated_disk.ts";
import { settle } from "../support/simulated_host.ts";

/** Rounds in which all that needs no scheduler comes to its end. */
const ROUNDS = 15;
/** Timers further off than this never fire. */
const SOON_MILLISECONDS = 1000;

/** Lets all promises resolve that wait for nothing scheduled. */
export async function letRun(): Promise<void> {
  for (let i = 0; i < ROUNDS; i++) await settle();
}

/** Lets everything go on, one by one, until nothing is left. */
export async function letAllGo(scheduler: fc.Scheduler): Promise<void> {
  await letRun();
  while (scheduler.count() > 0) {
    await scheduler.waitNext(1);
    await letRun();
  }
}

/** A disk whose slow operations end when they are let. */
class ScheduledDisk implements FileSystem {
  readonly #disk: SimulatedDisk;
  readonly #scheduler: fc.Scheduler;

  constructor(disk: SimulatedDisk, scheduler: fc.Scheduler) {
    this.#disk = disk;
    this.#scheduler = scheduler;
  }

  createDirectory(path: string): void {
    this.#disk.createDirectory(path);
  }

  list(path: string): string[] {
    return this.#disk.list(path);
  }

  open(path: string, mode: OpenMode): FileHandle {
    const handle = this.#disk.open(path, mode);
    const scheduler = this.#scheduler;
    return {
      ...handle,
      // It covers what was written when it began, and is reported late.
      syncAsync: () => scheduler.schedule(handle.syncAsync(), "sync"),
      // It reads late, when the file may have no name any more.
      readAsync: (target, offset, length, position) =>
        scheduler.schedule(Promise.resolve(), "read").then(() =>
          handle.readAsync(target, offset, length, position)
        ),
    };
  }

  remove(path: string): void {
    this.#disk.remove(path);
  }

  rename(from: string, to: string): void {
    this.#disk.rename(from, to);
  }

  link(from: string, to: string): void {
    this.#disk.link(from, to);
  }

  syncDirectory(path: string): void {
    this.#disk.syncDirectory(path);
  }

  lock(path: string): ReturnType<FileSystem["lock"]> {
    return this.#disk.lock(path);
  }
}

/** A host whose every pause is ended by a scheduler. */
export class ScheduledHost implements Host {
  readonly files: FileSystem;
  readonly #scheduler: fc.Scheduler;
  #seed = 0;

  constructor(disk: SimulatedDisk, scheduler: fc.Scheduler) {
    this.files = new ScheduledDisk(disk, scheduler);
    this.#scheduler = scheduler;
  }

  /** Time stands. */
  now(): number {
    return Date.UTC(2030, 0, 1);
  }

  elapsed(): number {
    return 0;
  }

  /** Every slice is as short as can be. */
  shouldBreathe(): boolean {
    return true;
  }

  breathe(): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), "breathe");
  }

  randomBytes(length: number): Uint8Array {
    return new Uint8Array(length).fill(++this.#seed);
  }

  setTimer(callback: () => void, milliseconds: number): Timer {
    let isOff = milliseconds > SOON_MILLISECONDS;
    if (!isOff) {
      this.#scheduler.schedule(Promise.resolve(), "timer").then(() => {
        if (!isOff) callback();
      });
    }
    return { cancel: () => void (isOff = true) };
  }
}

/**
 * The machine of a simulation: a clock that can be set, timers that keep their own
 * time, and a disk that can be full, lose power, or go on with what a killed process
 * had written.
 *
 * @module
 */

import {
  type FileHandle,
  type FileSystem,
  joinPath,
  type OpenMode,
  type Timer,
} from "../../src/fs/file_system.ts";
import {
  type Fault,
  type FaultKind,
  SimulatedDisk,
} from "../support/simulated_disk.ts";
import {
  seededRandom,
  settle,
  SimulatedHost,
} from "../support/simulated_host.ts";
import type { Crash } from "./operations.ts";

/** A disk that may be full: every write and every new file fails then. */
export class Medium implements FileSystem {
  readonly disk: SimulatedDisk;
  isFull = false;
  /** Operations that failed because it was full. */
  refusals: number;

  constructor(disk: SimulatedDisk, refusals: number = 0) {
    this.disk = disk;
    this.refusals = refusals;
  }

  /** Makes the next operation fail, without touching a fault that is to come. */
  #refuse<T>(run: () => T): T {
    if (!this.isFull) return run();
    const { disk } = this;
    const later = disk.fault;
    disk.fault = { at: disk.count + 1, kind: "ENOSPC" };
    this.refusals++;
    try {
      return run();
    } finally {
      disk.fault = later;
    }
  }

  createDirectory(path: string): void {
    this.disk.createDirectory(path);
  }

  list(path: string): string[] {
    return this.disk.list(path);
  }

  open(path: string, mode: OpenMode): FileHandle {
    const handle = mode === "create"
      ? this.#refuse(() => this.disk.open(path, mode))
      : this.disk.open(path, mode);
    const write: FileHandle["write"] = (source, offset, length, position) =>
      length === 0
        ? 0
        : this.#refuse(() => handle.write(source, offset, length, position));
    return { ...handle, write };
  }

  remove(path: string): void {
    this.disk.remove(path);
  }

  rename(from: string, to: string): void {
    this.disk.rename(from, to);
  }

  link(from: string, to: string): void {
    this.disk.link(from, to);
  }

  syncDirectory(path: string): void {
    this.disk.syncDirectory(path);
  }

  lock(path: string): ReturnType<FileSystem["lock"]> {
    return this.disk.lock(path);
  }
}

/** A host whose timers follow the time that passes, whatever the clock is set to. */
export class SimulationHost extends SimulatedHost<FileSystem> {
  #passed = 0;
  #timers = new Set<{ at: number; callback: () => void }>();

  override elapsed(): number {
    return this.#passed;
  }

  override setTimer(callback: () => void, milliseconds: number): Timer {
    const timer = { at: this.#passed + milliseconds, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  override async advance(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    this.#passed += milliseconds;
    const due = [...this.#timers].filter(({ at }) => at <= this.#passed);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) {
      if (!this.#timers.delete(timer)) continue;
      timer.callback();
      await settle();
    }
  }
}

/** The machine. */
export class Machine {
  medium: Medium = new Medium(new SimulatedDisk());
  /** The running process sees the machine through it. */
  host: SimulationHost = new SimulationHost(0, this.medium);
  /** The fault last set. */
  #fault: Fault | undefined;
  /** Faults before it that struck. */
  #errors = 0;

  get disk(): SimulatedDisk {
    return this.medium.disk;
  }

  /** Changes of the disk so far: the moment by which crashes are told apart. */
  get moment(): number {
    return this.disk.log.length;
  }

  /** Starts a process. */
  boot(seed: number): SimulationHost {
    return this.host = new SimulationHost(seed, this.medium, this.host.time);
  }

  /** Makes a coming operation of the disk fail. */
  setFault(after: number, kind: FaultKind): void {
    this.clearFault();
    this.#fault = { at: this.disk.count + 1 + after, kind };
    this.disk.fault = this.#fault;
  }

  /** Takes back a fault that has not struck. */
  clearFault(): void {
    if (this.#hasStruck()) this.#errors++;
    this.#fault = this.disk.fault = undefined;
  }

  /** Operations of the disk that failed so far. */
  get errors(): number {
    return this.medium.refusals + this.strikes;
  }

  /** Faults that struck so far. */
  get strikes(): number {
    return this.#errors + (this.#hasStruck() ? 1 : 0);
  }

  #hasStruck(): boolean {
    const fault = this.#fault;
    // A short write is none: its caller writes the rest.
    return fault !== undefined && fault.kind !== "short" &&
      this.disk.count >= fault.at;
  }

  /** Looks at things without the disk failing or counting. */
  quietly<T>(look: () => T): T {
    const { disk, medium } = this;
    const { fault, count } = disk;
    const { isFull } = medium;
    disk.fault = undefined;
    medium.isFull = false;
    try {
      return look();
    } finally {
      disk.fault = fault;
      disk.count = count;
      medium.isFull = isFull;
    }
  }

  /** Removes files by name, for good. */
  lose(directory: string, isLost: (name: string) => boolean): void {
    this.quietly(() => {
      const names = this.disk.list(directory).toSorted().filter(isLost);
      for (const name of names) this.disk.remove(joinPath(directory, name));
      if (names.length > 0) this.disk.syncDirectory(directory);
    });
  }

  /** Ends the process or the power; returns the moment up to which all was done. */
  crash(crash: Crash): number {
    let moment = Math.max(0, this.moment - crash.back);
    let disk: SimulatedDisk;
    if (crash.power) disk = this.#losePower(crash, moment);
    else {
      disk = this.disk.fork(moment);
      const last = this.disk.log.operations[moment - 1];
      if (crash.torn !== undefined && last?.kind === "write") {
        // The process dies in the middle of a write.
        disk = this.disk.fork(--moment);
        const length = Math.floor(last.bytes.length * crash.torn);
        const file = disk.open(last.name, "write");
        file.write(last.bytes, 0, length, last.position);
      }
    }
    this.clearFault();
    this.medium = new Medium(disk, this.medium.refusals);
    return moment;
  }

  #losePower(crash: Crash, moment: number): SimulatedDisk {
    const { log } = this.disk;
    const random = seededRandom(crash.seed);
    const lost: number[] = [];
    let lastWrite = -1;
    for (const index of log.unsafe(moment)) {
      if (random() >= crash.keep) lost.push(index);
      else if (log.operations[index]!.kind === "write") lastWrite = index;
    }
    const write = log.operations[lastWrite];
    const isTorn = crash.torn !== undefined && write?.kind === "write";
    const torn = isTorn
      ? {
        index: lastWrite,
        bytes: Math.floor(write.bytes.length * crash.torn!),
        fill: crash.fill ?? "cut",
      }
      : undefined;
    const choice = torn === undefined
      ? { prefix: moment, lost }
      : { prefix: moment, lost, torn };
    return new SimulatedDisk(this.disk.crash(choice));
  }
}

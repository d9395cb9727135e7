/**
 * A simulated host that never makes its caller wait: time passes only when a test
 * moves it on, so slices of work do not end and nothing has to be let go on by hand.
 *
 * @module
 */

import { FailingFileSystem, SimulatedHost } from "./simulated_host.ts";

/** 2024-01-01T00:00:00Z, in milliseconds since 1970. */
export const START_TIME = 1_704_067_200_000;

/** A host with a clock that stands until it is moved. */
export class FixedHost extends SimulatedHost {
  /** A host over `files`, by default over an empty memory. */
  constructor(
    files: FailingFileSystem = new FailingFileSystem(),
    time: number = START_TIME,
  ) {
    super(1, files, time);
  }

  /** Slices of work do not end. */
  override shouldBreathe(): boolean {
    return false;
  }

  /** Resolves at once. */
  override breathe(): Promise<void> {
    return Promise.resolve();
  }

  /** The machine after the end of the process that had `directory` open. */
  afterKill(directory: string): FixedHost {
    return new FixedHost(this.files.afterKill(directory), this.time);
  }
}

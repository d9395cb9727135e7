/**
 * How far a copy has come, in a file, so that one that was ended goes on from there.
 *
 * The file is written after what it tells of was acknowledged, and never before; so the
 * worst that a crash does is to have some entries copied twice, which changes nothing.
 *
 * @module
 */

import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { fromSystemError, isNotFound, StoreError } from "../errors.ts";
import type { LocalPosition } from "./copy_local.ts";

/** What the file says. */
export interface CopyState {
  /** What is copied where; another copy does not go on from here. */
  job: string;
  /** Entries that were copied. */
  entries: number;
  /** Their bytes. */
  bytes: number;
  /** To the servers: where the walk over the directory stands. */
  local?: LocalPosition;
  /** From the servers: the cursor of each master; empty once it is through. */
  cursors?: Record<string, string>;
}

/** The file of a copy; no file if there is no name. */
export class StateFile {
  readonly #path: string | undefined;
  readonly #job: string;

  /** Takes the name of the file and what the copy is. */
  constructor(path: string | undefined, job: string) {
    this.#path = path;
    this.#job = job;
  }

  /**
   * Where the copy stands.
   *
   * @throws {StoreError} `BAD_PATH` if the file is that of another copy, or none.
   */
  read(): CopyState {
    const fresh = { job: this.#job, entries: 0, bytes: 0 };
    if (this.#path === undefined) return fresh;
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if (!isNotFound(error)) {
        throw fromSystemError("read the state of the copy", this.#path, error);
      }
      if (existsSync(dirname(this.#path))) return fresh;
      // Better told now than after the first group.
      throw new StoreError(
        "BAD_PATH",
        `Cannot note how far the copy is: there is no directory for ${this.#path}. ` +
          "Make it, or name another file",
        { path: this.#path, cause: error },
      );
    }
    let state: Partial<CopyState> | undefined;
    try {
      state = JSON.parse(text);
    } catch {
      // Told below.
    }
    if (
      state?.job === this.#job && isCount(state.entries) && isCount(state.bytes)
    ) {
      return state as CopyState;
    }
    throw new StoreError(
      "BAD_PATH",
      `Cannot go on with the copy: ${this.#path} is ${
        typeof state?.job === "string" && state.job !== this.#job
          ? `that of another one, ${state.job}`
          : "not the state of one"
      }. Name another file, or remove it to begin anew`,
      { path: this.#path },
    );
  }

  /** Notes where the copy stands. */
  write(state: CopyState): void {
    if (this.#path === undefined) return;
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, JSON.stringify(state));
    renameSync(temporary, this.#path);
  }

  /** The copy is whole: there is nothing to go on with. */
  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

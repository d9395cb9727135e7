/**
 * The lives of a store over simulated disks: opened, killed and opened again, or cut
 * off from power and brought back on what the disk kept. After each start the store
 * must hold what the history allows.
 *
 * @module
 */

import type { Engine } from "../../../src/engine/engine.ts";
import { StoreError } from "../../../src/errors.ts";
import type { StoreOptions } from "../../../src/store/options.ts";
import { openEngine, Store } from "../../../src/store/store.ts";
import { SimulatedDisk } from "../../support/simulated_disk.ts";
import { settle, SimulatedHost } from "../../support/simulated_host.ts";
import { AT_THE_END, type Contents, History } from "./history.ts";
import {
  describeFound,
  DIRECTORY,
  messageOf,
  readContents,
  START_TIME,
  Violation,
} from "./recovered.ts";

/** What the store lived through on one disk. */
export interface Life {
  /** The disk. */
  disk: SimulatedDisk;
  /** What was asked of the store. */
  history: History;
}

/** The settings of a test's store: `options` and what keeps it small. */
export function smallOptions(options: StoreOptions): StoreOptions {
  return {
    memTableSize: 65_536,
    blockCacheSize: 0,
    valueLogGcEnabled: false,
    ...options,
    path: DIRECTORY,
  };
}

/** @throws {Violation} If the error is not of a documented type. */
export function requireTyped(error: unknown, action: string): StoreError {
  if (error instanceof StoreError) return error;
  const stack = error instanceof Error ? error.stack : String(error);
  throw new Violation(`${action} threw an untyped error: ${stack}`);
}

/** A store that is opened and opened again. */
export class Session {
  /** The lives so far; the last one goes on. */
  readonly lives: Life[];
  /** The settings. */
  readonly options: StoreOptions;
  /** The clock and timers. */
  host: SimulatedHost<SimulatedDisk>;
  /** The versions of the commits that set values, by `path=value`. */
  versions: Map<string, number> = new Map();
  /** What is open. */
  engine: Engine | undefined;
  readonly #seed: number;
  #store: Store | undefined;

  /** A session on a disk whose store holds `base`. */
  constructor(
    options: StoreOptions,
    seed: number,
    disk: SimulatedDisk = new SimulatedDisk(),
    base: Contents = new Map(),
    time: number = START_TIME,
  ) {
    this.options = smallOptions(options);
    this.#seed = seed;
    this.lives = [{ disk, history: new History(base, time) }];
    this.host = new SimulatedHost(seed, disk, time);
  }

  /** The life that goes on. */
  get life(): Life {
    return this.lives.at(-1)!;
  }

  /** The open store. */
  get store(): Store {
    return this.#store!;
  }

  /** Length of the disk's log. */
  get at(): number {
    return this.life.disk.log.length;
  }

  /** True if the open store refuses writes. */
  get isPoisoned(): boolean {
    return this.engine?.writer.syncer.poison !== undefined;
  }

  /** Opens the store, once more if an operation was made to fail. */
  open(): void {
    this.#open();
    this.checkReads("after the open");
    this.life.history.settleRejected(
      describeFound(this.#read()),
      this.engine!.now(),
      this.at,
    );
  }

  #open(): void {
    const { disk } = this.life;
    const wasMet = disk.hasFailed;
    try {
      this.engine = openEngine(this.options, this.host);
    } catch (error) {
      requireTyped(error, "open");
      if (wasMet || !disk.hasFailed) {
        throw new Violation(`the store does not open: ${messageOf(error)}`);
      }
      try {
        this.engine = openEngine(this.options, this.host);
      } catch (second) {
        throw new Violation(
          `the store does not open after an open that failed ` +
            `(${messageOf(error)}): ${messageOf(second)}`,
        );
      }
    }
    this.#store = new Store(this.engine);
  }

  #read(): Map<string, string> {
    const { history, disk } = this.life;
    const wasMet = disk.hasFailed;
    try {
      return readContents(this.engine!, history.paths);
    } catch (error) {
      requireTyped(error, "get");
      // If the failure was the read's own, the next one must do.
      if (wasMet || !disk.hasFailed) throw new Violation(messageOf(error));
      return readContents(this.engine!, history.paths);
    }
  }

  /** Compares what the store shows with what it may show. */
  checkReads(when: string): void {
    if (this.engine?.status !== "open") return;
    const { history } = this.life;
    const found = describeFound(this.#read());
    const legal = history.legal(
      AT_THE_END,
      this.engine.now(),
    );
    if (legal.has(found)) return;
    const allowed = [...legal.keys()].join('", "');
    throw new Violation(`wrong reads ${when}: "${found}", not "${allowed}"`);
  }

  /** Ends the process without a close and opens again. */
  async kill(): Promise<void> {
    await settle();
    this.life.disk.unlock();
    this.nextHost();
    this.open();
  }

  /** Cuts the power, losing what the choice says, and opens what is left. */
  async powerLoss(lost: "all" | "none"): Promise<void> {
    await settle();
    const { disk, history } = this.life;
    const prefix = this.at;
    const files = disk.crash({
      prefix,
      lost: lost === "all" ? disk.log.unsafe(prefix) : [],
    });
    const next = new SimulatedDisk(files, disk.trace !== undefined);
    // The count goes on, so that every operation has its turn to fail.
    next.fault = disk.fault;
    next.count = disk.count;
    next.failed = disk.failed;
    next.trace?.push(...disk.trace!);
    const { time } = this.host;
    const legal = history.legal({ prefix, isKill: false }, time);
    this.lives.push({ disk: next, history: new History(new Map(), time) });
    const version = history.versionAt({ prefix, isKill: false });
    this.life.history.baseVersion = version;
    for (const path of history.paths) this.life.history.paths.add(path);
    this.nextHost();
    this.openAs(legal);
  }

  /** Opens a store that may hold any of `legal`, and goes on from what it holds. */
  openAs(legal: ReadonlyMap<string, Contents>): void {
    this.#open();
    const found = describeFound(this.#read());
    const contents = legal.get(found);
    if (contents === undefined) {
      const allowed = [...legal.keys()].join('", "');
      throw new Violation(`the store holds "${found}", not "${allowed}"`);
    }
    for (const [path, entry] of contents) {
      this.life.history.base.set(path, entry);
    }
  }

  /** The next process has a host of its own. */
  nextHost(): void {
    const seed = this.#seed + this.at + this.lives.length;
    this.host = new SimulatedHost(seed, this.life.disk, this.host.time);
  }
}

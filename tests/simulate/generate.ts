/**
 * Makes a history from a seed. Each history favours some operations and leaves
 * others out, so that together they go where an even mixture never would.
 *
 * @module
 */

import type { StoreOptions } from "../../src/store/options.ts";
import type { FaultKind } from "../support/simulated_disk.ts";
import { seededRandom } from "../support/simulated_host.ts";
import type {
  Address,
  AtomicChange,
  Change,
  Check,
  History,
  Operation,
  Range,
  RangeRead,
} from "./operations.ts";

/** How often an operation comes in an even mixture. */
const WEIGHTS: Record<Operation["op"], number> = {
  set: 30,
  setIfAbsent: 5,
  setSync: 3,
  delete: 10,
  deleteSync: 2,
  batch: 8,
  fill: 3,
  get: 6,
  list: 4,
  range: 4,
  deleteRange: 1.5,
  atomic: 8,
  transaction: 5,
  snapshot: 3,
  readSnapshot: 4,
  closeSnapshot: 1,
  watch: 2,
  readWatch: 4,
  sync: 3,
  flush: 1,
  gc: 6,
  breathe: 12,
  advance: 5,
  setClock: 1,
  sweep: 2,
  fault: 4,
  full: 2,
  open: 3,
  close: 2,
  lose: 1,
  crash: 5,
  empty: 0.5,
};
/** Without these a history would be about nothing. */
const ALWAYS: readonly string[] = ["set", "breathe", "open"];
const FAULTS: readonly FaultKind[] = [
  "EIO",
  "ENOSPC",
  "EMFILE",
  "short",
  "dropped",
];
const BUCKETS = ["b", "other"];
const COUNTERS = 3;
/** Snapshots at a time, and watches. */
const MOMENTS = 3;

/** The history of a seed. */
export function generate(seed: number, length: number): History {
  return new Generator(seed).run(length);
}

class Generator {
  readonly #random: () => number;
  readonly #weights: [Operation["op"], number][] = [];
  readonly #keys: number;
  readonly #buckets: string[];
  readonly #hasLargeValues: boolean;
  readonly #entriesMax: number;
  #value = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    for (const [op, weight] of Object.entries(WEIGHTS)) {
      const isIn = ALWAYS.includes(op) || this.#chance(0.7);
      const factor = isIn ? 0.25 + this.#random() * 2 : 0;
      this.#weights.push([op as Operation["op"], weight * factor]);
    }
    this.#keys = this.#chance(0.5) ? 2 + this.#below(5) : 5 + this.#below(40);
    // Enough for several pages of a list.
    if (this.#chance(0.03)) this.#keys = 200 + this.#below(200);
    this.#buckets = this.#chance(0.5) ? [""] : ["", ...BUCKETS];
    this.#hasLargeValues = this.#chance(0.05);
    this.#entriesMax = 2 + this.#below(this.#chance(0.5) ? 40 : 300);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(part: number): boolean {
    return this.#random() < part;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }

  run(length: number): History {
    const history: History = [this.#open()];
    if (this.#chance(0.5)) history.push(this.#fill(Math.max(300, this.#keys)));
    while (history.length < length) history.push(this.#operation());
    if (this.#chance(0.3)) history[length - 1] = { op: "empty" };
    return history;
  }

  #operation(): Operation {
    const sum = this.#weights.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.#random() * sum;
    for (const [op, weight] of this.#weights) {
      left -= weight;
      if (left < 0) return this.#make(op);
    }
    return this.#make("set");
  }

  #make(op: Operation["op"]): Operation {
    switch (op) {
      case "set":
      case "setIfAbsent":
        return { op, ...this.#put(0.25), ...this.#wait() };
      case "setSync":
        return { op, ...this.#put(0) };
      case "delete":
        return { op, at: this.#anyAddress(), ...this.#wait() };
      case "deleteSync":
        return { op, at: this.#anyAddress() };
      case "batch":
        return { op, changes: this.#changes(8, 1), ...this.#wait() };
      case "fill":
        return this.#fill(60);
      case "get":
        return { op, at: this.#addresses() };
      case "list":
        return this.#list();
      case "range":
        return { op, ...this.#rangeRead() };
      case "deleteRange":
        return {
          op,
          ...this.#range(),
          changes: this.#chance(0.5) ? [] : this.#changes(4, 0),
        };
      case "atomic":
        return this.#atomic();
      case "transaction":
        return this.#transaction();
      case "snapshot":
      case "closeSnapshot":
        return { op, id: this.#below(MOMENTS) };
      case "readSnapshot":
        return {
          op,
          id: this.#below(MOMENTS),
          at: this.#addresses(),
          ...this.#rangeRead(),
        };
      case "watch":
        return this.#watch();
      case "readWatch":
        return {
          op,
          id: this.#below(MOMENTS),
          ...(this.#chance(0.4) ? { count: 1 + this.#below(5) } : {}),
        };
      case "sync":
      case "flush":
        return { op, ...this.#wait() };
      case "gc":
        return { op, ratio: this.#pick([0.05, 0.3, 0.5, 0.9]) };
      case "breathe":
        return { op, times: 1 + this.#below(this.#chance(0.2) ? 100 : 4) };
      case "advance":
        return { op, milliseconds: this.#below(this.#pick([10, 600, 6000])) };
      case "setClock":
        return { op, by: this.#below(20_000) - 12_000 };
      case "fault":
        return { op, after: this.#after(), kind: this.#pick(FAULTS) };
      case "full":
        return { op, isFull: this.#chance(0.4) };
      case "open":
        return this.#open();
      case "lose":
        return {
          op,
          kind: this.#pick(["hint", "snapshot", "any"]),
          seed: this.#below(2 ** 31),
        };
      case "crash":
        return this.#crash();
      case "close":
      case "sweep":
      case "empty":
        return { op };
    }
  }

  #wait(): { wait?: false } {
    return this.#chance(0.3) ? { wait: false } : {};
  }

  #key(): string {
    const limit = this.#chance(0.5) ? Math.min(6, this.#keys) : this.#keys;
    return `k${this.#below(limit)}`;
  }

  #address(): Address {
    return `${this.#pick(this.#buckets)}/${this.#key()}`;
  }

  #anyAddress(): Address {
    return this.#chance(0.15) ? this.#counter() : this.#address();
  }

  #addresses(): Address[] {
    const count = this.#chance(0.5) ? 1 : 1 + this.#below(6);
    return Array.from({ length: count }, () => this.#anyAddress());
  }

  #put(expiring: number): Change & { value: number } {
    const put: Change & { value: number } = {
      at: this.#address(),
      value: this.#value++,
    };
    if (this.#chance(0.3)) put.length = this.#length();
    if (this.#chance(expiring)) {
      put.expireIn = 1 + this.#below(this.#pick([50, 5000]));
    }
    return put;
  }

  #length(): number {
    if (this.#hasLargeValues && this.#chance(0.2)) {
      return 60_000 + this.#below(300_000);
    }
    if (this.#chance(0.1)) return this.#below(20_000);
    return this.#below(this.#chance(0.3) ? 3000 : 200);
  }

  #changes(max: number, min: number): Change[] {
    const count = min + this.#below(max);
    return Array.from(
      { length: count },
      () => this.#chance(0.3) ? { at: this.#anyAddress() } : this.#put(0.2),
    );
  }

  #fill(max: number): Operation {
    const count = 1 + this.#below(max);
    const value = this.#value;
    this.#value += count;
    return {
      op: "fill",
      value,
      count,
      first: this.#below(this.#keys),
      keys: this.#keys,
      length: this.#below(this.#chance(0.2) ? 600 : 60),
    };
  }

  #list(): Operation {
    return {
      op: "list",
      bucket: this.#pick(this.#buckets),
      prefix: this.#chance(0.7) ? "" : "k1",
      ...(this.#chance(0.2) ? { limit: this.#below(5) } : {}),
      changes: this.#chance(0.5) ? [] : this.#changes(4, 0),
    };
  }

  #range(): Range {
    return {
      bucket: this.#pick(this.#buckets),
      ...(this.#chance(0.2) ? { prefix: this.#pick(["k", "k1", "n"]) } : {}),
      ...(this.#chance(0.4) ? { start: this.#key() } : {}),
      ...(this.#chance(0.4) ? { end: this.#key() } : {}),
    };
  }

  #rangeRead(): RangeRead {
    return {
      ...this.#range(),
      ...(this.#chance(0.4) ? { reverse: true } : {}),
      ...(this.#chance(0.3) ? { limit: this.#below(5) } : {}),
    };
  }

  #counter(): Address {
    return `${this.#pick(this.#buckets)}/n${this.#below(COUNTERS)}`;
  }

  #atomic(): Operation {
    const checks = Array.from({ length: this.#below(3) }, (): Check => ({
      at: this.#anyAddress(),
      is: this.#chance(0.6)
        ? "current"
        : this.#chance(0.7)
        ? "known"
        : "absent",
    }));
    const changes: AtomicChange[] = this.#changes(4, 0);
    for (let sums = this.#below(3); sums > 0; sums--) {
      changes.splice(this.#below(changes.length + 1), 0, {
        at: this.#counter(),
        ...(this.#chance(0.85) ? { by: 1 + this.#below(9) } : {}),
        ...(this.#chance(0.1) ? { expireIn: 1 + this.#below(5000) } : {}),
      });
    }
    return { op: "atomic", checks, changes, ...this.#wait() };
  }

  #transaction(): Operation {
    const ranges = this.#chance(0.5) ? [] : [this.#rangeRead()];
    return {
      op: "transaction",
      reads: this.#chance(0.8) ? this.#addresses() : [],
      ranges,
      changes: this.#changes(4, 0),
      others: this.#chance(0.5) ? [] : this.#changes(3, 0),
      ...(this.#chance(0.2) ? { attempts: 1 } : {}),
    };
  }

  #watch(): Operation {
    return {
      op: "watch",
      id: this.#below(MOMENTS),
      bucket: this.#pick(this.#buckets),
      prefix: this.#pick(["", "", "k", "k1"]),
      ...(this.#chance(0.5) ? { isResumed: true } : {}),
      ...(this.#chance(0.2) ? { heldBytesMax: this.#below(4000) } : {}),
    };
  }

  #after(): number {
    return this.#below(this.#pick([3, 12, 60]));
  }

  #crash(): Operation {
    return {
      op: "crash",
      power: this.#chance(0.7),
      back: this.#chance(0.4) ? 0 : this.#after(),
      keep: this.#pick([0, 0.2, 0.5, 0.8, 1]),
      seed: this.#below(2 ** 31),
      ...(this.#chance(0.5)
        ? {
          torn: this.#random(),
          fill: this.#pick(["cut", "zeros", "garbage"] as const),
        }
        : {}),
    };
  }

  #open(): Operation {
    const level0 = 1 + this.#below(3);
    const options: StoreOptions = {
      syncWrites: this.#chance(0.4),
      memTableSize: 65_536,
      numMemTables: 1 + this.#below(2),
      valueLogFileSize: 1_048_576,
      valueLogMaxEntries: this.#chance(0.8)
        ? this.#entriesMax
        : 1 + this.#below(500),
      valueThreshold: this.#pick([0, 20, 200, 1_000_000]),
      numLevel0Tables: level0,
      numLevel0TablesStall: level0 + 1 + this.#below(2),
      valueLogGcEnabled: this.#chance(0.4),
      valueLogGcDiscardRatio: this.#pick([0.01, 0.3, 0.5, 0.8]),
      valueLogGcIntervalInSeconds: 1 + this.#below(3),
      blockCacheSize: this.#chance(0.5) ? 0 : 65_536,
      compression: this.#pick(["none", "deflate", "zstd"]),
      compressionThreshold: 64,
    };
    return { op: "open", options, seed: this.#below(2 ** 31) };
  }
}

/**
 * What a history is made of: plain objects with every choice written down, so that a
 * history can be printed, shortened and run again.
 *
 * @module
 */

import type { FaultKind } from "../support/simulated_disk.ts";
import type { StoreOptions } from "../../src/store/options.ts";

const decoder = new TextDecoder();

/**
 * A key with the bucket it is in: `bucket/key`, or `/key` outside all buckets. Keys
 * that begin with `n` are counters.
 */
export type Address = string;

/** The change of one key; without a value it is deleted. */
export interface Change {
  /** Which key. */
  at: Address;
  /** The number of the value; no two are the same in one history. */
  value?: number;
  /** Letters of the value, if more than its number has. */
  length?: number;
  /** Milliseconds until it expires. */
  expireIn?: number;
}

/** A change in an atomic operation or a transaction. */
export interface AtomicChange extends Change {
  /** What is added to a counter, instead of a value. */
  by?: number;
}

/** What an atomic operation checks of a key. */
export interface Check {
  at: Address;
  /**
   * That it is as it is now, as it was when somebody last looked, which may be long
   * ago, or that it has no value.
   */
  is: "current" | "known" | "absent";
}

/** Keys in a bucket, `""` for none. */
export interface Range {
  bucket: string;
  prefix?: string;
  start?: string;
  end?: string;
}

/** How keys of a range are listed. */
export interface RangeRead extends Range {
  reverse?: true;
  limit?: number;
}

/** How a crash leaves the disk. */
export interface Crash {
  op: "crash";
  /** The power is lost; else the process ends and what it wrote stays. */
  power: boolean;
  /** Changes of the disk, counted from the last, that were never made. */
  back: number;
  /** How much of what was not synced is kept, from 0 to 1. */
  keep: number;
  /** Decides which. */
  seed: number;
  /** The last write kept ends after this part of it. */
  torn?: number;
  /** What stands in place of the rest. */
  fill?: "cut" | "zeros" | "garbage";
}

/** One operation of a history. */
export type Operation =
  | { op: "open"; options: StoreOptions; seed: number }
  | { op: "close" }
  | Crash
  /** Helper files are lost while the store is closed. */
  | { op: "lose"; kind: "hint" | "snapshot" | "any"; seed: number }
  /** The disk's operation after so many others fails. */
  | { op: "fault"; after: number; kind: FaultKind }
  /** The disk is full, or no longer so. */
  | { op: "full"; isFull: boolean }
  /** With `wait: false` the next operation comes in the same turn. */
  | ({ op: "set" | "setIfAbsent"; wait?: false } & Change & { value: number })
  | { op: "setSync"; at: Address; value: number; length?: number }
  | { op: "delete"; at: Address; wait?: false }
  | { op: "deleteSync"; at: Address }
  | { op: "batch"; changes: Change[]; wait?: false }
  /** Many sets in one turn, of keys in a circle. */
  | {
    op: "fill";
    value: number;
    count: number;
    first: number;
    keys: number;
    length: number;
  }
  | { op: "get"; at: Address[] }
  | {
    op: "list";
    bucket: string;
    prefix: string;
    limit?: number;
    /** Changes made one after the other while the entries come. */
    changes: Change[];
  }
  /** A range is listed at once, counted, and listed by pages. */
  | ({ op: "range" } & RangeRead)
  /** A range is deleted while others change keys. */
  | ({ op: "deleteRange"; changes: Change[] } & Range)
  | {
    op: "atomic";
    checks: Check[];
    changes: AtomicChange[];
    wait?: false;
  }
  | {
    op: "transaction";
    reads: Address[];
    ranges: RangeRead[];
    changes: Change[];
    /** What others change at its first attempt, after it read. */
    others: Change[];
    attempts?: number;
  }
  /** A snapshot is taken, in place of the one of that number. */
  | { op: "snapshot"; id: number }
  | ({ op: "readSnapshot"; id: number; at: Address[] } & RangeRead)
  | { op: "closeSnapshot"; id: number }
  /** A watch begins, in place of the one of that number. */
  | {
    op: "watch";
    id: number;
    bucket: string;
    prefix: string;
    /** It goes on behind what the last one of that number was told. */
    isResumed?: true;
    heldBytesMax?: number;
  }
  /** A watch is told of so many commits, or of all there are. */
  | { op: "readWatch"; id: number; count?: number }
  | { op: "sync" | "flush"; wait?: false }
  | { op: "gc"; ratio: number }
  /** Work that waits for its next slice goes on, so many times. */
  | { op: "breathe"; times: number }
  | { op: "advance"; milliseconds: number }
  /** The machine's clock is set, forwards or backwards. */
  | { op: "setClock"; by: number }
  /** Expired keys are counted out. */
  | { op: "sweep" }
  /** Everything is deleted and collected, and next to nothing remains. */
  | { op: "empty" };

/** A history. */
export type History = Operation[];

/** The key's bucket, `""` if it is in none, and its name there. */
export function split(at: Address): { bucket: string; key: string } {
  const slash = at.indexOf("/");
  return { bucket: at.slice(0, slash), key: at.slice(slash + 1) };
}

/** The address of the n-th key that `fill` sets. */
export function filledAddress(n: number): Address {
  return `/k${n}`;
}

/** True if the address is that of a counter. */
export function isCounter(at: Address): boolean {
  return at.includes("/n");
}

/** True if the address lies in the range. */
export function isInRange(
  at: Address,
  { bucket, prefix = "", start = "", end }: Range,
): boolean {
  const { bucket: own, key } = split(at);
  return own === bucket && key.startsWith(prefix) && key >= start &&
    (end === undefined || key < end);
}

/** Every address that a history names. */
export function addressesOf(history: History): Address[] {
  const found = new Set<Address>();
  for (const operation of history) {
    if ("changes" in operation) {
      for (const { at } of operation.changes) found.add(at);
    }
    if (operation.op === "atomic") {
      for (const { at } of operation.checks) found.add(at);
    } else if (operation.op === "transaction") {
      for (const { at } of operation.others) found.add(at);
      for (const at of operation.reads) found.add(at);
    } else if (operation.op === "fill") {
      for (let i = 0; i < operation.keys; i++) found.add(filledAddress(i));
    } else if ("at" in operation) {
      for (const at of [operation.at].flat()) found.add(at);
    }
  }
  return [...found].toSorted();
}

/** The text of a value that was read; that of a counter is its number. */
export function showValue(at: Address, bytes: Uint8Array): string {
  if (!isCounter(at)) return decoder.decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return textOf(Number(view.getBigUint64(0, true)));
}

/** The text of a value. */
export function textOf(value: number, length: number = 0): string {
  const text = `${value}:`;
  const letter = String.fromCharCode(97 + value % 26);
  return text + letter.repeat(Math.max(0, length - text.length));
}

/** A text, shortened for a message. */
export function brief(text: string | undefined): string {
  return text === undefined ? "nothing" : `"${text.slice(0, 12)}"`;
}

/** A history as text that can be pasted: an operation a line. */
export function printHistory(history: History): string {
  const lines = history.map((operation) => `  ${JSON.stringify(operation)},\n`);
  return `[\n${lines.join("")}]`;
}

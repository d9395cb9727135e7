/**
 * What a history is made of: plain objects with every choice written down, so that a
 * history can be printed, shortened and run again.
 *
 * @module
 */

import type { FaultKind } from "../support/simulated_disk.ts";
import type { StoreOptions } from "../../src/store/options.ts";

/** A key with the bucket it is in: `bucket/key`, or `/key` outside all buckets. */
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

/** Every address that a history names. */
export function addressesOf(history: History): Address[] {
  const found = new Set<Address>();
  for (const operation of history) {
    if ("changes" in operation) {
      for (const { at } of operation.changes) found.add(at);
    }
    if (operation.op === "fill") {
      for (let i = 0; i < operation.keys; i++) found.add(filledAddress(i));
    } else if (operation.op === "get") {
      for (const at of operation.at) found.add(at);
    } else if ("at" in operation) {
      found.add(operation.at);
    }
  }
  return [...found].toSorted();
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

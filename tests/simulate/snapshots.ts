/**
 * Snapshots of a history, each beside what the model held when it was taken.
 *
 * @module
 */

import type { Snapshot } from "../../src/store/snapshot.ts";
import type { Machine } from "./machine.ts";
import { type Contents, liveIn, type Model } from "./model.ts";
import {
  type Address,
  brief,
  type RangeRead,
  showValue,
  split,
  textOf,
} from "./operations.ts";
import { compareLists, listed, optionsOf, showEntry } from "./reads.ts";
import type { Session } from "./session.ts";

/** A snapshot, and what it must show. */
export interface KeptSnapshot {
  snapshot: Snapshot;
  contents: Contents;
  time: number;
}

/** Takes, reads and closes the snapshots of an open store. */
export class Snapshots {
  readonly #session: Session;
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #addresses: Address[];

  constructor(
    session: Session,
    model: Model,
    machine: Machine,
    addresses: Address[],
  ) {
    this.#session = session;
    this.#model = model;
    this.#machine = machine;
    this.#addresses = addresses;
  }

  /** Takes a snapshot; the one that had its number goes. */
  take(id: number): void {
    const { engine, store, snapshots } = this.#session;
    const snapshot = store.snapshot();
    this.close(id);
    // Only now, for what was pending may have been undone first.
    const { current, mistake } = this.#model;
    snapshots.set(id, {
      snapshot,
      contents: mistake === "lets snapshots see deletes"
        ? current
        : new Map(current),
      time: engine.now(),
    });
  }

  /** Lets go of a snapshot. */
  close(id: number): void {
    const { snapshots } = this.#session;
    snapshots.get(id)?.snapshot.close();
    snapshots.delete(id);
  }

  /** Reads keys and a range of a snapshot. */
  async read(id: number, keys: Address[], range: RangeRead): Promise<void> {
    const kept = this.#session.snapshots.get(id);
    if (kept === undefined) return;
    const { errors } = this.#machine;
    try {
      await this.#read(kept, keys, range);
    } catch (error) {
      this.#session.expectError("snapshot", error, errors, false);
    }
  }

  async #read(
    { snapshot, contents, time }: KeptSnapshot,
    keys: Address[],
    range: RangeRead,
  ): Promise<void> {
    const session = this.#session;
    const expected = (at: Address): string | undefined => {
      const known = liveIn(contents, at, time);
      return known && textOf(known.value, known.length);
    };
    const readerOf = (bucket: string) =>
      bucket === "" ? snapshot : snapshot.bucket(bucket);
    for (const at of keys) {
      const { bucket, key } = split(at);
      const reader = readerOf(bucket);
      const bytes = reader.getSync(key);
      const text = bytes && showValue(at, bytes);
      if (text !== expected(at) || reader.has(key) !== (text !== undefined)) {
        throw new Error(
          `snapshot: ${at} is ${brief(text)}, expected ${brief(expected(at))}`,
        );
      }
    }
    const reader = readerOf(range.bucket);
    const options = optionsOf(range);
    const entries = listed(this.#addresses, range, expected);
    const atOnce = [...reader.listSync(options)].map(showEntry);
    compareLists("snapshot's listSync", atOnce, entries);
    const list = await session.wait(
      "snapshot's list",
      Array.fromAsync(reader.list(options)),
    );
    compareLists("snapshot's list", list.map(showEntry), entries);
    const { limit: _, ...whole } = range;
    const count = await session.wait(
      "snapshot's count",
      reader.count(optionsOf(whole)),
    );
    const all = listed(this.#addresses, whole, expected);
    if (count !== all.length) {
      throw new Error(`snapshot's count: ${count}, expected ${all.length}`);
    }
  }
}

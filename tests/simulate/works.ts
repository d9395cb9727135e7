/**
 * Calls of a history that write in turns of their own: transactions, and the deletion
 * of ranges.
 *
 * @module
 */

import type { StoreOptions } from "../../src/store/options.ts";
import { copyKey } from "../../src/store/changes.ts";
import { keyText } from "../../src/engine/history.ts";
import { TAG_BUCKET } from "../../src/engine/key_buffer.ts";
import { bucketPrefix } from "../../src/store/bucket_name.ts";
import type { TransactionSpace } from "../../src/store/transaction.ts";
import { StoreError } from "../../src/errors.ts";
import { settle } from "../support/simulated_host.ts";
import { type Contents, liveIn, type Model } from "./model.ts";
import {
  type Address,
  brief,
  type Change,
  isInRange,
  type Operation,
  type Range,
  showValue,
  split,
  textOf,
} from "./operations.ts";
import {
  compareLists,
  listed,
  optionsOf,
  showEntry,
  spaceOf,
} from "./reads.ts";
import type { Session } from "./session.ts";

type Transaction = Extract<Operation, { op: "transaction" }>;
type Deletion = Extract<Operation, { op: "deleteRange" }>;

/** Attempts of a transaction that is not told otherwise. */
const ATTEMPTS = 4;

/** Runs them on an open store. */
export class Works {
  readonly #session: Session;
  readonly #model: Model;
  readonly #options: StoreOptions;
  readonly #addresses: Address[];
  /** Makes a change as others do. */
  readonly #change: (change: Change) => void;

  constructor(
    session: Session,
    model: Model,
    options: StoreOptions,
    addresses: Address[],
    change: (change: Change) => void,
  ) {
    this.#session = session;
    this.#model = model;
    this.#options = options;
    this.#addresses = addresses;
    this.#change = change;
  }

  get #now(): number {
    return this.#session.engine.now();
  }

  #textAt(contents: Contents, at: Address): string | undefined {
    const known = liveIn(contents, at, this.#now);
    return known && textOf(known.value, known.length);
  }

  /** True if one of these keys was changed since `from` changes had been made. */
  #isChanged(from: number, isMeant: (at: Address) => boolean): boolean {
    return this.#session.changed.slice(from).some(isMeant);
  }

  async transaction(call: Transaction): Promise<void> {
    const session = this.#session;
    const { valueLogMaxEntries = Infinity } = this.#options;
    const changes = call.changes.slice(0, valueLogMaxEntries);
    const attempts = call.attempts ?? ATTEMPTS;
    let count = 0;
    let from = 0;
    let tried = 0;
    const isRead = (at: Address) =>
      call.reads.includes(at) ||
      call.ranges.some((range) => isInRange(at, range));
    const outcome = await session.watchOver(
      "transaction",
      () => {
        // As far as a range was read may be less than all of it.
        const whole = call.ranges.filter(({ limit }) => limit === undefined);
        const isWhollyRead = (at: Address) =>
          call.reads.includes(at) ||
          whole.some((range) => isInRange(at, range));
        if (this.#isChanged(from, isWhollyRead)) {
          throw new Error("transaction: it overlooked what others changed");
        }
        return this.#model.resolve(changes, this.#now);
      },
      () =>
        session.store.transaction(async (tx) => {
          if (count > 0) this.#requireConflict(tried, isRead);
          from = session.changed.length;
          tried = session.tried.length;
          const contents = new Map(this.#model.current);
          this.#read(tx, contents, call);
          if (count++ === 0) {
            for (const change of call.others) this.#change(change);
            await settle();
            // It still sees its moment.
            this.#read(tx, contents, call);
          }
          this.#write(tx, changes);
          for (const [at, known] of this.#model.read(changes, this.#now)) {
            contents.set(at, known);
          }
          const written = changes.map(({ at }) => at);
          this.#read(tx, contents, { ...call, reads: written });
        }, { attempts }),
    );
    if (!("error" in outcome)) return;
    const { error } = outcome;
    if (error instanceof StoreError && error.code === "CONFLICT") {
      if (count !== attempts) throw new Error(`CONFLICT after ${count}`);
      this.#requireConflict(tried, isRead);
    }
  }

  /** What made it begin anew. */
  #requireConflict(from: number, isRead: (at: Address) => boolean): void {
    // The collector and the sweeper change what has expired.
    const mayExpire = this.#session.engine.ledger.expiringEntries > 0;
    if (mayExpire || this.#session.tried.slice(from).some(isRead)) return;
    throw new Error("transaction: it was tried again for nothing");
  }

  #read(
    tx: TransactionSpace,
    contents: Contents,
    { reads, ranges }: Transaction,
  ): void {
    const spaceOf = (bucket: string) => bucket === "" ? tx : tx.bucket(bucket);
    for (const at of reads) {
      const { bucket, key } = split(at);
      const bytes = spaceOf(bucket).get(key);
      const text = bytes && showValue(at, bytes);
      const expected = this.#textAt(contents, at);
      if (text === expected && spaceOf(bucket).has(key) === !!bytes) continue;
      throw new Error(
        `transaction: ${at} is ${brief(text)}, expected ${brief(expected)}`,
      );
    }
    for (const range of ranges) {
      const list = spaceOf(range.bucket).list(optionsOf(range));
      compareLists(
        "transaction's list",
        [...list].map(showEntry),
        listed(this.#addresses, range, (at) => this.#textAt(contents, at)),
      );
    }
  }

  #write(tx: TransactionSpace, changes: Change[]): void {
    for (const { at, value, length, expireIn } of changes) {
      const { bucket, key } = split(at);
      const space = bucket === "" ? tx : tx.bucket(bucket);
      if (value === undefined) space.delete(key);
      else {
        const options = expireIn === undefined ? {} : { expireIn };
        space.set(key, textOf(value, length), options);
      }
    }
  }

  /** Deletes a range; what others set meanwhile stays. */
  async deleteRange(call: Deletion): Promise<void> {
    const session = this.#session;
    const { engine, store } = session;
    const addressOf = this.#addressesByKey();
    const { space } = spaceOf(store, `${call.bucket}/`);
    const { op: _, changes, ...range } = call;
    const waiting = changes.slice();
    let meant: Set<Address> = new Set();
    let from = 0;
    let tried = 0;
    let removals = 0;
    const outcome = await session.watchOver(
      "deleteRange",
      () => {
        const { bytes, length, tag } = engine.key;
        const text = keyText(
          bytes.subarray(0, length),
          (tag & TAG_BUCKET) !== 0,
        );
        const at = addressOf.get(text)!;
        if (!meant.has(at)) {
          throw new Error(`deleteRange: it deletes ${at}`);
        }
        if (this.#isChanged(from, (changed) => changed === at)) {
          throw new Error(`deleteRange: it deletes ${at}, which is new`);
        }
        meant.delete(at);
        if (this.#model.get(at, this.#now) === undefined) return [];
        removals++;
        return [[at, undefined]];
      },
      () => {
        const done = space.deleteRange(optionsOf(range as Range));
        // Only now, for what was pending may have been undone first.
        const live = this.#addresses.filter((at) =>
          isInRange(at, range) && this.#model.get(at, this.#now) !== undefined
        );
        meant = new Set(live);
        from = session.changed.length;
        tried = session.tried.length;
        const next = waiting.shift();
        if (next !== undefined) this.#change(next);
        return done;
      },
    );
    for (const change of waiting) this.#change(change);
    if ("error" in outcome) return;
    if (outcome.value !== removals) {
      throw new Error(`deleteRange: ${outcome.value}, expected ${removals}`);
    }
    for (const at of meant) {
      // Who tried to set it meanwhile may have found the disk full.
      const isNew = session.tried.includes(at, tried);
      if (!isNew && this.#model.get(at, this.#now) !== undefined) {
        throw new Error(`deleteRange: ${at} is left`);
      }
    }
  }

  #addressesByKey(): Map<string, Address> {
    const { engine } = this.#session;
    return new Map(this.#addresses.map((at) => {
      const { bucket, key } = split(at);
      const prefix = bucket === "" ? undefined : bucketPrefix(bucket);
      return [keyText(copyKey(engine, key, prefix), bucket !== ""), at];
    }));
  }
}

/**
 * Calls a store and writes down the history: what was called at which length of the
 * disk's log, and when it was acknowledged. It checks, call by call, that the store
 * does what is documented when an operation of the disk fails.
 *
 * @module
 */

import type { KeySpace } from "../../../src/store/key_space.ts";
import type { RangeOptions } from "../../../src/store/types.ts";
import { settle } from "../../support/simulated_host.ts";
import { Caller } from "./caller.ts";
import type { Change, Step } from "./history.ts";
import { KeptSnapshot, StartedList, StartedWatch } from "./moments.ts";
import { showValue, splitPath, Violation } from "./recovered.ts";
import {
  listenToRemovals,
  runTransaction,
  type TransactionPlan,
} from "./works.ts";

/** One change of a batch. */
export interface BatchChange {
  /** The key. */
  path: string;
  /** The value; without it the key is deleted. */
  value?: string;
  /** Milliseconds until it expires. */
  expireIn?: number;
}

/** One change of an atomic operation. */
export interface AtomicChange extends BatchChange {
  /** What is added to a counter, instead of a value. */
  by?: number;
}

/** Calls a store and keeps the record. */
export class Driver extends Caller {
  /** Sets a key. */
  set(path: string, value: string, expireIn?: number): Promise<void> {
    const [bucket, key] = splitPath(path);
    const expiry = expireIn === undefined ? 0 : this.engine!.now() + expireIn;
    const space = bucket === undefined ? this.store : this.store.bucket(bucket);
    const options = expireIn === undefined ? {} : { expireIn };
    return this.write(
      `set ${path}`,
      [{ path, value, expiry }],
      () => space.set(key, value, options),
    );
  }

  /** Sets a key before it returns. */
  setSync(path: string, value: string): Promise<void> {
    return this.write(
      `setSync ${path}`,
      [{ path, value, expiry: 0 }],
      () => {
        const { active } = this.engine!.log;
        const before = active.flushedLength;
        try {
          this.store.setSync(path, value);
        } catch (error) {
          this.isLeftUnsynced = active.flushedLength > before;
          throw error;
        }
        return Promise.resolve();
      },
    );
  }

  /** Deletes a key. */
  delete(path: string): Promise<void> {
    const [bucket, key] = splitPath(path);
    const space = bucket === undefined ? this.store : this.store.bucket(bucket);
    return this.write(
      `delete ${path}`,
      [{ path, value: undefined, expiry: 0 }],
      () => space.delete(key),
    );
  }

  /** Commits a batch. */
  batch(changes: BatchChange[]): Promise<void> {
    const batch = this.store.batch();
    const now = this.engine!.now();
    for (const { path, value, expireIn } of changes) {
      const [bucket, key] = splitPath(path);
      const target = bucket === undefined ? {} : { bucket };
      const expiry = expireIn === undefined ? {} : { expireIn };
      if (value === undefined) batch.delete(key, target);
      else batch.set(key, value, { ...target, ...expiry });
    }
    return this.write(
      `batch of ${changes.length}`,
      changes.map(({ path, value, expireIn }) => ({
        path,
        value,
        expiry: expireIn === undefined ? 0 : now + expireIn,
      })),
      () => batch.commit(),
    );
  }

  #spaceOf(path: string): [KeySpace, string] {
    const [bucket, key] = splitPath(path);
    return [bucket === undefined ? this.store : this.store.bucket(bucket), key];
  }

  /** The versionstamp that a path has now. */
  stampOf(path: string): string | null {
    const [space, key] = this.#spaceOf(path);
    const { versionstamp } = this.quietly(() => space.getEntry(key));
    const version = Number.parseInt(versionstamp ?? "0", 16);
    this.versionTold = Math.max(this.versionTold, version);
    return versionstamp;
  }

  /**
   * Commits an atomic operation; `checks` says which versionstamps paths must have.
   * Checks that it takes effect just when they do.
   */
  atomic(
    changes: AtomicChange[],
    checks: Record<string, string | null> = {},
  ): Promise<void> {
    const operation = this.store.atomic();
    const holds = Object.entries(checks).every(([path, versionstamp]) => {
      const [bucket, key] = splitPath(path);
      const target = bucket === undefined ? {} : { bucket };
      operation.check({ key, versionstamp, ...target });
      return this.stampOf(path) === versionstamp;
    });
    const written: Change[] = [];
    for (const { path, value, by } of changes) {
      const [bucket, key] = splitPath(path);
      const target = bucket === undefined ? {} : { bucket };
      const found = this.#peek(path);
      if (by !== undefined) {
        operation.sum(key, BigInt(by), target);
        const count = `${Number(found ?? 0) + by}`;
        written.push({ path, value: count, expiry: 0 });
      } else if (value !== undefined) {
        operation.set(key, value, target);
        written.push({ path, value, expiry: 0 });
      } else {
        operation.delete(key, target);
        // Where there is no value nothing is written.
        if (found !== undefined) {
          written.push({ path, value: undefined, expiry: 0 });
        }
      }
    }
    const commit = async () => {
      const { ok } = await operation.commit();
      if (ok !== holds) throw new Violation(`it says ${ok}, not ${holds}`);
    };
    if (holds && written.length > 0) {
      return this.write(`atomic of ${changes.length}`, written, commit);
    }
    return this.finish("atomic", [], this.start("atomic", [], commit));
  }

  #peek(path: string): string | undefined {
    const [space, key] = this.#spaceOf(path);
    const value = this.quietly(() => space.getSync(key));
    return value && showValue(path, value);
  }

  /** Counts one more, and checks what it is told. */
  increment(path: string): Promise<void> {
    const [space, key] = this.#spaceOf(path);
    const value = `${Number(this.#peek(path) ?? 0) + 1}`;
    const count = async () => {
      const told = await space.increment(key);
      if (`${told}` !== value) throw new Violation(`${told}, not ${value}`);
    };
    return this.write(
      `increment ${path}`,
      [{ path, value, expiry: 0 }],
      count,
    );
  }

  /** Runs a transaction; see {@linkcode runTransaction}. */
  transaction(plan: TransactionPlan): Promise<void> {
    const steps: Step[] = [];
    const label = "transaction";
    const run = () =>
      runTransaction(this, plan, (changes) => {
        const step = this.life.history.begin(label, changes, this.at);
        steps.push(step);
        return (version) => this.noteVersion(step, version);
      });
    return this.finish(label, steps, this.start(label, steps, run));
  }

  /** Deletes a range of keys outside of buckets. */
  deleteRange(options: RangeOptions): Promise<void> {
    return this.startDeleteRange(options)();
  }

  /** Starts to do so; other calls can be made before it is waited for. */
  startDeleteRange(options: RangeOptions): () => Promise<void> {
    const steps: Step[] = [];
    const { history } = this.life;
    const { writer } = this.engine!;
    const { onFlushed } = writer;
    const before = history.steps.length;
    let isNewDeleted = false;
    const restore = listenToRemovals(this.engine!, (key) => {
      const path = new TextDecoder().decode(key);
      isNewDeleted ||= history.steps.slice(before).some((step) =>
        !steps.includes(step) && step.version !== 0 &&
        step.changes.some((change) => change.path === path)
      );
      const change = { path, value: undefined, expiry: 0 };
      const step = history.begin("deleteRange", [change], this.at);
      steps.push(step);
      return (version) => this.noteVersion(step, version);
    });
    // Each removal shares the fate of what is flushed with it.
    writer.onFlushed = (error) => {
      for (const step of steps) {
        // One that has no version yet is still to be appended.
        if (step.outcome !== "pending" || step.version === 0) continue;
        step.endedAt = this.at;
        step.outcome = error === undefined ? "done" : "failed";
        step.isUndone = !this.isPoisoned;
      }
      onFlushed(error);
    };
    const finish = this.start(
      "deleteRange",
      steps,
      () => this.store.deleteRange(options),
    );
    return async () => {
      try {
        await this.finish("deleteRange", steps, finish);
        if (isNewDeleted) throw new Violation("deleteRange deletes a new key");
      } finally {
        restore();
        writer.onFlushed = onFlushed;
      }
    };
  }

  /** Takes a snapshot. */
  snapshot(): KeptSnapshot {
    return new KeptSnapshot(this);
  }

  /** Begins a list, the first entry of which tells its moment. */
  async list(reverse: boolean = false): Promise<StartedList> {
    const list = new StartedList(this, reverse);
    await list.next();
    return list;
  }

  /** Begins to watch all keys outside of buckets. */
  watch(): StartedWatch {
    return new StartedWatch(this);
  }

  /** Makes a call that changes nothing, and judges a rejection. */
  ask(label: string, run: () => Promise<unknown>): Promise<boolean> {
    return this.start(label, [], run)();
  }

  /** Cuts the power; what was told of and not synced may be lost. */
  override powerLoss(lost: "all" | "none"): Promise<void> {
    this.versionTold = 0;
    return super.powerLoss(lost);
  }

  /** Makes everything so far safe. */
  async sync(): Promise<void> {
    const { history } = this.life;
    const count = history.steps.length;
    const wasPoisoned = this.isPoisoned;
    if (!await this.start("sync", [], () => this.store.sync())()) {
      return;
    }
    if (wasPoisoned) throw new Violation("sync resolved in a poisoned store");
    history.noteSynced(count, this.at);
  }

  /** Collects garbage. */
  gc(discardRatio?: number): Promise<void> {
    return this.startGc(discardRatio)();
  }

  /** Starts to collect garbage; other calls can be made before it is waited for. */
  startGc(discardRatio: number = 0.01): () => Promise<void> {
    const finish = this.start("gc", [], () => this.store.gc({ discardRatio }));
    return async () => {
      await finish();
      this.checkReadsQuietly("after gc");
    };
  }

  /** Lets one slice of what is under way go on. */
  async breathe(): Promise<void> {
    await settle();
    await this.host.letBreathe();
  }

  /** Moves the clock on; timers that are due fire. */
  async advance(milliseconds: number): Promise<void> {
    const { history } = this.life;
    const wasMet = this.life.disk.hasFailed;
    history.noteTime(this.at, this.host.time + milliseconds);
    await this.host.advance(milliseconds);
    if (!wasMet) this.checkPoison("a timer");
  }

  /** Seals the memtable and writes its hint rows, as if it had been full. */
  async hint(): Promise<void> {
    await this.start("hint", [], () => {
      this.engine!.writer.sealMemtable(0);
      return Promise.resolve();
    })();
    await this.host.advance(0);
  }

  /** Makes a new data key. */
  async rotateDataKey(): Promise<void> {
    await this.start(
      "rotateDataKey",
      [],
      () => this.store.rotateDataKey(),
    )();
    this.checkReadsQuietly("after rotateDataKey");
  }

  /** Opens with this key from now on, where the others were those before. */
  useKey(key: Uint8Array, previousKeys: Uint8Array[]): void {
    this.options.encryption = { key, previousKeys };
  }

  /** Closes the store. */
  async close(): Promise<void> {
    const { history } = this.life;
    const count = history.steps.length;
    const wasPoisoned = this.isPoisoned;
    const finish = this.start("close", [], () => this.store.close());
    if (await finish() && !wasPoisoned && !this.isPoisoned) {
      history.noteSynced(count, this.at);
    }
    this.engine = undefined;
  }

  /** Closes and opens again. */
  async reopen(): Promise<void> {
    await this.close();
    this.nextHost();
    this.open();
  }
}

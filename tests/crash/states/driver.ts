/**
 * Calls a store and writes down the history: what was called at which length of the
 * disk's log, and when it was acknowledged. It checks, call by call, that the store
 * does what is documented when an operation of the disk fails.
 *
 * @module
 */

import { settle } from "../../support/simulated_host.ts";
import type { Change, Step } from "./history.ts";
import { messageOf, splitPath, Violation } from "./recovered.ts";
import { requireTyped, Session } from "./session.ts";

/** Turns of waiting after which a call is taken to hang. */
const TURNS_MAX = 300;

/** One change of a batch. */
export interface BatchChange {
  /** The key. */
  path: string;
  /** The value; without it the key is deleted. */
  value?: string;
  /** Milliseconds until it expires. */
  expireIn?: number;
}

/** How to wait for a call that was made. Resolves to whether it was accepted. */
type Finish = () => Promise<boolean>;

/** Calls a store and keeps the record. */
export class Driver extends Session {
  /** A call wrote its record and then threw, for it could not sync it. */
  #isLeftUnsynced = false;

  /** Waits for a call, letting what is done in slices have its turns. */
  async #wait(promise: Promise<unknown>): Promise<void> {
    let isSettled = false;
    const done = () => void (isSettled = true);
    promise.then(done, done);
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await settle();
      if (isSettled) {
        await promise;
        return;
      }
      await this.host.letBreathe();
    }
    throw new Violation("the call hangs");
  }

  /** Makes a call now; what is returned waits for it and judges a rejection. */
  #start(
    label: string,
    step: Step | undefined,
    run: () => Promise<unknown>,
  ): Finish {
    const { disk } = this.life;
    const wasPoisoned = this.isPoisoned;
    const isFull = disk.freeBytes !== Infinity;
    const wasMet = disk.hasFailed;
    let promise: Promise<unknown>;
    try {
      promise = run();
    } catch (error) {
      promise = Promise.reject(error);
    }
    promise.catch(() => {});
    return async () => {
      let failure: unknown;
      try {
        await this.#wait(promise);
      } catch (error) {
        if (error instanceof Violation) {
          throw new Violation(`${label}: ${error.message}`);
        }
        failure = error;
      }
      if (step !== undefined) step.endedAt = this.at;
      if (!wasMet) this.#checkPoison(label);
      if (failure === undefined) {
        if (step !== undefined && wasPoisoned) {
          throw new Violation(`${label} was accepted by a poisoned store`);
        }
        if (step !== undefined) step.outcome = "done";
        return true;
      }
      const { code } = requireTyped(failure, label);
      if (step !== undefined) {
        step.outcome = wasPoisoned ? "refused" : "failed";
        step.isUndone = !this.isPoisoned;
      }
      const reason = messageOf(failure);
      if (wasPoisoned && code !== "POISONED") {
        throw new Violation(`${label} of a poisoned store: ${reason}`);
      }
      const isReasonable = isFull ||
        (!wasMet && disk.hasFailed && disk.fault!.kind !== "short");
      if (!wasPoisoned && !isReasonable) {
        throw new Violation(
          `${label} was rejected without a reason: ${reason}`,
        );
      }
      return false;
    };
  }

  /** Checks that a failed operation poisons the store just where it is to do so. */
  #checkPoison(label: string): void {
    const { failed, fault } = this.life.disk;
    if (failed === undefined || fault === undefined) return;
    const { action, path, isNew } = failed;
    const { kind } = fault;
    const isFull = action === "write" && kind === "ENOSPC";
    // To undo a write, an encrypted file is read: it is not known where frames end.
    const isOfUndo = this.options.encryption !== undefined &&
      action === "read" && this.life.disk.freeBytes !== Infinity;
    if (isOfUndo) return;
    // What is written and was refused all the same must not be built upon.
    const isHarmless = !this.#isLeftUnsynced &&
      (isFull || kind === "short" || kind === "EMFILE" ||
        action === "read" || action === "measure");
    const isOfLog = path === this.engine?.log.active.file.path &&
      (action === "write" || action === "sync" || action === "truncate");
    const mustPoison = this.#isLeftUnsynced ||
      (!isHarmless && !isNew && isOfLog);
    if ((isHarmless && this.isPoisoned) || (mustPoison && !this.isPoisoned)) {
      throw new Violation(
        `${label}: ${kind} at a ${action} of ${path} ` +
          `${this.isPoisoned ? "poisons" : "does not poison"} the store`,
      );
    }
  }

  async #write(
    label: string,
    changes: Change[],
    run: () => Promise<unknown>,
  ): Promise<void> {
    const step = this.life.history.begin(label, changes, this.at);
    const isAccepted = await this.#start(label, step, run)();
    if (isAccepted && this.options.syncWrites) step.syncedAt = this.at;
    this.#checkReads(`after ${label}`);
  }

  /** Checks reads, unless these would count among the operations that can fail. */
  #checkReads(when: string): void {
    const { fault, hasFailed, trace } = this.life.disk;
    const wouldCount = trace !== undefined || fault !== undefined && !hasFailed;
    if (!wouldCount) this.checkReads(when);
  }

  /** Sets a key. */
  set(path: string, value: string, expireIn?: number): Promise<void> {
    const [bucket, key] = splitPath(path);
    const expiry = expireIn === undefined ? 0 : this.engine!.now() + expireIn;
    const space = bucket === undefined ? this.store : this.store.bucket(bucket);
    const options = expireIn === undefined ? {} : { expireIn };
    return this.#write(
      `set ${path}`,
      [{ path, value, expiry }],
      () => space.set(key, value, options),
    );
  }

  /** Sets a key before it returns. */
  setSync(path: string, value: string): Promise<void> {
    return this.#write(
      `setSync ${path}`,
      [{ path, value, expiry: 0 }],
      () => {
        const { active } = this.engine!.log;
        const before = active.flushedLength;
        try {
          this.store.setSync(path, value);
        } catch (error) {
          this.#isLeftUnsynced = active.flushedLength > before;
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
    return this.#write(
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
    return this.#write(
      `batch of ${changes.length}`,
      changes.map(({ path, value, expireIn }) => ({
        path,
        value,
        expiry: expireIn === undefined ? 0 : now + expireIn,
      })),
      () => batch.commit(),
    );
  }

  /** Makes everything so far safe. */
  async sync(): Promise<void> {
    const { history } = this.life;
    const count = history.steps.length;
    const wasPoisoned = this.isPoisoned;
    if (!await this.#start("sync", undefined, () => this.store.sync())()) {
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
    const finish = this.#start(
      "gc",
      undefined,
      () => this.store.gc({ discardRatio }),
    );
    return async () => {
      await finish();
      this.#checkReads("after gc");
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
    if (!wasMet) this.#checkPoison("a timer");
  }

  /** Seals the memtable and writes its hint rows, as if it had been full. */
  async hint(): Promise<void> {
    await this.#start("hint", undefined, () => {
      this.engine!.writer.sealMemtable(0);
      return Promise.resolve();
    })();
    await this.host.advance(0);
  }

  /** Makes a new data key. */
  async rotateDataKey(): Promise<void> {
    await this.#start(
      "rotateDataKey",
      undefined,
      () => this.store.rotateDataKey(),
    )();
    this.#checkReads("after rotateDataKey");
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
    const finish = this.#start("close", undefined, () => this.store.close());
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

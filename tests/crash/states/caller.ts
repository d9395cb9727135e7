/**
 * Makes the calls of a driver: waits for them, checks that a rejection has a reason
 * and that the store is poisoned just where it is to be.
 *
 * @module
 */

import { settle } from "../../support/simulated_host.ts";
import type { Change, Step } from "./history.ts";
import { messageOf, Violation } from "./recovered.ts";
import { requireTyped, Session } from "./session.ts";

/** Turns of waiting after which a call is taken to hang. */
const TURNS_MAX = 300;

/** How to wait for a call that was made. Resolves to whether it was accepted. */
export type Finish = () => Promise<boolean>;

/** Makes calls and judges what comes of them. */
export class Caller extends Session {
  /** A call wrote its record and then threw, for it could not sync it. */
  protected isLeftUnsynced = false;
  /** The greatest version that a reader was told of. */
  protected versionTold = 0;

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
  protected start(
    label: string,
    steps: readonly Step[],
    run: () => Promise<unknown>,
  ): Finish {
    const { disk } = this.life;
    const writer = this.engine?.writer;
    const version = writer?.nextVersion ?? 0;
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
    const after = writer?.nextVersion ?? 0;
    if (after > version && steps[0] !== undefined) {
      this.noteVersion(steps[0], after - 1);
    }
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
      const open = steps.filter(({ outcome }) => outcome === "pending");
      for (const step of open) step.endedAt = this.at;
      if (!wasMet) this.checkPoison(label);
      if (failure === undefined) {
        if (steps.length > 0 && wasPoisoned) {
          throw new Violation(`${label} was accepted by a poisoned store`);
        }
        for (const step of open) step.outcome = "done";
        if (steps.some(({ outcome }) => outcome !== "done")) {
          throw new Violation(`${label} was accepted though it was undone`);
        }
        return true;
      }
      const { code } = requireTyped(failure, label);
      for (const step of open) {
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
  protected checkPoison(label: string): void {
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
    const isHarmless = !this.isLeftUnsynced &&
      (isFull || kind === "short" || kind === "EMFILE" ||
        action === "read" || action === "measure");
    const isOfLog = path === this.engine?.log.active.file.path &&
      (action === "write" || action === "sync" || action === "truncate");
    const mustPoison = this.isLeftUnsynced ||
      (!isHarmless && !isNew && isOfLog);
    if ((isHarmless && this.isPoisoned) || (mustPoison && !this.isPoisoned)) {
      throw new Violation(
        `${label}: ${kind} at a ${action} of ${path} ` +
          `${this.isPoisoned ? "poisons" : "does not poison"} the store`,
      );
    }
  }

  protected write(
    label: string,
    changes: Change[],
    run: () => Promise<unknown>,
  ): Promise<void> {
    const step = this.life.history.begin(label, changes, this.at);
    return this.finish(label, [step], this.start(label, [step], run));
  }

  /** Waits for a call that writes. */
  protected async finish(
    label: string,
    steps: readonly Step[],
    finish: Finish,
  ): Promise<void> {
    const isAccepted = await finish();
    if (isAccepted && this.options.syncWrites) {
      for (const step of steps) step.syncedAt = this.at;
    }
    this.checkReadsQuietly(`after ${label}`);
  }

  /** A step has a version; it tells what it set from then on. */
  protected noteVersion(step: Step, version: number): void {
    if (version <= this.versionTold) {
      throw new Violation(`version ${version}, which was told, is given again`);
    }
    step.version = version;
    for (const { path, value } of step.changes) {
      if (value !== undefined) this.versions.set(`${path}=${value}`, version);
    }
  }

  /** Looks at things without the disk failing or counting. */
  quietly<T>(look: () => T): T {
    const { disk } = this.life;
    const { fault, count, trace } = disk;
    const length = trace?.length ?? 0;
    disk.fault = undefined;
    try {
      return look();
    } finally {
      disk.fault = fault;
      disk.count = count;
      trace?.splice(length);
    }
  }

  /** Checks reads, unless these would count among the operations that can fail. */
  protected checkReadsQuietly(when: string): void {
    const { fault, hasFailed, trace } = this.life.disk;
    const wouldCount = trace !== undefined || fault !== undefined && !hasFailed;
    if (!wouldCount) this.checkReads(when);
  }
}

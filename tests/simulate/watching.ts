/**
 * A watch of a history: it must be told of every commit that is there and of no other,
 * once and in order.
 *
 * @module
 */

import { StoreError } from "../../src/errors.ts";
import type { WatchedCommit, WatchOptions } from "../../src/store/watch.ts";
import { writeVersionstamp } from "../../src/store/versionstamp.ts";
import type { Machine } from "./machine.ts";
import type { Commit, Model } from "./model.ts";
import { isInRange, showValue, split, textOf } from "./operations.ts";
import type { Operation, Range } from "./operations.ts";
import { spaceOf } from "./reads.ts";
import type { Session } from "./session.ts";
import { settle } from "../support/simulated_host.ts";

/** Turns without a word after which a watch has told everything. */
const QUIET_ROUNDS = 40;

type Call = Extract<Operation, { op: "watch" }>;
type Told = ReadableStreamReadResult<WatchedCommit>;

const decoder = new TextDecoder();

/** A watch, and how far it is. */
export class Watching {
  /** The version of the last commit that it was told of, or began behind. */
  version: number;
  /** True once it ended. */
  isOver = false;
  readonly #session: Session;
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #range: Range;
  readonly #isBounded: boolean;
  readonly #errors: number;
  readonly #reader: ReadableStreamDefaultReader<WatchedCommit> | undefined;
  #told: { value: Told } | { error: unknown } | undefined;
  #isAsked = false;

  /** Begins a watch, behind `since` or now. */
  constructor(
    session: Session,
    model: Model,
    machine: Machine,
    { bucket, prefix, heldBytesMax }: Call,
    since: number | undefined,
  ) {
    this.#session = session;
    this.#model = model;
    this.#machine = machine;
    this.#range = { bucket, prefix };
    this.#isBounded = heldBytesMax !== undefined;
    this.#errors = machine.errors;
    const options: WatchOptions = {
      prefix,
      ...(since === undefined ? {} : { since: writeVersionstamp(since) }),
      ...(heldBytesMax === undefined ? {} : { heldBytesMax }),
    };
    const { space } = spaceOf(session.store, `${bucket}/`);
    const { writer } = session.engine;
    try {
      this.#reader = space.watch(options).getReader();
    } catch (error) {
      this.#expectRefusal(error, since);
      this.isOver = true;
    }
    this.version = since ?? writer.nextVersion - 1;
  }

  /** A watch may begin in the past as far as the log goes back, and no further. */
  #expectRefusal(error: unknown, since: number | undefined): void {
    const { log, writer } = this.#session.engine;
    const isCollected = log.segments.size < log.active.id;
    const isTooOld = error instanceof StoreError && error.code === "TOO_OLD";
    if (isTooOld && isCollected && since !== undefined) return;
    const isAhead = since !== undefined && since >= writer.nextVersion;
    if (error instanceof RangeError && isAhead) return;
    throw new Error(`watch: ${error}`, { cause: error });
  }

  /** Reads up to `count` commits, or all there are, and compares them. */
  async read(count: number | undefined): Promise<void> {
    for (let i = 0; !this.isOver && i !== count; i++) {
      const told = await this.#next();
      if (told === undefined) break;
      if ("error" in told) this.#end(told.error);
      else if (told.value.done) throw new Error("watch: it ended by itself");
      else this.#compare(told.value.value);
    }
    const isAtEnd = !this.isOver && count === undefined;
    if (isAtEnd) this.#requireNothing(Infinity);
  }

  async #next(): Promise<{ value: Told } | { error: unknown } | undefined> {
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#reader!.read().then(
        (value) => this.#told = { value },
        (error) => this.#told = { error },
      );
    }
    for (let i = 0; i < QUIET_ROUNDS && this.#told === undefined; i++) {
      await settle();
      if (this.#told === undefined) await this.#machine.host.letBreathe();
    }
    const told = this.#told;
    if (told !== undefined) {
      this.#told = undefined;
      this.#isAsked = false;
    }
    return told;
  }

  #end(error: unknown): void {
    this.isOver = true;
    const isTooOld = error instanceof StoreError && error.code === "TOO_OLD";
    if (isTooOld && this.#isBounded) return;
    this.#session.expectError("watch", error, this.#errors, false);
  }

  /** The changes of a commit that are of interest, as text. */
  #show({ changes }: Commit): string {
    return changes
      .filter(([at, known]) =>
        isInRange(at, this.#range) &&
        (known !== undefined ||
          this.#model.mistake !== "tells nobody of deletes")
      )
      .map(([at, known]) => {
        const { key } = split(at);
        if (known === undefined) return `${key} deleted`;
        return `${key}=${textOf(known.value, known.length)} ${known.expiry}`;
      }).join();
  }

  #compare({ versionstamp, changes }: WatchedCommit): void {
    const version = Number.parseInt(versionstamp, 16);
    const text = changes.map(({ key, value, expiresAt = 0 }) => {
      const name = decoder.decode(key);
      return value === undefined
        ? `${name} deleted`
        : `${name}=${showValue(`/${name}`, value)} ${expiresAt}`;
    }).join();
    if (version <= this.version) {
      throw new Error(`watch: version ${version} after ${this.version}`);
    }
    this.#requireNothing(version);
    this.version = version;
    this.#session.noteTold(version);
    const commit = this.#model.after(version - 1)
      .find((commit) => commit.version === version);
    if (commit === undefined && this.#model.isLogUncertain) return;
    const expected = commit && this.#show(commit);
    if (text !== expected) {
      throw new Error(
        `watch: version ${version} is told of as ${text.slice(0, 60)}, ` +
          `expected ${expected?.slice(0, 60)}`,
      );
    }
  }

  /** Throws if a commit before `version` was left out. */
  #requireNothing(version: number): void {
    if (this.#model.isLogUncertain) return;
    const missed = this.#model.after(this.version).find((commit) =>
      commit.version < version && commit.isCertain &&
      commit.writtenAt !== Infinity && this.#show(commit) !== ""
    );
    if (missed === undefined) return;
    throw new Error(
      `watch: nothing is told of version ${missed.version}: ` +
        this.#show(missed).slice(0, 60),
    );
  }

  /** Ends it. */
  async cancel(): Promise<void> {
    this.isOver = true;
    await this.#reader?.cancel().catch(() => {});
  }
}

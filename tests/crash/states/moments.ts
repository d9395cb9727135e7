/**
 * Snapshots, lists and watches that stay open while other things happen.
 *
 * @module
 */

import { StoreError } from "../../../src/errors.ts";
import type { Snapshot } from "../../../src/store/snapshot.ts";
import type { Entry, ListIterator } from "../../../src/store/types.ts";
import type { WatchedCommit } from "../../../src/store/watch.ts";
import { settle } from "../../support/simulated_host.ts";
import type { Driver } from "./driver.ts";
import { AT_THE_END, type Step } from "./history.ts";
import {
  describeFound,
  messageOf,
  showValue,
  splitPath,
  Violation,
} from "./recovered.ts";

/** Turns without a word after which a watch has told everything. */
const QUIET_TURNS = 30;

type Told = ReadableStreamReadResult<WatchedCommit>;

const decoder = new TextDecoder();

/** What the store may hold at this moment, as text. */
function legalNow(driver: Driver): Set<string> {
  const { history } = driver.life;
  const legal = history.legal(AT_THE_END, driver.engine!.now());
  return new Set(legal.keys());
}

/** A snapshot, and what it may show. */
export class KeptSnapshot {
  readonly #driver: Driver;
  readonly #snapshot: Snapshot;
  /** What it showed, once it was read. */
  #legal: Set<string>;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#snapshot = driver.store.snapshot();
    this.#legal = legalNow(driver);
  }

  /** @throws {Violation} If it does not show its moment. */
  check(when: string): void {
    const driver = this.#driver;
    const snapshot = this.#snapshot;
    driver.quietly(() => {
      const { paths } = driver.life.history;
      const found = new Map<string, string>();
      for (const path of paths) {
        const [bucket, key] = splitPath(path);
        const reader = bucket === undefined
          ? snapshot
          : snapshot.bucket(bucket);
        let value;
        try {
          value = reader.getSync(key);
        } catch (error) {
          throw new Violation(`snapshot ${when}: ${messageOf(error)}`);
        }
        if (value !== undefined) found.set(path, showValue(path, value));
      }
      const text = describeFound(found);
      if (!this.#legal.has(text)) {
        const allowed = [...this.#legal].join('", "');
        throw new Violation(`snapshot ${when}: "${text}", not "${allowed}"`);
      }
      this.#legal = new Set([text]);
      const plain = [...found].filter(([path]) => !path.includes(":"));
      const listed = describeList([...snapshot.listSync()].map(showEntry));
      const expected = describeFound(new Map(plain));
      if (listed !== expected) {
        throw new Violation(
          `snapshot ${when} lists "${listed}", not "${expected}"`,
        );
      }
    });
  }

  /** Lets go of it. */
  close(): void {
    this.#snapshot.close();
  }
}

/** Entries that were listed in order, as text that sorts them otherwise. */
function describeList(entries: readonly string[]): string {
  const keys = entries.map((entry) => entry.split("=")[0]!);
  if (keys.toSorted().join() !== keys.join()) {
    throw new Violation(`a list is not in order: "${entries.join(" ")}"`);
  }
  return entries.toSorted().join(" ");
}

function showEntry([key, value]: Entry): string {
  const path = decoder.decode(key);
  return `${path}=${showValue(path, value)}`;
}

/** A list of the keys outside of buckets. */
export class StartedList {
  readonly #driver: Driver;
  readonly #list: ListIterator<Entry>;
  readonly #isReverse: boolean;
  readonly #entries: string[] = [];
  #legal: Set<string> | undefined;
  #isOver = false;

  constructor(driver: Driver, isReverse: boolean) {
    this.#driver = driver;
    this.#isReverse = isReverse;
    this.#list = driver.store.list({ reverse: isReverse });
  }

  /** Takes one more entry. */
  async next(): Promise<void> {
    let result: IteratorResult<Entry> | undefined;
    const isAccepted = await this.#driver.ask("list", async () => {
      const next = this.#list.next();
      this.#legal ??= legalNow(this.#driver);
      result = await next;
    });
    if (!isAccepted || result === undefined) this.#isOver = true;
    else if (!result.done) this.#entries.push(showEntry(result.value));
    else {
      this.#isOver = true;
      const entries = this.#isReverse
        ? this.#entries.toReversed()
        : this.#entries;
      const text = describeList(entries);
      if (this.#legal!.has(text)) return;
      const allowed = [...this.#legal!].join('", "');
      throw new Violation(`a list shows "${text}", not "${allowed}"`);
    }
  }

  /** Takes the rest. */
  async finish(): Promise<void> {
    while (!this.#isOver) await this.next();
  }
}

/** A watch of the keys outside of buckets. */
export class StartedWatch {
  readonly #driver: Driver;
  readonly #reader: ReadableStreamDefaultReader<WatchedCommit>;
  readonly #steps: readonly Step[];
  readonly #hadFailed: boolean;
  #at: number;
  #told: { value: Told } | { error: unknown } | undefined;
  #isAsked = false;
  #isOver = false;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#reader = driver.store.watch().getReader();
    this.#steps = driver.life.history.steps;
    this.#at = this.#steps.length;
    this.#hadFailed = driver.life.disk.hasFailed;
  }

  /** Reads all that there is and compares it with what was done. */
  async read(): Promise<void> {
    while (!this.#isOver) {
      const told = await this.#next();
      if (told === undefined) break;
      if ("error" in told) this.#end(told.error);
      else if (told.value.done) throw new Violation("a watch ended by itself");
      else this.#compare(told.value.value);
    }
    if (this.#isOver) return;
    this.#skip((step) => !mustBeTold(step));
    const missed = this.#steps[this.#at];
    if (missed !== undefined) {
      throw new Violation(`a watch is not told of ${missed.label}`);
    }
  }

  #skip(isSkipped: (step: Step) => boolean): void {
    while (this.#at < this.#steps.length && isSkipped(this.#steps[this.#at]!)) {
      this.#at++;
    }
  }

  #compare({ versionstamp, changes }: WatchedCommit): void {
    const version = Number.parseInt(versionstamp, 16);
    this.#skip((step) =>
      !mustBeTold(step) && !(mayBeTold(step) && step.version === version)
    );
    const step = this.#steps[this.#at];
    const text = changes.map(({ key, value }) => {
      const path = decoder.decode(key);
      return `${path}=${value && showValue(path, value)}`;
    }).join(" ");
    const expected = step?.changes
      .filter(({ path }) => !path.includes(":"))
      .map(({ path, value }) => `${path}=${value}`).join(" ");
    if (step?.version !== version || text !== expected) {
      throw new Violation(
        `a watch is told of version ${version} as "${text}", not of ` +
          `${step?.version} as "${expected}"`,
      );
    }
    this.#at++;
  }

  async #next(): Promise<{ value: Told } | { error: unknown } | undefined> {
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#reader.read().then(
        (value) => this.#told = { value },
        (error) => this.#told = { error },
      );
    }
    for (let i = 0; i < QUIET_TURNS && this.#told === undefined; i++) {
      await settle();
      if (this.#told === undefined) await this.#driver.host.letBreathe();
    }
    const told = this.#told;
    if (told !== undefined) {
      this.#told = undefined;
      this.#isAsked = false;
    }
    return told;
  }

  #end(error: unknown): void {
    this.#isOver = true;
    const { hasFailed } = this.#driver.life.disk;
    const isReasonable = error instanceof StoreError &&
      error.code !== "CORRUPT" && hasFailed && !this.#hadFailed;
    if (!isReasonable) throw new Violation(`a watch: ${messageOf(error)}`);
  }
}

/** True if a watch is told of the step: it was written for good. */
function mustBeTold({ outcome, version, changes }: Step): boolean {
  return outcome === "done" && version !== 0 &&
    changes.some(({ path }) => !path.includes(":"));
}

/** True if it may be: it was rejected, but what it wrote stays in the file. */
function mayBeTold({ outcome, isUndone }: Step): boolean {
  return outcome === "failed" && !isUndone;
}

/**
 * A small store with a history of every kind of record, and what it held after each
 * of its commits: what recovery may give back after a crash.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { segmentName } from "../../src/format/file_names.ts";
import { joinPath, readFile } from "../../src/fs/file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";

/** Where the stores lie. */
export const DIRECTORY = "/crash";
/** The bucket that some of the keys are in. */
export const BUCKET = "bucket";

const HUNDRED_YEARS = 100 * 365 * 86_400_000;

/** What a store holds: `key` or `bucket/key` to value. */
export type Contents = Map<string, string>;

/** The end of one commit. */
export interface Moment {
  /** The active segment. */
  segmentId: number;
  /** Its length. */
  length: number;
  /** What the store held. */
  contents: Contents;
}

/** How a history goes. */
export interface HistoryOptions {
  /** Every commit is synced. */
  syncWrites?: boolean;
  /** The process is killed and the store opened again within the newest segment. */
  isReopened?: boolean;
  /** The store is closed at the end. */
  isClosed?: boolean;
  /** The key of an encrypted store. */
  key?: Uint8Array;
}

/** A store that was written and left. */
export class History {
  /** The ends of all commits, in order. */
  readonly moments: Moment[] = [];
  readonly options: StoreOptions;
  #host = new FixedHost();
  #engine: Engine;
  #store: Store;
  #model: Contents = new Map();
  #reopenedAt = 0;

  private constructor(options: HistoryOptions) {
    this.options = {
      path: DIRECTORY,
      syncWrites: options.syncWrites ?? false,
      valueLogMaxEntries: 18,
      blockCacheSize: 65_536,
      valueLogGcEnabled: false,
      ...options.key === undefined ? {} : { encryption: { key: options.key } },
    };
    this.#engine = openEngine(this.options, this.#host);
    this.#store = new Store(this.#engine);
  }

  /** Writes the history. */
  static async make(options: HistoryOptions = {}): Promise<History> {
    const history = new History(options);
    await history.#write(options.isReopened ?? false);
    if (options.isClosed) await history.#store.close();
    return history;
  }

  /** The machine after the crash; a new copy each time. */
  crashed(): FixedHost {
    return this.#host.afterKill(DIRECTORY);
  }

  /** The newest segment's file name. */
  get newest(): string {
    return segmentName(this.#engine.log.active.id);
  }

  /** Length of the newest segment when it was opened again in between; 0 if never. */
  get reopenedAt(): number {
    return this.#reopenedAt;
  }

  /** What the store held at the end. */
  get contents(): Contents {
    return this.moments.at(-1)!.contents;
  }

  /** The last moment of which no byte lies behind `length` in the newest segment. */
  momentAt(length: number): Moment {
    const newest = this.#engine.log.active.id;
    return this.moments.findLast((moment) =>
      moment.segmentId < newest || moment.length <= length
    )!;
  }

  async #write(isReopened: boolean): Promise<void> {
    this.#note();
    for (const key of ["a", "b", "c", "d"]) await this.#set(key, `1 ${key}`);
    await this.#set("a", "2 a");
    await this.#set("empty", "");
    await this.#delete("b");
    await this.#batch(["batch 1", "batch 2", "-c", `${BUCKET}/x`]);
    await this.#set(`${BUCKET}/y`, "in the bucket");
    await this.#set("long lived", "for a century", HUNDRED_YEARS);
    await this.#set("short lived", "for a second", 1000);
    await this.#set("k".repeat(70), "long key");
    // Here the second segment begins.
    await this.#set("large", "L".repeat(80));
    await this.#delete("empty");
    await this.#set("b", "is back");
    await this.#batch(["batch 1", "batch 3", "-batch 2", "-d", "-never there"]);
    if (isReopened) this.#reopen();
    await this.#set("a", "3 a");
    await this.#delete(`${BUCKET}/x`);
    await this.#host.advance(2000);
    this.#note();
    await this.#set("short lived", "again", HUNDRED_YEARS);
    await this.#batch(["e", `${BUCKET}/z`]);
    await this.#delete("a");
    await this.#set("last", "the end");
  }

  #space(
    name: string,
  ): { space: Store | ReturnType<Store["bucket"]>; key: string } {
    const start = `${BUCKET}/`;
    return name.startsWith(start)
      ? { space: this.#store.bucket(BUCKET), key: name.slice(start.length) }
      : { space: this.#store, key: name };
  }

  async #set(name: string, value: string, expireIn?: number): Promise<void> {
    const { space, key } = this.#space(name);
    await space.set(key, value, expireIn === undefined ? {} : { expireIn });
    // By the time anyone looks, a second has passed.
    if (expireIn === 1000) this.#model.delete(name);
    else this.#model.set(name, value);
    this.#note();
  }

  async #delete(name: string): Promise<void> {
    const { space, key } = this.#space(name);
    await space.delete(key);
    this.#model.delete(name);
    this.#note();
  }

  /** Sets every name, but deletes those that begin with a hyphen. */
  async #batch(names: string[]): Promise<void> {
    const batch = this.#store.batch();
    for (const name of names) {
      if (name.startsWith("-")) {
        batch.delete(name.slice(1));
        this.#model.delete(name.slice(1));
        continue;
      }
      const { key } = this.#space(name);
      const value = `batch at ${this.moments.length}`;
      batch.set(key, value, key === name ? {} : { bucket: BUCKET });
      this.#model.set(name, value);
    }
    await batch.commit();
    this.#note();
  }

  #reopen(): void {
    this.#host = this.crashed();
    this.#engine = openEngine(this.options, this.#host);
    this.#store = new Store(this.#engine);
    this.#reopenedAt = this.#engine.log.active.length;
  }

  #note(): void {
    const { active } = this.#engine.log;
    this.moments.push({
      segmentId: active.id,
      length: active.length,
      contents: new Map(this.#model),
    });
  }
}

/** The bytes of a file. */
export function bytesOf(host: FixedHost, name: string): Uint8Array {
  return readFile(host.files, joinPath(DIRECTORY, name)).slice();
}

/** The names of all files. */
export function namesOf(host: FixedHost): string[] {
  return host.files.list(DIRECTORY).toSorted();
}

/** Puts a file there, or replaces it. */
export function replaceFile(
  host: FixedHost,
  name: string,
  bytes: Uint8Array,
): void {
  const isThere = namesOf(host).includes(name);
  const path = joinPath(DIRECTORY, name);
  const file = host.files.open(path, isThere ? "write" : "create");
  file.truncate(0);
  file.write(bytes, 0, bytes.length, 0);
  file.close();
}

/** Removes a file. */
export function removeFile(host: FixedHost, name: string): void {
  host.files.remove(joinPath(DIRECTORY, name));
}

/** Opens the store of a history on a machine. */
export function open(history: History, host: FixedHost): Engine {
  return openEngine(history.options, host);
}

/** Everything an open store holds. */
export async function readAll(engine: Engine): Promise<Contents> {
  const store = new Store(engine);
  const decoder = new TextDecoder();
  const contents: Contents = new Map();
  for await (const [key, value] of store.list()) {
    contents.set(decoder.decode(key), decoder.decode(value));
  }
  for await (const [key, value] of store.bucket(BUCKET).list()) {
    contents.set(`${BUCKET}/${decoder.decode(key)}`, decoder.decode(value));
  }
  return contents;
}

/** Contents in one order, so that two can be compared. */
export function sorted(contents: Contents): [string, string][] {
  return [...contents].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Checks that the store opens on `host` and holds just `expected`, and its books. */
export async function assertOpens(
  history: History,
  host: FixedHost,
  expected: Contents,
  what: string,
): Promise<Engine> {
  const engine = open(history, host);
  assertEquals(sorted(await readAll(engine)), sorted(expected), what);
  checkBooks(engine);
  return engine;
}

/**
 * The same, and that another crash and open change nothing, and that the store takes
 * writes that survive the next.
 */
export async function assertRecovers(
  history: History,
  host: FixedHost,
  expected: Contents,
  what: string,
): Promise<Engine> {
  const engine = await assertOpens(history, host, expected, what);
  const again = host.afterKill(DIRECTORY);
  const second = await assertOpens(history, again, expected, what);
  assertEquals(second.recovery.bytesCut, 0, what);
  await new Store(second).set("one more", "written");
  const more = new Map(expected).set("one more", "written");
  await assertOpens(history, again.afterKill(DIRECTORY), more, what);
  return engine;
}

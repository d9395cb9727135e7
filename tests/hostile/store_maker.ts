/**
 * Makes a store to be mutated, and keeps what it held after every commit.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Engine } from "../../src/engine/engine.ts";
import { joinPath, readFile } from "../../src/fs/file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";

/** Where every store lies. */
export const DIRECTORY = "/hostile";
/** Between the name of a bucket and a key. */
const BUCKET_MARK = "/";

/** The files of a directory. */
export type Files = Map<string, Uint8Array>;

/** Which of its values a key has, counted from 0; a key that is not there has none. */
export type Moment = Map<string, number>;

/** A store to be mutated. */
export interface CorpusStore {
  /** What is special about it. */
  name: string;
  /** How it is opened. */
  options: StoreOptions;
  /** Its files. */
  files: Files;
  /** Its files at earlier times. */
  earlier: Files[];
  /** Every value that each key ever had; `bucket/key` for those in buckets. */
  values: Map<string, Uint8Array[]>;
  /** What it held after each commit, seen from the end of time. */
  moments: Moment[];
  /** How often it is mutated, beside the others. */
  weight: number;
  /** Records were moved, so the log's end alone is no longer the newest history. */
  isRewritten: boolean;
}

/** The machine's clock when the stores are opened. */
export const END_TIME: number = Date.UTC(2027, 0, 1);

interface Put {
  value: number;
  expiry: number;
}

/** A bucket's name and a key; `undefined` outside of all buckets. */
export function splitName(
  name: string,
): { bucket: string | undefined; key: string } {
  const at = name.indexOf(BUCKET_MARK);
  return at < 0
    ? { bucket: undefined, key: name }
    : { bucket: name.slice(0, at), key: name.slice(at + 1) };
}

/** True if both are the same bytes. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Writes one store and keeps its history. */
export class StoreMaker {
  readonly values = new Map<string, Uint8Array[]>();
  readonly earlier: Files[] = [];
  readonly moments: Moment[] = [];
  readonly options: StoreOptions;
  isRewritten = false;
  #host = new FixedHost();
  #engine: Engine;
  #store: Store;
  #model = new Map<string, Put>();

  constructor(options: StoreOptions) {
    this.options = {
      path: DIRECTORY,
      memTableSize: 65_536,
      blockCacheSize: 0,
      valueLogGcEnabled: false,
      ...options,
    };
    this.#engine = openEngine(this.options, this.#host);
    this.#store = new Store(this.#engine);
    this.#note();
  }

  async set(name: string, value: string, expireIn = 0): Promise<void> {
    const { bucket, key } = splitName(name);
    const space = bucket === undefined
      ? this.#store
      : this.#store.bucket(bucket);
    await space.set(key, value, expireIn === 0 ? {} : { expireIn });
    this.#keep(name, value, expireIn);
    this.#note();
  }

  async delete(name: string): Promise<void> {
    const { bucket, key } = splitName(name);
    const space = bucket === undefined
      ? this.#store
      : this.#store.bucket(bucket);
    await space.delete(key);
    this.#model.delete(name);
    this.#note();
  }

  /** Sets every name, but deletes those that begin with a hyphen. */
  async batch(names: string[], value: string): Promise<void> {
    const batch = this.#store.batch();
    for (const name of names) {
      const isDelete = name.startsWith("-");
      const whole = isDelete ? name.slice(1) : name;
      const { bucket, key } = splitName(whole);
      const options = bucket === undefined ? {} : { bucket };
      if (isDelete) {
        batch.delete(key, options);
        this.#model.delete(whole);
      } else {
        batch.set(key, value, options);
        this.#keep(whole, value, 0);
      }
    }
    await batch.commit();
    this.#note();
  }

  /** Time passes; what is due is done. */
  async wait(milliseconds: number): Promise<void> {
    await this.#host.advance(milliseconds);
  }

  async gc(): Promise<void> {
    const report = await this.#store.gc({ discardRatio: 0.2 });
    this.isRewritten ||= report.segmentsRewritten > 0;
  }

  async sync(): Promise<void> {
    await this.#store.sync();
  }

  async reopen(isKilled: boolean): Promise<void> {
    if (!isKilled) await this.#store.close();
    this.#host = this.#host.afterKill(DIRECTORY);
    this.#engine = openEngine(this.options, this.#host);
    this.#store = new Store(this.#engine);
  }

  /** The process is killed while it appends: bytes that are no record. */
  async tear(bytes: number): Promise<void> {
    this.#host = this.#host.afterKill(DIRECTORY);
    const { active } = this.#engine.log;
    const file = this.#host.files.open(active.file.path, "write");
    file.write(new Uint8Array(bytes).fill(0x41), 0, bytes, file.size());
    await this.reopen(true);
  }

  /** Keeps a copy of the files as they are now. */
  remember(): void {
    this.earlier.push(this.#files());
  }

  async finish(name: string, isClosed: boolean): Promise<CorpusStore> {
    if (isClosed) await this.#store.close();
    const { options, earlier, values, moments, isRewritten } = this;
    const files = this.#files();
    // One with many keys takes as long as many with a few.
    const weight = values.size > 100 ? 1 : 5;
    return {
      name,
      options,
      files,
      earlier,
      values,
      moments,
      weight,
      isRewritten,
    };
  }

  #files(): Files {
    const { files } = this.#host;
    return new Map(
      files.list(DIRECTORY).toSorted().map((
        name,
      ) => [name, readFile(files, joinPath(DIRECTORY, name)).slice()]),
    );
  }

  #keep(name: string, value: string, expireIn: number): void {
    const values = this.values.get(name) ?? [];
    this.values.set(name, values);
    const bytes = new TextEncoder().encode(value);
    let number = values.findIndex((known) => areEqual(known, bytes));
    if (number < 0) number = values.push(bytes) - 1;
    const expiry = expireIn === 0 ? Infinity : this.#host.now() + expireIn;
    this.#model.set(name, { value: number, expiry });
  }

  #note(): void {
    const moment: Moment = new Map();
    for (const [name, { value, expiry }] of this.#model) {
      if (expiry > END_TIME) moment.set(name, value);
    }
    this.moments.push(moment);
  }
}

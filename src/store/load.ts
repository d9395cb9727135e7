/**
 * Loading many rows at once.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { describe } from "../engine/key_buffer.ts";
import type { Timer } from "../fs/file_system.ts";
import { readExpireIn } from "./expire_in.ts";
import { RowWriter } from "./row_writer.ts";
import type { Key, SetOptions, Value } from "./types.ts";
import { ValueBuffer } from "./value_buffer.ts";

/** Rows that wait for others to share a batch with wait no longer than this. */
const PAUSE_MILLISECONDS_MAX = 50;
const ACTION = "load rows";

/** One row that {@linkcode KeySpace.load} takes. */
export type LoadRow =
  | readonly [key: Key, value: Value]
  | ({ readonly key: Key; readonly value: Value } & Readonly<SetOptions>);

/** Where many rows go. */
export interface BulkTarget {
  engine: Engine;
  space: Uint8Array | undefined;
  compression: Compression;
}

/** How {@linkcode KeySpace.load} goes. */
export interface LoadOptions {
  /** Ends it between two rows with the signal's reason; rows before that are set. */
  signal?: AbortSignal;
  /** Called after each batch with the counts so far; must not throw. */
  onProgress?: (progress: LoadReport) => void;
}

/** What {@linkcode KeySpace.load} did. */
export interface LoadReport {
  /** Rows that were set. */
  rows: number;
  /** Bytes of their keys and values. */
  bytes: number;
}

/** Sets many rows; see {@linkcode KeySpace.load}. */
export async function load(
  target: BulkTarget,
  rows: Iterable<LoadRow> | AsyncIterable<LoadRow>,
  options: LoadOptions,
): Promise<LoadReport> {
  const loading = new Loading(target, options);
  try {
    if (Symbol.asyncIterator in Object(rows)) {
      await loading.takeAsync(rows as AsyncIterable<LoadRow>);
    } else if (Symbol.iterator in Object(rows)) {
      await loading.take(rows as Iterable<LoadRow>);
    } else {
      throw new TypeError(
        `Cannot load rows from ${describe(rows)}: it must be iterable`,
      );
    }
  } catch (error) {
    await loading.finish().catch(() => {});
    throw error;
  }
  return await loading.finish();
}

class Loading {
  readonly #engine: Engine;
  readonly #space: Uint8Array | undefined;
  readonly #compression: Compression;
  readonly #signal: AbortSignal | undefined;
  readonly #writer: RowWriter;
  readonly #value = new ValueBuffer();
  #bytes = 0;
  #error: unknown;
  #hasFailed = false;

  constructor(
    { engine, space, compression }: BulkTarget,
    { signal, onProgress }: LoadOptions,
  ) {
    this.#compression = compression;
    this.#engine = engine;
    this.#space = space;
    this.#signal = signal;
    this.#writer = new RowWriter(engine);
    if (onProgress !== undefined) {
      this.#writer.onCommit = () => onProgress(this.#report());
    }
    this.#check();
  }

  #report(): LoadReport {
    return { rows: this.#writer.committed, bytes: this.#bytes };
  }

  #check(): void {
    this.#signal?.throwIfAborted();
    this.#checkOpen();
  }

  async take(rows: Iterable<LoadRow>): Promise<void> {
    for (const row of rows) {
      this.#check();
      this.#set(row);
      if (this.#writer.mustSettle) await this.#writer.settle();
    }
  }

  async takeAsync(rows: AsyncIterable<LoadRow>): Promise<void> {
    // A source that pauses must not keep back what it gave before.
    let timer: Timer | undefined;
    const { host } = this.#engine.log;
    try {
      for await (const row of rows) {
        this.#check();
        this.#set(row);
        if (this.#writer.mustSettle) await this.#writer.settle();
        if (this.#writer.pending === 1) {
          timer?.cancel();
          timer = host.setTimer(() => this.#commit(), PAUSE_MILLISECONDS_MAX);
        }
      }
    } finally {
      timer?.cancel();
    }
  }

  #commit(): void {
    try {
      this.#writer.commit();
    } catch (error) {
      this.#hasFailed = true;
      this.#error = error;
    }
  }

  #set(row: LoadRow): void {
    let key: Key;
    let value: Value;
    let expireIn = 0;
    if (Array.isArray(row)) {
      [key, value] = row;
    } else {
      if (row === null || typeof row !== "object") {
        throw new TypeError(
          `Cannot load ${
            describe(row)
          } as a row: it must be a pair or an object with key and value`,
        );
      }
      ({ key, value } = row as { key: Key; value: Value });
      expireIn = readExpireIn(row as SetOptions);
    }
    const engine = this.#engine;
    const writer = this.#writer;
    this.#value.load(value);
    const given = this.#value.length;
    this.#value.compress(this.#compression);
    const { bytes, length, codec } = this.#value;
    writer.makeRoom(length);
    engine.key.load(key, this.#space);
    const keyLength = engine.key.length - (this.#space?.length ?? 0);
    const expiry = expireIn === 0 ? 0 : engine.now() + expireIn;
    this.#bytes += keyLength + given;
    writer.put(bytes, length, expiry, codec);
  }

  /** Commits what was given, also where a row after it was wrong. */
  async finish(): Promise<LoadReport> {
    this.#checkOpen();
    await this.#writer.finish();
    return this.#report();
  }

  #checkOpen(): void {
    if (this.#engine.status !== "open") throw new StoreClosedError(ACTION);
    if (this.#hasFailed) throw this.#error;
  }
}

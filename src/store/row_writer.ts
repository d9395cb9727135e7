/**
 * Writes many rows: small ones in batches, large ones by themselves, with no more on
 * their way to the medium than is good for memory.
 *
 * For each row: {@linkcode RowWriter.makeRoom}, then bring the key to hand, then
 * {@linkcode RowWriter.put} or {@linkcode RowWriter.remove}; and now and then
 * {@linkcode RowWriter.settle}.
 *
 * @module
 */

import type { BatchBuffer } from "../engine/batch_buffer.ts";
import type { Engine } from "../engine/engine.ts";
import { NEXT_VERSION } from "../engine/log_writer.ts";

/** Operations and bytes at which a batch is committed. */
const BATCH_ROWS_MAX = 1024;
const BATCH_BYTES_MAX = 256 * 1024;
/** A value of at least this many bytes is a commit of its own. */
const LARGE_VALUE_BYTES = 64 * 1024;
/** Bytes that wait for the medium at most, under `syncWrites`. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

/** Writes rows to a store. */
export class RowWriter {
  /** Rows that were committed. */
  committed = 0;
  /** Called after rows were committed. */
  onCommit: () => void = () => {};
  readonly #engine: Engine;
  readonly #rowsMax: number;
  readonly #bytesMax: number;
  readonly #largeMin: number;
  readonly #valueBytesMax: number;
  #batch: BatchBuffer | undefined;
  /** The time from which the batch's expiries count. */
  #now = 0;
  #waiting: { done: Promise<void>; bytes: number }[] = [];
  #waitingBytes = 0;

  /** A writer to a store. */
  constructor(engine: Engine) {
    const { valueLogFileSize, valueLogMaxEntries, memTableSize } =
      engine.settings;
    this.#engine = engine;
    this.#rowsMax = Math.min(BATCH_ROWS_MAX, valueLogMaxEntries);
    this.#largeMin = Math.min(
      LARGE_VALUE_BYTES,
      engine.settings.valueThreshold,
    );
    this.#valueBytesMax = valueLogFileSize;
    this.#bytesMax = Math.min(
      BATCH_BYTES_MAX,
      memTableSize,
      valueLogFileSize / 4,
    );
  }

  /** Rows that were given and not committed yet. */
  get pending(): number {
    return this.#batch?.count ?? 0;
  }

  /** Commits what no row with a value of `valueLength` bytes can be added to. */
  makeRoom(valueLength: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    if (
      batch.count >= this.#rowsMax ||
      batch.length + valueLength > this.#bytesMax ||
      valueLength >= this.#largeMin
    ) this.commit();
  }

  #open(): BatchBuffer {
    if (this.#batch === undefined) {
      this.#batch = this.#engine.takeBatch();
      this.#now = this.#engine.now();
    }
    return this.#batch;
  }

  /**
   * Puts the key at hand, to expire at `expiry`, or to stay with 0. What has expired
   * by now is a deletion.
   */
  put(
    value: Uint8Array,
    valueLength: number,
    expiry: number,
    codec: number,
  ): void {
    const engine = this.#engine;
    if (valueLength > this.#valueBytesMax) {
      throw new RangeError(
        `Cannot set a value of ${valueLength} bytes: ` +
          `a value has at most value_log_file_size (${this.#valueBytesMax}) bytes`,
      );
    }
    if (expiry !== 0 && expiry <= engine.now()) {
      this.remove();
      return;
    }
    if (valueLength >= this.#largeMin) {
      // Making room may give the image under a view to the record being written.
      if (engine.writer.memtables.owns(value)) {
        value = value.slice(0, valueLength);
      }
      engine.writer.appendPut(
        value,
        valueLength,
        expiry,
        NEXT_VERSION,
        0,
        codec,
      );
      engine.counters.writes++;
      if (expiry !== 0) engine.sweeper.schedule();
      this.#note(1, valueLength);
      return;
    }
    const batch = this.#open();
    const rest = expiry === 0 ? 0 : expiry - this.#now;
    batch.put(engine.key, value, valueLength, rest, codec);
  }

  /** Deletes the key at hand, if it may have a value. */
  remove(): void {
    const engine = this.#engine;
    if (this.#batch === undefined && engine.ledger.findLive(engine) === 0) {
      this.committed++;
      return;
    }
    this.#open().remove(engine.key);
  }

  /** Commits what was given. */
  commit(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    const { count, length } = batch;
    try {
      if (count > 0) this.#engine.commit(batch, this.#now);
    } finally {
      this.#engine.releaseBatch(batch);
    }
    this.#note(count, length);
  }

  #note(rows: number, bytes: number): void {
    this.committed += rows;
    const { done } = this.#engine.queue;
    done.catch(() => {});
    this.#waiting.push({ done, bytes });
    this.#waitingBytes += bytes;
    this.onCommit();
  }

  /** True if {@linkcode settle} has something to wait for. */
  get mustSettle(): boolean {
    return this.#waiting.length > 0 &&
      (!this.#engine.settings.syncWrites ||
        this.#waitingBytes > WAITING_BYTES_MAX);
  }

  /** Waits until no more is on its way than may be. */
  async settle(): Promise<void> {
    while (this.mustSettle) await this.#first();
  }

  async #first(): Promise<void> {
    const { done, bytes } = this.#waiting.shift()!;
    this.#waitingBytes -= bytes;
    await done;
  }

  /** Commits what was given and waits until all is as safe as was asked for. */
  async finish(): Promise<void> {
    this.commit();
    while (this.#waiting.length > 0) await this.#first();
  }
}

/**
 * Writes bytes to a caller's stream as fast as that takes them.
 *
 * @module
 */

import type { ReadEngine } from "../engine/read_engine.ts";
import { StoreClosedError } from "../errors.ts";
import { describe } from "../engine/key_buffer.ts";

/** A writable stream in use. */
export class ByteSink {
  readonly #engine: ReadEngine;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  readonly #action: string;
  /** Bytes written. */
  bytes = 0;

  private constructor(
    engine: ReadEngine,
    writable: WritableStream<Uint8Array>,
    signal: AbortSignal | undefined,
    action: string,
  ) {
    this.#engine = engine;
    this.#writer = writable.getWriter();
    this.#signal = signal;
    this.#action = action;
  }

  /**
   * Lets `work` write, and closes the stream when it is done; aborts it if that fails
   * or if `signal` does.
   */
  static async use<T>(
    engine: ReadEngine,
    writable: WritableStream<Uint8Array>,
    signal: AbortSignal | undefined,
    action: string,
    work: (sink: ByteSink) => Promise<T>,
  ): Promise<T> {
    if (!(writable instanceof WritableStream)) {
      throw new TypeError(
        `Cannot ${action} to ${
          describe(writable)
        }: it must be a WritableStream`,
      );
    }
    const sink = new ByteSink(engine, writable, signal, action);
    try {
      sink.check();
      const result = await work(sink);
      await sink.#unlessAborted(sink.#writer.close());
      return result;
    } catch (error) {
      sink.#writer.abort(error).catch(() => {});
      throw error;
    } finally {
      sink.#writer.releaseLock();
    }
  }

  /** @throws If the signal was aborted or the store closed. */
  check(): void {
    this.#signal?.throwIfAborted();
    if (this.#engine.status !== "open") {
      throw new StoreClosedError(this.#action);
    }
  }

  /** Hands bytes over, which must not be changed any more, when there is room. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#unlessAborted(this.#writer.ready);
    this.check();
    // A failure comes back from the next wait or from the close.
    this.#writer.write(bytes).catch(() => {});
    this.bytes += bytes.length;
  }

  /** Lets others have their turn if it is time. */
  async breathe(): Promise<void> {
    const { host } = this.#engine.log;
    if (!host.shouldBreathe()) return;
    await host.breathe();
    this.check();
  }

  /** A stream that takes nothing must not keep a signal from being heard. */
  async #unlessAborted(promise: Promise<void>): Promise<void> {
    const signal = this.#signal;
    if (signal === undefined) return await promise;
    promise.catch(() => {});
    let stop = () => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
    });
    try {
      await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

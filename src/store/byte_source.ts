/**
 * Reads bytes from a caller's stream or a file. Memory is what has arrived and was
 * not taken: no length makes a buffer before the bytes are there.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import { type FileHandle, readFully } from "../fs/file_system.ts";

const PIECE_BYTES = 256 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Bytes in their order. */
export class ByteSource {
  /** Bytes taken so far. */
  offset = 0;
  readonly #read: () => Promise<Uint8Array | undefined>;
  readonly #close: (error: unknown) => void;
  #pieces: Uint8Array[] = [];
  #available = 0;
  #isAtEnd = false;

  private constructor(
    read: () => Promise<Uint8Array | undefined>,
    close: (error: unknown) => void,
  ) {
    this.#read = read;
    this.#close = close;
  }

  /** The bytes of a caller's stream; each piece is shown to `tap` when it arrives. */
  static ofStream(
    readable: ReadableStream<Uint8Array>,
    action: string,
    signal: AbortSignal | undefined,
    tap: (piece: Uint8Array) => void = () => {},
  ): ByteSource {
    if (!(readable instanceof ReadableStream)) {
      throw new TypeError(
        `Cannot ${action} from ${
          describe(readable)
        }: it must be a ReadableStream`,
      );
    }
    signal?.throwIfAborted();
    const reader = readable.getReader();
    const onAbort = () => reader.cancel(signal!.reason).catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    return new ByteSource(
      async () => {
        const { value, done } = await reader.read();
        signal?.throwIfAborted();
        if (done) return undefined;
        if (value instanceof Uint8Array) {
          tap(value);
          return value;
        }
        throw new TypeError(
          `Cannot ${action} from a stream of ${
            describe(value)
          }: it must be one of Uint8Arrays`,
        );
      },
      (error) => {
        signal?.removeEventListener("abort", onAbort);
        if (error !== undefined) reader.cancel(error).catch(() => {});
        reader.releaseLock();
      },
    );
  }

  /** The bytes of a file, which stays open. */
  static ofFile(file: FileHandle): ByteSource {
    let position = 0;
    return new ByteSource(() => {
      const piece = new Uint8Array(PIECE_BYTES);
      const count = readFully(file, piece, 0, piece.length, position);
      position += count;
      return Promise.resolve(
        count === 0 ? undefined : piece.subarray(0, count),
      );
    }, () => {});
  }

  /** Gives the stream back; it is cancelled if there is an error. */
  close(error?: unknown): void {
    this.#close(error);
  }

  /** Waits until there are `length` bytes, or the end; returns how many there are. */
  async #fill(length: number): Promise<number> {
    while (this.#available < length && !this.#isAtEnd) {
      const piece = await this.#read();
      if (piece === undefined) {
        this.#isAtEnd = true;
      } else if (piece.length > 0) {
        this.#pieces.push(piece);
        this.#available += piece.length;
      }
    }
    return Math.min(length, this.#available);
  }

  /** The next `length` bytes; fewer only at the end. */
  async take(length: number): Promise<Uint8Array> {
    if (this.#available < length) length = await this.#fill(length);
    return this.#shift(length);
  }

  /** The next piece as it came; `undefined` at the end. */
  async takeAny(): Promise<Uint8Array | undefined> {
    if (this.#available === 0 && await this.#fill(1) === 0) return undefined;
    return this.#shift(this.#pieces[0]!.length);
  }

  /** The next byte without taking it; `undefined` at the end. */
  async peek(): Promise<number | undefined> {
    if (this.#available === 0 && await this.#fill(1) === 0) return undefined;
    return this.#pieces[0]![0];
  }

  #shift(length: number): Uint8Array {
    this.offset += length;
    this.#available -= length;
    const first = this.#pieces[0] ?? NO_BYTES;
    if (length <= first.length) {
      const taken = first.subarray(0, length);
      if (length === first.length) this.#pieces.shift();
      else this.#pieces[0] = first.subarray(length);
      return taken;
    }
    const bytes = new Uint8Array(length);
    let used = 0;
    let count = 0;
    while (used < length) {
      const piece = this.#pieces[count]!;
      const part = piece.subarray(0, length - used);
      bytes.set(part, used);
      used += part.length;
      if (part.length === piece.length) count++;
      else this.#pieces[count] = piece.subarray(part.length);
    }
    this.#pieces.splice(0, count);
    return bytes;
  }
}

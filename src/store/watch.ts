/**
 * Watching: the commits that change keys of interest, as a stream.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import {
  type KeyFilter,
  type LogFollower,
  LogTail,
  type TailCommit,
} from "../engine/log_tail.ts";
import { keyText } from "../engine/history.ts";
import { describe } from "../engine/key_buffer.ts";
import { copyKey } from "./changes.ts";
import { prefixBytes } from "./range.ts";
import type { Key } from "./types.ts";
import { readVersionstamp, writeVersionstamp } from "./versionstamp.ts";

/** Records read between two looks at the clock. */
const RECORDS_A_LOOK = 64;
const HELD_BYTES_DEFAULT = 268_435_456;

/** What {@linkcode KeySpace.watch} watches. */
export interface WatchOptions {
  /** Only keys that begin with it. */
  prefix?: Key;
  /** Only these keys. */
  keys?: Iterable<Key>;
  /**
   * The versionstamp of the last commit that is known: the stream begins with what
   * came after it. Default: the present one.
   */
  since?: string;
  /**
   * Bytes of collected segments that are kept on disk while the stream is behind; a
   * stream for which they do not suffice fails with `TOO_OLD`. At least 0.
   *
   * @default {268435456}
   */
  heldBytesMax?: number;
  /** Ends the stream with the signal's reason. */
  signal?: AbortSignal;
}

/** One key that a commit changed. */
export interface WatchChange {
  /** The key. */
  key: Uint8Array;
  /** The value that it was given; `undefined` if it was deleted. */
  value: Uint8Array | undefined;
  /** When it expires, in milliseconds since 1970; absent if it does not. */
  expiresAt?: number;
}

/** One commit, as {@linkcode KeySpace.watch} tells of it. */
export interface WatchedCommit {
  /** Its versionstamp; greater than that of any commit before it. */
  versionstamp: string;
  /** The keys of interest that it changed, in the order of its operations. */
  changes: WatchChange[];
}

function filterOf(
  engine: Engine,
  space: Uint8Array | undefined,
  { prefix, keys }: WatchOptions,
): KeyFilter {
  const isBucketSpace = space !== undefined;
  if (keys !== undefined) {
    if (prefix !== undefined) {
      throw new TypeError(
        "Cannot watch both a prefix and keys: give one of them",
      );
    }
    const wanted = new Set<string>();
    for (const key of keys) {
      wanted.add(keyText(copyKey(engine, key, space), isBucketSpace));
    }
    return (isBucket, source, start, end) =>
      isBucket === isBucketSpace &&
      wanted.has(keyText(source.subarray(start, end), isBucket));
  }
  const whole = prefixBytes(space, prefix);
  return (isBucket, source, start, end) => {
    if (isBucket !== isBucketSpace || end - start < whole.length) return false;
    for (let i = 0; i < whole.length; i++) {
      if (source[start + i] !== whole[i]) return false;
    }
    return true;
  };
}

function readHeldBytes(bytes: number = HELD_BYTES_DEFAULT): number {
  if (typeof bytes === "number" && bytes >= 0) return bytes;
  throw new RangeError(
    `Cannot watch with ${
      typeof bytes === "number" ? bytes : describe(bytes)
    } as heldBytesMax: it must be a number of at least 0`,
  );
}

/** One watch: where it stands in the log, and who waits for it. */
class Watch implements LogFollower {
  readonly #engine: Engine;
  readonly #tail: LogTail;
  readonly #spaceLength: number;
  #isOver = false;
  #wake: () => void = () => {};
  controller!: ReadableStreamDefaultController<WatchedCommit>;

  constructor(
    engine: Engine,
    space: Uint8Array | undefined,
    options: WatchOptions,
  ) {
    const { since } = options;
    const filter = filterOf(engine, space, options);
    const heldBytesMax = readHeldBytes(options.heldBytesMax);
    const present = engine.flushedVersion();
    const version = since === undefined ? present : readVersionstamp(since);
    if (version > present) {
      throw new RangeError(
        `Cannot watch from versionstamp ${since}: the store has not come to it`,
      );
    }
    this.#engine = engine;
    this.#spaceLength = space?.length ?? 0;
    this.#tail = new LogTail(engine.log, version, filter, heldBytesMax);
    engine.followers.add(this);
  }

  noteFlushed(): void {
    this.#tail.noteFlushed();
    this.#wake();
  }

  end(): void {
    if (this.#isOver) return;
    this.close();
    this.controller.close();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.controller.error(error);
  }

  close(): void {
    this.#isOver = true;
    this.#engine.followers.remove(this);
    this.#tail.close();
    this.#wake();
  }

  /** Brings the stream one more commit, when there is one. */
  async pull(): Promise<void> {
    const { host } = this.#engine.log;
    while (!this.#isOver) {
      let commit: TailCommit | undefined;
      try {
        if (this.#tail.error !== undefined) throw this.#tail.error;
        commit = this.#tail.next(RECORDS_A_LOOK);
      } catch (error) {
        this.fail(error);
        return;
      }
      if (commit !== undefined) {
        this.controller.enqueue(this.#show(commit));
        return;
      }
      if (this.#tail.isAtEnd) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      } else if (host.shouldBreathe()) await host.breathe();
    }
  }

  #show({ version, changes }: TailCommit): WatchedCommit {
    return {
      versionstamp: writeVersionstamp(version),
      changes: changes.map(({ key, value, expiry }) => ({
        key: key.slice(this.#spaceLength),
        value,
        ...(expiry === 0 ? {} : { expiresAt: expiry }),
      })),
    };
  }
}

/** Watches a key space; see {@linkcode KeySpace.watch}. */
export function watch(
  engine: Engine,
  space: Uint8Array | undefined,
  options: WatchOptions,
): ReadableStream<WatchedCommit> {
  const { signal } = options;
  signal?.throwIfAborted();
  const watch = new Watch(engine, space, options);
  const onAbort = () => watch.fail(signal!.reason);
  return new ReadableStream<WatchedCommit>({
    start: (controller) => {
      watch.controller = controller;
      signal?.addEventListener("abort", onAbort, { once: true });
    },
    pull: () => watch.pull(),
    cancel: () => {
      signal?.removeEventListener("abort", onAbort);
      watch.close();
    },
  }, { highWaterMark: 0 });
}

/**
 * A reader: a store that is read beside the one who writes it.
 *
 * @module
 */

import { ReaderEngine, type RefreshReport } from "../engine/reader_engine.ts";
import type { Host } from "../fs/file_system.ts";
import { NodeFileSystem, systemHost } from "../fs/node_file_system.ts";
import { encryptedHost } from "./encrypted_host.ts";
import { BucketReader, LiveReader } from "./live_reader.ts";
import { type ReaderOptions, resolveReaderOptions } from "./reader_options.ts";
import { findLargest, type LargeKey } from "./largest.ts";
import { type ReaderStats, readReaderStats } from "./reader_stats.ts";
import { readSegments } from "./stats.ts";
import type { LargestOptions, SegmentInfo } from "./types.ts";
import { writeVersionstamp } from "./versionstamp.ts";

/** Opens an engine over a host of the caller's; tests bring simulated ones. */
export function openReaderEngine(
  options: ReaderOptions,
  host?: Host,
): ReaderEngine {
  const { path, encryption, ...settings } = resolveReaderOptions(options);
  const machine = host ?? systemHost(new NodeFileSystem());
  return new ReaderEngine(
    path,
    encryption === undefined
      ? machine
      : encryptedHost(machine, encryption, true),
    settings,
  );
}

/**
 * Reads a store while another has it open for writing, in this process, in a worker
 * or in another process; any number of readers may do so at a time. It takes no lock,
 * needs the permission to read the data directory alone, and changes nothing there.
 *
 * It shows the store as it was when the reader was opened, or at the last
 * {@linkcode StoreReader.refresh}: all commits that the writer had flushed by then,
 * each one whole, and nothing of any later one. Between refreshes nothing changes, but
 * for keys that expire, whatever the writer does or collects.
 *
 * @example Usage
 * ```ts
 * import { Store, StoreReader } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * const path = "./data/read";
 * await using store = await Store.open(path);
 * await store.set("key", "1");
 *
 * await using reader = await StoreReader.open(path);
 * const read = () => new TextDecoder().decode(reader.getSync("key"));
 * assertEquals(read(), "1");
 * await store.set("key", "2");
 * assertEquals(read(), "1");
 * await reader.refresh();
 * assertEquals(read(), "2");
 * ```
 */
export class StoreReader extends LiveReader implements AsyncDisposable {
  /** The data directory. */
  readonly path: string;
  readonly #engine: ReaderEngine;

  /** Not for callers: use {@linkcode StoreReader.open}. */
  constructor(engine: unknown) {
    super(engine, undefined);
    this.#engine = engine as ReaderEngine;
    this.path = this.#engine.log.directory;
  }

  /**
   * Opens a store for reading. Each reader makes an index of its own: from the index
   * snapshot, if the writer has collected nothing since its last clean close, else from
   * hint files and the end of the log.
   *
   * @param options The path of the data directory, or the settings.
   * @throws {TypeError} If a setting is unknown or of the wrong type.
   * @throws {RangeError} If a setting is out of its range.
   * @throws {StoreError} `BAD_PATH` if there is no store, `PERMISSION` if it may not be
   * read, `UNSUPPORTED_FORMAT` if a newer version wrote it, `ENCRYPTED`,
   * `NOT_ENCRYPTED` or `WRONG_KEY` if the key is not the store's.
   * @throws {CorruptionError} If bytes on disk are not what was written. Bad bytes at
   * the end of the newest segment are none: the writer may be about to write there.
   *
   * @example Usage
   * ```ts
   * import { Store, StoreReader } from "@sett/badger";
   *
   * const path = "./data/followed";
   * await using store = await Store.open(path);
   * await using reader = await StoreReader.open({ path, refreshInterval: 1000 });
   * console.log(store.size, reader.size);
   * ```
   */
  static open(options: string | ReaderOptions = {}): Promise<StoreReader> {
    try {
      const settings = typeof options === "string"
        ? { path: options }
        : options;
      return Promise.resolve(new StoreReader(openReaderEngine(settings)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether the reader accepts calls. */
  get status(): "open" | "closed" {
    return this.#engine.status;
  }

  /** The newest commit that the reader shows. */
  get versionstamp(): string {
    this.#engine.check("read the versionstamp");
    return writeVersionstamp(this.#engine.flushedVersion());
  }

  /** Keys that have a value, those of all buckets included. */
  get size(): number {
    this.#engine.check("count keys");
    this.#engine.sweep();
    return this.#engine.ledger.liveKeys;
  }

  /**
   * A named key space in the store.
   *
   * @param name Up to 1,024 bytes.
   */
  bucket(name: string): BucketReader {
    this.#engine.check("use a bucket");
    return new BucketReader(this.#engine, name);
  }

  /**
   * Brings the reader up to date: everything that the writer had flushed before the
   * call is there when the promise resolves. Reads only what is new, in slices that let
   * other work have its turn; what it shows changes in one step at the end. Snapshots
   * stay at their moment.
   *
   * @returns What was new.
   * @throws {CorruptionError} If bytes on disk are not what was written; the reader
   * stays as it is.
   * @throws {StoreError} `BAD_PATH` if the store is gone.
   *
   * @example Usage
   * ```ts
   * import { Store, StoreReader } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * const path = "./data/refreshed";
   * await using store = await Store.open(path);
   * await using reader = await StoreReader.open(path);
   * await store.batch().set("a", "1").set("b", "2").commit();
   * const { records } = await reader.refresh();
   * assertEquals(records, 2);
   * assertEquals((await reader.refresh()).records, 0);
   * ```
   */
  refresh(): Promise<RefreshReport> {
    return this.#engine.refresh();
  }

  /** The same on this thread. */
  refreshSync(): RefreshReport {
    return this.#engine.refreshSync();
  }

  /** Counters and sizes, read in constant time. */
  stats(): ReaderStats {
    this.#engine.check("read the statistics");
    return readReaderStats(this.#engine);
  }

  /** The segments in the order of the log, as of the last refresh. */
  segments(): SegmentInfo[] {
    this.#engine.check("list the segments");
    return readSegments(this.#engine.log);
  }

  /** Finds the keys with the largest values; see {@linkcode Store.largest}. */
  async largest(
    count: number,
    options: LargestOptions = {},
  ): Promise<LargeKey[]> {
    this.#engine.check("list keys");
    return await findLargest(this.#engine, count, options.signal);
  }

  /** Closes the reader: lets go of files and memory. A second call does nothing. */
  close(): Promise<void> {
    this.#engine.close();
    return Promise.resolve();
  }

  /** Closes the reader at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A store as it was at one moment.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import { ReadEngine } from "../engine/read_engine.ts";
import type { Moment } from "../engine/history.ts";
import {
  keepMoment,
  type Place,
  placeAt,
  readPlace,
  readPlaceSync,
} from "../engine/moment_reader.ts";
import { bucketPrefix } from "./bucket_name.ts";
import { listEntries, listEntriesSync } from "./list.ts";
import { readRange } from "./range.ts";
import { countRange } from "./range_work.ts";
import type {
  Entry,
  Key,
  KeyOnlyEntry,
  ListIterator,
  ListOptions,
  ListSyncIterator,
  RangeWorkOptions,
} from "./types.ts";
import { writeVersionstamp } from "./versionstamp.ts";

/** Reads a key space as it was at the moment of a {@linkcode Snapshot}. */
export class SnapshotReader {
  readonly #engine: ReadEngine;
  readonly #space: Uint8Array | undefined;
  readonly #moment: Moment;

  /** Not for callers: use {@linkcode KeySpace.snapshot}. */
  constructor(engine: unknown, space: Uint8Array | undefined, moment: unknown) {
    if (!(engine instanceof ReadEngine)) {
      throw new TypeError("Cannot construct a snapshot: call store.snapshot");
    }
    this.#engine = engine;
    this.#space = space;
    this.#moment = moment as Moment;
  }

  #check(): void {
    this.#engine.check("read a snapshot");
    if (!this.#moment.isKept) {
      throw new StoreClosedError("read a snapshot", "the snapshot is closed");
    }
  }

  #find(key: Key): Place | undefined {
    this.#check();
    this.#engine.key.load(key, this.#space);
    return placeAt(this.#engine, this.#moment);
  }

  /** The newest commit that the snapshot shows. */
  get versionstamp(): string {
    return writeVersionstamp(this.#moment.version);
  }

  /** True if the key had a value. */
  has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  /** The value that the key had, as a copy; `undefined` if it had none. */
  getSync(key: Key): Uint8Array | undefined {
    const place = this.#find(key);
    return place && readPlaceSync(this.#engine, place);
  }

  /** The same; large values are read off the event loop. */
  get(key: Key): Promise<Uint8Array | undefined> {
    try {
      const place = this.#find(key);
      return Promise.resolve(place && readPlace(this.#engine, place));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Lists keys, as {@linkcode KeySpace.list} does. */
  list(
    options: ListOptions & { keysOnly: true },
  ): ListIterator<KeyOnlyEntry>;
  /** Lists entries with their values. */
  list(options?: ListOptions): ListIterator<Entry>;
  list(
    options: ListOptions = {},
  ): ListIterator<Entry> | ListIterator<KeyOnlyEntry> {
    this.#check();
    return listEntries(
      this.#engine,
      this.#space,
      options,
      this.#moment,
    ) as ListIterator<Entry>;
  }

  /** Lists keys on this thread, as {@linkcode KeySpace.listSync} does. */
  listSync(
    options: ListOptions & { keysOnly: true },
  ): ListSyncIterator<KeyOnlyEntry>;
  /** Lists entries with their values. */
  listSync(options?: ListOptions): ListSyncIterator<Entry>;
  listSync(
    options: ListOptions = {},
  ): ListSyncIterator<Entry> | ListSyncIterator<KeyOnlyEntry> {
    this.#check();
    return listEntriesSync(
      this.#engine,
      this.#space,
      options,
      this.#moment,
    ) as ListSyncIterator<Entry>;
  }

  /** How many keys of a range had a value. */
  async count(options: RangeWorkOptions = {}): Promise<number> {
    this.#check();
    const range = readRange(this.#space, options);
    return await countRange(
      this.#engine,
      range,
      options.signal,
      this.#moment,
    );
  }

  /** Another key space at the same moment; it ends with the snapshot. */
  bucket(name: string): SnapshotReader {
    this.#check();
    return new SnapshotReader(this.#engine, bucketPrefix(name), this.#moment);
  }
}

/**
 * A store, or a bucket, as it was when {@linkcode KeySpace.snapshot} was called,
 * whatever is written, expires or is collected afterwards.
 *
 * Taking one costs nothing. While it is kept, the first change of each key costs a
 * note of about 200 bytes in memory, and what it needs stays on disk. So end it: with
 * `using`, or {@linkcode close}. `store.stats().snapshots` tells of those left over.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * await store.set("balance", "100");
 * {
 *   using snapshot = store.snapshot();
 *   await store.set("balance", "0");
 *   assertEquals(new TextDecoder().decode(snapshot.getSync("balance")), "100");
 * }
 * ```
 */
export class Snapshot extends SnapshotReader implements Disposable {
  readonly #engine: ReadEngine;
  readonly #moment: Moment;

  /** Not for callers: use {@linkcode KeySpace.snapshot}. */
  constructor(engine: unknown, space: Uint8Array | undefined) {
    const moment = engine instanceof ReadEngine
      ? keepMoment(engine)
      : undefined;
    super(engine, space, moment);
    this.#engine = engine as ReadEngine;
    this.#moment = moment!;
  }

  /** Lets go of the moment; a second call does nothing. */
  close(): void {
    this.#engine.ledger.history.drop(this.#moment);
  }

  /** Lets go of the moment at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

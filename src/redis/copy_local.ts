/**
 * A data directory as one side of a copy: its buckets, whichever way they are kept, and
 * their entries in order.
 *
 * It is opened to be read only, so another process may have it open meanwhile; what is
 * seen is what was there when it was opened.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { joinPath } from "../fs/file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import {
  bucketDirectoryName,
  listBuckets,
} from "../plugin/bucket_directory.ts";
import { CATALOGUE, CATALOGUE_KEY_PREFIX } from "../plugin/single_store.ts";
import type { LiveReader } from "../store/live_reader.ts";
import { StoreReader } from "../store/store_reader.ts";

/** One entry of a bucket. */
export interface CopiedEntry {
  /** The key. */
  key: Uint8Array;
  /** The value. */
  value: Uint8Array;
  /** When it expires, in milliseconds since 1970; `undefined` for never. */
  expiresAt: number | undefined;
}

/** Entries of one bucket that follow each other, and where the next ones are. */
export interface EntryGroup {
  /** The bucket. */
  bucket: string;
  /** The entries. */
  entries: CopiedEntry[];
  /** What a listing of the bucket goes on from behind them. */
  cursor: string;
}

/** Where a walk over all entries stands. */
export interface LocalPosition {
  /** The bucket it is in. */
  bucket: string;
  /** What a listing of the bucket goes on from. */
  cursor: string;
}

const GROUP_ENTRIES_MAX = 1_000;
/** Bytes of entries that are in memory at once, or one entry that has more. */
export const GROUP_BYTES_MAX = 8 * 1024 * 1024;

/** A data directory that is read. */
export class LocalSide {
  readonly #spaces: Map<string, LiveReader>;
  readonly #readers: StoreReader[];
  /** Keys outside of buckets, which no key-value store of the plugin sees. */
  readonly outside: number;

  private constructor(
    spaces: Map<string, LiveReader>,
    readers: StoreReader[],
    outside: number,
  ) {
    this.#spaces = spaces;
    this.#readers = readers;
    this.outside = outside;
  }

  /**
   * Opens the data directory of an instance of the plugin.
   *
   * @throws {StoreError} `BAD_PATH` if there is none; and what opening may report.
   */
  static async open(path: string): Promise<LocalSide> {
    const readers: StoreReader[] = [];
    const spaces = new Map<string, LiveReader>();
    const open = async (path: string) => {
      const reader = await StoreReader.open({ path });
      readers.push(reader);
      return reader;
    };
    try {
      const names = bucketsIn(path);
      for (const name of names) {
        spaces.set(name, await open(joinPath(path, bucketDirectoryName(name))));
      }
      if (names.length > 0) return new LocalSide(spaces, readers, 0);
      const reader = await open(path);
      const decoder = new TextDecoder();
      const catalogue = reader.bucket(CATALOGUE);
      for await (const [key] of catalogue.list({ keysOnly: true })) {
        const name = decoder.decode(key).slice(CATALOGUE_KEY_PREFIX.length);
        spaces.set(name, reader.bucket(name));
      }
      return new LocalSide(spaces, readers, await reader.count());
    } catch (error) {
      await closeAll(readers);
      throw error;
    }
  }

  /** The names of the buckets, in order. */
  get buckets(): string[] {
    return [...this.#spaces.keys()].sort();
  }

  /** Counts the entries of all buckets. */
  async count(signal?: AbortSignal): Promise<number> {
    let count = 0;
    for (const space of this.#spaces.values()) {
      count += await space.count(signal === undefined ? {} : { signal });
    }
    return count;
  }

  /** True if the key has a value. */
  has(bucket: string, key: Uint8Array): boolean {
    return this.#spaces.get(bucket)?.has(key) ?? false;
  }

  /** All entries in order, by groups; from a position on if there is one. */
  async *groups(
    from: LocalPosition | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<EntryGroup> {
    for (const bucket of this.buckets) {
      if (from !== undefined && bucket < from.bucket) continue;
      const space = this.#spaces.get(bucket)!;
      const cursor = bucket === from?.bucket ? from.cursor : "";
      const list = space.list({
        keysOnly: true,
        cursor,
        ...(signal === undefined ? {} : { signal }),
      });
      let entries: CopiedEntry[] = [];
      let bytes = 0;
      for await (const [key] of list) {
        const { value, expiresAt } = space.getEntry(key);
        // Expired since the list was begun.
        if (value === undefined) continue;
        entries.push({ key, value, expiresAt });
        bytes += key.length + value.length;
        if (entries.length < GROUP_ENTRIES_MAX && bytes < GROUP_BYTES_MAX) {
          continue;
        }
        yield { bucket, entries, cursor: list.cursor };
        entries = [];
        bytes = 0;
      }
      if (entries.length > 0) yield { bucket, entries, cursor: list.cursor };
    }
  }

  /** Lets go of the directory. */
  async close(): Promise<void> {
    await closeAll(this.#readers);
  }
}

function bucketsIn(path: string): string[] {
  try {
    return listBuckets(new NodeFileSystem(), path);
  } catch (error) {
    throw new StoreError(
      "BAD_PATH",
      `Cannot copy ${path}: it cannot be listed. Name the data directory of an instance`,
      { path, cause: error },
    );
  }
}

async function closeAll(readers: StoreReader[]): Promise<void> {
  for (const reader of readers) await reader.close();
}

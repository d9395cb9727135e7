/**
 * The types of a store's public calls.
 *
 * @module
 */

/**
 * A key: text, stored as UTF-8, or bytes; 1 to 65,535 bytes. The text `"k"` and the
 * bytes `[107]` are the same key.
 */
export type Key = string | Uint8Array;

/** A value: text, stored as UTF-8, or bytes; up to `valueLogFileSize` bytes. */
export type Value = string | Uint8Array;

/** How a key is set. */
export interface SetOptions {
  /**
   * Milliseconds until the key expires: it is gone for readers at once then, and its
   * bytes count as dead within about a second. Greater than 0; without it the key
   * stays.
   */
  expireIn?: number;
}

/** Which keys are meant; all of the key space without any of these. */
export interface RangeOptions {
  /** Only keys that begin with it. */
  prefix?: Key;
  /** Only this key and those behind it. */
  start?: Key;
  /** Only keys before it. */
  end?: Key;
}

/** What {@linkcode KeySpace.list} lists. */
export interface ListOptions extends RangeOptions {
  /**
   * From the last key to the first.
   *
   * @default {false}
   */
  reverse?: boolean;
  /** At most this many entries. Default: all. */
  limit?: number;
  /**
   * Go on where a listing of the same range and direction stood when its `cursor` was
   * read. The empty string stands for its beginning.
   */
  cursor?: string;
  /**
   * Do not read values; they are `undefined` in the entries.
   *
   * @default {false}
   */
  keysOnly?: boolean;
  /** Ends the listing with the signal's reason. */
  signal?: AbortSignal;
}

/** How {@linkcode KeySpace.count} and {@linkcode KeySpace.deleteRange} go. */
export interface RangeWorkOptions extends RangeOptions {
  /** Ends the work between two slices with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * What {@linkcode KeySpace.list} gives. It holds on to its moment until it has given
 * everything, or until `return` is called, as leaving a `for await` loop does.
 */
export interface ListIterator<T> extends AsyncIterableIterator<T> {
  /** Where a later listing goes on, behind the last entry that was given. */
  readonly cursor: string;
}

/** What {@linkcode KeySpace.listSync} gives. */
export interface ListSyncIterator<T> extends IterableIterator<T> {
  /** Where a later listing goes on, behind the last entry that was given. */
  readonly cursor: string;
}

/** One key with its value. */
export type Entry = [key: Uint8Array, value: Uint8Array];

/** One key without its value. */
export type KeyOnlyEntry = [key: Uint8Array, value: undefined];

/** What {@linkcode KeyReader.getEntry} gives. */
export interface VersionedEntry {
  /** The key. */
  key: Uint8Array;
  /** The value; `undefined` if there is none. */
  value: Uint8Array | undefined;
  /** The commit that set the key; null if it has no value. */
  versionstamp: string | null;
  /** When the key expires, in milliseconds since 1970; absent if it does not. */
  expiresAt?: number;
}

/** How {@linkcode Store.gc} goes. */
export interface GcOptions {
  /**
   * Rewrite segments whose dead bytes are at least this part of them; greater than 0
   * and less than 1. Default: the store's `valueLogGcDiscardRatio`.
   */
  discardRatio?: number;
  /** Ends the run between two slices; the report says so. */
  signal?: AbortSignal;
}

/** How {@linkcode Store.largest} goes. */
export interface LargestOptions {
  /** Ends the search with the signal's reason. */
  signal?: AbortSignal;
}

/** One segment, as {@linkcode Store.segments} tells. */
export interface SegmentInfo {
  /** The segment's id; later segments have higher ids. */
  id: number;
  /** Bytes of the file. */
  bytes: number;
  /** Bytes of records that the index points at. */
  liveBytes: number;
  /** Bytes of records that it does not point at. */
  deadBytes: number;
  /** Records in it. */
  records: number;
  /** Dead bytes / bytes of records. */
  discardRatio: number;
  /** True for the segment that is appended to. */
  active: boolean;
}

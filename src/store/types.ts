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

/** What {@linkcode KeySpace.list} lists. */
export interface ListOptions {
  /** Only keys that begin with it. Default: all. */
  prefix?: Key;
  /** At most this many entries. Default: all. */
  limit?: number;
  /**
   * Do not read values; they are `undefined` in the entries.
   *
   * @default {false}
   */
  keysOnly?: boolean;
  /** Ends the listing with the signal's reason. */
  signal?: AbortSignal;
}

/** One key with its value. */
export type Entry = [key: Uint8Array, value: Uint8Array];

/** One key without its value. */
export type KeyOnlyEntry = [key: Uint8Array, value: undefined];

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

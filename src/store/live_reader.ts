/**
 * What a reader and its buckets have in common.
 *
 * @module
 */

import type { ReaderEngine } from "../engine/reader_engine.ts";
import { StoreError } from "../errors.ts";
import { bucketPrefix } from "./bucket_name.ts";
import { type ExportOptions, type ExportReport, exportRows } from "./export.ts";
import { KeyReader } from "./key_reader.ts";
import type { Key, VersionedEntry } from "./types.ts";

/**
 * Reads keys of a store that a writer may have open elsewhere, as of the last refresh.
 *
 * A read that meets a write that had failed after it was seen refreshes the reader and
 * tries once more.
 */
export abstract class LiveReader extends KeyReader {
  readonly #engine: ReaderEngine;
  readonly #prefix: Uint8Array | undefined;

  /** Not for callers: use {@linkcode StoreReader.open}. */
  constructor(engine: unknown, prefix: Uint8Array | undefined) {
    super(engine, prefix);
    this.#engine = engine as ReaderEngine;
    this.#prefix = prefix;
  }

  /**
   * Writes the rows of a range, as of the last refresh, to a stream; see
   * {@linkcode KeySpace.export}.
   */
  async export(
    writable: WritableStream<Uint8Array>,
    options: ExportOptions,
  ): Promise<ExportReport> {
    this.#engine.check("export rows");
    return await exportRows(this.#engine, this.#prefix, writable, options);
  }

  /** Makes it worth trying again, or throws the error. */
  #heal(error: unknown): void {
    if (!(error instanceof StoreError) || error.code !== "STALE") throw error;
    this.#engine.refreshSync();
  }

  /** The value of a key, as a copy; `undefined` if it has none. */
  override getSync(key: Key): Uint8Array | undefined {
    try {
      return super.getSync(key);
    } catch (error) {
      this.#heal(error);
      return super.getSync(key);
    }
  }

  /** The same; large values are read off the event loop. */
  override get(key: Key): Promise<Uint8Array | undefined> {
    return super.get(key).catch((error) => {
      this.#heal(error);
      return super.get(key);
    });
  }

  /** A view on the value of a key, valid until the next call on the reader. */
  override getView(key: Key): Uint8Array | undefined {
    try {
      return super.getView(key);
    } catch (error) {
      this.#heal(error);
      return super.getView(key);
    }
  }

  /** Copies the value of a key into `target`; returns its length. */
  override getInto(key: Key, target: Uint8Array): number | undefined {
    try {
      return super.getInto(key, target);
    } catch (error) {
      this.#heal(error);
      return super.getInto(key, target);
    }
  }

  /** A key with its value, when it expires and the versionstamp of its commit. */
  override getEntry(key: Key): VersionedEntry {
    try {
      return super.getEntry(key);
    } catch (error) {
      this.#heal(error);
      return super.getEntry(key);
    }
  }
}

/** A bucket, got by {@linkcode StoreReader.bucket}. It needs no closing. */
export class BucketReader extends LiveReader {
  /** The bucket's name. */
  readonly name: string;

  /** Not for callers: use {@linkcode StoreReader.bucket}. */
  constructor(engine: unknown, name: string) {
    super(engine, bucketPrefix(name));
    this.name = name;
  }
}

/**
 * Many rows at once, in and out: what a store and a bucket have in common with each
 * other beyond single keys.
 *
 * @module
 */

import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { type ExportOptions, type ExportReport, exportRows } from "./export.ts";
import { type ImportOptions, type ImportReport, importRows } from "./import.ts";
import { KeyReader } from "./key_reader.ts";
import {
  type BulkTarget,
  load,
  type LoadOptions,
  type LoadReport,
  type LoadRow,
} from "./load.ts";

/** Loads, exports and imports rows. */
export abstract class BulkSpace extends KeyReader {
  readonly #engine: Engine;
  readonly #space: Uint8Array | undefined;
  readonly #compression: Compression;

  /** Not for callers: use {@linkcode Store.open} and {@linkcode Store.bucket}. */
  constructor(
    engine: unknown,
    space: Uint8Array | undefined,
    compression: unknown,
  ) {
    super(engine, space);
    this.#engine = engine as Engine;
    this.#space = space;
    this.#compression = compression as Compression;
  }

  #target(): BulkTarget {
    return {
      engine: this.#engine,
      space: this.#space,
      compression: this.#compression,
    };
  }

  /**
   * Sets many rows, in batches, and takes them no faster than they can be written. It
   * is not atomic: if it fails, or after a crash, rows up to some point are set.
   *
   * @param rows Pairs of key and value, or objects with `key`, `value` and `expireIn`.
   * Where they come with pauses, none waits for others longer than 50 ms.
   * @param options How to end it early, and whom to tell of its progress.
   * @returns How many rows, when they are as safe as the store's settings promise.
   * @throws {TypeError} If a row is none; those before it are set.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * const { rows } = await store.load([
   *   ["a", "1"],
   *   { key: "b", value: "2", expireIn: 60_000 },
   * ]);
   * assertEquals([rows, store.size], [2, 2]);
   * ```
   */
  async load(
    rows: Iterable<LoadRow> | AsyncIterable<LoadRow>,
    options: LoadOptions = {},
  ): Promise<LoadReport> {
    this.#engine.check("load rows");
    return await load(this.#target(), rows, options);
  }

  /**
   * Writes the rows of a range, as of this moment and in the order of their keys, to a
   * stream, as fast as that takes them.
   *
   * @param writable Where they go; closed at the end, aborted on failure.
   * @param options The format and the range.
   * @returns What was written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("key", "value");
   * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
   * const exported = store.export(writable, { format: "ndjson" });
   * const text = await new Response(readable).text();
   * assertEquals(text, `{"key":"key","value":"value"}\n`);
   * assertEquals((await exported).rows, 1);
   * ```
   */
  async export(
    writable: WritableStream<Uint8Array>,
    options: ExportOptions,
  ): Promise<ExportReport> {
    this.#engine.check("export rows");
    return await exportRows(this.#engine, this.#space, writable, options);
  }

  /**
   * Sets the rows of a stream. It is not atomic: if a row makes no sense, those before
   * it are set and nothing else. A row whose time is over deletes its key.
   *
   * @param readable The rows; memory is needed for the longest of them.
   * @param options The format.
   * @returns What was read, when it is as safe as the store's settings promise.
   * @throws {InputError} `BAD_ROW` with the line or the offset of a row that is none.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * const rows = new Blob([`{"key":"a","value":"1"}\n{"key":"b","valueBase64":"/w=="}`]);
   * await store.import(rows.stream(), { format: "ndjson" });
   * assertEquals(store.getSync("b"), new Uint8Array([255]));
   * ```
   */
  async import(
    readable: ReadableStream<Uint8Array>,
    options: ImportOptions,
  ): Promise<ImportReport> {
    this.#engine.check("import rows");
    return await importRows(this.#target(), readable, options);
  }
}

/**
 * Importing: rows that {@linkcode KeySpace.export} or another program wrote.
 *
 * @module
 */

import { InputError, StoreClosedError } from "../errors.ts";
import type { Compression } from "../engine/compression.ts";
import type { Engine } from "../engine/engine.ts";
import { KEY_BYTES_MAX } from "../format/record.ts";
import {
  CBOR_HEAD_BYTES_MAX,
  type CborHead,
  headRest,
  isBytesHead,
  isRowHead,
  isTimeHead,
  readHead,
} from "../format/row_cbor.ts";
import { decodeLine, isTime, type Row } from "../format/row_line.ts";
import { ByteSource } from "./byte_source.ts";
import { readFormat, type RowFormat } from "./export.ts";
import type { BulkTarget } from "./load.ts";
import { RowWriter } from "./row_writer.ts";
import { ValueBuffer } from "./value_buffer.ts";

const ACTION = "import rows";
const NEWLINE = 10;

/** How {@linkcode KeySpace.import} goes. */
export interface ImportOptions {
  /** The format. */
  format: RowFormat;
  /** Ends it with the signal's reason; rows before that are set. */
  signal?: AbortSignal;
}

/** What {@linkcode KeySpace.import} did. */
export interface ImportReport {
  /** Rows read. */
  rows: number;
  /** Those among them whose time was over: their keys have no value now. */
  expired: number;
  /** Bytes read. */
  bytes: number;
}

/** Sets the rows of a stream; see {@linkcode KeySpace.import}. */
export async function importRows(
  target: BulkTarget,
  readable: ReadableStream<Uint8Array>,
  options: ImportOptions,
): Promise<ImportReport> {
  const format = readFormat(options.format, ACTION);
  const source = ByteSource.ofStream(readable, ACTION, options.signal);
  const importer = new Importer(target, source);
  try {
    const rows = format === "cbor" ? importer.items() : importer.lines();
    for await (const row of rows) await importer.set(row);
    await importer.finish();
    source.close();
    return importer.report();
  } catch (error) {
    source.close(error);
    // What came before what is wrong is set.
    await importer.finish().catch(() => {});
    throw error;
  }
}

class Importer {
  readonly #engine: Engine;
  readonly #space: Uint8Array | undefined;
  readonly #compression: Compression;
  readonly #value = new ValueBuffer();
  readonly #source: ByteSource;
  readonly #writer: RowWriter;
  readonly #keyBytesMax: number;
  #rows = 0;
  #expired = 0;
  /** Where the row at hand begins. */
  #offset = 0;
  #line: number | undefined;

  constructor(
    { engine, space, compression }: BulkTarget,
    source: ByteSource,
  ) {
    this.#compression = compression;
    this.#engine = engine;
    this.#space = space;
    this.#source = source;
    this.#writer = new RowWriter(engine);
    this.#keyBytesMax = KEY_BYTES_MAX - (space?.length ?? 0);
  }

  report(): ImportReport {
    return {
      rows: this.#rows,
      expired: this.#expired,
      bytes: this.#source.offset,
    };
  }

  #wrong(reason: string, offset = this.#offset): InputError {
    const line = this.#line;
    const place = line === undefined ? { offset } : { offset, line };
    return new InputError("BAD_ROW", ACTION, place, reason);
  }

  async set({ key, value, expiry }: Row): Promise<void> {
    const engine = this.#engine;
    const writer = this.#writer;
    if (key.length === 0 || key.length > this.#keyBytesMax) {
      throw this.#wrong(
        `the key has ${key.length} bytes, it must have 1 to ${this.#keyBytesMax}`,
      );
    }
    this.#checkLength(value.length);
    this.#value.loadFor(value, this.#compression);
    const { bytes, length, codec } = this.#value;
    writer.makeRoom(length);
    engine.key.load(key, this.#space);
    if (expiry !== 0 && expiry <= engine.now()) this.#expired++;
    writer.put(bytes, length, expiry, codec);
    this.#rows++;
    if (writer.mustSettle) await writer.settle();
    const { host } = engine.log;
    if (host.shouldBreathe()) await host.breathe();
    this.#checkOpen();
  }

  #checkLength(length: number): void {
    const { valueLogFileSize } = this.#engine.settings;
    if (length <= valueLogFileSize) return;
    throw this.#wrong(
      `the value has ${length} bytes, it may have value_log_file_size (${valueLogFileSize})`,
    );
  }

  #checkOpen(): void {
    if (this.#engine.status !== "open") throw new StoreClosedError(ACTION);
  }

  async finish(): Promise<void> {
    this.#checkOpen();
    await this.#writer.finish();
  }

  /** The rows of lines. */
  async *lines(): AsyncGenerator<Row> {
    const source = this.#source;
    this.#line = 0;
    let rest: Uint8Array[] = [];
    let restLength = 0;
    let start = 0;
    for (;;) {
      const piece = await source.takeAny();
      let at = 0;
      for (;;) {
        const end = piece?.indexOf(NEWLINE, at) ?? -1;
        if (end < 0 && piece !== undefined) break;
        // The last line may have no end.
        const part = piece?.subarray(at, end) ?? new Uint8Array(0);
        const line = rest.length === 0
          ? part
          : join([...rest, part], restLength + part.length);
        this.#line++;
        this.#offset = start;
        const row = decodeLine(line);
        if (typeof row === "string") throw this.#wrong(row);
        if (row !== undefined) yield row;
        if (piece === undefined) return;
        start += line.length + 1;
        at = end + 1;
        rest = [];
        restLength = 0;
      }
      if (at < piece.length) {
        rest.push(piece.subarray(at));
        restLength += piece.length - at;
      }
    }
  }

  /** The rows of a CBOR sequence. */
  async *items(): AsyncGenerator<Row> {
    const source = this.#source;
    while (await source.peek() !== undefined) {
      this.#offset = source.offset;
      const head = await this.#head();
      if (!isRowHead(head)) {
        throw this.#wrong("there is no array of two or three items here");
      }
      const key = await this.#bytes("key");
      const value = await this.#bytes("value");
      let expiry = 0;
      if (head.value === 3) {
        const time = await this.#head();
        if (!isTimeHead(time) || !isTime(time.value) || time.value === 0) {
          throw this.#wrong(
            "its third item is no number of milliseconds since 1970",
          );
        }
        expiry = time.value;
      }
      yield { key, value, expiry };
    }
  }

  async #head(): Promise<CborHead> {
    const source = this.#source;
    const offset = source.offset;
    const first = await source.peek();
    if (first === undefined) throw this.#wrong("the row is cut off", offset);
    const rest = headRest(first);
    if (rest === undefined) {
      throw this.#wrong("no item of definite length begins here", offset);
    }
    const bytes = await source.take(Math.min(1 + rest, CBOR_HEAD_BYTES_MAX));
    if (bytes.length < 1 + rest) {
      throw this.#wrong("the row is cut off", source.offset);
    }
    return readHead(bytes);
  }

  async #bytes(what: "key" | "value"): Promise<Uint8Array> {
    const source = this.#source;
    const offset = source.offset;
    const head = await this.#head();
    if (!isBytesHead(head)) {
      throw this.#wrong(`the ${what} is no string of bytes or text`, offset);
    }
    // No more is waited for than can be used.
    if (what === "value") this.#checkLength(head.value);
    else if (head.value > this.#keyBytesMax) {
      throw this.#wrong(
        `the key has ${head.value} bytes, it may have ${this.#keyBytesMax}`,
        offset,
      );
    }
    const bytes = await source.take(head.value);
    if (bytes.length < head.value) {
      throw this.#wrong("the row is cut off", source.offset);
    }
    return bytes;
  }
}

function join(parts: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Exporting: the rows of a range, in formats that other programs read.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import type { ReadEngine } from "../engine/read_engine.ts";
import {
  keepMoment,
  placeOfListed,
  readPlace,
} from "../engine/moment_reader.ts";
import { completeViewAsync, RangeScan } from "../engine/range_scan.ts";
import { encodeItem } from "../format/row_cbor.ts";
import { encodeLine } from "../format/row_line.ts";
import { ByteSink } from "./byte_sink.ts";
import { readRange } from "./range.ts";
import type { RangeOptions } from "./types.ts";

const KEYS_A_PAGE = 128;
const PIECE_BYTES = 64 * 1024;

/**
 * A format of rows:
 *
 * - `"ndjson"`: a JSON object a line, `{"key":"k","value":"v","expiresAt":0}`.
 *   `expiresAt` is there only for keys that expire, in milliseconds since 1970. What is
 *   not UTF-8 is in `keyBase64` or `valueBase64` instead.
 * - `"cbor"`: a CBOR sequence (RFC 8742) of arrays of two byte strings, key and value,
 *   and for keys that expire an unsigned integer.
 */
export type RowFormat = "ndjson" | "cbor";

/** What {@linkcode KeySpace.export} writes; all of the key space without a range. */
export interface ExportOptions extends RangeOptions {
  /** The format. */
  format: RowFormat;
  /** Ends it with the signal's reason; the stream is aborted. */
  signal?: AbortSignal;
  /** Called after each piece with the counts so far; must not throw. */
  onProgress?: (progress: ExportReport) => void;
}

/** What {@linkcode KeySpace.export} did. */
export interface ExportReport {
  /** Rows written. */
  rows: number;
  /** Bytes written. */
  bytes: number;
}

/** Checks the name of a format. */
export function readFormat(format: RowFormat, action: string): RowFormat {
  if (format === "ndjson" || format === "cbor") return format;
  throw new TypeError(
    `Cannot ${action} in the format ${
      typeof format === "string" ? `"${format}"` : describe(format)
    }: it must be "ndjson" or "cbor"`,
  );
}

/** Writes the rows of a range; see {@linkcode KeySpace.export}. */
export async function exportRows(
  engine: ReadEngine,
  space: Uint8Array | undefined,
  writable: WritableStream<Uint8Array>,
  options: ExportOptions,
): Promise<ExportReport> {
  const { signal, onProgress } = options;
  const action = "export rows";
  const encode = readFormat(options.format, action) === "cbor"
    ? encodeItem
    : encodeLine;
  const range = readRange(space, options);
  return await ByteSink.use(engine, writable, signal, action, async (sink) => {
    const moment = keepMoment(engine);
    let rows = 0;
    let pieces: Uint8Array[] = [];
    let length = 0;
    const flush = async () => {
      const piece = new Uint8Array(length);
      let at = 0;
      for (const part of pieces) {
        piece.set(part, at);
        at += part.length;
      }
      pieces = [];
      length = 0;
      await sink.write(piece);
      sink.check();
      onProgress?.({ rows, bytes: sink.bytes });
    };
    try {
      await completeViewAsync(engine, signal);
      const scan = new RangeScan(engine, moment, range, false);
      while (!scan.isDone) {
        for (const whole of scan.next(KEYS_A_PAGE)) {
          engine.key.loadRecord(whole, 0, whole.length, space !== undefined);
          // The moment is kept, so what had a value there has it still.
          const place = placeOfListed(engine, moment);
          const read = readPlace(engine, place);
          const value = read instanceof Uint8Array ? read : await read;
          const key = whole.subarray(space?.length ?? 0);
          const row = encode({ key, value, expiry: place.expiry });
          pieces.push(row);
          length += row.length;
          rows++;
          if (length >= PIECE_BYTES) await flush();
          else if (read !== value) sink.check();
        }
        await sink.breathe();
      }
      if (length > 0) await flush();
    } finally {
      engine.ledger.history.drop(moment);
    }
    return { rows, bytes: sink.bytes };
  });
}

/**
 * Files of a store as text: every record of every segment and every row of every
 * hint file, each with its bytes.
 *
 * @module
 */

import {
  type FileSystem,
  joinPath,
  readFile,
} from "../../src/fs/file_system.ts";
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  type FileKind,
} from "../../src/format/file_header.ts";
import { parseFileName } from "../../src/format/file_names.ts";
import { segmentSeed } from "../../src/format/checksum.ts";
import { type ChunkHead, ChunkRows, readChunk } from "../../src/format/hint.ts";
import {
  FLAG_BATCH,
  FLAG_BATCH_END,
  FLAG_BUCKET,
  KIND_CONTROL,
  KIND_PUT,
  RecordHead,
} from "../../src/format/record.ts";

const HEX_ROW_BYTES = 32;
const HEX_ROWS_MAX = 4;

/** Bytes as text: what can be printed as it is, the rest as `\xNN`. */
export function printable(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : "\\x" + byte.toString(16).padStart(2, "0");
  }
  return text.length <= 60
    ? text
    : `${text.slice(0, 40)}… (${bytes.length} bytes)`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

/** The bytes from `start` to `end`, row by row. */
function hexRows(bytes: Uint8Array, start: number, end: number): string[] {
  const rows: string[] = [];
  for (let at = start; at < end; at += HEX_ROW_BYTES) {
    if (rows.length === HEX_ROWS_MAX) {
      rows.push(`    … ${end - at} bytes more`);
      break;
    }
    rows.push(
      "    " + hex(bytes.subarray(at, Math.min(end, at + HEX_ROW_BYTES))),
    );
  }
  return rows;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The header of a file. */
function dumpHeader(bytes: Uint8Array, kind: FileKind, name: string): string[] {
  const header = decodeFileHeader(
    bytes.subarray(0, FILE_HEADER_BYTES),
    kind,
    name,
  );
  return [
    `${name}: ${bytes.length} bytes`,
    `  0 header SETT${kind} segment=${header.segmentId} created=${header.created} ` +
    `next=${header.nextVersion} horizon=${header.expiryHorizon}`,
    ...hexRows(bytes, 0, FILE_HEADER_BYTES),
  ];
}

function kindName(kind: number): string {
  if (kind === KIND_CONTROL) return "control";
  return kind === KIND_PUT ? "put" : "tombstone";
}

function flagNames(flags: number): string {
  const names: string[] = [];
  if ((flags & FLAG_BATCH) !== 0) {
    names.push((flags & FLAG_BATCH_END) !== 0 ? "batch-end" : "batch");
  }
  if ((flags & FLAG_BUCKET) !== 0) names.push("bucket");
  return names.map((name) => ` ${name}`).join("");
}

function dumpSegment(bytes: Uint8Array, name: string): string[] {
  const lines = dumpHeader(bytes, "VLOG", name);
  const view = viewOf(bytes);
  const head = new RecordHead();
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const problem = head.read(view, at, bytes.length - at);
    if (problem !== undefined || at + head.length > bytes.length) {
      lines.push(
        `  ${at} no whole record`,
        ...hexRows(bytes, at, bytes.length),
      );
      break;
    }
    const keyAt = at + head.headLength;
    const valueAt = keyAt + head.keyLength;
    const end = at + head.length;
    lines.push(
      `  ${at} ${kindName(head.kind)}${
        flagNames(head.flags)
      } v${head.version}` +
        (head.expiry === 0 ? "" : ` expiry=${head.expiry}`) +
        (head.syncMark === 0 ? "" : ` synced=${head.syncMark}`) +
        ` ${printable(bytes.subarray(keyAt, valueAt))}` +
        `=${printable(bytes.subarray(valueAt, end))}`,
      ...hexRows(bytes, at, end),
    );
    at = end;
  }
  return lines;
}

function dumpChunk(bytes: Uint8Array, at: number, head: ChunkHead): string[] {
  const lines = [
    `  ${at} chunk ${head.from}-${head.to} rows=${head.rows} ` +
    `data=${head.dataChecksum.toString(16)} synced=${head.synced} ` +
    `final=${head.isFinal} version=${head.version} horizon=${head.horizon}`,
    ...hexRows(bytes, at, at + head.length),
  ];
  const rows = new ChunkRows(viewOf(bytes), at, head);
  while (rows.next()) {
    const key = bytes.subarray(rows.keyStart, rows.keyStart + rows.keyLength);
    lines.push(
      `    ${rows.offset}+${rows.recordLength} ${kindName(rows.kind)}` +
        flagNames(rows.flags) +
        (rows.expiry === 0 ? "" : ` expiry=${rows.expiry}`) +
        ` ${printable(key)}`,
    );
  }
  return lines;
}

function dumpHint(bytes: Uint8Array, name: string): string[] {
  const lines = dumpHeader(bytes, "HINT", name);
  const view = viewOf(bytes);
  const seed = segmentSeed(bytes.subarray(16, 32), view.getUint32(12, true));
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const head = readChunk(bytes, view, at, seed);
    if (head === undefined) {
      lines.push(`  ${at} no sound chunk`, ...hexRows(bytes, at, bytes.length));
      break;
    }
    lines.push(...dumpChunk(bytes, at, head));
    at += head.length;
  }
  return lines;
}

/** The words of a snapshot before its tables, and the entries behind them. */
function dumpSnapshot(bytes: Uint8Array, name: string): string[] {
  const lines = dumpHeader(bytes, "SNAP", name);
  const view = viewOf(bytes);
  const word = (index: number) =>
    view.getUint32(FILE_HEADER_BYTES + index * 4, true);
  const [live, segments, depth, tables, end] = [3, 5, 6, 7, 8].map(word);
  lines.push(
    `  ${FILE_HEADER_BYTES} live=${live} segments=${segments} depth=${depth} ` +
      `tables=${tables} arena=${end} words`,
    ...hexRows(bytes, FILE_HEADER_BYTES, FILE_HEADER_BYTES + 40),
  );
  for (let i = 0; i < segments!; i++) {
    const [id, length, records, dead, , hint] = [0, 1, 2, 3, 4, 5]
      .map((field) => word(10 + i * 6 + field));
    lines.push(
      `    segment ${id}: length=${length} records=${records} dead=${dead} hint=${hint}`,
    );
  }
  const arenaAt = bytes.length - 4 - end! * 4;
  lines.push(`  ${arenaAt} arena`, ...hexRows(bytes, arenaAt, bytes.length));
  return lines;
}

/** One file of a store, or what can be said of it. */
export function dumpFile(
  files: FileSystem,
  directory: string,
  name: string,
): string[] {
  const bytes = readFile(files, joinPath(directory, name));
  switch (parseFileName(name)?.kind) {
    case "segment":
      return dumpSegment(bytes, name);
    case "hint":
      return dumpHint(bytes, name);
    case "snapshot":
      return dumpSnapshot(bytes, name);
    default:
      return [
        `${name}: ${bytes.length} bytes`,
        ...hexRows(bytes, 0, bytes.length),
      ];
  }
}

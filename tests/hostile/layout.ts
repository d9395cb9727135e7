/**
 * Where things lie in a file that may be damaged: its blocks and its number fields,
 * found without a look at any checksum, and the checksums made right again.
 *
 * @module
 */

import { parseFileName } from "../../src/format/file_names.ts";
import {
  checksum,
  recordSeed,
  segmentSeed,
} from "../../src/format/checksum.ts";
import { CODEC_PLAIN } from "../../src/format/codec.ts";
import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import { CHUNK_HEAD_BYTES } from "../../src/format/hint.ts";
import {
  CODEC_OFFSET,
  FLAG_EXPIRING,
  FLAG_SYNC_MARK,
  RECORD_HEAD_BYTES,
  RecordHead,
  sealRecord,
} from "../../src/format/record.ts";

/** What a file is, going by its name. */
export type FileKind = "segment" | "hint" | "snapshot" | "other";

/** A stretch of a file. */
export interface Block {
  start: number;
  end: number;
}

/** A number in a file. */
export interface Field {
  offset: number;
  bytes: 1 | 2 | 4 | 8;
}

const META_WORDS = 10;
const SEGMENT_WORDS = 6;
const TABLE_WORDS = 2050;

/** Offsets and sizes of the numbers of a file header. */
const HEADER_FIELDS: readonly Field[] = [
  { offset: 8, bytes: 2 },
  { offset: 10, bytes: 2 },
  { offset: 12, bytes: 4 },
  { offset: 16, bytes: 8 },
  { offset: 32, bytes: 8 },
  { offset: 40, bytes: 8 },
  { offset: 48, bytes: 8 },
  { offset: 56, bytes: 4 },
];

/** What `name` is. */
export function kindOf(name: string): FileKind {
  const kind = parseFileName(name)?.kind;
  return kind === "segment" || kind === "hint" || kind === "snapshot"
    ? kind
    : "other";
}

/** A view on all of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The records of a segment, as far as their heads make sense. */
function recordsOf(bytes: Uint8Array): Block[] {
  const view = viewOf(bytes);
  const head = new RecordHead();
  const blocks: Block[] = [];
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const available = bytes.length - at;
    if (head.read(view, at, available) !== undefined) break;
    if (head.length > available) break;
    blocks.push({ start: at, end: at + head.length });
    at += head.length;
  }
  return blocks;
}

/** The chunks of a hint file, as far as their lengths make sense. */
function chunksOf(bytes: Uint8Array): Block[] {
  const view = viewOf(bytes);
  const blocks: Block[] = [];
  for (let at = FILE_HEADER_BYTES; bytes.length - at >= CHUNK_HEAD_BYTES;) {
    const length = view.getUint32(at + 4, true);
    if (length < CHUNK_HEAD_BYTES || length > bytes.length - at) break;
    blocks.push({ start: at, end: at + length });
    at += length;
  }
  return blocks;
}

/** Records or chunks, or the parts of a snapshot. */
export function blocksOf(name: string, bytes: Uint8Array): Block[] {
  switch (kindOf(name)) {
    case "segment":
      return recordsOf(bytes);
    case "hint":
      return chunksOf(bytes);
    case "snapshot":
      return partsOf(bytes);
    default:
      return [];
  }
}

/** The segments' rows, the tables and the arena of a snapshot. */
function partsOf(bytes: Uint8Array): Block[] {
  const meta = FILE_HEADER_BYTES + META_WORDS * 4;
  if (bytes.length < meta) return [];
  const view = viewOf(bytes);
  const sizes = [
    ...Array(Math.min(50, view.getUint32(FILE_HEADER_BYTES + 20, true)))
      .fill(SEGMENT_WORDS * 4),
    ...Array(Math.min(50, view.getUint32(FILE_HEADER_BYTES + 28, true)))
      .fill(TABLE_WORDS * 4),
  ];
  const blocks: Block[] = [];
  let at = meta;
  for (const size of [...sizes, bytes.length - 4 - meta]) {
    const end = Math.min(at + size, bytes.length - 4);
    if (end > at) blocks.push({ start: at, end });
    at = end;
  }
  return blocks;
}

/** The numbers of a file, its header's included. */
export function fieldsOf(name: string, bytes: Uint8Array): Field[] {
  const fields = HEADER_FIELDS.slice();
  const view = viewOf(bytes);
  switch (kindOf(name)) {
    case "segment":
      for (const { start } of recordsOf(bytes)) {
        fields.push(...recordFields(view, start));
      }
      break;
    case "hint":
      for (const { start, end } of chunksOf(bytes)) {
        for (let at = 4; at < 32; at += 4) {
          fields.push({ offset: start + at, bytes: 4 });
        }
        fields.push({ offset: start + 32, bytes: 8 });
        fields.push({ offset: start + 40, bytes: 8 });
        fields.push(...rowFields(view, start + CHUNK_HEAD_BYTES, end));
      }
      break;
    case "snapshot":
      fields.push(...snapshotFields(bytes, view));
  }
  return fields.filter(({ offset, bytes: size }) =>
    offset + size <= bytes.length
  );
}

function recordFields(view: DataView, start: number): Field[] {
  const fields: Field[] = [
    { offset: start + 4, bytes: 1 },
    { offset: start + 5, bytes: 1 },
    { offset: start + 6, bytes: 2 },
    { offset: start + 8, bytes: 4 },
    { offset: start + 12, bytes: 8 },
  ];
  const flags = view.getUint8(start + 4);
  let at = start + RECORD_HEAD_BYTES;
  if ((flags & FLAG_EXPIRING) !== 0) {
    fields.push({ offset: at, bytes: 8 });
    at += 8;
  }
  if ((flags & FLAG_SYNC_MARK) !== 0) {
    fields.push({ offset: at, bytes: 4 });
    at += 4;
  }
  // A coded value begins with the length of what it stands for.
  const valueLength = view.getUint32(start + 8, true);
  if (view.getUint8(start + CODEC_OFFSET) !== CODEC_PLAIN && valueLength >= 4) {
    at += view.getUint16(start + 6, true);
    fields.push({ offset: at, bytes: 4 });
  }
  return fields;
}

function rowFields(view: DataView, from: number, end: number): Field[] {
  const fields: Field[] = [];
  for (let at = from; at + 8 <= end;) {
    fields.push(
      { offset: at, bytes: 1 },
      { offset: at + 2, bytes: 2 },
      { offset: at + 4, bytes: 4 },
    );
    const isExpiring = (view.getUint8(at) & FLAG_EXPIRING) !== 0;
    if (isExpiring) fields.push({ offset: at + 8, bytes: 8 });
    at += 8 + (isExpiring ? 8 : 0) + view.getUint16(at + 2, true);
  }
  return fields;
}

/** The words of a snapshot that are not zero: most of a table is empty. */
function snapshotFields(bytes: Uint8Array, view: DataView): Field[] {
  const fields: Field[] = [];
  const meta = FILE_HEADER_BYTES + META_WORDS * 4;
  for (let at = FILE_HEADER_BYTES; at + 8 <= bytes.length; at += 4) {
    if (at < meta || view.getUint32(at, true) !== 0) {
      fields.push({ offset: at, bytes: 4 });
    }
  }
  return fields;
}

/** What {@linkcode repair} makes right. */
export interface Repair {
  /** The file header's sum. */
  header: boolean;
  /** The sums of records or chunks, or of a snapshot's body. */
  blocks: boolean;
  /** What hint chunks say of the bytes of their segment, if it is there. */
  segment?: Uint8Array | undefined;
}

/** The seed of the checksums of a segment or hint file, by its header. */
function seedOf(bytes: Uint8Array): number {
  return segmentSeed(bytes.slice(16, 32), viewOf(bytes).getUint32(12, true));
}

/** Makes checksums right, so that what was changed is believed. */
export function repair(
  name: string,
  bytes: Uint8Array,
  { header, blocks, segment }: Repair,
): void {
  if (bytes.length < FILE_HEADER_BYTES) return;
  const view = viewOf(bytes);
  if (header) view.setUint32(60, checksum(bytes.subarray(0, 60)), true);
  if (!blocks) return;
  switch (kindOf(name)) {
    case "segment": {
      const seed = seedOf(bytes);
      for (const { start, end } of recordsOf(bytes)) {
        sealRecord(bytes, view, start, end - start, seed, start);
      }
      break;
    }
    case "hint": {
      const seed = seedOf(bytes);
      for (const { start, end } of chunksOf(bytes)) {
        const from = view.getUint32(start + 8, true);
        if (segment !== undefined) {
          const to = view.getUint32(start + 12, true);
          const data = segment.subarray(from, Math.max(from, to));
          view.setUint32(start + 20, checksum(data), true);
        }
        const covered = bytes.subarray(start + 4, end);
        view.setUint32(start, checksum(covered, recordSeed(seed, from)), true);
      }
      break;
    }
    case "snapshot": {
      const end = bytes.length - 4;
      if (end < FILE_HEADER_BYTES) return;
      const sum = checksum(bytes.subarray(FILE_HEADER_BYTES, end));
      view.setUint32(end, sum, true);
    }
  }
}

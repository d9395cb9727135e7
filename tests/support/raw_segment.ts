/**
 * Segments made of hand-written records, for tests of what reads them.
 *
 * @module
 */

import { segmentSeed } from "../../src/format/checksum.ts";
import {
  FILE_HEADER_BYTES,
  STORE_ID_BYTES,
} from "../../src/format/file_header.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { Segment } from "../../src/log/segment.ts";
import { encodeRecord, type RecordFields } from "./reference.ts";

/** The store that the segments belong to. */
export const RAW_STORE_ID: Uint8Array = Uint8Array.from(
  { length: STORE_ID_BYTES },
  (_, i) => i + 1,
);

/** A segment whose bytes are made by hand. */
export class RawSegment {
  /** The segment. */
  readonly segment: Segment;
  /** Where each record lies. */
  readonly offsets: number[] = [];

  /** An empty segment. */
  constructor(id: number = 1) {
    const file = new MemoryFileSystem().open("/raw.vlog", "create");
    file.write(new Uint8Array(FILE_HEADER_BYTES), 0, FILE_HEADER_BYTES, 0);
    const seed = segmentSeed(RAW_STORE_ID, id);
    this.segment = new Segment(id, file, seed, 1, 0);
  }

  /** Bytes of the file. */
  get size(): number {
    return this.segment.file.size();
  }

  /** Appends a record in its right place. */
  add(fields: RecordFields): this {
    this.offsets.push(this.size);
    const { id } = this.segment;
    return this.addBytes(encodeRecord(fields, RAW_STORE_ID, id, this.size));
  }

  /** Appends bytes. */
  addBytes(bytes: Uint8Array): this {
    this.segment.file.write(bytes, 0, bytes.length, this.size);
    this.segment.length = this.size;
    return this;
  }

  /** The bytes of the file from `start` to `end`. */
  bytes(start: number, end: number = this.size): Uint8Array {
    const bytes = new Uint8Array(end - start);
    this.segment.file.read(bytes, 0, bytes.length, start);
    return bytes;
  }

  /** Changes one byte. */
  flip(offset: number, mask: number = 0xff): this {
    const byte = this.bytes(offset, offset + 1);
    byte[0]! ^= mask;
    this.segment.file.write(byte, 0, 1, offset);
    return this;
  }
}

/** A put with a version of its own. */
export function put(
  key: string,
  value: string | Uint8Array,
  more: Partial<RecordFields> = {},
): RecordFields {
  const encoder = new TextEncoder();
  return {
    kind: "put",
    version: 1,
    key: encoder.encode(key),
    value: typeof value === "string" ? encoder.encode(value) : value,
    ...more,
  };
}

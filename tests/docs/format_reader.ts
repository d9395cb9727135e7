/**
 * A second reader of the files, written from FORMAT.md alone: it shares no code with
 * `src`, its checksum included. What it prints is the worked example there.
 *
 * @module
 */

/** CRC-32 of zlib and gzip, bit by bit, going on from `seed`. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let register = ~seed;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      register = (register >>> 1) ^ ((register & 1) === 0 ? 0 : 0xedb88320);
    }
  }
  return ~register >>> 0;
}

/** The seed of the checksum of the record at `offset`. */
export function recordSeed(
  storeId: Uint8Array,
  segmentId: number,
  offset: number,
): number {
  const place = new Uint8Array(20);
  place.set(storeId);
  new DataView(place.buffer).setUint32(16, segmentId, true);
  return (crc32(place) ^ offset) >>> 0;
}

/** Reads one file field by field and keeps a line for each. */
export class FieldReader {
  /** Where the next field starts. */
  at = 0;
  /** A line for each field: offset, bytes, meaning. */
  readonly lines: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** A reader of a whole file. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** True after the last field. */
  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The bytes from `start` up to where the reader stands. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at);
  }

  /** A heading between fields. */
  heading(text: string): void {
    this.lines.push("", text);
  }

  /** Bytes as they are. */
  bytes(length: number, name: string): Uint8Array {
    const field = this.#bytes.subarray(this.at, this.at + length);
    const text = /^[\x20-\x7e]+$/.test(ascii(field))
      ? ` ${JSON.stringify(ascii(field))}`
      : "";
    return this.#line(field, name + text);
  }

  /** A little-endian number of 1, 2, 4, 6 or 8 bytes; `meaning` replaces the number. */
  number(
    length: 1 | 2 | 4 | 6 | 8,
    name: string,
    meaning?: (value: number) => string,
  ): number {
    const view = this.#view;
    const value = length === 1
      ? view.getUint8(this.at)
      : length === 2
      ? view.getUint16(this.at, true)
      : length === 4
      ? view.getUint32(this.at, true)
      : length === 6
      ? view.getUint32(this.at, true) +
        view.getUint16(this.at + 4, true) * 2 ** 32
      : Number(view.getBigUint64(this.at, true));
    const field = this.#bytes.subarray(this.at, this.at + length);
    this.#line(field, `${name} ${meaning?.(value) ?? value}`);
    return value;
  }

  /** A checksum, to be compared by the caller once all it covers is read. */
  checksum(): number {
    return this.number(4, "checksum", (value) => value.toString(16));
  }

  #line(field: Uint8Array, meaning: string): Uint8Array {
    const hex = [...field].map((byte) => byte.toString(16).padStart(2, "0"));
    for (let i = 0; i < hex.length; i += 8) {
      const offset = String(this.at + i).padStart(5);
      const row = hex.slice(i, i + 8).join(" ").padEnd(23);
      this.lines.push(`${offset}  ${row}  ${i === 0 ? meaning : ""}`.trimEnd());
    }
    this.at += field.length;
    return field;
  }
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Throws if a checksum that was read is not the one of the bytes. */
function requireSum(stored: number, computed: number, what: string): void {
  if (stored !== computed) throw new Error(`The checksum of ${what} is wrong`);
}

/** Reads the 64 bytes that start every file; returns the store's id. */
export function readFileHeader(
  file: FieldReader,
): { storeId: Uint8Array; segmentId: number } {
  file.bytes(8, "magic");
  file.number(2, "format version");
  file.number(2, "header length");
  const segmentId = file.number(4, "segment id");
  const storeId = file.bytes(16, "store id");
  file.number(8, "created");
  file.number(8, "next version");
  file.number(8, "expiry horizon");
  file.number(4, "needed features");
  const computed = crc32(file.since(0));
  requireSum(file.checksum(), computed, "the file header");
  return { storeId, segmentId };
}

const KINDS = ["", "put", "tombstone", "control"];
const FLAGS = ["expiring", "batch", "batch end", "sync mark", "bucket"];

function describeFlags(flags: number): string {
  const names = FLAGS.filter((_, i) => (flags >> (i + 2)) & 1);
  return [KINDS[flags & 3], ...names].join(", ");
}

/** Reads a whole segment. */
export function readSegment(bytes: Uint8Array): string[] {
  const file = new FieldReader(bytes);
  const { storeId, segmentId } = readFileHeader(file);
  while (!file.isAtEnd) {
    const start = file.at;
    file.heading(`record at ${start}`);
    const stored = file.checksum();
    const flags = file.number(1, "flags:", describeFlags);
    file.number(1, "codec");
    const keyLength = file.number(2, "key length");
    const valueLength = file.number(4, "value length");
    file.number(8, "version");
    if ((flags & 4) !== 0) file.number(8, "expiry");
    if ((flags & 32) !== 0) file.number(4, "sync mark");
    if (keyLength > 0) file.bytes(keyLength, "key");
    if (valueLength > 0) file.bytes(valueLength, "value");
    const seed = recordSeed(storeId, segmentId, start);
    const computed = crc32(file.since(start + 4), seed);
    requireSum(stored, computed, `the record at ${start}`);
  }
  return file.lines;
}

/** Reads a whole hint file; `segment` is the segment it belongs to. */
export function readHint(bytes: Uint8Array, segment: Uint8Array): string[] {
  const file = new FieldReader(bytes);
  const { storeId, segmentId } = readFileHeader(file);
  while (!file.isAtEnd) {
    const start = file.at;
    file.heading(`chunk at ${start}`);
    const stored = file.checksum();
    file.number(4, "chunk length");
    const from = file.number(4, "from");
    const to = file.number(4, "to");
    const rows = file.number(4, "rows");
    const data = file.number(4, "data checksum", (sum) => sum.toString(16));
    requireSum(data, crc32(segment.subarray(from, to)), "the covered range");
    file.number(4, "synced");
    file.number(4, "final");
    file.number(8, "highest version");
    file.number(8, "highest expiry horizon");
    for (let row = 0; row < rows; row++) {
      const flags = file.number(1, "flags:", describeFlags);
      file.number(1, "codec");
      const keyLength = file.number(2, "key length");
      file.number(4, "value length");
      if ((flags & 4) !== 0) file.number(8, "expiry");
      if (keyLength > 0) file.bytes(keyLength, "key");
    }
    const seed = recordSeed(storeId, segmentId, from);
    const computed = crc32(file.since(start + 4), seed);
    requireSum(stored, computed, `the chunk at ${start}`);
  }
  return file.lines;
}

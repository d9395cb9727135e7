/**
 * The formats and hashes once more, written from their definitions in the slowest
 * and plainest way, so that the tests do not check the code against itself.
 *
 * @module
 */

/** CRC-32 (ISO-HDLC), one bit at a time; `seed` is the sum so far. */
export function slowCrc32(bytes: Iterable<number>, seed = 0): number {
  let sum = ~seed;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      sum = (sum & 1) !== 0 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
  }
  return ~sum >>> 0;
}

/** `value` as `size` bytes, the lowest first. */
export function littleEndian(value: number, size: number): number[] {
  let rest = BigInt(value);
  return Array.from({ length: size }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

/** The bytes of `text` in Latin-1. */
export function latin1(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

const WORD_MASK = 0xffff_ffffn;

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (32n - bits))) & WORD_MASK;
}

/** HalfSipHash of whole words with 32 bits of output (reference code, `hsiphash.c`). */
export function slowHalfSipHash(
  words: readonly number[],
  key: Uint8Array,
  rounds: number,
  finalRounds: number,
): number {
  const view = new DataView(key.buffer, key.byteOffset, 8);
  const k0 = BigInt(view.getUint32(0, true));
  const k1 = BigInt(view.getUint32(4, true));
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const round = () => {
    v0 = (v0 + v1) & WORD_MASK;
    v1 = rotate(v1, 5n) ^ v0;
    v0 = rotate(v0, 16n);
    v2 = (v2 + v3) & WORD_MASK;
    v3 = rotate(v3, 8n) ^ v2;
    v0 = (v0 + v3) & WORD_MASK;
    v3 = rotate(v3, 7n) ^ v0;
    v2 = (v2 + v1) & WORD_MASK;
    v1 = rotate(v1, 13n) ^ v2;
    v2 = rotate(v2, 16n);
  };
  for (const word of words) {
    const block = BigInt(word >>> 0);
    v3 ^= block;
    for (let i = 0; i < rounds; i++) round();
    v0 ^= block;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < finalRounds; i++) round();
  return Number(v1 ^ v3);
}

/** `bytes`, filled up with zeros, as words. */
export function wordsOf(bytes: readonly number[]): number[] {
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    words.push(
      (bytes[i]! | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0) << 16 |
        (bytes[i + 3] ?? 0) << 24) >>> 0,
    );
  }
  return words;
}

/** The fields of a record. */
export interface RecordFields {
  /** "put", "tombstone" or "control". */
  kind: "put" | "tombstone" | "control";
  codec?: number;
  version: number;
  expiry?: number;
  syncMark?: number;
  batch?: "member" | "end";
  isBucket?: boolean;
  key: Iterable<number>;
  value: Iterable<number>;
}

/** The flags byte of a record. */
export function flagsOf(fields: RecordFields): number {
  return { put: 1, tombstone: 2, control: 3 }[fields.kind] +
    (fields.expiry === undefined ? 0 : 4) +
    (fields.batch === undefined ? 0 : 8) +
    (fields.batch === "end" ? 16 : 0) +
    (fields.syncMark === undefined ? 0 : 32) +
    (fields.isBucket ? 64 : 0);
}

/** A record as it stands at `offset` of segment `segmentId` of a store. */
export function encodeRecord(
  fields: RecordFields,
  storeId: Uint8Array,
  segmentId: number,
  offset: number,
): Uint8Array {
  const key = Uint8Array.from(fields.key);
  const value = Uint8Array.from(fields.value);
  const head = [
    flagsOf(fields),
    fields.codec ?? 0,
    ...littleEndian(key.length, 2),
    ...littleEndian(value.length, 4),
    ...littleEndian(fields.version, 8),
    ...(fields.expiry === undefined ? [] : littleEndian(fields.expiry, 8)),
    ...(fields.syncMark === undefined ? [] : littleEndian(fields.syncMark, 4)),
  ];
  const record = new Uint8Array(4 + head.length + key.length + value.length);
  record.set(head, 4);
  record.set(key, 4 + head.length);
  record.set(value, 4 + head.length + key.length);
  const place = slowCrc32([...storeId, ...littleEndian(segmentId, 4)]);
  const sum = slowCrc32(record.subarray(4), (place ^ offset) >>> 0);
  record.set(littleEndian(sum, 4));
  return record;
}

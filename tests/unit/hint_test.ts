/** Chunks of hint files. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  CHUNK_HEAD_BYTES,
  ChunkBuilder,
  ChunkRows,
  readChunk,
} from "../../src/format/hint.ts";
import { recordLength } from "../../src/format/record.ts";
import { littleEndian, slowCrc32 } from "../support/reference.ts";

interface Row {
  flags: number;
  codec: number;
  key: Uint8Array;
  valueLength: number;
  version: number;
  expiry: number;
}

/** What a segment gives to the seeds of its chunks' checksums. */
const SEED = 0x89abcdef;

const safeInteger = fc.integer({ min: 0, max: 2 ** 52 });

const anyRow: fc.Arbitrary<Row> = fc.record({
  flags: fc.integer({ min: 1, max: 127 }),
  codec: fc.integer({ min: 0, max: 255 }),
  key: fc.uint8Array({ maxLength: 100 }),
  valueLength: fc.integer({ min: 0, max: 2_000_000 }),
  version: fc.integer({ min: 0, max: 2 ** 51 }),
  expiry: safeInteger,
}).map((row) => ({ ...row, expiry: (row.flags & 4) !== 0 ? row.expiry : 0 }));

function addAll(builder: ChunkBuilder, rows: Row[]): void {
  for (const row of rows) {
    const source = new Uint8Array(row.key.length + 7);
    source.set(row.key, 5);
    builder.add(
      row.flags,
      row.codec,
      row.key.length,
      row.valueLength,
      row.version,
      row.expiry,
      source,
      5,
    );
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The chunk as bytes of its own. */
function build(rows: Row[], from = 64, to = 9999): Uint8Array {
  const builder = new ChunkBuilder();
  addAll(builder, rows);
  return builder.finish(SEED, from, to, 0xdeadbeef, 77, true).slice();
}

Deno.test("hint chunk: the bytes are those of the grammar", () => {
  const builder = new ChunkBuilder();
  addAll(builder, [
    {
      flags: 1,
      codec: 2,
      key: Uint8Array.of(9, 8),
      valueLength: 5,
      version: 3,
      expiry: 0,
    },
    {
      flags: 6,
      codec: 0,
      key: Uint8Array.of(7),
      valueLength: 0,
      version: 2,
      expiry: 11,
    },
  ]);
  builder.noteHorizon(99);
  const rest = [
    ...littleEndian(48 + 10 + 17, 4),
    ...littleEndian(64, 4),
    ...littleEndian(120, 4),
    ...littleEndian(2, 4),
    ...littleEndian(0x01020304, 4),
    ...littleEndian(33, 4),
    ...littleEndian(0, 4),
    ...littleEndian(3, 8),
    ...littleEndian(99, 8),
    ...[1, 2, ...littleEndian(2, 2), ...littleEndian(5, 4), 9, 8],
    ...[6, 0, ...littleEndian(1, 2), ...littleEndian(0, 4)],
    ...[...littleEndian(11, 8), 7],
  ];
  assertEquals(
    [...builder.finish(SEED, 64, 120, 0x01020304, 33, false)],
    [...littleEndian(slowCrc32(rest, (SEED ^ 64) >>> 0), 4), ...rest],
  );
});

Deno.test("hint chunk: reads back what was added", () => {
  fc.assert(fc.property(fc.array(anyRow, { maxLength: 30 }), (rows) => {
    const bytes = build(rows);
    const view = viewOf(bytes);
    const head = readChunk(bytes, view, 0, SEED);
    assertEquals(head, {
      length: bytes.length,
      from: 64,
      to: 9999,
      rows: rows.length,
      dataChecksum: 0xdeadbeef,
      synced: 77,
      isFinal: true,
      version: Math.max(0, ...rows.map((row) => row.version)),
      horizon: 0,
    });
    const found = new ChunkRows(view, 0, head!);
    let offset = 64;
    for (const row of rows) {
      assert(found.next());
      const key = bytes.slice(found.keyStart, found.keyStart + found.keyLength);
      assertEquals(key, row.key);
      assertEquals(found.flags, row.flags);
      assertEquals(found.kind, row.flags & 3);
      assertEquals(found.expiry, row.expiry);
      assertEquals(found.offset, offset);
      const length = recordLength(row.flags, row.key.length, row.valueLength);
      assertEquals(found.recordLength, length);
      offset += length;
    }
    assert(!found.next());
    assertEquals(found.offset, offset);
  }));
});

Deno.test("hint chunk: keys of any length up to 65,535 bytes", () => {
  for (const length of [1, 32, 33, 4096, 65_535]) {
    const key = Uint8Array.from({ length }, (_, i) => i);
    const row = {
      flags: 1,
      codec: 0,
      key,
      valueLength: 1,
      version: 1,
      expiry: 0,
    };
    const bytes = build([row, row]);
    const rows = new ChunkRows(
      viewOf(bytes),
      0,
      readChunk(bytes, viewOf(bytes), 0, SEED)!,
    );
    for (let i = 0; i < 2; i++) {
      assert(rows.next());
      assertEquals(
        bytes.slice(rows.keyStart, rows.keyStart + rows.keyLength),
        key,
      );
    }
  }
});

Deno.test("hint chunk: a builder starts anew after each chunk", () => {
  const builder = new ChunkBuilder();
  const row = {
    flags: 1,
    codec: 0,
    key: Uint8Array.of(1),
    valueLength: 1,
    version: 50,
    expiry: 0,
  };
  addAll(builder, [row]);
  builder.noteHorizon(60);
  assert(!builder.isEmpty);
  builder.finish(SEED, 0, 0, 0, 0, false);
  assert(builder.isEmpty);
  const bytes = builder.finish(SEED, 1, 2, 3, 4, false);
  const head = readChunk(bytes, viewOf(bytes), 0, SEED)!;
  assertEquals(head.length, CHUNK_HEAD_BYTES);
  assertEquals([head.rows, head.version, head.horizon], [0, 0, 0]);
});

Deno.test("hint chunk: no flipped bit goes unnoticed", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 4 }), fc.nat(), (rows, pick) => {
      const bytes = build(rows);
      const bit = pick % (bytes.length * 8);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      assertEquals(readChunk(bytes, viewOf(bytes), 0, SEED), undefined);
    }),
    { numRuns: 500 },
  );
});

Deno.test("hint chunk: one that is cut off is none, at any length", () => {
  const row = {
    flags: 5,
    codec: 0,
    key: Uint8Array.of(1, 2),
    valueLength: 1,
    version: 1,
    expiry: 8,
  };
  const bytes = build([row, row]);
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.slice(0, length);
    assertEquals(readChunk(cut, viewOf(cut), 0, SEED), undefined);
  }
});

Deno.test("hint chunk: chunks follow one another, whatever comes after", () => {
  const row = (byte: number): Row => (
    {
      flags: 1,
      codec: 0,
      key: Uint8Array.of(byte),
      valueLength: 1,
      version: byte,
      expiry: 0,
    }
  );
  const first = build([row(1)], 64, 86);
  const second = build([row(2), row(3)], 86, 130);
  const bytes = Uint8Array.of(...first, ...second, 1, 2, 3);
  const view = viewOf(bytes);
  assertEquals(readChunk(bytes, view, 0, SEED)?.to, 86);
  assertEquals(readChunk(bytes, view, first.length, SEED)?.from, 86);
  assertEquals(
    readChunk(bytes, view, first.length + second.length, SEED),
    undefined,
  );
  assertEquals(readChunk(bytes, view, bytes.length, SEED), undefined);
});

Deno.test("hint chunk: a length that says less than a head is no chunk", () => {
  const bytes = build([]);
  for (const length of [0, 4, CHUNK_HEAD_BYTES - 1]) {
    bytes.set(littleEndian(length, 4), 4);
    bytes.set(
      littleEndian(slowCrc32(bytes.subarray(4, Math.max(4, length))), 4),
      0,
    );
    assertEquals(readChunk(bytes, viewOf(bytes), 0, SEED), undefined);
  }
});

Deno.test("hint chunk: one of another segment is not read", () => {
  const bytes = build([]);
  assert(readChunk(bytes, viewOf(bytes), 0, SEED) !== undefined);
  assertEquals(readChunk(bytes, viewOf(bytes), 0, SEED ^ 1), undefined);
});

/** The bytes of a record, against an encoder written from the table of fields. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { segmentSeed } from "../../src/format/checksum.ts";
import {
  getUint64,
  headLength,
  isSealed,
  KIND_CONTROL,
  RecordHead,
  recordLength,
  sealRecord,
  setUint64,
  writeHead,
} from "../../src/format/record.ts";
import {
  encodeRecord,
  flagsOf,
  type RecordFields,
} from "../support/reference.ts";

const STORE_ID = Uint8Array.from({ length: 16 }, (_, i) => i * 7);

const safeInteger = fc.integer({ min: 0, max: 2 ** 52 });
const word = fc.integer({ min: 0, max: 0xffff_ffff });

/** Any record that the log can hold. */
const anyRecord: fc.Arbitrary<RecordFields> = fc.record({
  kind: fc.constantFrom("put", "tombstone", "control"),
  codec: fc.integer({ min: 0, max: 255 }),
  version: safeInteger,
  expiry: safeInteger,
  syncMark: word,
  batch: fc.constantFrom("member", "end"),
  isBucket: fc.boolean(),
  key: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  value: fc.uint8Array({ maxLength: 200 }),
}, { requiredKeys: ["kind", "version", "key", "value"] })
  .map((fields) => ({
    ...fields,
    key: fields.kind === "control" ? [] : fields.key,
  }));

/** The record as the code writes it, at place `at` of a buffer. */
function write(
  fields: RecordFields,
  segmentId: number,
  offset: number,
  at: number,
): { bytes: Uint8Array; view: DataView; length: number; seed: number } {
  const key = Uint8Array.from(fields.key);
  const value = Uint8Array.from(fields.value);
  const flags = flagsOf(fields);
  const length = recordLength(flags, key.length, value.length);
  const bytes = new Uint8Array(at + length);
  const view = new DataView(bytes.buffer);
  const keyAt = writeHead(
    view,
    at,
    flags,
    fields.codec ?? 0,
    key.length,
    value.length,
    fields.version,
    fields.expiry ?? 0,
    fields.syncMark ?? 0,
  );
  assertEquals(keyAt, at + headLength(flags));
  bytes.set(key, keyAt);
  bytes.set(value, keyAt + key.length);
  const seed = segmentSeed(STORE_ID, segmentId);
  sealRecord(bytes, view, at, length, seed, offset);
  return { bytes, view, length, seed };
}

Deno.test("record: the bytes are those of the table of fields", () => {
  fc.assert(fc.property(anyRecord, word, word, (fields, segmentId, offset) => {
    const { bytes } = write(fields, segmentId, offset, 3);
    const expected = encodeRecord(fields, STORE_ID, segmentId, offset);
    assertEquals(bytes.subarray(3), expected);
  }));
});

Deno.test("record: one byte by byte, as the documentation shows it", () => {
  const fields: RecordFields = {
    kind: "put",
    version: 7,
    expiry: 1_704_067_260_000,
    key: [0x6b],
    value: [0x76],
  };
  const written = write(fields, 1, 64, 0).bytes;
  assertEquals(written, encodeRecord(fields, STORE_ID, 1, 64));
  assertEquals(
    written.subarray(4),
    // deno-fmt-ignore
    Uint8Array.of(
      0x05, 0, 1, 0, // put and expiring, codec, key length
      1, 0, 0, 0, // value length
      7, 0, 0, 0, 0, 0, 0, 0, // version
      0x60, 0xde, 0x52, 0xc2, 0x8c, 0x01, 0, 0, // expiry
      0x6b, 0x76, // key, value
    ),
  );
});

Deno.test("record: a head reads back what was written", () => {
  fc.assert(fc.property(anyRecord, (fields) => {
    const { bytes, view, length, seed } = write(fields, 9, 1000, 5);
    const head = new RecordHead();
    assertEquals(head.read(view, 5, length), undefined);
    assertEquals(head.flags, flagsOf(fields));
    assertEquals(head.codec, fields.codec ?? 0);
    assertEquals(head.keyLength, [...fields.key].length);
    assertEquals(head.valueLength, [...fields.value].length);
    assertEquals(head.version, fields.version);
    assertEquals(head.expiry, fields.expiry ?? 0);
    assertEquals(head.syncMark, fields.syncMark ?? 0);
    assertEquals(head.length, length);
    assertEquals(head.kind === KIND_CONTROL, fields.kind === "control");
    assert(isSealed(bytes, view, 5, length, seed, 1000));
  }));
});

Deno.test("record: fields of one record do not linger in the next head", () => {
  const head = new RecordHead();
  const first = write(
    { kind: "put", version: 1, expiry: 5, syncMark: 6, key: [1], value: [] },
    1,
    64,
    0,
  );
  head.read(first.view, 0, first.length);
  const second = write(
    { kind: "put", version: 2, key: [1], value: [] },
    1,
    64,
    0,
  );
  head.read(second.view, 0, second.length);
  assertEquals([head.expiry, head.syncMark], [0, 0]);
});

Deno.test("record: no flipped bit goes unnoticed", () => {
  fc.assert(
    fc.property(anyRecord, fc.nat(), (fields, pick) => {
      const { bytes, view, length, seed } = write(fields, 2, 640, 0);
      const bit = pick % (length * 8);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      const head = new RecordHead();
      const isBelieved = head.read(view, 0, length) === undefined &&
        head.length === length && isSealed(bytes, view, 0, length, seed, 640);
      assert(!isBelieved);
    }),
    { numRuns: 500 },
  );
});

Deno.test("record: a whole one passes nowhere but in its own place", () => {
  fc.assert(fc.property(anyRecord, word, word, (fields, offset, other) => {
    const { bytes, view, length, seed } = write(fields, 3, offset, 0);
    assertEquals(
      isSealed(bytes, view, 0, length, seed, other),
      offset === other,
    );
    const otherStore = Uint8Array.from(STORE_ID, (byte) => byte ^ 1);
    for (
      const strange of [segmentSeed(STORE_ID, 4), segmentSeed(otherStore, 3)]
    ) {
      assertNotEquals(strange, seed);
      assert(!isSealed(bytes, view, 0, length, strange, offset));
    }
  }));
});

Deno.test("record: what cannot be a head is refused with a reason", async (t) => {
  const base: RecordFields = {
    kind: "put",
    version: 1,
    key: [1, 2],
    value: [3],
  };
  const cases: [string, (view: DataView) => void, string][] = [
    ["zeros", (view) => {
      for (let i = 0; i < view.byteLength; i++) view.setUint8(i, 0);
    }, "no record starts here"],
    ["kind 0", (view) => view.setUint8(4, 0b100), "no record starts here"],
    [
      "the reserved flag",
      (view) => view.setUint8(4, 0x81),
      "no record starts here",
    ],
    [
      "a batch end outside a batch",
      (view) => view.setUint8(4, 0x11),
      "no record starts here",
    ],
    [
      "a put without a key",
      (view) => view.setUint16(6, 0),
      "the record's key length is impossible",
    ],
    [
      "a control record with a key",
      (view) => view.setUint8(4, 3),
      "the record's key length is impossible",
    ],
    [
      "a version above 2^53",
      (view) => view.setUint8(19, 0xff),
      "the record's version is impossible",
    ],
  ];
  for (const [name, damage, problem] of cases) {
    await t.step(name, () => {
      const { view, length } = write(base, 1, 64, 0);
      damage(view);
      assertEquals(new RecordHead().read(view, 0, length), problem);
    });
  }
  await t.step("a head that is cut off", () => {
    const fields = { ...base, expiry: 9, syncMark: 9 };
    const { view } = write(fields, 1, 64, 0);
    for (let available = 0; available < 32; available++) {
      assertEquals(
        new RecordHead().read(view, 0, available),
        "the record's head is cut off",
      );
    }
    assertEquals(new RecordHead().read(view, 0, 32), undefined);
  });
});

Deno.test("record: 64-bit numbers up to 2^53 - 1 survive", () => {
  const view = new DataView(new ArrayBuffer(16));
  fc.assert(fc.property(safeInteger, (value) => {
    setUint64(view, 5, value);
    assertEquals(getUint64(view, 5), value);
    assertEquals(view.getBigUint64(5, true), BigInt(value));
  }));
});

/** The header that starts every file. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { CorruptionError, StoreError } from "../../src/errors.ts";
import {
  decodeFileHeader,
  encodeFileHeader,
  type FileHeader,
  sameStore,
} from "../../src/format/file_header.ts";
import { latin1, littleEndian, slowCrc32 } from "../support/reference.ts";

const HEADER: FileHeader = {
  kind: "VLOG",
  segmentId: 3,
  storeId: Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i),
  created: 1_704_067_200_123,
  nextVersion: 42,
  expiryHorizon: 1_704_067_100_000,
};

/** Puts a checksum over changed bytes that is right for them. */
function reseal(bytes: Uint8Array): Uint8Array {
  bytes.set(littleEndian(slowCrc32(bytes.subarray(0, 60)), 4), 60);
  return bytes;
}

function failure(bytes: Uint8Array): StoreError {
  return assertThrows(
    () => decodeFileHeader(bytes, "VLOG", "some/file"),
    StoreError,
  );
}

Deno.test("file header: the bytes are those of the table of fields", () => {
  const body = [
    ...latin1("SETTVLOG"),
    ...littleEndian(1, 2),
    ...littleEndian(64, 2),
    ...littleEndian(3, 4),
    ...HEADER.storeId,
    ...littleEndian(1_704_067_200_123, 8),
    ...littleEndian(42, 8),
    ...littleEndian(1_704_067_100_000, 8),
    ...littleEndian(0, 4),
  ];
  assertEquals(body.length, 60);
  const expected = [...body, ...littleEndian(slowCrc32(body), 4)];
  assertEquals([...encodeFileHeader(HEADER)], expected);
});

Deno.test("file header: reads back what was written", () => {
  const number = fc.integer({ min: 0, max: 2 ** 52 });
  const header = fc.record<FileHeader>({
    kind: fc.constantFrom("VLOG", "HINT", "SNAP"),
    segmentId: fc.integer({ min: 0, max: 0xffff_ffff }),
    storeId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    created: number,
    nextVersion: fc.integer({ min: 0, max: 2 ** 51 + 1 }),
    expiryHorizon: number,
  });
  fc.assert(fc.property(header, (fields) => {
    const bytes = encodeFileHeader(fields);
    assertEquals(decodeFileHeader(bytes, fields.kind, "f"), fields);
    // A header in the middle of a larger buffer is read from there.
    const within = new Uint8Array(100);
    within.set(bytes, 36);
    assertEquals(
      decodeFileHeader(within.subarray(36), fields.kind, "f"),
      fields,
    );
  }));
});

Deno.test("file header: no flipped bit goes unnoticed", () => {
  const bytes = encodeFileHeader(HEADER);
  for (let bit = 0; bit < 64 * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >>> 3]! ^= 1 << (bit & 7);
    const error = failure(damaged);
    assertInstanceOf(error, CorruptionError, `bit ${bit}`);
    assertEquals(error.path, "some/file");
  }
});

Deno.test("file header: one that is cut off is damage, at any length", () => {
  const bytes = encodeFileHeader(HEADER);
  for (let length = 0; length < 64; length++) {
    const error = failure(bytes.subarray(0, length));
    assertInstanceOf(error, CorruptionError);
    assertEquals(error.offset, length);
  }
});

Deno.test("file header: a file of another kind is refused", () => {
  for (const kind of ["HINT", "SNAP"] as const) {
    const error = failure(encodeFileHeader({ ...HEADER, kind }));
    assertInstanceOf(error, CorruptionError);
    assertEquals(error.offset, 0);
  }
});

Deno.test("file header: a newer format says so, and is not called damage", async (t) => {
  const newer: Record<string, (bytes: Uint8Array) => void> = {
    "a higher version": (bytes) => {
      bytes[8] = 2;
      reseal(bytes);
    },
    "a higher version with a longer header, summed otherwise": (bytes) => {
      bytes[8] = 9;
      bytes[10] = 128;
    },
    "a needed feature": (bytes) => {
      bytes[56] = 1;
      reseal(bytes);
    },
  };
  for (const [name, change] of Object.entries(newer)) {
    await t.step(name, () => {
      const bytes = encodeFileHeader(HEADER);
      change(bytes);
      assertEquals(failure(bytes).code, "UNSUPPORTED_FORMAT");
    });
  }
});

Deno.test("file header: store ids are compared whole", () => {
  const id = HEADER.storeId;
  assertEquals(sameStore(id, id.slice()), true);
  for (let i = 0; i < 16; i++) {
    assertEquals(sameStore(id, id.with(i, id[i]! ^ 0x80)), false);
  }
});

Deno.test("file header: a version that no store can reach is damage", () => {
  const error = failure(
    encodeFileHeader({ ...HEADER, nextVersion: 2 ** 51 + 2 }),
  );
  assert(error.message.includes("numbers are impossible"), error.message);
});

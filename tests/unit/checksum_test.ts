/** The checksum against its definition, and how it binds records to their place. */
import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import {
  checksum,
  recordSeed,
  segmentSeed,
} from "../../src/format/checksum.ts";
import { latin1, littleEndian, slowCrc32 } from "../support/reference.ts";

Deno.test("checksum: the check value of CRC-32/ISO-HDLC", () => {
  assertEquals(checksum(Uint8Array.from(latin1("123456789"))), 0xcbf43926);
  assertEquals(checksum(new Uint8Array(0)), 0);
});

Deno.test("checksum: the same as bit by bit, from any seed", () => {
  const seed = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(fc.property(fc.uint8Array(), seed, (bytes, from) => {
    assertEquals(checksum(bytes, from), slowCrc32(bytes, from));
  }));
});

Deno.test("checksum: of two parts goes on from the first", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    const whole = Uint8Array.of(...a, ...b);
    assertEquals(checksum(b, checksum(a)), checksum(whole));
  }));
});

Deno.test("checksum: a view is summed without what surrounds it", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  assertEquals(
    checksum(bytes.subarray(17, 250)),
    slowCrc32(bytes.slice(17, 250)),
  );
});

Deno.test("checksum: seeds tell stores, segments and offsets apart", () => {
  const store = Uint8Array.from({ length: 16 }, (_, i) => i);
  assertEquals(
    segmentSeed(store, 0x01020304),
    slowCrc32([...store, ...littleEndian(0x01020304, 4)]),
  );
  const seeds = new Set<number>();
  for (let id = 1; id <= 1000; id++) seeds.add(segmentSeed(store, id));
  assertEquals(seeds.size, 1000);
  const other = store.with(15, 99);
  assertNotEquals(segmentSeed(store, 1), segmentSeed(other, 1));
  const offsets = new Set<number>();
  for (let offset = 0; offset < 1000; offset++) {
    offsets.add(recordSeed(0xffff_0000, offset));
  }
  assertEquals(offsets.size, 1000);
  assertEquals(recordSeed(0x8000_0000, 0x7fff_ffff), 0xffff_ffff);
});

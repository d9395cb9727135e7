/** Bucket names before keys: no two pairs of bucket and key meet. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { anyText } from "../support/any_text.ts";
import {
  BUCKET_NAME_BYTES_MAX,
  bucketPrefix,
} from "../../src/store/bucket_name.ts";

Deno.test("bucket name: its length, then its bytes", () => {
  assertEquals([...bucketPrefix("")], [0]);
  assertEquals([...bucketPrefix("ab")], [2, 0x61, 0x62]);
  assertEquals([...bucketPrefix("é")], [2, 0xc3, 0xa9]);
  assertEquals([...bucketPrefix("x".repeat(127)).slice(0, 2)], [127, 0x78]);
  assertEquals([...bucketPrefix("x".repeat(128)).slice(0, 3)], [0x80, 1, 0x78]);
  assertEquals([...bucketPrefix("x".repeat(1024)).slice(0, 3)], [
    0x80,
    8,
    0x78,
  ]);
});

Deno.test("bucket name: no prefix is the beginning of another", () => {
  const name = anyText(0, 200);
  fc.assert(fc.property(name, name, (a, b) => {
    const [first, second] = [bucketPrefix(a), bucketPrefix(b)];
    const common = Math.min(first.length, second.length);
    const begins = first.subarray(0, common).every((byte, i) =>
      byte === second[i]
    );
    assertEquals(begins, a === b);
  }));
  // Lengths around the second byte, where a prefix of one could start another.
  const prefixes = [1, 2, 127, 128, 129, 255, 256, 383, 384, 1024].map((
    length,
  ) => bucketPrefix("\u0001".repeat(length)));
  for (const a of prefixes) {
    for (const b of prefixes) {
      if (a === b) continue;
      assert(!a.every((byte, i) => byte === b[i]));
    }
  }
});

Deno.test("bucket name: its limit is in bytes", () => {
  assertEquals(bucketPrefix("x".repeat(BUCKET_NAME_BYTES_MAX)).length, 1026);
  assertThrows(
    () => bucketPrefix("x".repeat(BUCKET_NAME_BYTES_MAX + 1)),
    RangeError,
    "it has 1025 bytes, at most 1024 are allowed",
  );
  assertThrows(() => bucketPrefix("é".repeat(513)), RangeError, "1026 bytes");
});

Deno.test("bucket name: what is no well-formed text is refused", () => {
  for (const name of [5, null, undefined, new Uint8Array(1), {}]) {
    assertThrows(
      () => bucketPrefix(name as string),
      TypeError,
      "bucket's name",
    );
  }
  assertThrows(() => bucketPrefix("a\ud800"), TypeError, "surrogate");
});

/** Keys: their bytes, their limits and their hash. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KeyBuffer, TAG_BUCKET } from "../../src/engine/key_buffer.ts";
import { anyText } from "../support/any_text.ts";
import { latin1, slowHalfSipHash, wordsOf } from "../support/reference.ts";

const SECRET = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
const KEY_BYTES_MAX = 65_535;

function keyBuffer(): KeyBuffer {
  const key = new KeyBuffer();
  key.setSecret(SECRET);
  return key;
}

/** What of a key decides where it is found. */
function identity(
  key: KeyBuffer,
): { bytes: Uint8Array; tag: number; hash: number } {
  return {
    bytes: key.bytes.slice(0, key.length),
    tag: key.tag,
    hash: key.hash,
  };
}

/** Standard padding: the length in the last byte of the last word. */
function padded(bytes: number[]): number[] {
  const words = wordsOf([...bytes, ...new Array(4 - bytes.length % 4).fill(0)]);
  const last = words.length - 1;
  words[last] = (words[last]! | (bytes.length & 0xff) << 24) >>> 0;
  return words;
}

Deno.test("key hash: the slow HalfSipHash gives the authors' test vectors", () => {
  // vectors_hsip32 of the reference code: HalfSipHash-2-4 of 0, 1, 2 … bytes.
  const vectors = [0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a];
  for (const [length, expected] of vectors.entries()) {
    const bytes = Array.from({ length }, (_, i) => i);
    assertEquals(slowHalfSipHash(padded(bytes), SECRET, 2, 4), expected);
  }
});

Deno.test("key hash: HalfSipHash-1-3 of the key's words and its tag", () => {
  const key = keyBuffer();
  const secret = fc.uint8Array({ minLength: 8, maxLength: 8 });
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 });
  fc.assert(
    fc.property(secret, bytes, fc.boolean(), (own, content, isBucket) => {
      key.setSecret(own);
      key.loadRecord(content, 0, content.length, isBucket);
      const tag = content.length + (isBucket ? TAG_BUCKET : 0);
      const expected = slowHalfSipHash(
        [...wordsOf([...content]), tag],
        own,
        1,
        3,
      );
      assertEquals(key.hash >>> 0, expected);
    }),
  );
});

Deno.test("key hash: known answers", () => {
  const key = keyBuffer();
  const answers: [string, number][] = [
    ["a", slowHalfSipHash([0x61, 1], SECRET, 1, 3)],
    ["abcd", slowHalfSipHash([0x64636261, 4], SECRET, 1, 3)],
    ["abcde", slowHalfSipHash([0x64636261, 0x65, 5], SECRET, 1, 3)],
  ];
  for (const [text, expected] of answers) {
    key.load(text, undefined);
    assertEquals(key.hash >>> 0, expected);
  }
});

Deno.test("key hash: another secret gives another hash", () => {
  const key = keyBuffer();
  key.load("some key", undefined);
  const { hash } = key;
  key.setSecret(SECRET.with(7, 8));
  key.load("some key", undefined);
  assertNotEquals(key.hash, hash);
  // A secret may lie anywhere in a buffer.
  key.setSecret(Uint8Array.of(9, 9, 9, ...SECRET).subarray(3));
  key.load("some key", undefined);
  assertEquals(key.hash, hash);
});

Deno.test("key: text and its UTF-8 bytes are one key", () => {
  const key = keyBuffer();
  const encoder = new TextEncoder();
  const text = anyText(1, 100);
  const prefix = fc.option(fc.uint8Array({ maxLength: 20 }), {
    nil: undefined,
  });
  fc.assert(fc.property(text, prefix, (name, bucket) => {
    key.load(name, bucket);
    const fromText = identity(key);
    key.load(encoder.encode(name), bucket);
    assertEquals(identity(key), fromText);
    assertEquals(
      fromText.bytes,
      Uint8Array.of(...(bucket ?? []), ...encoder.encode(name)),
    );
    const whole = fromText.bytes;
    key.loadRecord(whole, 0, whole.length, bucket !== undefined);
    assertEquals(identity(key), fromText);
  }));
});

Deno.test("key: what was in the buffer before does not matter", () => {
  const long = new Uint8Array(500).fill(0xff);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const used = keyBuffer();
      used.load(long, undefined);
      used.load(bytes, undefined);
      const fresh = keyBuffer();
      fresh.load(bytes, undefined);
      assertEquals(identity(used), identity(fresh));
      assertEquals(
        used.words.slice(0, used.wordCount),
        fresh.words.slice(0, fresh.wordCount),
      );
    }),
  );
});

Deno.test("key: trailing zeros, buckets and prefixes tell keys apart", () => {
  const key = keyBuffer();
  const seen = new Set<string>();
  const kinds: [Uint8Array, Uint8Array | undefined][] = [
    [Uint8Array.of(1), undefined],
    [Uint8Array.of(1, 0), undefined],
    [Uint8Array.of(1, 0, 0), undefined],
    [Uint8Array.of(1, 0, 0, 0, 0), undefined],
    [Uint8Array.of(1), new Uint8Array(0)],
    [Uint8Array.of(1), Uint8Array.of(1)],
  ];
  for (const [bytes, prefix] of kinds) {
    key.load(bytes, prefix);
    seen.add(`${key.hash}`);
    seen.add(`${key.tag}`);
  }
  // [1, 0] and the key 1 behind the prefix 1 have equal lengths, not spaces.
  assertEquals(seen.size, 2 * kinds.length);
});

Deno.test("key: the longest is 65,535 bytes, its prefix included", () => {
  const key = keyBuffer();
  const prefix = new Uint8Array(100).fill(7);
  for (const own of [undefined, prefix]) {
    const limit = KEY_BYTES_MAX - (own?.length ?? 0);
    key.load("k".repeat(limit), own);
    assertEquals(key.length, KEY_BYTES_MAX);
    const { hash } = identity(key);
    key.load(new Uint8Array(limit).fill(0x6b), own);
    assertEquals(key.hash, hash);
    for (
      const tooLong of [
        "k".repeat(limit + 1),
        new Uint8Array(limit + 1),
        "k".repeat(limit - 1) + "é",
        "€".repeat(Math.ceil((limit + 1) / 3)),
      ]
    ) {
      assertThrows(() => key.load(tooLong, own), RangeError, `${limit} bytes`);
    }
  }
});

Deno.test("key: an empty one is refused, also behind a prefix", () => {
  const key = keyBuffer();
  for (const prefix of [undefined, Uint8Array.of(1)]) {
    assertThrows(() => key.load("", prefix), RangeError, "empty");
    assertThrows(
      () => key.load(new Uint8Array(0), prefix),
      RangeError,
      "empty",
    );
  }
});

Deno.test("key: a lone surrogate is refused wherever it stands", () => {
  const key = keyBuffer();
  for (const lone of ["\ud800", "\udfff", "\udc00\ud800"]) {
    for (const text of [lone, "a" + lone, lone + "a", "x".repeat(100) + lone]) {
      assertThrows(() => key.load(text, undefined), TypeError, "surrogate");
    }
  }
  key.load("\u{1f600}", undefined);
  assertEquals(key.length, 4);
});

Deno.test("key: what is neither text nor bytes is refused by name", () => {
  const key = keyBuffer();
  const wrong: [unknown, string][] = [
    [5, "number"],
    [null, "null"],
    [undefined, "undefined"],
    [true, "boolean"],
    [{}, "an object"],
    [["a"], "an array"],
    [new Uint16Array(2), "an object"],
    [new ArrayBuffer(2), "an object"],
    [5n, "bigint"],
    [Symbol("k"), "symbol"],
  ];
  for (const [value, name] of wrong) {
    assertThrows(
      () => key.load(value as string, undefined),
      TypeError,
      `Cannot use ${name} as a key`,
    );
  }
});

Deno.test("key: copies and comparisons take just its bytes", () => {
  const key = keyBuffer();
  for (const length of [1, 47, 48, 49, 300]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i + 1);
    key.load(bytes, undefined);
    const target = new Uint8Array(length + 4).fill(0xee);
    const view = new DataView(target.buffer);
    key.copyTo(target, view, 2);
    assertEquals([...target], [0xee, 0xee, ...bytes, 0xee, 0xee]);
    assertEquals(key.equalsAt(target, view, 2), true);
    assertEquals(key.equalsAt(target, view, 1), false);
    for (let i = 0; i < length; i++) {
      target[2 + i]! ^= 1;
      assertEquals(key.equalsAt(target, view, 2), false, `byte ${i}`);
      target[2 + i]! ^= 1;
    }
  }
  key.loadRecord(Uint8Array.from(latin1("xxkeyxx")), 2, 3, false);
  const { hash } = key;
  key.load("key", undefined);
  assertEquals(key.hash, hash);
});

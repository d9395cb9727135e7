/** Values as CBOR: the way there and back, what is refused, and hostile bytes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { Encoder } from "cbor-x/encode";
import fc from "fast-check";
import { guardCbor } from "../../../src/codec/cbor_guard.ts";
import { decodeValue, encodeValue } from "../../../src/codec/value_codec.ts";
import { anyStored } from "../../support/any_value.ts";

/** A copy: the encoder's own bytes are a Buffer, and a slice of it would be a view. */
const encode = (value: unknown) =>
  new Uint8Array(encodeValue(value, "store it"));

/** Equal, and of the very same kinds: `assertEquals` takes some for the same. */
function assertSame(actual: unknown, expected: unknown, where = "it"): void {
  if (typeof expected !== "object" || expected === null) {
    assert(Object.is(actual, expected), `${where}: ${Deno.inspect(actual)}`);
    return;
  }
  assertEquals(
    Object.getPrototypeOf(actual),
    Object.getPrototypeOf(expected),
    where,
  );
  if (expected instanceof Date) {
    assert(Object.is(+(actual as Date), +expected), where);
  } else if (ArrayBuffer.isView(expected)) {
    const numbers = (view: unknown) => [...view as Iterable<number | bigint>];
    assertSame(numbers(actual), numbers(expected), where);
  } else if (expected instanceof Map || expected instanceof Set) {
    assertSame([...actual as Set<unknown>], [...expected], where);
  } else {
    const [keys, others] = [
      Reflect.ownKeys(expected),
      Reflect.ownKeys(actual as object),
    ];
    assertEquals(others.map(String).sort(), keys.map(String).sort(), where);
    for (const key of keys) {
      assertSame(
        Reflect.get(actual as object, key),
        Reflect.get(expected, key),
        `${where}.${String(key)}`,
      );
    }
  }
}

Deno.test("values: what is read is what was written, in value and kind", () => {
  fc.assert(
    fc.property(anyStored, fc.uint8Array({ maxLength: 9 }), (value, before) => {
      const bytes = encode(value);
      assertSame(decodeValue(bytes, 0), value);
      const shifted = Uint8Array.of(...before, ...bytes);
      assertSame(decodeValue(shifted, before.length), value);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("values: what is read shares no memory with the bytes", () => {
  const bytes = encode({
    bytes: Uint8Array.of(1, 2),
    words: Uint32Array.of(7),
  });
  const read = decodeValue(bytes, 0);
  bytes.fill(0xff);
  assertSame(read, { bytes: Uint8Array.of(1, 2), words: Uint32Array.of(7) });
});

Deno.test("values: sizes at which lengths take more bytes", () => {
  for (const count of [0, 23, 24, 255, 256, 65_535, 65_536, 70_000]) {
    const numbers = Array.from({ length: count }, (_, i) => i);
    assertSame(decodeValue(encode("x".repeat(count)), 0), "x".repeat(count));
    assertSame(
      decodeValue(encode(new Uint8Array(count)), 0),
      new Uint8Array(count),
    );
    const read = decodeValue(
      encode([
        numbers,
        new Map(numbers.map((i) => [i, i])),
        new Set(numbers),
        Object.fromEntries(numbers.map((i) => [`k${i}`, i])),
      ]),
      0,
    ) as [number[], Map<number, number>, Set<number>, object];
    assertEquals(read[0].length, count);
    assertEquals(read[1].size, count);
    assertEquals(read[2].size, count);
    assertEquals(Object.keys(read[3]).length, count);
  }
});

Deno.test("values: an object without a prototype gets one, a Buffer is bytes", () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  assertSame(decodeValue(encode(bare), 0), { a: 1 });
  assertSame(decodeValue(encode(Buffer.from("ab")), 0), Uint8Array.of(97, 98));
});

Deno.test("values: what would come back as something else is refused, by its place", () => {
  class User {}
  const cyclic: unknown[] = [];
  cyclic.push({ again: cyclic });
  let deep: unknown = 0;
  for (let i = 0; i < 513; i++) deep = [deep];
  const wrong: [unknown, string][] = [
    [undefined, "the value is undefined"],
    [() => 1, "the value is a function"],
    [Symbol("s"), "the value is a symbol"],
    [{ a: [1, { b: () => 1 }] }, "the value.a[1].b is a function"],
    [{ [Symbol("s")]: 1 }, "the value[Symbol(s)] has a symbol for a key"],
    [new User(), "is an instance of User"],
    [{ at: Promise.resolve() }, "the value.at is an instance of Promise"],
    [/x/, "is an instance of RegExp"],
    [new Error("x"), "is an instance of Error"],
    [new ArrayBuffer(2), "is an instance of ArrayBuffer"],
    [new (class extends Array {})(), "is an instance of"],
    [Object.create({}), "is an instance of Object"],
    [new Map([["k", Symbol("s")]]), "the value.values()[0] is a symbol"],
    [new Map([[() => 1, 1]]), "the value.keys()[0] is a function"],
    [new Set([1, () => 1]), "the value.values()[1] is a function"],
    [[1, , 3], "the value[1] is a hole"],
    ["\ud800", "lone surrogate"],
    [{ "\udc00": 1 }, "lone surrogate"],
    ["\ufeff" + "x".repeat(62), "byte order mark"],
    [
      JSON.parse('{"a": {"__proto__": 1}}'),
      "the value.a.__proto__ is a property",
    ],
    [new Date(-4_442_083_206_315_387), "is a date too far away"],
    [1n << 8192n, "is a bigint of more than 1024 bytes"],
    [-(1n << 8192n), "is a bigint of more than 1024 bytes"],
    [cyclic, "the value[0].again contains itself"],
    [deep, "is nested deeper than 512 levels"],
  ];
  for (const [value, message] of wrong) {
    const error = assertThrows(
      () => encode(value),
      TypeError,
      message,
      message,
    );
    assert(
      error.message.startsWith("Cannot store it: the value"),
      error.message,
    );
  }
  const twice = { a: 1 };
  assertSame(decodeValue(encode([twice, twice]), 0), [twice, twice]);
  assertSame(decodeValue(encode("\ufeffshort"), 0), "\ufeffshort");
});

Deno.test("values: the bytes are plain CBOR that any decoder reads", () => {
  const hex = (value: unknown) =>
    [...encode(value)].map((byte) => byte.toString(16).padStart(2, "0")).join(
      "",
    );
  assertEquals(
    hex({ a: 1, b: [true, null, undefined] }),
    "a2616101616283f5f6f7",
  );
  assertEquals(hex(new Map([[1, "x"]])), "d90103a1016178");
  assertEquals(hex(new Set([1])), "d901028101");
  assertEquals(hex(new Date(1000)), "c11a00000001");
  assertEquals(hex(5n), "1b0000000000000005");
  assertEquals(hex(1n << 64n), "c249010000000000000000");
  assertEquals(hex(-0), "fb8000000000000000");
  assertEquals(hex(Uint8Array.of(1)), "d8404101");
});

Deno.test("values: hostile bytes are refused before the decoder sees them", () => {
  const hostile: Record<string, number[]> = {
    "nothing": [],
    "a length that no bytes can hold": [0x9a, 0xff, 0xff, 0xff, 0xff],
    "a map that no bytes can hold": [0xba, 0xff, 0xff, 0xff, 0xff],
    "text that no bytes can hold": [0x7a, 0x7f, 0xff, 0xff, 0xff, 0x61],
    "64-bit length": [0x9b, 0, 0, 0, 1, 0, 0, 0, 0],
    "more behind the value": [0x01, 0x01],
    "indefinite array": [0x9f, 0x01, 0xff],
    "indefinite text": [0x7f, 0x61, 0x61, 0xff],
    "break": [0xff],
    "a reserved head": [0x1c],
    "an unknown simple value": [0xe0],
    "record definition, from which code would be made": [
      ...[0xd9, 0xdf, 0xff, 0x83, 0x19, 0xe0, 0x00, 0x81, 0x61, 0x61, 0x01],
    ],
    "an older record definition": [0xd8, 0x69, 0x82, 0x19, 0xe0, 0x00],
    "object by the name of its class": [
      ...[
        0xd8,
        0x1b,
        0x83,
        0x65,
        0x45,
        0x72,
        0x72,
        0x6f,
        0x72,
        0x61,
        0x78,
        0xf6,
      ],
    ],
    "reference to what is around": [0xd8, 0x1c, 0x81, 0xd8, 0x1d, 0x00],
    "packed values": [0xd8, 0x33, 0x84, 0x80, 0x80, 0x80, 0x01],
    "bundled strings": [0xd9, 0xdf, 0xf9, 0x82, 0x1a, 0, 0, 0, 0],
    "date made of text": [0xc0, 0x61, 0x61],
    "date of a bigint": [0xc1, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0],
    "date of an array": [0xc1, 0x80],
    "decimal fraction": [0xc4, 0x82, 0x1a, 0x7f, 0xff, 0xff, 0xff, 0x01],
    "bigint that takes long to read": [
      ...[0xc2, 0x5a, 0, 1, 0, 0, ...new Array<number>(65_536).fill(255)],
    ],
    "set of a map": [0xd9, 0x01, 0x02, 0xa0],
    "map of an array": [0xd9, 0x01, 0x03, 0x80],
    "half of an element": [0xd8, 0x4f, 0x44, 1, 2, 3, 4],
    "a key that is no text": [0xa1, 0x01, 0x01],
    "a key that is an object": [0xa1, 0xa0, 0x01],
    "a property __proto__": [
      ...[
        0xa1,
        0x69,
        ...new TextEncoder().encode("__proto__"),
        0xa1,
        0x61,
        0x61,
        0x01,
      ],
    ],
    "deep nesting": [...new Array<number>(100_000).fill(0x81), 0x01],
    "deep tags": [...new Array<number>(100_000).fill(0xc1), 0x01],
    "deep sets": [
      ...new Array<number[]>(20_000).fill([0xd9, 0x01, 0x02, 0x81]).flat(),
      0x01,
    ],
  };
  for (const [name, bytes] of Object.entries(hostile)) {
    assertThrows(
      () => guardCbor(Uint8Array.from(bytes), 0),
      RangeError,
      "Cannot read CBOR",
      name,
    );
  }
});

Deno.test("values: whatever passes the guard, the decoder reads, and pollutes nothing", () => {
  const plain = Object.getOwnPropertyNames(Object.prototype).length;
  const anyFlipped = fc.tuple(
    anyStored,
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      maxLength: 3,
    }),
  ).map(([value, changes]) => {
    const bytes = encode(value);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });
  let read = 0;
  fc.assert(
    fc.property(
      fc.oneof(anyFlipped, fc.uint8Array({ maxLength: 40 })),
      (bytes) => {
        try {
          guardCbor(bytes, 0);
        } catch (error) {
          assert(error instanceof RangeError);
          return;
        }
        decodeValue(bytes, 0);
        read++;
      },
    ),
    { numRuns: 5_000 },
  );
  assert(read > 500, `only ${read} passed`);
  assertEquals(Object.getOwnPropertyNames(Object.prototype).length, plain);
  assertEquals(({} as Record<string, unknown>).a, undefined);
});

Deno.test("values: the settings of others who use the package change nothing", () => {
  const theirs = new Encoder({ useRecords: true });
  const value = { a: new Map([["b", { c: -0 }]]) };
  theirs.decode(theirs.encode(value));
  assertSame(decodeValue(encode(value), 0), value);
  assertThrows(() => decodeValue(theirs.encode([{ a: 1 }, { a: 2 }]), 0));
});

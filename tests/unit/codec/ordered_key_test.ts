/** Ids and index values as bytes: their order, and the way back. */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import {
  decodeOrdered,
  encodeKey,
  encodeOrdered,
  encodeOrderedPrefix,
  OrderedReader,
  type OrderedValue,
} from "../../../src/codec/ordered_key.ts";
import { anyOrdered } from "../../support/any_value.ts";

const anyBytes = fc.uint8Array({ maxLength: 24 });

/** The documented order, worked out from the values and not from their bytes. */
function compare(a: OrderedValue, b: OrderedValue): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (typeof a === "string") return compareLists([...a], [...b as string]);
  if (a instanceof Uint8Array) {
    return compareLists([...a], [...b as Uint8Array]);
  }
  if (Array.isArray(a)) {
    const other = b as OrderedValue[];
    for (let i = 0; i < Math.min(a.length, other.length); i++) {
      const order = compare(a[i], other[i]!);
      if (order !== 0) return order;
    }
    return a.length - other.length;
  }
  if (a instanceof Date) return compareNumbers(+a, +(b as Date));
  if (typeof a === "number") return compareNumbers(a, b as number);
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}

function compareNumbers(a: number, b: number): number {
  if (a === 0 && b === 0) {
    return Number(Object.is(a, 0)) - Number(Object.is(b, 0));
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf(value: OrderedValue): number {
  if (value === null) return 0;
  if (typeof value === "boolean") return 1;
  if (typeof value === "number") return 2;
  if (typeof value === "bigint") return 3;
  if (value instanceof Date) return 4;
  if (typeof value === "string") return 5;
  return value instanceof Uint8Array ? 6 : 7;
}

/** Letters by code point, bytes by number; the shorter first. */
function compareLists<T extends string | number>(a: T[], b: T[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    const order = typeof x === "number"
      ? x - Number(y)
      : x.codePointAt(0)! - String(y).codePointAt(0)!;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareLists([...a], [...b]);
}

Deno.test("ordered values: the order of the bytes is that of the values", () => {
  fc.assert(
    fc.property(anyOrdered, anyOrdered, (a, b) => {
      const order = compareBytes(encodeOrdered(a), encodeOrdered(b));
      assertEquals(Math.sign(order), Math.sign(compare(a, b)));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("ordered values: what is read is what was written", () => {
  fc.assert(
    fc.property(anyOrdered, (value) => {
      const read = decodeOrdered(encodeOrdered(value));
      assertEquals(read, value);
      assert(Object.is(read, value) || typeof value === "object");
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("ordered values: none begins another, whatever follows it", () => {
  fc.assert(
    fc.property(
      fc.array(anyOrdered, { maxLength: 4 }),
      anyBytes,
      (row, rest) => {
        const bytes = [
          ...row.flatMap((one) => [...encodeOrdered(one)]),
          ...rest,
        ];
        const reader = new OrderedReader(Uint8Array.from(bytes));
        for (const value of row) assertEquals(reader.read(), value);
        assertEquals(bytes.length - reader.position, rest.length);
      },
    ),
    { numRuns: 5_000 },
  );
});

Deno.test("ordered values: any bytes are a value's own or refused", () => {
  const anyNearly = fc.tuple(
    anyOrdered,
    fc.nat(),
    fc.integer({ min: 0, max: 255 }),
  )
    .map(([value, at, byte]) => {
      const bytes = encodeOrdered(value);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(anyBytes, anyNearly), (bytes) => {
      let value: OrderedValue;
      try {
        value = decodeOrdered(bytes);
      } catch (error) {
        assert(error instanceof RangeError, String(error));
        return;
      }
      // Only a date between two milliseconds and a bigint with zeros in front are read
      // that are never written.
      const again = encodeOrdered(value);
      assertEquals(decodeOrdered(again), value);
    }),
    { numRuns: 20_000 },
  );
});

/** True if the bytes of `value` begin with those that stand for the prefix. */
function begins(
  value: OrderedValue,
  prefix: string | Uint8Array | OrderedValue[],
): boolean {
  const start = encodeOrderedPrefix(prefix);
  const bytes = encodeOrdered(value).subarray(0, start.length);
  return compareBytes(bytes, start) === 0;
}

/** True if the elements of `list` begin with those of `prefix`. */
function listBegins(list: OrderedValue[], prefix: OrderedValue[]): boolean {
  return prefix.length <= list.length &&
    prefix.every((one, i) => compare(one, list[i]!) === 0);
}

Deno.test("ordered values: a prefix is what all that begin with it begin with", () => {
  // Of ids and index values -0 is 0, so that a prefix takes them for the same.
  const anyList = fc.array(anyOrdered, { maxLength: 2 })
    .map((list) => decodeOrdered(encodeKey(list)) as OrderedValue[]);
  const anyLetters = fc.array(fc.constantFrom("\0", "\x01", "a", "ü"), {
    maxLength: 3,
  })
    .map((letters) => letters.join(""));
  fc.assert(
    fc.property(anyLetters, anyLetters, (prefix, other) => {
      assert(begins(prefix + other, prefix));
      assertEquals(begins(other, prefix), other.startsWith(prefix));
      assertEquals(begins([prefix], prefix), false);
    }),
  );
  fc.assert(
    fc.property(anyBytes, anyBytes, (prefix, other) => {
      assert(begins(Uint8Array.of(...prefix, ...other), prefix));
      assertEquals(begins(other, prefix), listBegins([...other], [...prefix]));
    }),
  );
  fc.assert(
    fc.property(anyList, anyList, (prefix, other) => {
      assert(begins([...prefix, ...other], prefix));
      assertEquals(begins(other, prefix), listBegins(other, prefix));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("ordered values: the bytes are the documented ones", () => {
  const bytes = (value: OrderedValue) =>
    [...encodeOrdered(value)].map((byte) => byte.toString(16).padStart(2, "0"))
      .join(" ");
  assertEquals(bytes(null), "02");
  assertEquals(bytes(false), "03");
  assertEquals(bytes(true), "04");
  assertEquals(bytes(1), "10 bf f0 00 00 00 00 00 00");
  assertEquals(bytes(-1), "10 40 0f ff ff ff ff ff ff");
  assertEquals(bytes(0n), "21 00");
  assertEquals(bytes(256n), "21 02 01 00");
  assertEquals(bytes(-256n), "20 fd fe ff");
  assertEquals(bytes(new Date(0)), "30 80 00 00 00 00 00 00 00");
  assertEquals(bytes("a\0\x01ü"), "40 61 01 01 01 02 c3 bc 00");
  assertEquals(bytes(Uint8Array.of(0, 255)), "50 01 01 ff 00");
  assertEquals(bytes(["a", [], null]), "60 40 61 00 60 00 02 00");
});

Deno.test("ordered values: of ids and index values -0 is 0, at any depth", () => {
  assertEquals(encodeKey(-0), encodeOrdered(0));
  assertEquals(encodeKey(["a", [-0]]), encodeOrdered(["a", [0]]));
  assertNotEquals(encodeOrdered([-0]), encodeOrdered([0]));
});

Deno.test("ordered values: what has no place in the order is refused", () => {
  let deep: OrderedValue = [];
  for (let i = 0; i < 16; i++) deep = [deep];
  const wrong: unknown[] = [
    NaN,
    undefined,
    Symbol("s"),
    () => 1,
    {},
    new Map(),
    new Date(NaN),
    "\ud800",
    ["a", ["\udc00"]],
    [undefined],
    1n << 2040n,
    -(1n << 2040n),
    deep,
  ];
  for (const value of wrong) {
    assertThrows(
      () => encodeOrdered(value as OrderedValue),
      TypeError,
      "Cannot put ",
      Deno.inspect(value),
    );
  }
  for (const prefix of [1, null, new Date(), undefined]) {
    assertThrows(
      () => encodeOrderedPrefix(prefix as unknown as string),
      TypeError,
      "as prefix",
    );
  }
  encodeOrdered((1n << 2040n) - 1n);
});

Deno.test("ordered values: long ones grow the buffer", () => {
  for (const length of [1000, 1023, 1024, 5000, 100_000]) {
    for (
      const value of [
        "x".repeat(length),
        "ü".repeat(length),
        new Uint8Array(length),
      ]
    ) {
      assertEquals(decodeOrdered(encodeOrdered(value)), value);
    }
  }
});

/**
 * Arbitrary values: those that can be ids or stand in an index, and those that a
 * collection stores.
 *
 * @module
 */

import fc from "fast-check";
import type { OrderedValue } from "../../src/codec/ordered_key.ts";
import { anyText } from "./any_text.ts";

const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity, 5e-324, -5e-324),
);

const anyBigInt: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -300n, max: 300n }),
  fc.bigInt({ min: -(1n << 2039n), max: 1n << 2039n }),
  fc.tuple(fc.nat({ max: 2039 }), fc.integer({ min: -1, max: 1 }), fc.boolean())
    .map(([bits, more, isNegative]) => {
      const magnitude = (1n << BigInt(bits)) + BigInt(more);
      return isNegative ? -magnitude : magnitude;
    }),
);

const anyDate: fc.Arbitrary<Date> = fc.oneof(
  fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 }),
  fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
).map((time) => new Date(time));

/** Few different bytes, so that many values begin alike. */
const anyBytes: fc.Arbitrary<Uint8Array> = fc.array(
  fc.oneof(
    fc.constantFrom(0, 1, 2, 0x40, 0xff),
    fc.integer({ max: 255, min: 0 }),
  ),
  { maxLength: 6 },
).map((bytes) => Uint8Array.from(bytes));

const anyKeyText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom("\0", "\x01", "a", "ÿ", "\uffff", "\u{10000}"), {
    maxLength: 4,
  }).map((letters) => letters.join("")),
  anyText(0, 20),
);

const anyOrderedScalar: fc.Arbitrary<OrderedValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  anyNumber,
  anyBigInt,
  anyDate,
  anyKeyText,
  anyBytes,
);

/** Arbitrary values that have a place in the order. */
export const anyOrdered: fc.Arbitrary<OrderedValue> = fc.letrec<{
  value: OrderedValue;
}>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anyOrderedScalar,
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;

/** Dates that a double of seconds holds to the millisecond, and the invalid one. */
const anyStoredDate: fc.Arbitrary<Date> = fc.oneof(
  fc.integer({ min: -2.2e15, max: 2.2e15 }),
  fc.constant(NaN),
).map((time) => new Date(time));

const anyTypedArray: fc.Arbitrary<ArrayBufferView> = fc.oneof(
  anyBytes,
  anyBytes.map((bytes) => new Uint8ClampedArray(bytes)),
  anyBytes.map((bytes) => new Int8Array(bytes)),
  anyBytes.map((bytes) => new Uint16Array(bytes)),
  anyBytes.map((bytes) => new Int16Array(bytes)),
  anyBytes.map((bytes) => new Uint32Array(bytes)),
  anyBytes.map((bytes) => new Int32Array(bytes)),
  fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 3 })
    .map((values) => BigUint64Array.from(values)),
  fc.array(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), {
    maxLength: 3,
  }).map((values) => BigInt64Array.from(values)),
  fc.array(anyNumber, { maxLength: 3 }).map((values) =>
    Float32Array.from(values)
  ),
  fc.array(anyNumber, { maxLength: 3 }).map((values) =>
    Float64Array.from(values)
  ),
);

/** Text of every length that the decoder treats in its own way. */
const anyStoredText: fc.Arbitrary<string> = fc.oneof(
  anyText(0, 20),
  anyText(0, 20),
  anyText(60, 70),
  anyText(250, 300),
).filter((text) => !text.startsWith("\ufeff"));

const anyPropertyName: fc.Arbitrary<string> = fc.oneof(
  anyStoredText,
  fc.constantFrom(
    "",
    "constructor",
    "toString",
    "length",
    "0",
    "hasOwnProperty",
  ),
).filter((name) => name !== "__proto__");

const anyStoredScalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, true, false, NaN),
  anyNumber,
  fc.integer({ min: -(2 ** 33), max: 2 ** 33 }),
  anyBigInt,
  fc.bigInt({ min: -(1n << 65n), max: 1n << 65n }),
  anyStoredText,
  anyStoredDate,
  anyTypedArray,
);

const anyNested: fc.Arbitrary<unknown> =
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      anyStoredScalar,
      fc.array(tie("value"), { maxLength: 30 }),
      fc.array(fc.tuple(anyPropertyName, tie("value")), { maxLength: 30 })
        .map(Object.fromEntries),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 5 })
        .map((entries) => new Map(entries)),
      fc.array(tie("value"), { maxLength: 5 }).map((values) => new Set(values)),
    ),
  })).value;

/** Arbitrary values that a collection stores. */
export const anyStored: fc.Arbitrary<unknown> = anyNested.filter((value) =>
  value !== undefined
);

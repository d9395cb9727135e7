/** Values as text and as bytes. */
import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { ValueBuffer } from "../../src/store/value_buffer.ts";
import { anyText } from "../support/any_text.ts";

function load(value: string | Uint8Array): Uint8Array {
  const buffer = new ValueBuffer();
  buffer.load(value);
  return buffer.bytes.slice(0, buffer.length);
}

Deno.test("value: text is UTF-8, at every length", () => {
  const encoder = new TextEncoder();
  for (const unit of ["a", "é", "€", "😀"]) {
    for (
      const count of [0, 1, 47, 48, 49, 1000, 21_845, 21_846, 65_536, 70_000]
    ) {
      const text = unit.repeat(count);
      const [actual, expected] = [load(text), encoder.encode(text)];
      assertEquals(actual.length, expected.length);
      assert(actual.every((byte, i) => byte === expected[i]));
    }
  }
  fc.assert(
    fc.property(anyText(0, 100), (text) => {
      assertEquals(load(text), encoder.encode(text));
    }),
  );
});

Deno.test("value: one buffer holds one value after the other", () => {
  const buffer = new ValueBuffer();
  const seen: string[] = [];
  for (
    const text of ["long ".repeat(20_000), "short", "", "é", "x".repeat(60)]
  ) {
    buffer.load(text);
    seen.push(
      new TextDecoder().decode(buffer.bytes.subarray(0, buffer.length)),
    );
  }
  assertEquals(seen.slice(1), ["short", "", "é", "x".repeat(60)]);
});

Deno.test("value: bytes are taken as they are, without a copy", () => {
  const buffer = new ValueBuffer();
  const bytes = new Uint8Array(1_000_000).subarray(17, 90);
  buffer.load(bytes);
  assertStrictEquals(buffer.bytes, bytes);
  assertEquals(buffer.length, 73);
});

Deno.test("value: what is neither is refused by name", () => {
  const wrong: [unknown, string][] = [
    [5, "number"],
    [null, "null"],
    [undefined, "undefined"],
    [{}, "an object"],
    [[1, 2], "an array"],
    [new Float64Array(1), "an object"],
    [new ArrayBuffer(1), "an object"],
  ];
  for (const [value, name] of wrong) {
    assertThrows(
      () => load(value as string),
      TypeError,
      `Cannot set ${name} as a value`,
    );
  }
});

Deno.test("value: a lone surrogate is refused wherever it stands", () => {
  for (const text of ["\ud800", "a\udc00", "x".repeat(100) + "\ud800"]) {
    assertThrows(() => load(text), TypeError, "surrogate");
  }
});

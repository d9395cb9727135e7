/**
 * Small helpers of the conformance suite.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Keys } from "./suite.ts";

const encoder = new TextEncoder();

/** The text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of a value, or `undefined`. */
export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}

/** Bytes that tell their place; `seed` tells values of one length apart. */
export function pattern(length: number, seed: number = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    bytes[i] = (i * 131 + (i >>> 8) + seed) & 0xff;
  }
  return bytes;
}

/** Bytes that no compressor makes shorter. */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** Compares large arrays without printing them. */
export function assertSameBytes(
  actual: Uint8Array | undefined,
  expected: Uint8Array,
  what: string,
): void {
  if (actual === undefined) throw new Error(`${what}: there is no value`);
  if (actual.length !== expected.length) {
    throw new Error(
      `${what}: ${actual.length} bytes instead of ${expected.length}`,
    );
  }
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] !== expected[i]) {
      throw new Error(`${what}: byte ${i} differs`);
    }
  }
}

/** Resolves after `milliseconds`. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until `isTrue` holds, at most five seconds. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await isTrue()) return;
    await sleep(10);
  }
  throw new Error("It did not come about within five seconds");
}

/** What an error must be: the name of its class, and a part of its message or code. */
export interface ExpectedError {
  /** The name of its class. */
  name: string;
  /** Its code, if it is a StoreError. */
  code?: string;
  /** A part of its message. */
  message?: string;
}

/** Fails unless the call throws or rejects as expected. */
export async function assertFails(
  call: () => unknown,
  expected: ExpectedError,
  what: string = "",
): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof Error)) {
    throw new Error(`${what}: expected ${expected.name}, nothing was thrown`);
  }
  const { code } = error as { code?: unknown };
  const isExpected = error.name === expected.name &&
    (expected.code === undefined || code === expected.code) &&
    error.message.includes(expected.message ?? "");
  if (isExpected) return;
  throw new Error(
    `${what}: expected ${JSON.stringify(expected)}, got ${error}`,
    { cause: error },
  );
}

/** Fails unless exactly these keys have these values. */
export async function assertHolds(
  keys: Keys,
  expected: Record<string, string | undefined>,
): Promise<void> {
  for (const [key, value] of Object.entries(expected)) {
    assertEquals(text(await keys.get(key)), value, `value of ${key}`);
    assertEquals(await keys.has(key), value !== undefined, `having ${key}`);
  }
}

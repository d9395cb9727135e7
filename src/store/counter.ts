/**
 * Counters: unsigned 64-bit numbers as values of eight bytes, the lowest first, as
 * Deno.Kv keeps a `KvU64`.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { describe } from "../engine/key_buffer.ts";

/** Bytes of a counter. */
const COUNTER_BYTES = 8;
const MAX = 2n ** 64n - 1n;

/** How a counter takes a number. */
export type CounterOperation = "sum" | "min" | "max";

/** Checks a number that a counter is to take. */
export function checkOperand(
  operand: bigint,
  operation: CounterOperation,
): void {
  if (typeof operand !== "bigint") {
    throw new TypeError(
      `Cannot count with ${describe(operand)}: it must be a bigint`,
    );
  }
  const low = operation === "sum" ? -MAX : 0n;
  if (operand < low || operand > MAX) {
    throw new RangeError(
      `Cannot count with ${operand}: it must be from ${low} to ${MAX}`,
    );
  }
}

/** The number in a value. */
export function readCounter(value: Uint8Array): bigint {
  if (value.length !== COUNTER_BYTES) {
    throw new StoreError(
      "NOT_A_COUNTER",
      `Cannot count: the key has a value of ${value.length} bytes, ` +
        `a counter has ${COUNTER_BYTES}`,
    );
  }
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0, true);
}

/** The value of a number; what does not fit in 64 bits wraps around. */
export function writeCounter(count: bigint): Uint8Array {
  const value = new Uint8Array(COUNTER_BYTES);
  new DataView(value.buffer).setBigUint64(0, BigInt.asUintN(64, count), true);
  return value;
}

/** The value of a counter after an operation; it begins with the operand. */
export function count(
  value: Uint8Array | undefined,
  operation: CounterOperation,
  operand: bigint,
): Uint8Array {
  if (value === undefined) return writeCounter(operand);
  const before = readCounter(value);
  if (operation === "sum") return writeCounter(before + operand);
  const isKept = operation === "min" ? before <= operand : before >= operand;
  return isKept ? value : writeCounter(operand);
}

/**
 * Values as CBOR (RFC 8949), by way of cbor-x.
 *
 * Its encoder writes what `storable.ts` lets pass; its decoder reads what
 * `cbor_guard.ts` lets pass. What both leave out is in their heads.
 *
 * @module
 */

import { Encoder } from "cbor-x/encode";
import { guardCbor } from "./cbor_guard.ts";
import { checkStorable } from "./storable.ts";

/** Plain CBOR: no records, no shared structures; typed arrays are copied. */
const OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: true,
  copyBuffers: true,
};

const cbor = new Encoder(OPTIONS);
/** -0 is only kept among doubles: whole numbers are written as integers otherwise. */
const cborOfDoubles = new Encoder(
  { ...OPTIONS, alwaysUseFloat: true } as typeof OPTIONS,
);

/**
 * The bytes of a value: a view that is good until the next call.
 *
 * @throws {TypeError} If the value cannot be stored; `action` is what was tried.
 */
export function encodeValue(value: unknown, action: string): Uint8Array {
  const { hasNegativeZero } = checkStorable(value, action);
  return (hasNegativeZero ? cborOfDoubles : cbor).encode(value);
}

/**
 * The value whose bytes begin at `start`.
 *
 * @throws {Error} If they are not the bytes of a value; nothing is known of its type.
 */
export function decodeValue(bytes: Uint8Array, start: number): unknown {
  guardCbor(bytes, start);
  return cbor.decode(start === 0 ? bytes : bytes.subarray(start));
}

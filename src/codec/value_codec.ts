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

/**
 * The package's option (named RESET_BUFFER_MODE there) to write the next value over
 * this one; else each takes new memory. What others encode with it is left alone.
 */
const OVERWRITE = 1024;

type Cbor = Encoder & { encode(value: unknown, mode: number): Uint8Array };

const cbor = new Encoder(OPTIONS) as Cbor;
/** -0 is only kept among doubles: whole numbers are written as integers otherwise. */
const cborOfDoubles = new Encoder(
  { ...OPTIONS, alwaysUseFloat: true } as typeof OPTIONS,
) as Cbor;

/**
 * The bytes of a value: a view that is good until the next call.
 *
 * @throws {TypeError} If the value cannot be stored; `action` is what was tried.
 */
export function encodeValue(value: unknown, action: string): Uint8Array {
  const { hasNegativeZero } = checkStorable(value, action);
  return (hasNegativeZero ? cborOfDoubles : cbor).encode(value, OVERWRITE);
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

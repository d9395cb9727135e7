/**
 * What can be stored: a value passes if and only if reading it back gives an equal
 * value. It is looked at before anything is written.
 *
 * @module
 */

/** How deep values may be nested. */
export const DEPTH_MAX = 512;
/** Bytes of the largest bigint's magnitude; reading one takes the square of them. */
export const BIGINT_BYTES_MAX = 1024;

const BIGINT_END = 1n << BigInt(BIGINT_BYTES_MAX * 8);
/** Text of so many bytes is decoded by the platform, which drops the mark. */
const MARKED_TEXT_BYTES_MAX = 64;
const BYTE_ORDER_MARK = 0xfeff;

const encoder = new TextEncoder();

const TYPED_ARRAYS: ReadonlySet<unknown> = new Set(
  [
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
    BigUint64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    BigInt64Array,
    Float32Array,
    Float64Array,
  ].map((type) => type.prototype),
);

/** Where the walk is: the objects around, and what it met. */
const ancestors: object[] = [];
let hasNegativeZero = false;
/** The way to what cannot be stored, known once it was found. */
let path = "";

/** What was found of a value that can be stored. */
export interface Storable {
  /** True if -0 is in it. */
  hasNegativeZero: boolean;
}

/**
 * Passes a value that can be stored.
 *
 * @throws {TypeError} If it cannot be; says what in it, and why.
 */
export function checkStorable(value: unknown, action: string): Storable {
  hasNegativeZero = false;
  path = "";
  ancestors.length = 0;
  const fault = value === undefined
    ? "is undefined, which says that there is none"
    : faultOf(value);
  ancestors.length = 0;
  if (fault !== undefined) {
    throw new TypeError(`Cannot ${action}: the value${path} ${fault}`);
  }
  return { hasNegativeZero };
}

function faultOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return faultOfText(value);
    case "number":
      if (Object.is(value, -0)) hasNegativeZero = true;
      return undefined;
    case "boolean":
    case "undefined":
      return undefined;
    case "bigint":
      return value < BIGINT_END && value > -BIGINT_END
        ? undefined
        : `is a bigint of more than ${BIGINT_BYTES_MAX} bytes`;
    case "object":
      return value === null ? undefined : faultOfObject(value);
    default:
      return `is a ${typeof value}`;
  }
}

function faultOfText(text: string): string | undefined {
  if (!text.isWellFormed()) {
    return "is text with a lone surrogate, which UTF-8 cannot hold";
  }
  if (
    text.charCodeAt(0) === BYTE_ORDER_MARK &&
    encoder.encode(text).length > MARKED_TEXT_BYTES_MAX
  ) return "is text that begins with a byte order mark: remove it";
  return undefined;
}

function faultOfObject(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (TYPED_ARRAYS.has(prototype)) return undefined;
  if (prototype === Date.prototype) return faultOfDate(value as Date);
  if (value instanceof Uint8Array) return undefined; // Node's Buffer
  if (ancestors.includes(value)) return "contains itself";
  if (ancestors.length === DEPTH_MAX) {
    return `is nested deeper than ${DEPTH_MAX} levels`;
  }
  ancestors.push(value);
  let fault: string | undefined;
  if (prototype === Object.prototype || prototype === null) {
    fault = faultOfProperties(value as Record<string, unknown>);
  } else if (prototype === Array.prototype) {
    fault = faultOfElements(value as unknown[]);
  } else if (prototype === Map.prototype) {
    fault = faultOfMap(value as Map<unknown, unknown>);
  } else if (prototype === Set.prototype) {
    fault = faultOfSet(value as Set<unknown>);
  } else {
    const { name } = (prototype as { constructor?: { name?: unknown } })
      .constructor ?? {};
    fault = typeof name === "string" && name !== ""
      ? `is an instance of ${name}, which would come back as something else`
      : "is an instance of a class, which would come back as something else";
  }
  ancestors.pop();
  return fault;
}

/** A date is kept as seconds in a double, which is exact for some 70,000 years. */
function faultOfDate(date: Date): string | undefined {
  const time = date.getTime();
  return Number.isNaN(time) || Math.round(time / 1000 * 1000) === time
    ? undefined
    : "is a date too far away to be kept to the millisecond";
}

function faultOfProperties(
  object: Record<string, unknown>,
): string | undefined {
  for (const key of Object.keys(object)) {
    const fault = key === "__proto__"
      ? "is a property that no object read back may have"
      : faultOfText(key) ?? faultOf(object[key]);
    if (fault !== undefined) return inside(`.${key}`, fault);
  }
  const [symbol] = Object.getOwnPropertySymbols(object);
  if (symbol === undefined) return undefined;
  return inside(`[${String(symbol)}]`, "has a symbol for a key");
}

function faultOfElements(array: unknown[]): string | undefined {
  for (let i = 0; i < array.length; i++) {
    const element = array[i];
    const fault = element === undefined && !(i in array)
      ? "is a hole, which would come back as undefined"
      : faultOf(element);
    if (fault !== undefined) return inside(`[${i}]`, fault);
  }
  return undefined;
}

function faultOfMap(map: Map<unknown, unknown>): string | undefined {
  let i = 0;
  for (const [key, value] of map) {
    const fault = faultOf(key);
    if (fault !== undefined) return inside(`.keys()[${i}]`, fault);
    const valueFault = faultOf(value);
    if (valueFault !== undefined) return inside(`.values()[${i}]`, valueFault);
    i++;
  }
  return undefined;
}

function faultOfSet(set: Set<unknown>): string | undefined {
  let i = 0;
  for (const element of set) {
    const fault = faultOf(element);
    if (fault !== undefined) return inside(`.values()[${i}]`, fault);
    i++;
  }
  return undefined;
}

function inside(step: string, fault: string): string {
  path = step + path;
  return fault;
}

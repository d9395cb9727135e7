/**
 * The keys and values under which a collection keeps its items in a bucket.
 *
 * ```text
 * key     = 00                      the list of indexes (index_catalogue.ts)
 *         | 01 id                   an item
 *         | 02 stem id              an entry of an index; its value is empty
 *         | 02 stem                 an entry of a unique index; its value is the id
 * stem    = number value            2 × number of the index, + 1 if it is unique
 * id      = ordered bytes (ordered_key.ts)
 * value   = ordered bytes
 * item    = 01 mark count (length stem)* CBOR
 * mark    = 00 | 01                 it stays; it expires, and its entries with it
 * number, count, length = variable-length number, seven bits a byte, the lowest first
 * ```
 *
 * An item names its entries: whatever an index's function has become meanwhile, what
 * goes with the item is exactly what came with it, and nothing of it need be decoded.
 *
 * @module
 */

/** The key of the list of indexes. */
export const CATALOGUE_KEY: Uint8Array = Uint8Array.of(0);
/** What the keys of items begin with. */
export const ITEM_PREFIX: Uint8Array = Uint8Array.of(1);
/** What the keys of all index entries begin with. */
export const ENTRY_PREFIX: Uint8Array = Uint8Array.of(2);

const FORMAT = 1;
const EXPIRING = 1;

/** What stands before the value of an item. */
export interface ItemHead {
  /** True if it expires, and its entries with it. */
  isExpiring: boolean;
  /** The stems of its entries; they share no memory with what they were read from. */
  stems: Uint8Array[];
  /** Where its value begins. */
  valueStart: number;
}

/** Bytes of a variable-length number. */
function numberBytes(number: number): number {
  let bytes = 1;
  for (; number >= 128; number = Math.floor(number / 128)) bytes++;
  return bytes;
}

/** Writes a variable-length number; returns where it ends. */
function writeNumber(target: Uint8Array, at: number, number: number): number {
  for (; number >= 128; number = Math.floor(number / 128)) {
    target[at++] = (number % 128) | 0x80;
  }
  target[at++] = number;
  return at;
}

/** Reads variable-length numbers. */
class NumberReader {
  /** Where the next one starts. */
  position: number;
  readonly #bytes: Uint8Array;

  /** Reads from `position` on. */
  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** The next number, or NaN if there is none of less than 32 bits. */
  read(): number {
    let number = 0;
    for (let factor = 1; factor < 2 ** 32; factor *= 128) {
      const byte = this.#bytes[this.position++] ?? NaN;
      number += (byte & 0x7f) * factor;
      if (byte < 128) return number;
    }
    return NaN;
  }
}

/** The bytes of several arrays in one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What the stems of an index begin with. */
export function stemStart(id: number, unique: boolean): Uint8Array {
  const number = id * 2 + (unique ? 1 : 0);
  const bytes = new Uint8Array(numberBytes(number));
  writeNumber(bytes, 0, number);
  return bytes;
}

/** True if the stem is of a unique index. */
export function isUnique(stem: Uint8Array): boolean {
  return (stem[0]! & 1) === 1;
}

/** The key of an item. */
export function itemKey(id: Uint8Array): Uint8Array {
  return concat(ITEM_PREFIX, id);
}

/** The bytes of the id in the key of an item. */
export function idOf(key: Uint8Array): Uint8Array {
  return key.subarray(ITEM_PREFIX.length);
}

/** The key of an item's entry. */
export function entryKey(stem: Uint8Array, id: Uint8Array): Uint8Array {
  return isUnique(stem)
    ? concat(ENTRY_PREFIX, stem)
    : concat(ENTRY_PREFIX, stem, id);
}

/** The bytes of an item. */
export function encodeItem(
  stems: readonly Uint8Array[],
  isExpiring: boolean,
  value: Uint8Array,
): Uint8Array {
  let length = 2 + numberBytes(stems.length) + value.length;
  for (const stem of stems) length += numberBytes(stem.length) + stem.length;
  const bytes = new Uint8Array(length);
  bytes[0] = FORMAT;
  bytes[1] = isExpiring ? EXPIRING : 0;
  let at = writeNumber(bytes, 2, stems.length);
  for (const stem of stems) {
    at = writeNumber(bytes, at, stem.length);
    bytes.set(stem, at);
    at += stem.length;
  }
  bytes.set(value, at);
  return bytes;
}

/**
 * What stands before the value; `undefined` if the bytes are not those of an item.
 * Whoever only wants the value need not take the stems.
 */
export function readItemHead(
  bytes: Uint8Array,
  takesStems = true,
): ItemHead | undefined {
  const mark = bytes[1]!;
  if (bytes[0] !== FORMAT || !(mark <= EXPIRING)) return undefined;
  const numbers = new NumberReader(bytes, 2);
  const count = numbers.read();
  if (Number.isNaN(count)) return undefined;
  const borders: number[] = [];
  for (let i = 0; i < count; i++) {
    const length = numbers.read();
    const end = numbers.position + length;
    if (!(length > 0 && end <= bytes.length)) return undefined;
    borders.push(numbers.position, end);
    numbers.position = end;
  }
  if (!(numbers.position < bytes.length)) return undefined;
  const stems: Uint8Array[] = [];
  if (takesStems && borders.length > 0) {
    // One copy with views on it takes less than a copy of each.
    const copy = bytes.slice(0, numbers.position);
    for (let i = 0; i < borders.length; i += 2) {
      stems.push(copy.subarray(borders[i], borders[i + 1]));
    }
  }
  return { isExpiring: mark === EXPIRING, stems, valueStart: numbers.position };
}

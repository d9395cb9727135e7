/**
 * How much memory a key takes on a server.
 *
 * The sizes are those of Redis 7 (`dict.h`, `sds.h`, `object.c`) with jemalloc as Debian
 * builds it: an entry of the table of keys, the key with its head, and the value, which
 * lies beside its object up to 44 bytes and by itself from there on. Valkey 8 lays keys
 * out in fewer pieces and takes somewhat less.
 *
 * @module
 */

/** Bytes of a value that lies in one piece with its object. */
const EMBEDDED_BYTES_MAX = 44;
const OBJECT_BYTES = 16;
const EMBEDDED_HEAD_BYTES = 3;
const END_BYTES = 1;
const ENTRY_BYTES = 24;
/** Two pointers more, by which a cluster finds the keys of a slot. */
const SLOT_LIST_BYTES = 16;
const POINTER_BYTES = 8;
const ALLOCATION_STEP = 16;
const SMALL_BYTES_MAX = 128;
const STEPS_OF_A_DOUBLING = 4;

/** What is stored under a key. */
export interface StoredKey {
  /** Bytes of the name: prefix, bucket and key. */
  nameSize: number;
  /** Bytes of the value. */
  valueSize: number;
  /** True if it expires. */
  isExpiring: boolean;
}

/** Bytes that the allocator takes for `size`. */
export function allocatedBytes(size: number): number {
  if (size <= 8) return 8;
  if (size <= SMALL_BYTES_MAX) {
    return Math.ceil(size / ALLOCATION_STEP) * ALLOCATION_STEP;
  }
  const doubling = 2 ** Math.floor(Math.log2(size - 1));
  const step = doubling / STEPS_OF_A_DOUBLING;
  return Math.ceil(size / step) * step;
}

/** Bytes of a string with its head. */
function stringBytes(length: number, isKey: boolean): number {
  const head = isKey && length < 32
    ? 1
    : length < 2 ** 8
    ? 3
    : length < 2 ** 16
    ? 5
    : 9;
  return allocatedBytes(head + length + END_BYTES);
}

/** Bytes of all keys of one master of a cluster, without what it takes when empty. */
export function memoryOfKeys(keys: number, stored: StoredKey): number {
  if (keys === 0) return 0;
  const { nameSize, valueSize, isExpiring } = stored;
  const value = valueSize <= EMBEDDED_BYTES_MAX
    ? allocatedBytes(
      OBJECT_BYTES + EMBEDDED_HEAD_BYTES + valueSize + END_BYTES,
    )
    : OBJECT_BYTES + stringBytes(valueSize, false);
  const entry = allocatedBytes(ENTRY_BYTES + SLOT_LIST_BYTES) +
    stringBytes(nameSize, true) + value +
    (isExpiring ? allocatedBytes(ENTRY_BYTES) : 0);
  // Tables double when they are full; one of them for all keys that expire.
  const places = 2 ** Math.ceil(Math.log2(keys));
  const tables = isExpiring ? 2 : 1;
  return Math.ceil(keys * entry + tables * places * POINTER_BYTES);
}

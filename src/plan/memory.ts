/**
 * How much memory a store takes, by its parts.
 *
 * Sizes of entries, slots and tables are those of the index's own code; how many
 * tables there are follows from how extendible hashing splits them.
 *
 * @module
 */

import { SLAB_TABLES, TABLE_WORDS, USED_MAX } from "../engine/hash_index.ts";
import {
  BLOCK_WORDS,
  ENTRY_WORDS_MAX,
  EXPIRY_WORDS,
  KEY,
} from "../engine/key_arena.ts";
import { LEAF_ENTRIES_AIM, LEAF_ENTRIES_MAX } from "../engine/ordered_view.ts";
import type { Load } from "./load.ts";

/** Memory of a store by part, in bytes. */
export interface MemoryPlan {
  /**
   * The hash index, keys included, and the expiry queue:
   * `keys × entry + tables × 8 KiB + directory`, in blocks of 1 MiB.
   */
  index: number;
  /** `index / keys`; 0 without keys. */
  indexPerKey: number;
  /** The order of keys, where they are listed: `keys / 384` leaves of about 2.9 KiB. */
  order: number;
  /** At most `memTableSize × (1 + numMemTables)`. */
  memtables: number;
  /** At most `blockCacheSize`, down to a power of two; not more than is on disk. */
  blockCache: number;
  /** The sum of these. The runtime itself comes on top of it. */
  total: number;
}

const WORD_BYTES = 4;
const BLOCK_BYTES = BLOCK_WORDS * WORD_BYTES;
const TABLE_BYTES = TABLE_WORDS * WORD_BYTES;
/** Bytes of a place in the expiry queue: a time and a pointer. */
const EXPIRY_PLACE_BYTES = 12;
/** Bytes beside pointers and key bounds of one leaf of the order, as it counts itself. */
const LEAF_BYTES = 100;

/** Bytes of the index entry of one key. */
export function entryBytes(load: Load): number {
  const words = KEY + Math.ceil(load.keySize / WORD_BYTES) +
    (load.isExpiring ? EXPIRY_WORDS : 0);
  return words * WORD_BYTES;
}

/**
 * How many tables the index has: a table at depth d splits once more than
 * {@linkcode USED_MAX} of the keys, which spread like a Poisson distribution, are its own.
 */
export function tableCount(keys: number): number {
  let tables = 1;
  for (let places = 1;; places *= 2) {
    const splits = places * shareAbove(USED_MAX + 0.5, keys / places);
    if (splits < 0.5) return tables;
    tables += splits;
  }
}

/** The part of a Poisson distribution above `limit`, by the normal one. */
function shareAbove(limit: number, mean: number): number {
  const z = (limit - mean) / Math.sqrt(mean + 1e-9);
  // Logistic approximation of the normal distribution; off by 0.01 at most.
  return 1 / (1 + Math.exp(1.702 * Math.max(-400, Math.min(400, z))));
}

/** Memory for `load` with `diskBytes` on disk. */
export function planMemory(load: Load, diskBytes: number): MemoryPlan {
  const { keys } = load;
  const entries = blocks(keys * entryBytes(load));
  const tables = tableCount(keys);
  const slots = tables <= SLAB_TABLES
    ? Math.min(BLOCK_BYTES, TABLE_BYTES * powerUp(tables, 4))
    : blocks(tables * TABLE_BYTES);
  const directory = (WORD_BYTES + 3) * powerUp(tables, 2);
  const expiries = load.isExpiring
    ? EXPIRY_PLACE_BYTES * powerUp(Math.max(64, keys), 2)
    : EXPIRY_PLACE_BYTES * 64;
  const lists = (ENTRY_WORDS_MAX + 1) * WORD_BYTES;
  const index = entries + slots + directory + expiries + lists;
  const order = load.isListed ? orderBytes(load) : 0;
  const memtables = Math.min(
    load.memTableSize * (1 + load.numMemTables),
    // A small log does not fill them; an image grows by doubling.
    Math.max(65_536, 2 * diskBytes),
  );
  const blockCache = Math.min(
    load.blockCacheSize < 1 ? 0 : 2 ** Math.floor(
      Math.log2(load.blockCacheSize),
    ),
    diskBytes,
  );
  return {
    index,
    indexPerKey: keys === 0 ? 0 : index / keys,
    order,
    memtables,
    blockCache,
    total: index + order + memtables + blockCache,
  };
}

/**
 * Bytes of the order of all keys. Its leaves are cut at keys taken at random, so their
 * sizes spread exponentially; a leaf grows by doubling, and is halved when it is full.
 */
function orderBytes(load: Load): number {
  const aim = LEAF_ENTRIES_AIM;
  const above = (entries: number) => Math.exp(-entries / aim);
  const halvings = above(LEAF_ENTRIES_MAX) /
    (1 - above(LEAF_ENTRIES_MAX / 2));
  const pointers = aim * (1 - above(aim)) +
    2 * aim * (above(aim) - above(2 * aim)) +
    LEAF_ENTRIES_MAX * (above(2 * aim) + halvings);
  const leaf = WORD_BYTES * pointers +
    (1 + halvings) * (2 * load.keySize + LEAF_BYTES);
  return load.keys / aim * leaf;
}

/** Whole blocks of the arena that hold `bytes`. */
function blocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The smallest power of `base` that is not below `count`. */
function powerUp(count: number, base: number): number {
  let power = 1;
  while (power < count) power *= base;
  return power;
}

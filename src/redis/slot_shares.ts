/**
 * Which part of a workload each slot and each master of a cluster gets, before there is
 * one.
 *
 * Nothing is drawn at random: every key is named as the backend names it, its slot is
 * the one that a cluster has it in, and it weighs what its rank makes of it. Only the
 * keys beyond the first million are taken together: they are spread evenly.
 *
 * @module
 */

import type { Key } from "../store/types.ts";
import { RedisKeys } from "./redis_key.ts";

/** Slots of a cluster: as many in Redis as in Valkey. */
export const SLOTS = 16_384;
/** Keys that are looked at one by one. */
const KEYS_ONE_BY_ONE_MAX = 1_000_000;

/** How operations are spread over keys. */
export interface KeyLoad {
  /** How many keys there are. */
  keys: number;
  /**
   * How unevenly they are asked for: the key of rank r is asked for in proportion to
   * `1 / r ** skew` (Zipf). 0 is evenly; the benchmarks of YCSB use 0.99.
   *
   * @default {0}
   */
  skew?: number;
  /**
   * The bucket of the keys.
   *
   * @default {"keys"}
   */
  bucket?: string;
  /**
   * The setting `key_prefix` of the backend.
   *
   * @default {"badger:"}
   */
  keyPrefix?: string;
  /**
   * The key of a rank, the most popular one first, from 0. Which slot is hot hangs on
   * the names.
   *
   * @default {(rank) => `${rank}`}
   */
  keyOf?: (rank: number) => Key;
}

/** Parts of all keys and of all operations, by slot. Each adds up to 1. */
export interface SlotShares {
  /** The part of the keys in each slot. */
  keys: Float64Array;
  /** The part of the operations on each slot. */
  operations: Float64Array;
  /** The part of the operations on the most popular key. */
  hottestKey: number;
}

/** The part of keys and operations that each slot has. */
export function slotShares(load: KeyLoad): SlotShares {
  const { keys: count, skew = 0, bucket = "keys", keyPrefix = "badger:" } =
    load;
  const keyOf = load.keyOf ?? ((rank) => `${rank}`);
  const names = new RedisKeys(keyPrefix);
  const keys = new Float64Array(SLOTS);
  const operations = new Float64Array(SLOTS);
  const looked = Math.min(count, KEYS_ONE_BY_ONE_MAX);
  const all = weightOfRanks(count, looked, skew);
  for (let rank = 0; rank < looked; rank++) {
    const { slot } = names.name(bucket, keyOf(rank));
    keys[slot]! += 1 / count;
    operations[slot]! += (rank + 1) ** -skew / all.total;
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    keys[slot]! += (count - looked) / count / SLOTS;
    operations[slot]! += all.beyond / all.total / SLOTS;
  }
  return { keys, operations, hottestKey: 1 / all.total };
}

/** The sum of the weights of all ranks, and of those from `looked` on. */
function weightOfRanks(
  count: number,
  looked: number,
  skew: number,
): { total: number; beyond: number } {
  let sum = 0;
  for (let rank = 1; rank <= looked; rank++) sum += rank ** -skew;
  // The rest as an integral between the middles of the steps; at a skew of 1 a logarithm.
  const [from, to] = [looked + 0.5, count + 0.5];
  const beyond = count === looked
    ? 0
    : Math.abs(1 - skew) < 1e-9
    ? Math.log(to / from)
    : (to ** (1 - skew) - from ** (1 - skew)) / (1 - skew);
  return { total: sum + beyond, beyond };
}

/**
 * The slots of each master as `redis-cli --cluster create` deals them out: ranges of
 * like length, of which each ends before the next begins.
 */
export function slotRanges(masters: number): { from: number; to: number }[] {
  const each = SLOTS / masters;
  return Array.from({ length: masters }, (_, i) => ({
    from: Math.round(i * each),
    to: i === masters - 1 ? SLOTS - 1 : Math.round((i + 1) * each - 1),
  }));
}

/** The sums of the slots of each master. */
export function masterShares(
  slots: Float64Array,
  masters: number,
): number[] {
  return slotRanges(masters).map(({ from, to }) => {
    let sum = 0;
    for (let slot = from; slot <= to; slot++) sum += slots[slot]!;
    return sum;
  });
}

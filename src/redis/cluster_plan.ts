/**
 * How large a cluster has to be for a workload, and what no cluster can do for it.
 *
 * @module
 */

import { bucketPrefix } from "../store/bucket_name.ts";
import { memoryOfKeys } from "./server_memory.ts";
import { type KeyLoad, masterShares, slotShares } from "./slot_shares.ts";

/** What a cluster is to hold and to answer. */
export interface ClusterLoad extends KeyLoad {
  /**
   * Bytes of a key, without bucket and prefix.
   *
   * @default {16}
   */
  keySize?: number;
  /** Bytes of a value. */
  valueSize: number;
  /** Operations a second. */
  operationRate: number;
  /**
   * Every key has an expiry.
   *
   * @default {false}
   */
  isExpiring?: boolean;
  /** Bytes of memory of a node, without what the system itself takes. */
  nodeMemory: number;
  /** Operations a second that a node answers; `deno task bench:cluster` measures it. */
  nodeOperationRate: number;
  /**
   * Replicas of each master.
   *
   * @default {1}
   */
  replicas?: number;
  /**
   * The part of a node's memory and rate that is to be used: the rest is for saving in
   * a fork, fragmentation, peaks, and the keys of a master that is gone.
   *
   * @default {0.6}
   */
  fill?: number;
}

/** What {@linkcode planCluster} foresees. Bytes are bytes, rates are a second. */
export interface ClusterPlan {
  /** Bytes of a key on a master. */
  memoryPerKey: number;
  /** Bytes of all keys, once. */
  memory: number;
  /** Masters that the memory asks for. */
  mastersForMemory: number;
  /** Masters that the operations ask for; `undefined` if no number is enough. */
  mastersForOperations: number | undefined;
  /** Masters to run: at least 3, which a cluster needs to choose a new master. */
  masters: number;
  /** Masters and replicas. */
  nodes: number;
  /** The part of the keys on each of these masters, by the order of their slots. */
  keyShares: number[];
  /** The part of the operations that each of them gets. */
  operationShares: number[];
  /** The largest of these. */
  busiestMaster: number;
  /** The slot with most operations, and its part of them. */
  hottestSlot: { slot: number; share: number };
  /** The part of the operations on the most popular key. */
  hottestKey: number;
  /**
   * Operations a second that no cluster of such nodes can exceed: a slot lies on one
   * master. For more, keep the hot keys near: see `TieredKv`.
   */
  operationRateMax: number;
}

/** Masters of a cluster at least. */
const MASTERS_MIN = 3;
/** Redis recommends at most about 1,000 nodes; half of them may be replicas. */
const MASTERS_MAX = 500;

/**
 * Foresees the size of a cluster.
 *
 * @param load What it is to hold and to answer, and what a node can do.
 * @returns Memory, masters, and where the load goes.
 * @throws {RangeError} If a number makes no sense.
 *
 * @example Usage
 * ```ts
 * import { planCluster } from "@sett/badger/redis";
 * import { assert } from "@std/assert";
 *
 * const plan = planCluster({
 *   keys: 100_000,
 *   valueSize: 200,
 *   operationRate: 300_000,
 *   skew: 0.99,
 *   nodeMemory: 8 * 2 ** 30,
 *   nodeOperationRate: 100_000,
 * });
 * assert(plan.masters > 5);
 * assert(plan.busiestMaster > 1 / plan.masters);
 * ```
 */
export function planCluster(load: ClusterLoad): ClusterPlan {
  const { keys, valueSize, operationRate, nodeMemory, nodeOperationRate } =
    load;
  const { keySize = 16, replicas = 1, fill = 0.6, isExpiring = false } = load;
  const least = { keys: 1, valueSize: 0, operationRate: 0, keySize: 1 };
  for (const [name, min] of Object.entries(least)) {
    requireNumber(name, { ...load, keySize }, min);
  }
  requireNumber("nodeMemory", load, 1);
  requireNumber("nodeOperationRate", load, 1);
  requireNumber("replicas", { replicas }, 0);
  requireNumber("skew", { skew: load.skew ?? 0 }, 0);
  for (const [name, value] of Object.entries({ keys, replicas })) {
    if (Number.isInteger(value)) continue;
    throw new RangeError(
      `Cannot plan with ${value} as ${name}: it must be a whole number`,
    );
  }
  if (!(fill > 0 && fill <= 1)) {
    throw new RangeError(
      `Cannot plan with ${fill} as fill: it must be greater than 0 and at most 1`,
    );
  }
  const { keyPrefix = "badger:", bucket = "keys" } = load;
  const nameSize = new TextEncoder().encode(keyPrefix).length +
    bucketPrefix(bucket).length + keySize;
  const stored = { nameSize, valueSize, isExpiring };
  const shares = slotShares(load);
  const memoryAt = (masters: number) =>
    masterShares(shares.keys, masters)
      .map((share) => memoryOfKeys(Math.round(share * keys), stored));
  const mastersForMemory = firstThat((masters) =>
    Math.max(...memoryAt(masters)) <= nodeMemory * fill
  );
  const mastersForOperations = firstThat((masters) =>
    Math.max(...masterShares(shares.operations, masters)) * operationRate <=
      nodeOperationRate * fill
  );
  if (mastersForMemory === undefined) {
    throw new RangeError(
      `Cannot plan: ${MASTERS_MAX} masters of ${nodeMemory} bytes do not hold the keys`,
    );
  }
  const masters = Math.max(
    MASTERS_MIN,
    mastersForMemory,
    mastersForOperations ?? MASTERS_MIN,
  );
  const memory = memoryAt(masters).reduce((sum, bytes) => sum + bytes, 0);
  const operationShares = masterShares(shares.operations, masters);
  const slot = shares.operations
    .reduce((best, share, i, all) => share > all[best]! ? i : best, 0);
  const share = shares.operations[slot]!;
  return {
    memoryPerKey: memory / keys,
    memory,
    mastersForMemory,
    mastersForOperations,
    masters,
    nodes: masters * (1 + replicas),
    keyShares: masterShares(shares.keys, masters),
    operationShares,
    busiestMaster: Math.max(...operationShares),
    hottestSlot: { slot, share },
    hottestKey: shares.hottestKey,
    operationRateMax: nodeOperationRate / share,
  };
}

/** The least number of masters for which something holds. */
function firstThat(holds: (masters: number) => boolean): number | undefined {
  for (let masters = 1; masters <= MASTERS_MAX; masters++) {
    if (holds(masters)) return masters;
  }
  return undefined;
}

function requireNumber(name: string, load: object, min: number): void {
  const value: unknown = (load as Record<string, unknown>)[name];
  if (typeof value === "number" && value >= min && value < Infinity) return;
  throw new RangeError(
    `Cannot plan with ${value} as ${name}: it must be a number of at least ${min}`,
  );
}

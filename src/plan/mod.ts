/**
 * Capacity planning: what a store will take of memory and disk, and what overwriting
 * and opening it will cost, before there is one.
 *
 * A model and no measurement: `docs/capacity.md` says how far it is off, and tests hold
 * it against real stores.
 *
 * @example Usage
 * ```ts
 * import { plan } from "@sett/badger/plan";
 * import { assert } from "@std/assert";
 *
 * const { memory, disk, writes } = plan({
 *   keys: 10_000_000,
 *   valueSize: 200,
 *   updateRate: 5_000,
 * });
 * assert(memory.indexPerKey < 56);
 * assert(disk.peak > disk.steady);
 * assert(writes.writeAmplification === 2);
 * ```
 *
 * @module
 */

import { type DiskPlan, planDisk, planWrites, type WritePlan } from "./disk.ts";
import { type Load, type PlanInput, resolveLoad } from "./load.ts";
import { type MemoryPlan, planMemory } from "./memory.ts";
import { planRecovery, type RecoveryPlan } from "./recovery.ts";

export { formatPlan } from "./format.ts";
export type { DiskPlan, Load, MemoryPlan, PlanInput, RecoveryPlan, WritePlan };

/** What {@linkcode plan} foresees. Bytes are bytes; other units are in the names. */
export interface Plan {
  /** What was asked, with every default filled in. */
  load: Load;
  /** Memory by part. */
  memory: MemoryPlan;
  /** Bytes on disk. */
  disk: DiskPlan;
  /** What updates cost. */
  writes: WritePlan;
  /** Opening. */
  recovery: RecoveryPlan;
}

/**
 * Foresees what a store takes and costs.
 *
 * The formula of each figure stands at its field. Updates are taken to be spread evenly
 * over keys and time, and the collector to keep up with them.
 *
 * @param input How much is stored, how often it changes, and under which settings.
 * @returns Memory, disk, writes and opening.
 * @throws {TypeError} If an input is not a number.
 * @throws {RangeError} If one is out of range.
 *
 * @example Usage
 * ```ts
 * import { plan } from "@sett/badger/plan";
 * import { assertEquals } from "@std/assert";
 *
 * const { disk } = plan({ keys: 1_000, keySize: 16, valueSize: 100 });
 * assertEquals(disk.live, 1_000 * (20 + 16 + 100));
 * ```
 */
export function plan(input: PlanInput): Plan {
  const load = resolveLoad(input);
  const disk = planDisk(load);
  return {
    load,
    memory: planMemory(load, disk.steady),
    disk,
    writes: planWrites(load),
    recovery: planRecovery(load, disk),
  };
}

/**
 * Small named histories of a store, each about one thing that can go wrong. No value
 * is set twice, so that what is found tells which step it came from.
 *
 * @module
 */

import type { StoreOptions } from "../../../src/store/options.ts";
import type { Driver } from "./driver.ts";
import { GC_WORKLOADS } from "./workloads_gc.ts";
import { KEY_WORKLOADS } from "./workloads_keys.ts";
import { LIFE_WORKLOADS } from "./workloads_life.ts";
import { WRITE_WORKLOADS } from "./workloads_write.ts";

/** A named history. */
export interface Workload {
  /** What it is about. */
  name: string;
  /** The settings that matter for it. */
  options?: StoreOptions;
  /** Plays it. */
  play(driver: Driver): Promise<void>;
}

/** All histories. */
export const WORKLOADS: readonly Workload[] = [
  ...WRITE_WORKLOADS,
  ...LIFE_WORKLOADS,
  ...GC_WORKLOADS,
];

/** The same histories of an encrypted store, and those of its keys. */
export const ENCRYPTED_WORKLOADS: readonly Workload[] = [
  ...KEY_WORKLOADS,
  ...WORKLOADS.map((workload) => ({
    ...workload,
    name: `encrypted: ${workload.name}`,
    options: {
      ...workload.options,
      encryption: { key: new Uint8Array(32).fill(7) },
    },
  })),
];

/** The history of that name. */
export function workloadNamed(name: string): Workload {
  const found = [...WORKLOADS, ...ENCRYPTED_WORKLOADS]
    .find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`No workload is named "${name}"`);
  return found;
}

/**
 * The table of workloads, each a sequence of phases over one directory.
 *
 * A phase that is selected by name takes those along that fill its directory.
 *
 * @module
 */

import type { Operation } from "./peers.ts";

/** One phase: what one process does. */
export interface Phase {
  /** Selected by it, and by the workload's name. */
  name: string;
  kind:
    | "compact"
    | "fillForKill"
    | "mixed"
    | "read"
    | "reopen"
    | "space"
    | "write";
  operation?: Operation;
  /** The order of its keys. */
  seed: number;
  /** Operations; all keys of the workload when absent. */
  count?: number;
  /** Writes that are awaited together, or make a batch. */
  group?: number;
  /** How many times all keys were overwritten when it is over. */
  generation?: number;
  /** Needs an empty directory, and is needed by what comes after it. */
  fills?: boolean;
  /** Not measured: it is there for what comes after it. */
  prepares?: boolean;
  /** The time includes the close. */
  close?: boolean;
  passes?: number;
  view?: boolean;
  missing?: boolean;
  /** The part of the operations that are updates. */
  updates?: number;
  durable?: boolean;
  inFlight?: number;
  /** Processes a round, for what takes only a moment. */
  repeat?: number;
}

/** A sequence of phases over one directory. */
export interface Workload {
  name: string;
  keys: number;
  valueBytes: number;
  phases: readonly Phase[];
}

const GROUP = 1000;
/** As many 64 KiB values as make 4 MiB, which is what 1000 of 4 KiB make. */
const LARGE_GROUP = 64;

const WRITE = {
  kind: "write",
  seed: 1,
  group: GROUP,
  generation: 0,
  close: true,
} as const;
const FILL = { ...WRITE, fills: true } as const;
const BATCHES = { ...FILL, operation: "batch" } as const;
const READ = { kind: "read", seed: 2, passes: 1 } as const;
const MIXED = {
  kind: "mixed",
  operation: "mixed",
  seed: 5,
  group: GROUP,
} as const;
const DURABLE = {
  kind: "write",
  seed: 1,
  generation: 0,
  durable: true,
  fills: true,
} as const;
const REOPEN = { name: "reopen", kind: "reopen", seed: 2 } as const;
const PREPARE = { ...BATCHES, name: "prepare", prepares: true } as const;

/** Every workload at full scale. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "put-single",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [{ ...FILL, name: "put-single", operation: "put" }],
  },
  {
    name: "small",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [
      { ...BATCHES, name: "put-batch" },
      { ...REOPEN, repeat: 3 },
      { ...READ, name: "get", passes: 2 },
      { ...READ, name: "get-view", passes: 2, view: true },
      { ...READ, name: "get-missing", missing: true },
      { ...WRITE, name: "overwrite", operation: "put", seed: 3, generation: 1 },
      {
        ...WRITE,
        name: "delete",
        operation: "remove",
        seed: 4,
        count: 500_000,
      },
    ],
  },
  {
    name: "4k",
    keys: 200_000,
    valueBytes: 4096,
    phases: [
      { ...FILL, name: "4k-fill", operation: "fill" },
      { ...READ, name: "4k-get" },
    ],
  },
  {
    name: "64k",
    keys: 20_000,
    valueBytes: 65_536,
    phases: [
      { ...FILL, name: "64k-fill", operation: "fill", group: LARGE_GROUP },
      { ...READ, name: "64k-get" },
    ],
  },
  {
    name: "durable",
    keys: 256_000,
    valueBytes: 100,
    phases: [
      {
        ...DURABLE,
        name: "durable-single",
        operation: "durable",
        count: 4000,
        group: 1,
      },
      {
        ...DURABLE,
        name: "durable-64",
        operation: "inFlight",
        inFlight: 64,
      },
    ],
  },
  {
    name: "ycsb-a",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [PREPARE, { ...MIXED, name: "ycsb-a", updates: 0.5 }],
  },
  {
    name: "ycsb-b",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [PREPARE, { ...MIXED, name: "ycsb-b", updates: 0.05 }],
  },
  {
    name: "5m",
    keys: 5_000_000,
    valueBytes: 100,
    phases: [
      { ...BATCHES, name: "5m-fill" },
      { ...REOPEN, repeat: 3 },
      { ...READ, name: "5m-get", count: 1_000_000 },
    ],
  },
  {
    name: "killed",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [
      { ...BATCHES, name: "prepare", kind: "fillForKill", prepares: true },
      REOPEN,
    ],
  },
  {
    name: "space",
    keys: 1_000_000,
    valueBytes: 100,
    phases: [
      PREPARE,
      {
        name: "space",
        kind: "space",
        operation: "batch",
        seed: 3,
        group: GROUP,
        generation: 1,
      },
      { name: "compacted", kind: "compact", seed: 1 },
    ],
  },
];

/** The names that `--only` takes. */
export function selectableNames(): string[] {
  const names = WORKLOADS.flatMap(({ name, phases }) => [
    name,
    ...phases.filter(({ prepares }) => !prepares).map((phase) => phase.name),
  ]);
  return [...new Set(names)];
}

/** Whether a phase is to be measured. */
export function isSelected(
  workload: Workload,
  phase: Phase,
  only: readonly string[],
): boolean {
  return !phase.prepares &&
    (only.length === 0 || only.includes(workload.name) ||
      only.includes(phase.name));
}

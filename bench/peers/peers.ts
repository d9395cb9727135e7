/**
 * The table of peers: what takes part where, and in which idioms it writes.
 *
 * @module
 */

/** A runtime that phases run on. */
export type RuntimeName = "deno" | "bun" | "node";

/** What a phase does; an adapter has writers for some of them. */
export type Operation =
  | "put"
  | "read"
  | "batch"
  | "fill"
  | "remove"
  | "mixed"
  | "durable"
  | "inFlight";

/** One store that is measured. */
export interface Peer {
  name: string;
  /** The file below `adapters`; none for a peer that has a program. */
  adapter?: string;
  /**
   * A program that runs the phases instead of a runtime, for a peer in another
   * language; where the machine has none, the peer is left out.
   */
  program?: string;
  /** The package whose version the report tells; without it, the runtime's. */
  module?: string;
  runtimes: readonly RuntimeName[];
  /** The idioms to try for each operation; the best one counts. Reads need none. */
  idioms: Readonly<Partial<Record<Operation, readonly string[]>>>;
  /** Passed to the adapter. */
  settings?: Readonly<Record<string, unknown>>;
  /** Passed to the adapter too where space is measured. */
  spaceSettings?: Readonly<Record<string, unknown>>;
  /** Keeps nothing in files; each process fills it before its clock starts. */
  volatile?: boolean;
  /** Reads without a copy. */
  views?: boolean;
  /** Milliseconds without a change after which its background work is over. */
  quietMs?: number;
  /** Takes part in these workloads only. */
  workloads?: readonly string[];
  /** Leaves these phases out. */
  without?: readonly string[];
  /** At most this many keys, for what would take too long. */
  maximumKeys?: number;
  /** May stand for "the best peer": a store whose promise is like Sett's. */
  comparable?: boolean;
  /** Needs the Node that installed the packages: its native part is built for it. */
  ownNode?: boolean;
}

const EVERYWHERE: readonly RuntimeName[] = ["deno", "bun", "node"];
const IN_MEMORY = ["put-single", "small", "ycsb-a", "ycsb-b", "5m"];

const PLAIN = {
  put: ["plain"],
  batch: ["plain"],
  remove: ["plain"],
  mixed: ["plain"],
};

const LMDB = {
  put: ["groups", "one group", "transactions"],
  batch: ["groups", "transactions"],
  fill: ["groups", "one group", "transactions"],
  // Two and not more: each removes another half of the keys.
  remove: ["groups", "one group"],
  mixed: ["groups", "transactions"],
};

const SQLITE = {
  put: ["single", "transactions"],
  batch: ["transactions"],
  fill: ["transactions"],
  remove: ["single", "transactions"],
  mixed: ["single", "transactions"],
  durable: ["single"],
  inFlight: ["transactions of 64"],
};

/** Every peer, in the order of the report's columns; Sett first. */
export const PEERS: readonly Peer[] = [
  {
    name: "sett",
    adapter: "sett.mjs",
    module: "@sett/badger",
    runtimes: EVERYWHERE,
    idioms: {
      put: ["groups", "one group"],
      batch: ["batch"],
      fill: ["groups", "batch"],
      remove: ["groups"],
      mixed: ["groups"],
      durable: ["set", "setSync"],
      inFlight: ["set"],
    },
    // By the clock it would collect once in two minutes, and be waited for.
    spaceSettings: { valueLogGcIntervalInSeconds: 2 },
    views: true,
    quietMs: 6000,
  },
  {
    name: "lmdb",
    adapter: "lmdb.mjs",
    module: "lmdb",
    runtimes: EVERYWHERE,
    idioms: { ...LMDB, durable: ["put", "putSync"], inFlight: ["put"] },
    views: true,
    comparable: true,
  },
  {
    name: "lmdb-nosync",
    adapter: "lmdb.mjs",
    module: "lmdb",
    runtimes: EVERYWHERE,
    idioms: LMDB,
    settings: { overlappingSync: false, noSync: true, useWritemap: true },
    workloads: ["put-single", "small", "4k", "64k", "ycsb-a", "5m"],
    // It reads as the other one does.
    without: [
      "reopen",
      "get",
      "get-view",
      "get-missing",
      "4k-get",
      "64k-get",
      "5m-get",
    ],
  },
  {
    name: "classic-level",
    adapter: "classic_level.mjs",
    module: "classic-level",
    runtimes: ["deno", "node"],
    idioms: {
      put: ["groups"],
      batch: ["batch of an array", "chained batch"],
      fill: ["batch of an array", "chained batch"],
      remove: ["groups"],
      mixed: ["groups"],
      durable: ["put"],
      inFlight: ["put"],
    },
    quietMs: 3000,
    comparable: true,
  },
  {
    name: "node:sqlite",
    adapter: "sqlite.mjs",
    runtimes: ["deno", "node"],
    idioms: SQLITE,
    settings: { module: "node:sqlite" },
    comparable: true,
  },
  {
    name: "bun:sqlite",
    adapter: "sqlite.mjs",
    runtimes: ["bun"],
    idioms: SQLITE,
    settings: { module: "bun:sqlite" },
    comparable: true,
  },
  {
    name: "better-sqlite3",
    adapter: "sqlite.mjs",
    module: "better-sqlite3",
    runtimes: ["node"],
    idioms: SQLITE,
    settings: { module: "better-sqlite3" },
    comparable: true,
    ownNode: true,
  },
  {
    // Not among those that may be "the best": no program for these runtimes can
    // choose it.
    name: "badger-go",
    program: "badger-go",
    runtimes: EVERYWHERE,
    idioms: {
      put: ["groups", "one group", "update"],
      read: ["transactions", "one transaction"],
      batch: ["transactions", "write batch"],
      fill: ["write batch", "groups"],
      // Two and not more: each removes another half of the keys.
      remove: ["groups", "update"],
      mixed: ["groups", "update"],
      durable: ["update"],
      inFlight: ["update"],
    },
    // As for Sett.
    spaceSettings: { valueLogGcSeconds: 2 },
    views: true,
    quietMs: 6000,
  },
  {
    name: "deno-kv",
    adapter: "deno_kv.mjs",
    runtimes: ["deno"],
    idioms: { put: ["groups"], batch: ["atomic"], remove: ["groups"] },
    workloads: ["put-single", "small"],
    without: ["reopen"],
    maximumKeys: 20_000,
  },
  {
    name: "map",
    adapter: "map.mjs",
    runtimes: EVERYWHERE,
    idioms: PLAIN,
    volatile: true,
    views: true,
    workloads: IN_MEMORY,
    without: ["reopen"],
  },
  {
    name: "null",
    adapter: "null.mjs",
    runtimes: EVERYWHERE,
    idioms: PLAIN,
    volatile: true,
    views: true,
    workloads: IN_MEMORY,
    without: ["reopen"],
  },
];

/** Whether a peer takes part in a phase of a workload. */
export function takesPart(
  peer: Peer,
  workload: string,
  phase: { name: string; operation?: Operation; view?: boolean },
): boolean {
  if (peer.workloads?.includes(workload) === false) return false;
  if (peer.without?.includes(phase.name)) return false;
  if (phase.view && !peer.views) return false;
  return phase.operation === undefined ||
    peer.idioms[phase.operation] !== undefined;
}

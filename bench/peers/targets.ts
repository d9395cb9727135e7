/**
 * The table of rows of the report, with the reference peer and the target of each.
 *
 * @module
 */

/** What a row compares, and what it asks for. */
export interface Row {
  /** What the row is called. */
  name: string;
  /** `workload/phase` of its measurements. */
  measure: string;
  unit: "ops/s" | "ms" | "x";
  /**
   * The peer that Sett is compared with; of several, the first that takes part.
   * `"best"` is the best of those whose promise is like Sett's.
   */
  reference?: readonly string[] | "best";
  /** Where the reference's figure comes from, if not from this measure. */
  referenceMeasure?: string;
  /** Sett is to be at least this many times as fast. */
  atLeast?: number;
  /** The figure itself is to be at most this. */
  atMost?: number;
  /** Compares this idiom on both sides, and not the best one of each. */
  idiom?: string;
}

const LMDB = ["lmdb"];
const LEVEL = ["classic-level"];
const SQLITE = ["node:sqlite", "bun:sqlite"];

function rate(
  name: string,
  measure: string,
  reference: Row["reference"],
  atLeast?: number,
): Row {
  const row: Row = { name, measure, unit: "ops/s" };
  if (reference !== undefined) row.reference = reference;
  if (atLeast !== undefined) row.atLeast = atLeast;
  return row;
}

/**
 * Two rows of single writes. The target is for like with like, a program that awaits
 * every thousand; the other row has each peer in its best idiom.
 */
function singles(name: string, measure: string, atLeast: number): Row[] {
  const best = rate(`${name}, each in its best idiom`, measure, LMDB);
  const alike = rate(`${name}, in groups of 1000`, measure, LMDB, atLeast);
  return [{ ...alike, idiom: "groups" }, best];
}

/** Every row, in the order of the report. */
export const ROWS: readonly Row[] = [
  ...singles("put-single", "put-single/put-single", 7),
  rate("put-batch", "small/put-batch", LEVEL, 4),
  rate("get, pass 1", "small/get, pass 1", LMDB, 1.5),
  rate("get, pass 2", "small/get, pass 2", LMDB, 1.5),
  rate("get-view, pass 1", "small/get-view, pass 1", LMDB, 1.5),
  rate("get-view, pass 2", "small/get-view, pass 2", LMDB, 1.5),
  rate("get-missing", "small/get-missing", LEVEL, 2.5),
  ...singles("overwrite", "small/overwrite", 7),
  ...singles("delete", "small/delete", 7),
  rate("4k fill", "4k/4k-fill", LMDB, 4),
  rate("4k get", "4k/4k-get", LMDB, 1.3),
  rate("64k fill", "64k/64k-fill", "best", 1.5),
  rate("64k get", "64k/64k-get", "best", 1.2),
  rate("durable, one by one", "durable/durable-single", SQLITE, 1),
  rate("durable, 64 in flight", "durable/durable-64", LMDB, 2.5),
  rate("ycsb-a", "ycsb-a/ycsb-a", LMDB, 3),
  rate("ycsb-b", "ycsb-b/ycsb-b", LMDB, 1.6),
  rate("5m fill", "5m/5m-fill", "best", 3),
  rate("5m get", "5m/5m-get", "best", 1.5),
  {
    name: "reopen 1m",
    measure: "small/reopen",
    unit: "ms",
    reference: LEVEL,
    atLeast: 4,
  },
  {
    name: "reopen 5m",
    measure: "5m/reopen",
    unit: "ms",
    reference: LEVEL,
    atLeast: 4,
  },
  {
    name: "reopen 1m after SIGKILL",
    measure: "killed/reopen",
    unit: "ms",
    reference: LEVEL,
    referenceMeasure: "small/reopen",
    atLeast: 1,
  },
  {
    name: "space, overwritten",
    measure: "space/space, open",
    unit: "x",
    atMost: 1.6,
  },
  {
    name: "space, overwritten and closed",
    measure: "space/space, closed",
    unit: "x",
  },
  {
    name: "space, compacted",
    measure: "space/compacted, open",
    unit: "x",
    atMost: 1.1,
  },
  {
    name: "space, compacted and closed",
    measure: "space/compacted, closed",
    unit: "x",
  },
];

/**
 * LMDB through lmdb-js, with binary values and text keys.
 *
 * The map is as large as the largest workload, so that it is never mapped anew.
 * Commits are flushed in the background (`overlappingSync`, the default), which
 * keeps the database sound after a loss of power. Durable writes do without: there
 * a commit is done when it is on the medium.
 *
 * @module
 */
import { mkdirSync } from "node:fs";

const MAP_BYTES = 16 * 2 ** 30;

let openDatabase;

/** Imports the module. */
export async function load() {
  const name = "lmdb";
  ({ open: openDatabase } = await import(name));
}

/** Opens a database; `settings` are options of lmdb-js. */
export function open(path, { durable, settings }) {
  mkdirSync(path, { recursive: true });
  const database = openDatabase({
    path,
    encoding: "binary",
    mapSize: MAP_BYTES,
    noMemInit: true,
    overlappingSync: !durable,
    ...settings,
  });
  const put = { write: (key, value) => database.put(key, value) };
  const remove = { write: (key) => database.remove(key) };
  const transaction = (run) => database.transactionSync(run);
  const putSync = {
    write: (key, value) => void database.putSync(key, value),
  };
  const inTransactions = { ...putSync, around: transaction };
  return {
    get: (key) => database.getBinary(key),
    view: (key) => database.getBinaryFast(key),
    writers: {
      // Writes of one turn go into one transaction, so groups are batches too.
      put: {
        groups: put,
        "one group": { ...put, oneGroup: true },
        transactions: inTransactions,
      },
      batch: { groups: put, transactions: inTransactions },
      fill: {
        groups: put,
        "one group": { ...put, oneGroup: true },
        transactions: inTransactions,
      },
      remove: {
        groups: remove,
        "one group": { ...remove, oneGroup: true },
        transactions: {
          write: (key) => void database.removeSync(key),
          around: transaction,
        },
      },
      mixed: { groups: put, transactions: inTransactions },
      durable: { put, putSync },
      inFlight: { put },
    },
    compact: async () => {
      const copy = `${path}-copy`;
      mkdirSync(copy, { recursive: true });
      await database.backup(copy, true);
      return copy;
    },
    close: () => database.close(),
  };
}

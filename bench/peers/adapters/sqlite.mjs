/**
 * SQLite through what the runtime brings with it, or through better-sqlite3.
 *
 * One table WITHOUT ROWID, prepared statements, write-ahead log. `synchronous` is
 * NORMAL (a loss of power keeps the database sound and may take the last commits)
 * and FULL where writes are to be durable. The page cache is as large as Sett's
 * block cache, and files are mapped.
 *
 * @module
 */
import { mkdirSync } from "node:fs";

const CACHE_KIBIBYTES = 256 * 1024;
const MAP_BYTES = 2 ** 31 - 65_536;

let Database;
let isPlucking = false;

/** Imports the module that `settings.module` names. */
export async function load({ module }) {
  const loaded = await import(module);
  isPlucking = module === "better-sqlite3";
  Database = loaded.DatabaseSync ?? loaded.Database ?? loaded.default;
}

/** Opens a database. */
export function open(directory, { durable }) {
  mkdirSync(directory, { recursive: true });
  const database = new Database(`${directory}/data.sqlite`);
  const pragma = (text) => database.prepare(`PRAGMA ${text}`).get();
  pragma("journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
  database.exec(`PRAGMA cache_size = ${-CACHE_KIBIBYTES}`);
  pragma(`mmap_size = ${MAP_BYTES}`);
  database.exec(
    "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
  );
  const selected = database.prepare("SELECT value FROM entries WHERE key = ?");
  const put = database.prepare(
    "INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );
  const remove = database.prepare("DELETE FROM entries WHERE key = ?");
  const begin = database.prepare("BEGIN");
  const commit = database.prepare("COMMIT");
  const transaction = (run) => {
    begin.run();
    run();
    commit.run();
  };
  const single = { write: (key, value) => void put.run(key, value) };
  const removal = { write: (key) => void remove.run(key) };
  const inTransactions = { ...single, around: transaction };
  const plucked = isPlucking ? selected.pluck() : selected;
  return {
    get: isPlucking
      ? (key) => plucked.get(key)
      : (key) => selected.get(key)?.value,
    writers: {
      put: { single, transactions: inTransactions },
      batch: { transactions: inTransactions },
      fill: { transactions: inTransactions },
      remove: {
        single: removal,
        transactions: { ...removal, around: transaction },
      },
      mixed: { single, transactions: inTransactions },
      durable: { single },
      inFlight: { "transactions of 64": inTransactions },
    },
    compact: () => {
      pragma("wal_checkpoint(TRUNCATE)");
      database.exec("VACUUM");
      pragma("wal_checkpoint(TRUNCATE)");
    },
    close: () => database.close(),
  };
}

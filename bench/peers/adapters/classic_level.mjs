/**
 * LevelDB through classic-level. Its cache is as large as Sett's block cache, its
 * write buffer somewhat larger than Sett's memtable.
 *
 * @module
 */

const CACHE_BYTES = 256 * 2 ** 20;
const WRITE_BUFFER_BYTES = 16 * 2 ** 20;

let ClassicLevel;

/** Imports the module. */
export async function load() {
  const name = "classic-level";
  ({ ClassicLevel } = await import(name));
}

/** Opens a database. */
export async function open(path) {
  const database = new ClassicLevel(path, {
    keyEncoding: "utf8",
    valueEncoding: "view",
    cacheSize: CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  await database.open();
  // Each put goes to a thread of its own accord, so every one is awaited.
  const put = { write: (key, value) => database.put(key, value), all: true };
  const sync = { sync: true };
  const putDurably = {
    write: (key, value) => database.put(key, value, sync),
  };
  let operations;
  const array = {
    write: (key, value) => void operations.push({ type: "put", key, value }),
    around: (run) => {
      operations = [];
      run();
      return database.batch(operations);
    },
  };
  let chain;
  const chained = {
    write: (key, value) => void chain.put(key, value),
    around: (run) => {
      chain = database.batch();
      run();
      return chain.write();
    },
  };
  return {
    get: (key) => database.getSync(key),
    writers: {
      put: { groups: put },
      batch: { "batch of an array": array, "chained batch": chained },
      fill: { "batch of an array": array, "chained batch": chained },
      remove: { groups: { write: (key) => database.del(key), all: true } },
      mixed: { groups: put },
      durable: { put: putDurably },
      inFlight: { put: putDurably },
    },
    compact: () => database.compactRange("", "\u{10ffff}"),
    close: () => database.close(),
  };
}

/**
 * Sett, as its users get it: the packed artefact, with default settings.
 *
 * @module
 */

let Store;

/** Imports the module. */
export async function load() {
  const name = "@sett/badger";
  ({ Store } = await import(name));
}

/** Opens a store; `settings` are its own. */
export async function open(path, { durable, settings }) {
  const store = await Store.open({ path, syncWrites: durable, ...settings });
  const set = { write: (key, value) => store.set(key, value) };
  const setSync = { write: (key, value) => store.setSync(key, value) };
  let batch;
  const inBatches = {
    write: (key, value) => void batch.set(key, value),
    around: (run) => {
      batch = store.batch();
      run();
      return batch.commit();
    },
  };
  return {
    get: (key) => store.getSync(key),
    view: (key) => store.getView(key),
    writers: {
      // All writes of a turn share one promise, so the last one stands for all.
      put: { groups: set, "one group": { ...set, oneGroup: true } },
      batch: { batch: inBatches },
      fill: { groups: set, batch: inBatches },
      remove: { groups: { write: (key) => store.delete(key) } },
      mixed: { groups: set },
      // As the other stores that have one: a call that waits on this thread.
      durable: { set, setSync },
      inFlight: { set },
    },
    compact: async () => {
      await store.gc({ discardRatio: 0.01 });
    },
    close: () => store.close(),
  };
}

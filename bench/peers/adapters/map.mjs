/**
 * A bare `Map` that keeps the caller's arrays: no copy, no file. No store with
 * copies can be faster, so it is the far end of the scale.
 *
 * @module
 */

/** Nothing to import. */
export function load() {}

/** Makes an empty map. */
export function open() {
  const map = new Map();
  const set = { write: (key, value) => void map.set(key, value) };
  return {
    get: (key) => map.get(key),
    view: (key) => map.get(key),
    writers: {
      put: { plain: set },
      batch: { plain: set },
      remove: { plain: { write: (key) => void map.delete(key) } },
      mixed: { plain: set },
    },
    close() {},
  };
}

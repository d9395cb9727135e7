/**
 * A store that does nothing: what is measured with it is the harness itself.
 *
 * Every adapter exports `load()`, which imports the peer's module, and
 * `open(directory, { durable, settings, values })`, which resolves to an object
 * with the functions that the loops call:
 *
 * - `get(key)`: an owned copy of the value, or `undefined`; `view(key)`: the same
 *   without a copy, where the peer has such a thing. `getAsync(key)` in their
 *   place where it has no synchronous reads.
 * - `writers`: by operation and idiom, how a user of the peer would write.
 *   `write(key, value)` is called for each key; what the last one of a group
 *   returned is awaited, with `all` what all of them returned. `around(run)`, where
 *   there is one, stands around a group: a transaction or a batch. `oneGroup`
 *   makes one group of everything.
 * - `compact()`: the peer's own compaction; may resolve to the directory of a copy.
 * - `close()`.
 *
 * @module
 */

/** Nothing to import. */
export function load() {}

/** Opens nothing. */
export function open(_directory, { values }) {
  const value = values[0];
  const writer = { write: () => undefined };
  return {
    get: (key) => key.charCodeAt(15) & 1 ? undefined : value,
    view: () => value,
    writers: {
      put: { plain: writer },
      batch: { plain: writer },
      remove: { plain: writer },
      mixed: { plain: writer },
    },
    close() {},
  };
}

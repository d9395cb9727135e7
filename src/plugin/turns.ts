/**
 * Work that must not overlap.
 *
 * @module
 */

/** Runs what it is given one after the other, whether or not the one before failed. */
export function oneAfterTheOther(): <T>(run: () => Promise<T>) => Promise<T> {
  let turn: Promise<unknown> = Promise.resolve();
  return <T>(run: () => Promise<T>) => {
    const result = turn.catch(() => {}).then(run);
    turn = result;
    return result;
  };
}

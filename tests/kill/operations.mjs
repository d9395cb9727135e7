/**
 * Numbered operations: what the n-th does follows from a seed and n alone, so whoever
 * knows how many were done knows what a store must hold.
 *
 * Plain JavaScript: the process that is killed runs it on every runtime as it stands.
 */

const KEYS = 400;
/** Operations that wait at a time, at most. */
export const WINDOW_MAX = 32;

/** A number that depends on both and is spread evenly. */
function mix(seed, n) {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(n + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * What the n-th operation does, `isBatch` in one commit.
 *
 * @param {number} seed
 * @param {number} n
 * @returns {{ isBatch: boolean, set: string[], delete: string[] }}
 */
export function stepOf(seed, n) {
  const random = mix(seed, n);
  const kind = random % 16;
  const key = (salt) => `key ${mix(random, salt) % KEYS}`;
  if (kind < 3) return { isBatch: false, set: [], delete: [key(1)] };
  if (kind < 5) {
    const keys = new Set([key(1), key(2), key(3), "newest batch"]);
    const gone = [key(4), key(5)].filter((name) => !keys.has(name));
    return { isBatch: true, set: [...keys], delete: gone };
  }
  return { isBatch: false, set: [key(1)], delete: [] };
}

/**
 * The value that the n-th operation gives to a key.
 *
 * @param {number} seed
 * @param {number} n
 * @param {string} key
 * @returns {string}
 */
export function valueOf(seed, n, key) {
  const random = mix(seed ^ key.length, n);
  const size = random % 100 === 0
    ? 30_000
    : random % 10 === 0
    ? random % 4000
    : random % 250;
  return `${n} ${key} ${"0123456789abcdef"[random % 16].repeat(size)}`;
}

/**
 * Does to `state`, which has for each key the operation that set it, what the
 * operations from `from` to `to` do.
 *
 * @param {Map<string, number>} state
 * @param {number} seed
 * @param {number} from
 * @param {number} to
 * @returns {void}
 */
export function replay(state, seed, from, to) {
  for (let n = from; n <= to; n++) {
    const step = stepOf(seed, n);
    for (const key of step.set) state.set(key, n);
    for (const key of step.delete) state.delete(key);
  }
}

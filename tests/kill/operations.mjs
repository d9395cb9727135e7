/**
 * Numbered operations: what the n-th does follows from a seed and n alone, so whoever
 * knows how many were done knows what a store must hold.
 *
 * Plain JavaScript: the process that is killed runs it on every runtime as it stands.
 */

const KEYS = 400;
const COUNTERS = 8;
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
 * What the n-th operation does, in one commit: keys that it sets and deletes, and
 * counters that it adds one to.
 *
 * @typedef {object} Step
 * @property {"set" | "delete" | "batch" | "increment" | "atomic" | "transaction"} kind
 * @property {string[]} set
 * @property {string[]} delete
 * @property {string[]} count
 */

/**
 * What the n-th operation does.
 *
 * @param {number} seed
 * @param {number} n
 * @returns {Step}
 */
export function stepOf(seed, n) {
  const random = mix(seed, n);
  const kind = random % 16;
  const key = (salt) => `key ${mix(random, salt) % KEYS}`;
  const counter = (salt) => `count ${mix(random, salt) % COUNTERS}`;
  if (kind < 3) return { kind: "delete", set: [], delete: [key(1)], count: [] };
  if (kind < 5) {
    const keys = new Set([key(1), key(2), key(3), "newest batch"]);
    const gone = [key(4), key(5)].filter((name) => !keys.has(name));
    return { kind: "batch", set: [...keys], delete: gone, count: [] };
  }
  if (kind < 7) {
    return { kind: "increment", set: [], delete: [], count: [counter(1)] };
  }
  const several = { set: [key(1)], delete: [], count: [counter(2), "all"] };
  if (kind < 8) return { kind: "atomic", ...several };
  if (kind < 9) return { kind: "transaction", ...several };
  return { kind: "set", set: [key(1)], delete: [], count: [] };
}

/**
 * True if the key is that of a counter.
 *
 * @param {string} key
 * @returns {boolean}
 */
export function isCounter(key) {
  return key === "all" || key.startsWith("count ");
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
 * Does to `state`, which has for each key the operation that set it, and for each
 * counter its count, what the operations from `from` to `to` do.
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
    for (const key of step.count) state.set(key, (state.get(key) ?? 0) + 1);
  }
}

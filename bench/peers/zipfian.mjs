/**
 * A sequence of keys of which few are asked for often: Zipf's distribution, drawn
 * as in Gray and others, "Quickly Generating Billion-Record Synthetic Databases"
 * (1994), and scrambled: which keys are the popular ones has nothing to do with
 * their order or with when they were written.
 *
 * @module
 */
import { permutation, randomNumbers } from "./keys.mjs";

const THETA = 0.99;
const SCRAMBLE_SEED = 55;

/** The sum of 1 / rank^theta over the first `count` ranks. */
function zeta(count) {
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) sum += 1 / rank ** THETA;
  return sum;
}

/** The numbers of `count` keys out of `total`, in the order they are asked for. */
export function zipfianOrder(total, count, seed) {
  const random = randomNumbers(seed);
  const keyOfRank = permutation(total, SCRAMBLE_SEED);
  const all = zeta(total);
  const two = 1 + 0.5 ** THETA;
  const alpha = 1 / (1 - THETA);
  const eta = (1 - (2 / total) ** (1 - THETA)) / (1 - zeta(2) / all);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const u = random() / 2 ** 32;
    const area = u * all;
    let rank = 0;
    if (area >= two) rank = Math.floor(total * (eta * u - eta + 1) ** alpha);
    else if (area >= 1) rank = 1;
    order[i] = keyOfRank(Math.min(rank, total - 1));
  }
  return order;
}

/** Which of `count` operations are updates: 1 where it is one, else 0. */
export function updateFlags(count, share, seed) {
  const random = randomNumbers(seed);
  const flags = new Uint8Array(count);
  for (let i = 0; i < count; i++) flags[i] = random() < share * 2 ** 32 ? 1 : 0;
  return flags;
}

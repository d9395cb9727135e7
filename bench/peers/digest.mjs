/**
 * A digest of the keys, values and draws of the workloads, for a peer that is
 * written in another language and has to make the same ones:
 *
 *     digest.mjs <keys>
 *
 * @module
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { keysOf, orderOf, valueIndexes, valuesOf } from "./keys.mjs";
import { updateFlags, zipfianOrder } from "./zipfian.mjs";

const total = Number(process.argv[2]);
const hash = createHash("sha256");
const count = Math.min(1000, total);
const bytesOf = ({ buffer, byteOffset, byteLength }) =>
  new Uint8Array(buffer, byteOffset, byteLength);

for (let seed = 1; seed <= 5; seed++) {
  const order = orderOf(total, count, seed);
  for (const isMissing of [false, true]) {
    for (const key of keysOf(order, isMissing)) hash.update(key, "latin1");
  }
  for (const generation of [0, 1]) {
    hash.update(bytesOf(valueIndexes(order, generation)));
  }
}
for (const valueBytes of [100, 4096]) {
  for (const value of valuesOf(valueBytes).slice(0, count)) hash.update(value);
}
// All of the draws: powers are computed with rounding, which might differ.
hash.update(bytesOf(zipfianOrder(total, total, 5)));
for (const share of [0.5, 0.05]) hash.update(updateFlags(total, share, 6));
console.log(hash.digest("hex"));

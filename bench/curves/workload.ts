/**
 * What is written and read: keys of 16 bytes, values that do not compress, and
 * the choice of the next key, uniform or zipfian.
 *
 * Everything comes from a seed, so two runs and two engines see the same.
 *
 * @module
 */

/** Bytes of every key. */
export const KEY_BYTES = 16;

/** Bytes that values are cut out of. */
const POOL_BYTES = 1 << 20;

/** The key of a number below 10^12. */
export function keyOf(number: number): string {
  return "key/" + String(number).padStart(KEY_BYTES - 4, "0");
}

/** Numbers that look random: xorshift128 (Marsaglia, 2003). */
export class Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c = 0xb7e15162;
  #d: number;

  /** The sequence of a seed. */
  constructor(seed: number) {
    this.#d = seed | 1;
    for (let i = 0; i < 32; i++) this.bits();
  }

  /** The next 32 bits. */
  bits(): number {
    const mixed = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ mixed ^ (mixed >>> 8);
    return this.#d >>> 0;
  }

  /** A number from 0 to below 1. */
  fraction(): number {
    return this.bits() / 2 ** 32;
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }
}

/** Values of one length that a compressor cannot make smaller. */
export class ValuePool {
  readonly #bytes: Uint8Array;
  readonly #length: number;
  #at = 0;

  /** Values of `length` bytes. */
  constructor(length: number) {
    const random = new Random(7);
    const words = new Uint32Array((POOL_BYTES + length + 3) >>> 2);
    for (let i = 0; i < words.length; i++) words[i] = random.bits();
    this.#bytes = new Uint8Array(words.buffer);
    this.#length = length;
  }

  /** The next value; the same bytes come around after a million. */
  next(): Uint8Array {
    this.#at = (this.#at + 8_191) % POOL_BYTES;
    return this.#bytes.subarray(this.#at, this.#at + this.#length);
  }
}

/** How the next key is chosen. */
export type Distribution = "uniform" | "zipfian";

/** The skew that YCSB takes as its default. */
export const ZIPFIAN_THETA = 0.99;

/**
 * Numbers below `count` by a distribution. The frequent ones of the zipfian lie
 * scattered among the keys, as YCSB's "scrambled" do.
 */
export function chooser(
  distribution: Distribution,
  count: number,
  seed: number,
): () => number {
  const random = new Random(seed);
  if (distribution === "uniform") return () => random.below(count);
  const rank = zipfian(count, random);
  // Coprime to the count, so that each rank is a number of its own.
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (commonDivisor(stride, count) !== 1) stride++;
  return () => (rank() * stride) % count;
}

/** Ranks by Gray and others, "Quickly Generating Billion-Record …", 1994. */
function zipfian(count: number, random: Random): () => number {
  const theta = ZIPFIAN_THETA;
  let zeta = 0;
  for (let i = 1; i <= count; i++) zeta += 1 / i ** theta;
  const alpha = 1 / (1 - theta);
  const zeta2 = 1 + 0.5 ** theta;
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta2 / zeta);
  return () => {
    const u = random.fraction();
    if (u * zeta < 1) return 0;
    if (u * zeta < zeta2) return 1;
    const rank = Math.floor(count * (eta * u - eta + 1) ** alpha);
    return Math.min(rank, count - 1);
  };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

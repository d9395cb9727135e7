/**
 * Choices that follow from a seed.
 *
 * @module
 */

import { seededRandom } from "../support/simulated_host.ts";

/** One number made of two, so that neighbours have nothing in common. */
export function mixSeeds(a: number, b: number): number {
  let mixed = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^
    Math.imul(b + 0x7f4a_7c15, 0xc2b2_ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x2c1b_3c6d);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Throws dice that fall the same way for the same seed. */
export class Dice {
  readonly #random: () => number;

  /** Dice of a seed. */
  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** An integer from 0 up to, but not, `end`. */
  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** An integer from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True that often. */
  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** A small number, rarely a large one, from 1 to `max`. */
  small(max: number): number {
    return 1 + this.below(Math.max(1, Math.floor(max * this.#random() ** 3)));
  }

  /** Bytes of any kind. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

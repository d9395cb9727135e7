/**
 * A histogram of durations in buckets that grow by a quarter of a power of two, so
 * a percentile is exact to about 19 % at any scale.
 *
 * @module
 */

const BUCKETS_A_DOUBLING = 4;
const BUCKETS = 40 * BUCKETS_A_DOUBLING;
/** The first bucket ends here: 1/16 microsecond. */
const SMALLEST = 1 / 16;

/** Percentiles of a duration, in microseconds. */
export interface Percentiles {
  /** How many durations were noted. */
  count: number;
  /** All of them together. */
  sum: number;
  /** Half took at most this long. */
  p50: number;
  /** Nine in ten took at most this long. */
  p90: number;
  /** 99 in 100 took at most this long. */
  p99: number;
  /** The longest. */
  max: number;
}

/** Counts durations. */
export class LatencyHistogram {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Notes one duration. */
  add(microseconds: number): void {
    const bucket = microseconds <= SMALLEST
      ? 0
      : Math.ceil(Math.log2(microseconds / SMALLEST) * BUCKETS_A_DOUBLING);
    this.#buckets[Math.min(bucket, BUCKETS - 1)]! += 1;
    this.#count++;
    this.#sum += microseconds;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  /** The percentiles of what was noted so far. */
  percentiles(): Percentiles {
    return {
      count: this.#count,
      sum: round(this.#sum),
      p50: this.#atRank(0.5),
      p90: this.#atRank(0.9),
      p99: this.#atRank(0.99),
      max: round(this.#max),
    };
  }

  #atRank(part: number): number {
    const rank = Math.ceil(this.#count * part);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank && seen > 0) {
        const upper = SMALLEST * 2 ** (bucket / BUCKETS_A_DOUBLING);
        return round(Math.min(upper, this.#max));
      }
    }
    return 0;
  }
}

/** Three digits after the point are a nanosecond. */
function round(microseconds: number): number {
  return Math.round(microseconds * 1000) / 1000;
}

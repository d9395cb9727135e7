/**
 * Durations counted in buckets: adding one costs a few instructions and no
 * memory, so that what is measured is not the measuring.
 *
 * A bucket is at most a 32nd of its durations wide. The largest is kept exactly.
 *
 * @module
 */

const STEPS = 32;
/** Nanoseconds that still have a bucket of their own: 4.29 s. */
const NANOSECONDS_MAX = 2 ** 32 - 1;

/** Counts durations in milliseconds. */
export class Histogram {
  /** The longest. */
  max = 0;
  /** How many. */
  count = 0;
  /** Their sum. */
  sum = 0;
  readonly #counts = new Uint32Array(STEPS * 28);

  /** Counts one. */
  add(milliseconds: number): void {
    if (milliseconds > this.max) this.max = milliseconds;
    this.count++;
    this.sum += milliseconds;
    const nanoseconds = Math.min(milliseconds * 1e6, NANOSECONDS_MAX) >>> 0;
    this.#counts[bucketOf(nanoseconds)]!++;
  }

  /** The duration that `part` of all do not exceed, in milliseconds. */
  percentile(part: number): number {
    let left = Math.ceil(this.count * part);
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(this.max, upperEnd(bucket) / 1e6);
    }
    return this.max;
  }

  /** How many took at least so long, as exactly as the buckets tell. */
  countFrom(milliseconds: number): number {
    let sum = 0;
    const first = bucketOf(Math.min(milliseconds * 1e6, NANOSECONDS_MAX) >>> 0);
    for (let i = first; i < this.#counts.length; i++) sum += this.#counts[i]!;
    return sum;
  }

  /** What a report wants of it; in microseconds, but `max` in milliseconds. */
  summary(): Summary {
    const micros = (part: number) =>
      Math.round(this.percentile(part) * 1e5) / 100;
    return {
      count: this.count,
      meanMicroseconds: this.count === 0
        ? 0
        : Math.round(this.sum / this.count * 1e5) / 100,
      p50Microseconds: micros(0.5),
      p99Microseconds: micros(0.99),
      p999Microseconds: micros(0.999),
      maxMilliseconds: Math.round(this.max * 1000) / 1000,
      over10Milliseconds: this.countFrom(10),
    };
  }
}

/** The figures of a {@linkcode Histogram}. */
export interface Summary {
  /** Durations counted. */
  count: number;
  /** Their mean. */
  meanMicroseconds: number;
  /** Half of them took at most this. */
  p50Microseconds: number;
  /** 99 of 100. */
  p99Microseconds: number;
  /** 999 of 1000. */
  p999Microseconds: number;
  /** The longest. */
  maxMilliseconds: number;
  /** How many took 10 ms or more. */
  over10Milliseconds: number;
}

/** One each up to 64 ns, and 32 for each doubling from there on. */
function bucketOf(nanoseconds: number): number {
  const shift = Math.max(0, 26 - Math.clz32(nanoseconds));
  return shift * STEPS + (nanoseconds >>> shift);
}

/** The longest duration of a bucket, in nanoseconds. */
function upperEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}

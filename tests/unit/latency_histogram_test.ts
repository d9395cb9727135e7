/** Percentiles against a sorted list. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LatencyHistogram } from "../../src/engine/latency_histogram.ts";

Deno.test("latency histogram: empty, all is 0", () => {
  assertEquals(new LatencyHistogram().percentiles(), {
    count: 0,
    sum: 0,
    p50: 0,
    p90: 0,
    p99: 0,
    max: 0,
  });
});

Deno.test("latency histogram: one duration is every percentile", () => {
  for (const duration of [0.01, 1, 3.7, 1500, 60_000_000]) {
    const histogram = new LatencyHistogram();
    histogram.add(duration);
    const { sum, p50, p99, max } = histogram.percentiles();
    assertEquals([sum, p50, p99, max], Array(4).fill(duration));
  }
});

Deno.test("latency histogram: percentiles are right to about 19 in 100", () => {
  const duration = fc.double({ min: 0, max: 1e9, noNaN: true })
    .map((value) => Math.min(value, 1e9));
  fc.assert(fc.property(
    fc.array(duration, { minLength: 1, maxLength: 300 }),
    (durations) => {
      const histogram = new LatencyHistogram();
      for (const value of durations) histogram.add(value);
      const sorted = durations.toSorted((a, b) => a - b);
      const found = histogram.percentiles();
      assertEquals(found.count, durations.length);
      const sum = durations.reduce((total, value) => total + value, 0);
      assert(Math.abs(found.sum - sum) <= 0.001 + sum * 1e-9);
      assert(Math.abs(found.max - sorted.at(-1)!) <= 0.0005 * 1.001);
      const parts = [[0.5, found.p50], [0.9, found.p90], [0.99, found.p99]];
      for (const [part, value] of parts) {
        const exact = sorted[Math.ceil(durations.length * part!) - 1]!;
        const isNear = value! >= exact - 0.001 &&
          value! <= Math.max(exact * 1.1893, 1 / 16) + 0.001;
        assert(isNear, `${value} for ${exact}`);
      }
    },
  ));
});

Deno.test("latency histogram: what is beyond its last bucket still counts", () => {
  const histogram = new LatencyHistogram();
  histogram.add(1e300);
  histogram.add(0);
  const { count, max } = histogram.percentiles();
  assertEquals([count, max], [2, 1e300]);
});

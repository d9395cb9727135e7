/**
 * `GET /badger/metrics`: the statistics as OpenMetrics, or in Prometheus' older text
 * format for clients that ask for nothing else.
 *
 * @module
 */

import type { Handler } from "hono";
import { accepts } from "hono/accepts";
import {
  Counter,
  Gauge,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
  Summary,
} from "prom-client";
import type { Percentiles } from "../engine/latency_histogram.ts";
import { StoreError } from "../errors.ts";
import {
  BACKEND_METRIC,
  DURATION_ROWS,
  type DurationRow,
  METRIC_ROWS,
  type MetricRow,
} from "./metric_table.ts";
import { REMOTE_METRIC_ROWS, TIER_METRIC_ROWS } from "./remote_metric_table.ts";
import { readRemoteStats } from "./remote_report.ts";
import { isEmbedded, isTiered, kindOf, type Source } from "./source.ts";
import { readStats } from "./stats_report.ts";

const OPEN_METRICS = "application/openmetrics-text";
const PLAIN_TEXT = "text/plain";
const MICROSECONDS_A_SECOND = 1e6;

/**
 * Percentiles that the store has already found. The client's own summary would find
 * them from single durations, and nobody hands those out.
 */
class FoundSummary extends Summary<"quantile"> {
  found: Percentiles | undefined;

  override async get(): Promise<
    MetricObjectWithValues<MetricValueWithName<"quantile">>
  > {
    const { values: _, ...description } = await super.get();
    const { name } = description;
    const { count, sum, p50, p90, p99, max } = this.found!;
    const seconds = (microseconds: number) =>
      microseconds / MICROSECONDS_A_SECOND;
    const quantiles = [[0.5, p50], [0.9, p90], [0.99, p99], [1, max]] as const;
    return {
      ...description,
      values: [
        ...quantiles.map(([quantile, value]) => ({
          metricName: name,
          labels: { quantile },
          // Of nothing there is no percentile; 0 would look like a fast disk.
          value: count === 0 ? NaN : seconds(value),
        })),
        { metricName: `${name}_sum`, labels: {}, value: seconds(sum) },
        { metricName: `${name}_count`, labels: {}, value: count },
      ],
    };
  }
}

/** What is told of a backend. */
interface Rows<Stats> {
  backend: string;
  values: readonly MetricRow<Stats>[];
  durations: readonly DurationRow[];
}

/** One text format with the metrics in it. */
class Exposition<Stats> {
  readonly #registry: Registry<OpenMetricsContentType | PrometheusContentType>;
  readonly #setters: ((stats: Stats) => void)[] = [];

  /** Registers every metric; the client's global registry is left alone. */
  constructor(
    contentType: OpenMetricsContentType | PrometheusContentType,
    { backend, values, durations }: Rows<Stats>,
  ) {
    const registry = this.#registry = new Registry<
      OpenMetricsContentType | PrometheusContentType
    >();
    // Before the metrics are made: they take their names from it.
    registry.setContentType(contentType);
    const registers = [registry];
    new Gauge({ ...BACKEND_METRIC, labelNames: ["backend"], registers })
      .set({ backend }, 1);
    for (const { name, type, help, read } of values) {
      if (type === "gauge") {
        const metric = new Gauge({ name, help, registers });
        this.#setters.push((stats) => metric.set(read(stats)));
      } else {
        const metric = new Counter({ name, help, registers });
        this.#setters.push((stats) => {
          metric.reset();
          metric.inc(read(stats));
        });
      }
    }
    for (const { name, help, read } of durations) {
      const metric = new FoundSummary({ name, help, registers });
      this.#setters.push((stats) =>
        // Only the engine of this process times its work.
        metric.found = read(stats as Parameters<DurationRow["read"]>[0])
      );
    }
  }

  /** What the header `content-type` says. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics as text. */
  async write(stats: Stats): Promise<string> {
    for (const set of this.#setters) set(stats);
    return await this.#registry.metrics();
  }
}

/**
 * Makes the handler of the metrics, for Prometheus and whatever else reads its formats.
 *
 * It answers with OpenMetrics 1.0, or with the older text format 0.0.4 to a client that
 * prefers `text/plain`. Reading them costs the same however many keys there are. No
 * metric has a label with a key or a bucket's name. A closed instance is a 503.
 *
 * @param source The instance, a store by itself, or a backend of
 * `@sett/badger/redis`.
 * @returns A handler for `app.get`.
 *
 * @example Usage
 * ```ts
 * import { Hono } from "hono";
 * import { Store } from "@sett/badger";
 * import { badgerMetrics } from "@sett/badger/hono";
 * import { assertStringIncludes } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * const app = new Hono().get("/badger/metrics", badgerMetrics(store));
 * const response = await app.request("/badger/metrics");
 * assertStringIncludes(await response.text(), "badger_writes_total 0");
 * ```
 */
// deno-doc-ignore private-type-ref -- Handler is documented by Hono
export function badgerMetrics(source: Source): Handler {
  const backend = kindOf(source);
  if (isEmbedded(source)) {
    return handler(() => readStats(source), {
      backend,
      values: METRIC_ROWS,
      durations: DURATION_ROWS,
    });
  }
  return handler(() => readRemoteStats(source), {
    backend,
    values: isTiered(source)
      ? [...REMOTE_METRIC_ROWS, ...TIER_METRIC_ROWS]
      : REMOTE_METRIC_ROWS,
    durations: [],
  });
}

function handler<Stats>(read: () => Stats, rows: Rows<Stats>): Handler {
  // One registry a format: the client renames counters as it writes OpenMetrics.
  const openMetrics = new Exposition(Registry.OPENMETRICS_CONTENT_TYPE, rows);
  const plainText = new Exposition(Registry.PROMETHEUS_CONTENT_TYPE, rows);
  return async (context) => {
    context.header("cache-control", "no-store");
    context.header("vary", "accept");
    const format = accepts(context, {
      header: "Accept",
      supports: [OPEN_METRICS, PLAIN_TEXT],
      default: OPEN_METRICS,
    });
    const exposition = format === PLAIN_TEXT ? plainText : openMetrics;
    try {
      const text = await exposition.write(read());
      return context.body(text, 200, {
        "content-type": exposition.contentType,
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return context.json({ error: error.message, code: error.code }, 503);
    }
  };
}

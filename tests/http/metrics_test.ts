/**
 * `GET /badger/metrics`, read back by a parser. `deno task test:promtool` asks
 * Prometheus's own.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
} from "@std/assert";
import { Hono } from "hono";
import parse from "parse-prometheus-text-format";
import {
  BACKEND_METRIC,
  DURATION_ROWS,
  METRIC_ROWS,
} from "../../src/http/metric_table.ts";
import {
  REMOTE_METRIC_ROWS,
  TIER_METRIC_ROWS,
} from "../../src/http/remote_metric_table.ts";
import { badgerApp, badgerMetrics } from "../../src/http/mod.ts";
import { Badger } from "../../src/plugin/mod.ts";
import { Store } from "../../src/store/store.ts";

const PLAIN = "text/plain;version=0.0.4";
/** What a Prometheus of today asks for. */
const SCRAPE = "application/openmetrics-text;version=1.0.0;q=0.5," +
  "text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

/** What the parser makes of one metric. */
interface Family {
  name: string;
  help: string;
  type: string;
  metrics: {
    value?: string;
    labels?: Record<string, string>;
    quantiles?: Record<string, string>;
    count?: string;
    sum?: string;
  }[];
}

async function scrape(
  source: Badger | Store,
  accept?: string,
): Promise<{ type: string; text: string }> {
  const app = new Hono().get("/metrics", badgerMetrics(source));
  const headers = accept === undefined ? {} : { accept };
  const response = await app.request("/metrics", { headers });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("vary"), "accept");
  return {
    type: response.headers.get("content-type")!,
    text: await response.text(),
  };
}

async function families(
  source: Badger | Store,
): Promise<Map<string, Family>> {
  const { type, text } = await scrape(source, PLAIN);
  assertStringIncludes(type, "text/plain; version=0.0.4");
  const found = parse(text) as Family[];
  return new Map(found.map((family) => [family.name, family]));
}

async function busyStore(): Promise<Store> {
  const store = await Store.open({ memoryMode: true });
  for (let i = 0; i < 200; i++) await store.set("secret-key", `${i}`);
  for (let i = 0; i < 100; i++) await store.get("secret-key");
  await store.get("absent");
  await store.sync();
  await store.gc();
  return store;
}

Deno.test("metrics: a parser finds each with its type, help and value", async () => {
  await using store = await busyStore();
  const found = await families(store);
  const stats = store.stats();
  assertEquals(
    [...found.keys()].sort(),
    [BACKEND_METRIC, ...METRIC_ROWS, ...DURATION_ROWS].map(({ name }) => name)
      .sort(),
  );
  for (const { name, type, help, read } of METRIC_ROWS) {
    const family = found.get(name)!;
    assertEquals([family.type, family.help], [type.toUpperCase(), help]);
    assertEquals(family.metrics.length, 1);
    assertEquals(Number(family.metrics[0]!.value), read(stats), name);
  }
  for (const { name, read } of DURATION_ROWS) {
    const { count, sum, p50, p90, p99, max } = read(stats);
    const metric = found.get(name)!.metrics[0]!;
    assertEquals(Number(metric.count), count, name);
    assertGreater(count, 0, name);
    assertEquals(Number(metric.sum), sum / 1e6, name);
    assertEquals(
      Object.entries(metric.quantiles!).map(([at, value]) => [+at, +value])
        .sort((a, b) => a[0]! - b[0]!),
      [[0.5, p50], [0.9, p90], [0.99, p99], [1, max]]
        .map(([at, value]) => [at!, value! / 1e6]),
    );
  }
  assertEquals(stats.numReads, 101);
  assertEquals(stats.performance.misses, 1);
});

Deno.test("metrics: a counter that is read twice is not counted twice", async () => {
  await using store = await Store.open({ memoryMode: true });
  const app = new Hono().get("/metrics", badgerMetrics(store));
  for (const writes of [1, 2, 3]) {
    await store.set("key", "value");
    const text = await (await app.request("/metrics")).text();
    assertStringIncludes(text, `\nbadger_writes_total ${writes}\n`);
  }
});

Deno.test("metrics: OpenMetrics by default and for Prometheus, with the same samples", async () => {
  await using store = await busyStore();
  const open = await scrape(store);
  const plain = await scrape(store, PLAIN);
  assertEquals(await scrape(store, SCRAPE), open);
  assertEquals(
    open.type,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  assert(open.text.endsWith("\n# EOF\n"));
  assertStringIncludes(open.text, "\n# TYPE badger_reads counter\n");
  assertStringIncludes(plain.text, "\n# TYPE badger_reads_total counter\n");
  const samples = (text: string) =>
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assertEquals(samples(open.text), samples(plain.text));
});

Deno.test("metrics: no key and no bucket's name is told", async () => {
  await using badger = await Badger.start(
    { memory_mode: true, single_bucket_mode: false },
    { env: () => undefined, name: "metrics" },
  );
  await badger.kvStore.addValue("secret-bucket", "secret-key", "secret-value");
  await badger.kvStore.addValue("secret-other", "secret-key", "secret-value");
  const { text } = await scrape(badger);
  assert(!text.includes("secret"));
  assertStringIncludes(text, "\nbadger_keys 2\n");
  const labels = [...text.matchAll(/\{(\w+)=/g)].map(([, name]) => name);
  assertEquals([...new Set(labels)], ["backend", "quantile"]);
});

Deno.test("metrics: nothing timed yet is no duration of zero", async () => {
  await using store = await Store.open({ memoryMode: true });
  const { text } = await scrape(store);
  assertStringIncludes(
    text,
    '\nbadger_get_duration_seconds{quantile="0.5"} Nan\n',
  );
});

Deno.test("metrics: the app mounts them beside the statistics; closed is a 503", async () => {
  const store = await Store.open({ memoryMode: true });
  assertEquals((await badgerApp(store).request("/badger/metrics")).status, 200);
  const app = badgerApp(store, { metricsPath: "/metrics" });
  assertEquals((await app.request("/metrics")).status, 200);
  assertEquals((await app.request("/badger/metrics")).status, 404);
  assertEquals((await app.request("/badger/stats")).status, 200);
  await store.close();
  const response = await app.request("/metrics");
  assertEquals(response.status, 503);
  assertEquals((await response.json()).code, "CLOSED");
});

Deno.test("metrics: docs/observability.md has each of them, and no other", async () => {
  const guide = await Deno.readTextFile("docs/observability.md");
  const told = [...guide.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)]
    .map(([, name, rest]) => [name!, ...rest!.split("|").map((s) => s.trim())]);
  const unit = (name: string) =>
    /_(bytes|seconds)(?:_|$)/.exec(name)?.[1] ?? "";
  assertEquals(told, [
    ...METRIC_ROWS.map((
      { name, type, help },
    ) => [name, type, unit(name), help]),
    ...DURATION_ROWS.map((
      { name, help },
    ) => [name, "summary", "seconds", help]),
    [BACKEND_METRIC.name, "gauge", "`backend`", BACKEND_METRIC.help],
    ...[...REMOTE_METRIC_ROWS, ...TIER_METRIC_ROWS].map((
      { name, type, help },
    ) => [name, type, unit(name), help]),
  ]);
});

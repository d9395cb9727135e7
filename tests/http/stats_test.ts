/**
 * `GET /badger/stats` and the middleware, through `app.request()`.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Hono } from "hono";
import { badgerApp, badgerStats, badgerStore } from "../../src/http/mod.ts";
import { Badger, type BadgerConfig } from "../../src/plugin/mod.ts";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";

// deno-lint-ignore no-explicit-any -- what a test reads from JSON has no type
type Json = any;

function start(config: BadgerConfig = {}): Promise<Badger> {
  return Badger.start(
    { memory_mode: true, ...config },
    { env: () => undefined },
  );
}

async function ask(
  source: Badger | Store,
  query = "",
): Promise<{ status: number; body: Json }> {
  const app = new Hono().route("/", badgerApp(source));
  const response = await app.request(`/badger/stats${query}`);
  assertStringIncludes(
    response.headers.get("content-type")!,
    "application/json",
  );
  assertEquals(response.headers.get("cache-control"), "no-store");
  return { status: response.status, body: await response.json() };
}

const SEED_FIELDS = [
  "lsm_size",
  "vlog_size",
  "pending_writes",
  "num_reads",
  "num_writes",
];

Deno.test("stats: the five documented fields come first and are live", async () => {
  await using badger = await start();
  const before = await ask(badger);
  assertEquals(before.status, 200);
  assertEquals(Object.keys(before.body).slice(0, 5), SEED_FIELDS);
  assertEquals([before.body.num_reads, before.body.num_writes], [0, 0]);
  await badger.kvStore.addValue("b", "k", "v".repeat(1000));
  await badger.kvStore.getValue("b", "k");
  const { body } = await ask(badger);
  assertEquals([body.num_reads, body.pending_writes], [1, 0]);
  assertGreater(body.num_writes, 0);
  assertGreater(body.vlog_size, before.body.vlog_size + 999);
});

Deno.test("stats: the rest is in groups, all in snake case", async () => {
  await using badger = await start();
  await badger.kvStore.addValueCompress("b", "k", "v");
  await badger.gc();
  const { body } = await ask(badger);
  assertEquals(Object.keys(body.memory), [
    "index_bytes",
    "order_bytes",
    "memtable_bytes",
    "cache_bytes",
  ]);
  assertEquals(body.gc.runs, 1);
  assertEquals(body.gc.last_report.segments_rewritten, 0);
  assertEquals(body.performance.cache_hit_rate, 0);
  assertEquals(Object.keys(body.performance.latency_microseconds.get), [
    "count",
    "sum",
    "p50",
    "p90",
    "p99",
    "max",
  ]);
  assertEquals(body.keys, 1);
  assertEquals(body.bucket_count, 1);
  assertEquals(body.buckets, [{
    name: "b",
    operations: {
      get: 0,
      get_compress: 0,
      add: 0,
      add_compress: 1,
      exists: 0,
      delete: 0,
    },
  }]);
  assertEquals(
    /"[a-z_0-9]*[A-Z]/.test(JSON.stringify({ ...body, gc: {} })),
    false,
  );
  assertEquals(["total" in body, "top_hits" in body], [false, false]);
});

Deno.test("stats: the sizes are those of the files on disk", async () => {
  await using directory = tempDir();
  await using badger = await start({
    memory_mode: false,
    path: directory.path,
    mem_table_size: 65_536,
  });
  const space = await badger.bucket("b");
  for (let i = 0; i < 300; i++) await space.set(`${i}`, "v".repeat(1000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { body } = await ask(badger);
  const bytesOf = (extension: string) =>
    [...Deno.readDirSync(directory.path)]
      .filter(({ name }) => name.endsWith(extension))
      .reduce(
        (sum, { name }) =>
          sum + Deno.statSync(`${directory.path}/${name}`).size,
        0,
      );
  assertEquals(body.vlog_size, bytesOf(".vlog"));
  assertEquals(body.lsm_size, bytesOf(".hint") + bytesOf(".snapshot"));
  assertGreater(body.lsm_size, 0);
});

Deno.test("stats: of a store by itself", async () => {
  await using store = await Store.open({ memoryMode: true });
  await store.set("a", "12345");
  const { body } = await ask(store, "?size=5&sort=size");
  assertEquals(Object.keys(body).slice(0, 5), SEED_FIELDS);
  assertEquals([body.buckets, body.bucket_count], [[], 0]);
  assertEquals(body.total, 1);
  assertEquals(body.top_hits, [{ Key: "a", Count: 1, Size: 5 }]);
});

for (const single_bucket_mode of [true, false]) {
  const mode = single_bucket_mode ? "one store" : "a store a bucket";

  Deno.test(`stats: the largest keys of all buckets come first (${mode})`, async () => {
    await using badger = await start({ single_bucket_mode });
    const { kvStore } = badger;
    for (let i = 0; i < 50; i++) {
      await kvStore.addValue(i % 2 ? "odd" : "even", `k${i}`, "v".repeat(i));
    }
    await kvStore.addValue("even", "gone", "v".repeat(999));
    await kvStore.deleteKey("even", "gone");
    const { body } = await ask(badger, "?size=3&sort=size");
    assertEquals(body.total, 50);
    const key = (bucket: string, k: string) =>
      single_bucket_mode ? `${bucket},${k}` : k;
    assertEquals(body.top_hits, [
      { Key: key("odd", "k49"), Count: 1, Size: 49, Bucket: "odd" },
      { Key: key("even", "k48"), Count: 1, Size: 48, Bucket: "even" },
      { Key: key("odd", "k47"), Count: 1, Size: 47, Bucket: "odd" },
    ]);
    const byCount = await ask(badger, "?size=7&sort=count");
    assertEquals(byCount.body.total, 50);
    assertEquals(byCount.body.top_hits.length, 7);
    assert(byCount.body.top_hits.every((hit: Json) => hit.Count === 1));
    const all = await ask(badger, "?size=1000&sort=size");
    assertEquals(
      all.body.top_hits.map((hit: Json) => hit.Size),
      Array.from({ length: 50 }, (_, i) => 49 - i),
    );
  });

  Deno.test(`stats: top hits include buckets that were not used yet (${mode})`, async () => {
    await using directory = tempDir();
    const config = {
      memory_mode: false,
      path: directory.path,
      single_bucket_mode,
    };
    await using badger = await start(config);
    await badger.kvStore.addValue("b", "k", "12345");
    await badger.close();
    await badger.open();
    const { body } = await ask(badger, "?sort=size");
    assertEquals([body.total, body.top_hits[0].Size], [1, 5]);
    assertEquals(body.buckets[0].name, "b");
  });
}

Deno.test("stats: without keys there are no hits, and the default is ten", async () => {
  await using badger = await start();
  assertEquals((await ask(badger, "?size=5")).body.top_hits, []);
  for (let i = 0; i < 30; i++) await badger.kvStore.addValue("b", `${i}`, "v");
  assertEquals((await ask(badger, "?sort=size")).body.top_hits.length, 10);
  assertEquals((await ask(badger, "?size=20")).body.top_hits.length, 20);
});

Deno.test("stats: a question that makes no sense is a 400 with the reason", async () => {
  await using badger = await start();
  for (
    const size of ["0", "-1", "1001", "ten", "1.5", "1e2", "", " 5", "%00"]
  ) {
    const { status, body } = await ask(badger, `?size=${size}`);
    assertEquals(status, 400, size);
    assertStringIncludes(
      body.error,
      "size must be an integer from 1 to 1000, not ",
    );
  }
  for (const sort of ["Size", "", "key", "size,count"]) {
    const { status, body } = await ask(badger, `?size=5&sort=${sort}`);
    assertEquals(status, 400, sort);
    assertStringIncludes(body.error, "sort must be size or count, not ");
  }
  assertEquals((await ask(badger, "?size=5&sort=size&_=123")).status, 200);
});

Deno.test("stats: a closed or disabled instance is a 503 with the reason", async () => {
  const badger = await start();
  await badger.close();
  for (const query of ["", "?size=5"]) {
    const { status, body } = await ask(badger, query);
    assertEquals([status, body.code], [503, "CLOSED"]);
  }
  const disabled = await start({ enabled: false });
  assertEquals((await ask(disabled)).body.code, "NOT_REGISTERED");
  // A bad question is still a bad question.
  assertEquals((await ask(badger, "?size=x")).status, 400);
});

Deno.test("stats: the list of buckets is bounded", async () => {
  await using badger = await start();
  for (let i = 0; i < 1100; i++) {
    await badger.kvStore.addValue(`b${i}`, "k", "v");
  }
  const { body } = await ask(badger);
  assertEquals([body.bucket_count, body.buckets.length, body.keys], [
    1100,
    1000,
    1100,
  ]);
});

Deno.test("stats: other paths and methods are not ours", async () => {
  await using badger = await start();
  const app = new Hono()
    .route("/admin", badgerApp(badger, { path: "/stats" }))
    .get("/direct", badgerStats(badger));
  const status = async (path: string, method = "GET") =>
    (await app.request(path, { method })).status;
  assertEquals(await status("/admin/stats"), 200);
  assertEquals(await status("/admin/stats", "HEAD"), 200);
  assertEquals(await status("/direct"), 200);
  assertEquals(await status("/admin/stats", "POST"), 404);
  assertEquals(await status("/badger/stats"), 404);
});

Deno.test("stats: a client that goes away ends the search", async () => {
  await using store = await Store.open({ memoryMode: true });
  for (let i = 0; i < 20_000; i++) store.setSync(`key ${i}`, "value");
  const controller = new AbortController();
  const app = new Hono().route("/", badgerApp(store));
  const answer = app.request("/badger/stats?sort=size", {
    signal: controller.signal,
  });
  controller.abort();
  assertEquals((await answer).status, 499);
  // The next one is not held up.
  assertEquals(
    (await app.request("/badger/stats?size=2&sort=size")).status,
    200,
  );
});

Deno.test("stats: searches of one handler go one after the other", async () => {
  await using badger = await start();
  for (let i = 0; i < 2000; i++) {
    await badger.kvStore.addValue("b", `${i}`, "v");
  }
  const app = new Hono().route("/", badgerApp(badger));
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      () => app.request("/badger/stats?sort=size&size=3"),
    ),
  );
  assertEquals(answers.map(({ status }) => status), Array(8).fill(200));
  const [first] = answers;
  assertEquals((await first!.json()).top_hits.length, 3);
});

Deno.test("middleware: store, key-value store and filter are in c.var, with their types", async () => {
  await using badger = await start();
  const app = new Hono()
    .use(badgerStore(badger))
    .put("/:key", async (c) => {
      await c.var.kv.addValue("b", c.req.param("key"), await c.req.text());
      const isNew =
        !(await c.var.filter.checkThenAdd("seen", c.req.param("key")));
      return c.json({ isNew, keys: c.var.store.size, name: c.var.badger.name });
    });
  const put = (key: string) =>
    app.request(`/${key}`, { method: "PUT", body: "v" });
  assertEquals((await (await put("a")).json()).isNew, true);
  assertEquals((await (await put("a")).json()).isNew, false);
  assertEquals(await badger.kvStore.existsKey("b", "a"), true);
});

Deno.test("middleware: one bucket, in either mode", async () => {
  for (const single_bucket_mode of [true, false]) {
    await using badger = await start({ single_bucket_mode });
    const app = new Hono()
      .use(badgerStore(badger, { bucket: "notes" }))
      .get("/", async (c) => {
        await c.var.store.set("k", "v");
        return c.text(String(c.var.store.has("k")));
      });
    assertEquals(await (await app.request("/")).text(), "true");
    assertEquals(await badger.kvStore.existsKey("notes", "k"), true);
    await badger.close();
    assertEquals((await app.request("/")).status, 500);
    await badger.open();
    assertEquals((await app.request("/")).status, 200);
  }
  await using badger = await start({ single_bucket_mode: false });
  assertThrows(() => badgerStore(badger), TypeError, "Name one");
});

Deno.test("stats: the answer is quick however much is stored", async () => {
  await using store = await Store.open({ memoryMode: true });
  const app = new Hono().route("/", badgerApp(store));
  for (let i = 0; i < 100_000; i++) store.setSync(`key ${i}`, "value");
  await app.request("/badger/stats");
  const started = performance.now();
  for (let i = 0; i < 20; i++) await app.request("/badger/stats");
  assertLess((performance.now() - started) / 20, 20);
});

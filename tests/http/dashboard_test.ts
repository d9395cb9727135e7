/**
 * `GET /badger` and what is below it, through `app.request()`. How the page looks and
 * works is tested in a browser: `deno task test:browser`.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertStringIncludes,
} from "@std/assert";
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { badgerApp, type BadgerAppOptions } from "../../src/http/mod.ts";
import { showKey } from "../../src/http/dashboard/show_key.ts";
import { Badger, type BadgerConfig } from "../../src/plugin/mod.ts";
import { Store } from "../../src/store/store.ts";

// deno-lint-ignore no-explicit-any -- what a test reads from JSON has no type
type Json = any;

function start(config: BadgerConfig = {}): Promise<Badger> {
  return Badger.start(
    { memory_mode: true, value_log_gc_enabled: false, ...config },
    { env: () => undefined },
  );
}

async function getPage(): Promise<{ response: Response; html: string }> {
  await using badger = await start();
  const response = await badgerApp(badger).request("/badger");
  return { response, html: await response.text() };
}

async function read(source: Badger | Store, path: string): Promise<Json> {
  const response = await badgerApp(source).request(path);
  assertEquals(response.headers.get("cache-control"), "no-store");
  return await response.json();
}

function collect(
  source: Badger | Store,
  options: BadgerAppOptions,
  headers: Record<string, string>,
): Response | Promise<Response> {
  return badgerApp(source, options)
    .request("http://host/badger/gc", { method: "POST", headers });
}

const FROM_THE_PAGE = {
  "x-badger-action": "gc",
  "sec-fetch-site": "same-origin",
};

Deno.test("dashboard: the policy allows this script, this style sheet, and nothing else", async () => {
  const { response, html } = await getPage();
  assertStringIncludes(response.headers.get("content-type")!, "text/html");
  const policy = new Map(
    response.headers.get("content-security-policy")!.split(/; */)
      .filter((directive) => directive !== "")
      .map((directive) => {
        const [name, ...sources] = directive.split(" ");
        return [name!, sources.join(" ")];
      }),
  );
  const hashOf = (tag: string) => {
    const found = [...html.matchAll(
      new RegExp(`<${tag}\\b[^>]*>([\\s\\S]*?)</${tag}>`, "g"),
    )];
    assertEquals(found.length, 1, tag);
    const digest = createHash("sha256").update(found[0]![1]!).digest("base64");
    return `'sha256-${digest}'`;
  };
  assertEquals(Object.fromEntries(policy), {
    "default-src": "'none'",
    "script-src": hashOf("script"),
    "style-src": hashOf("style"),
    "connect-src": "'self'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
  });
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(response.headers.get("x-frame-options"), "DENY");
  assertEquals(response.headers.get("referrer-policy"), "no-referrer");
});

Deno.test("dashboard: the page names no other host and has nothing that the policy forbids", async () => {
  const { html } = await getPage();
  const addresses = [...html.matchAll(/\b[a-z]+:\/\/[^"'\s<]+/g)].map(String);
  // The name of a language, which nobody fetches.
  assertEquals(addresses, ["http://www.w3.org/2000/svg"]);
  assertEquals(html.match(/\s(?:style|on\w+)="/g), null);
  assertEquals(
    html.match(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(/g),
    null,
  );
  assertEquals(
    html.match(/<(?:link|script)\b[^>]*(?:src|href)="(?!data:)/),
    null,
  );
});

Deno.test("dashboard: every element that the script looks for is in the page", async () => {
  const { html } = await getPage();
  const wanted = new Set(
    [...html.matchAll(/\bbyId\("([\w-]+)"\)/g)].map(([, id]) => id!),
  );
  const ids = [...html.matchAll(/\sid="([\w-]+)"/g)].map(([, id]) => id!);
  assertGreater(wanted.size, 30);
  assertEquals([...wanted].filter((id) => !ids.includes(id)), []);
  assertEquals(new Set(ids).size, ids.length);
  // What labels something is there too.
  const labels = [...html.matchAll(/aria-labelledby="([\w-]+)"/g)];
  assertEquals(labels.filter(([, id]) => !ids.includes(id!)), []);
});

Deno.test("dashboard: the data has statistics, segments and runs, and no key", async () => {
  await using badger = await start({ value_log_max_entries: 100 });
  const { kvStore } = badger;
  for (let i = 0; i < 1000; i++) {
    await kvStore.addValue("b", `secret${i % 10}`, "v");
  }
  await kvStore.addValue("b", "kept", "v");
  const before = Date.now();
  await badger.gc();
  await badger.gc(); // finds nothing, and is not remembered
  const body = await read(badger, "/badger/dashboard.json");
  assertEquals(
    [body.name, body.gc_allowed, body.discard_ratio],
    ["badger", false, 0.5],
  );
  assertEquals(body.stats.keys, 11);
  assertEquals(body.stats.gc.runs, 2);
  assertEquals(body.segment_count, badger.store.segments().length);
  assertEquals(Object.keys(body.segments[0]), [
    "id",
    "bytes",
    "live_bytes",
    "dead_bytes",
    "records",
    "discard_ratio",
    "active",
  ]);
  assertEquals(body.gc_runs.length, 1);
  const [run] = body.gc_runs;
  assertGreater(run.segments_rewritten, 5);
  assert(run.started_at >= before - 1 && run.started_at <= body.time);
  assertEquals(JSON.stringify(body).includes("secret"), false);
});

Deno.test("dashboard: with a store a bucket there may be no segment at all", async () => {
  await using badger = await start({ single_bucket_mode: false });
  const empty = await read(badger, "/badger/dashboard.json");
  assertEquals([empty.segments, empty.segment_count], [[], 0]);
  await badger.kvStore.addValue("a", "k", "v");
  await badger.kvStore.addValue("b", "k", "v");
  const { segments } = await read(badger, "/badger/dashboard.json");
  assertEquals(segments.map((segment: Json) => segment.bucket), ["a", "b"]);
});

Deno.test("dashboard: of a store by itself, and of a closed one", async () => {
  const store = await Store.open({ memoryMode: true });
  const body = await read(store, "/badger/dashboard.json");
  assertEquals([body.name, body.segment_count, body.discard_ratio], [
    "store",
    1,
    null,
  ]);
  await store.close();
  for (const path of ["dashboard.json", "largest.json"]) {
    const response = await badgerApp(store).request(`/badger/${path}`);
    assertEquals(response.status, 503);
    assertEquals((await response.json()).code, "CLOSED");
  }
  // The page itself can still say so.
  assertEquals((await badgerApp(store).request("/badger")).status, 200);
});

Deno.test("dashboard: the largest keys come when they are asked for, escaped", async () => {
  await using store = await Store.open({ memoryMode: true });
  await store.set(new Uint8Array([0, 0xff, 0x41]), "1234567");
  await store.bucket("b").set("<script>", "12345");
  const { largest } = await read(store, "/badger/largest.json?size=5");
  assertEquals(largest, [
    { key: "\\x00\\xffA", bytes: 7 },
    { bucket: "b", key: "<script>", bytes: 5 },
  ]);
  const bad = await badgerApp(store).request("/badger/largest.json?size=0");
  assertEquals(bad.status, 400);
});

Deno.test("dashboard: a key shows what it is, and two keys never look the same", () => {
  const show = (text: string) => showKey(new TextEncoder().encode(text));
  assertEquals(show("user:1 Zoë 日本"), "user:1 Zoë 日本");
  assertEquals(show("a\\b"), "a\\\\b");
  assertEquals(show("\\u{0}"), "\\\\u{0}");
  assertEquals(show("\0\n\u007f"), "\\u{0}\\u{a}\\u{7f}");
  // A change of direction, no width, another space, a byte order mark.
  assertEquals(
    show("\u202egpj\u200b\u00a0\ufeff"),
    "\\u{202e}gpj\\u{200b}\\u{a0}\\u{feff}",
  );
  assertEquals(showKey(new Uint8Array([0xc3])), "\\xc3");
  assertEquals(showKey(new Uint8Array([0x5c, 0xc3, 0x5c])), "\\\\\\xc3\\\\");
  assertEquals(showKey(new Uint8Array()), "");
});

Deno.test("dashboard: garbage is collected only where it is permitted", async () => {
  await using badger = await start();
  for (const options of [{}, { gc: false }]) {
    const response = await collect(badger, options, FROM_THE_PAGE);
    assertEquals(response.status, 403);
    assertStringIncludes((await response.json()).error, "not permitted");
  }
  assertEquals(badger.stats().gc.runs, 0);
  const response = await collect(badger, { gc: true }, FROM_THE_PAGE);
  assertEquals(response.status, 200);
  assertEquals((await response.json()).segments_rewritten, 0);
  assertEquals(badger.stats().gc.runs, 1);
  const app = badgerApp(badger, { gc: true });
  assertEquals((await app.request("/badger/gc")).status, 404);
});

Deno.test("dashboard: another site cannot collect garbage", async () => {
  await using badger = await start();
  const attempts: Record<string, string>[] = [
    {},
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "cross-site", origin: "http://evil" },
    { "x-badger-action": "drop", "sec-fetch-site": "same-origin" },
    { "x-badger-action": "gc" },
    { "x-badger-action": "gc", origin: "http://evil" },
    { "x-badger-action": "gc", "sec-fetch-site": "cross-site" },
    { "x-badger-action": "gc", "sec-fetch-site": "same-site" },
  ];
  for (const headers of attempts) {
    const response = await collect(badger, { gc: true }, headers);
    assertEquals(response.status, 403, JSON.stringify(headers));
  }
  assertEquals(badger.stats().gc.runs, 0);
  const own = { "x-badger-action": "gc", origin: "http://host" };
  assertEquals((await collect(badger, { gc: true }, own)).status, 200);
});

Deno.test("dashboard: who asks for garbage collection twice at once gets one run", async () => {
  await using badger = await start();
  const app = badgerApp(badger, { gc: true });
  const post = () =>
    app.request("/badger/gc", { method: "POST", headers: FROM_THE_PAGE });
  const answers = await Promise.all([post(), post(), post()]);
  assertEquals(answers.map(({ status }) => status), [200, 200, 200]);
  assertEquals(badger.stats().gc.runs, 1);
  assertEquals((await post()).status, 200);
  assertEquals(badger.stats().gc.runs, 2);
});

Deno.test("dashboard: it goes where it is put, or not at all", async () => {
  await using badger = await start();
  const app = new Hono()
    .route("/admin", badgerApp(badger, { dashboard: "/page/" }))
    .route("/", badgerApp(badger, { dashboard: false }));
  const status = async (path: string) => (await app.request(path)).status;
  assertEquals(await status("/admin/page/"), 200);
  assertEquals(await status("/admin/page/dashboard.json"), 200);
  assertEquals(await status("/badger/stats"), 200);
  assertEquals(await status("/badger"), 404);
  assertEquals(await status("/badger/dashboard.json"), 404);
});

/**
 * The app on a real server: `Deno.serve` in a process of its own, which alone may
 * use the network.
 */
import { assertEquals } from "@std/assert";
import { runScript } from "./run_script.ts";

const SCRIPT = `
import { Hono } from "hono";
import { badgerApp, badgerStore } from "./src/http/mod.ts";
import { Badger } from "./src/plugin/mod.ts";

const badger = await Badger.start({ memory_mode: true });
const app = new Hono()
  .route("/", badgerApp(badger))
  .use(badgerStore(badger))
  .put("/:key", async (c) => {
    await c.var.kv.addValue("b", c.req.param("key"), await c.req.text());
    return c.body(null, 204);
  });
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
const url = "http://127.0.0.1:" + server.addr.port;

const put = await fetch(url + "/key", { method: "PUT", body: "12345" });
const stats = await (await fetch(url + "/badger/stats?size=5&sort=size")).json();
const bad = await fetch(url + "/badger/stats?size=0");
await bad.body.cancel();

// A client that leaves while its answer is being looked for.
const store = badger.store;
for (let i = 0; i < 100_000; i++) store.setSync("key " + i, "value");
const gone = fetch(url + "/badger/stats?sort=size", { signal: AbortSignal.timeout(5) });
const reason = await gone.then(() => "answered", (error) => error.name);
const after = await fetch(url + "/badger/stats");
await after.body.cancel();

await server.shutdown();
await badger.close();
console.log(JSON.stringify({
  put: put.status,
  hits: stats.top_hits,
  hasSizes: stats.vlog_size > 0,
  bad: bad.status,
  reason,
  after: after.status,
}));
`;

Deno.test("server: the statistics are served by Deno.serve", async () => {
  const { reason, ...answers } = await runScript(SCRIPT) as { reason: string };
  assertEquals(answers, {
    put: 204,
    hits: [{ Key: "b,key", Count: 1, Size: 5, Bucket: "b" }],
    hasSizes: true,
    bad: 400,
    after: 200,
  });
  assertEquals(["TimeoutError", "answered"].includes(reason), true, reason);
});

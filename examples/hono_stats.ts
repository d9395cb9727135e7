/** Hono: the statistics at /badger/stats, and the store in a handler of your own. */
import { Badger } from "@sett/badger/plugin";
import { badgerApp, badgerStore } from "@sett/badger/hono";
import { Hono } from "hono";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/hono_stats";
await emptyDir(path);
await using badger = await Badger.start({ path }, { env: () => undefined });

const app = new Hono()
  .route("/", badgerApp(badger))
  .use(badgerStore(badger))
  .put("/notes/:name", async (c) => {
    await c.var.kv.addValue("notes", c.req.param("name"), await c.req.text());
    return c.body(null, 204);
  })
  .get("/notes/:name", async (c) => {
    const note = await c.var.kv.getValue("notes", c.req.param("name"));
    return note === undefined
      ? c.notFound()
      : c.text(new TextDecoder().decode(note));
  });

// A server is not needed to try an app; see README for Deno, Bun and Node.
for (const name of ["milk", "bread"]) {
  const put = { method: "PUT", body: `buy ${name}` };
  assertEquals((await app.request(`/notes/${name}`, put)).status, 204);
}
assertEquals(await (await app.request("/notes/milk")).text(), "buy milk");
assertEquals((await app.request("/notes/tea")).status, 404);

const response = await app.request("/badger/stats?size=1&sort=size");
const stats = await response.json();
console.log(`${response.status} ${response.headers.get("content-type")}`);
console.log(`${stats.vlog_size} bytes in ${stats.segments} segment`);
console.log(`total ${stats.total}, top hit ${JSON.stringify(stats.top_hits)}`);
assertEquals(stats.total, 2);
assertEquals(stats.top_hits[0].Key, "notes,bread");

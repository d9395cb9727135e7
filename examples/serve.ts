/**
 * `deno task serve`: serves the statistics and the places of the demonstration's
 * store on this machine, until it is interrupted. Run `deno task demo` first.
 */
import { Badger } from "@sett/badger/plugin";
import { badgerApp, badgerStore } from "@sett/badger/hono";
import { Hono } from "hono";

const PATH = "data/badger";
const PORT = 8000;
/** Places that one answer lists. */
const LIMIT = 20;

const badger = await Badger.start({ path: PATH });

const app = new Hono()
  .route("/", badgerApp(badger))
  .use(badgerStore(badger, { bucket: "places" }))
  .get("/places", async (c) => {
    const prefix = c.req.query("prefix") ?? "";
    const found: unknown[] = [];
    for await (const [, value] of c.var.store.list({ prefix, limit: LIMIT })) {
      found.push(JSON.parse(new TextDecoder().decode(value)));
    }
    return c.json(found);
  });

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: PORT,
  onListen({ hostname, port }) {
    const keys = badger.stats().keys;
    const origin = `http://${hostname}:${port}`;
    console.log(`${keys} keys in ${PATH}; stop with Ctrl+C`);
    console.log(`${origin}/badger/stats?size=5&sort=size`);
    console.log(`${origin}/places?prefix=IS/39/`);
  },
}, app.fetch);

Deno.addSignalListener("SIGINT", () => server.shutdown());
await server.finished;
await badger.close();
console.log("closed");

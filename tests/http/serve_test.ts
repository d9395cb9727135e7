/**
 * A server from a file, on a real socket: in a process of its own, which alone may use
 * the network.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../src/plugin/config_error.ts";
import { serve } from "../../src/server/mod.ts";
import { tempDir } from "../support/temp.ts";
import { runScript } from "./run_script.ts";

const SCRIPT = `
import { serve } from "./src/server/mod.ts";

const directory = "DIRECTORY";
const config = directory + "/badger.yml";
await Deno.writeTextFile(config, \`
badger:
  path: \${directory}/data
server:
  port: 0
  body_size_max: 100000
  auth:
    bearer: [token]
\`);
const headers = { authorization: "Bearer token" };
const statusOf = async (request) => {
  const response = await request;
  await response.body?.cancel();
  return response.status;
};

const server = await serve({ config });
const key = server.url + "/badger/kv/b/k";
const answers = {
  health: await statusOf(fetch(server.url + "/badger/health")),
  stranger: await statusOf(fetch(key)),
  put: await statusOf(fetch(key, { method: "PUT", body: "value", headers })),
  value: await (await fetch(key, { headers })).text(),
  tooLarge: await statusOf(fetch(key, { method: "PUT", body: "x".repeat(100_001), headers })),
};

// An upload whose client goes away in the middle.
const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(server.url).port) });
await socket.write(new TextEncoder().encode(
  "PUT /badger/kv/b/half HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer token\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf",
));
socket.close();

// A watcher keeps the server no longer than it takes to tell it.
const watch = await fetch(server.url + "/badger/kv/b?watch", { headers });
const events = watch.text();
await server.close();
await server.finished;
answers.closes = (await events).includes("event: close");
answers.after = await fetch(key).then(() => "answered", () => "refused");

const stop = new AbortController();
const again = await serve({ path: directory + "/data", port: 0, readOnly: true, signal: stop.signal });
const kept = again.url + "/badger/kv/b/k";
answers.kept = await (await fetch(kept)).text();
answers.readOnly = await statusOf(fetch(kept, { method: "DELETE" }));
answers.half = await statusOf(fetch(again.url + "/badger/kv/b/half"));
stop.abort();
await again.finished;
console.log(JSON.stringify(answers));
`;

Deno.test("serve: a file becomes a server, which stops and leaves its store sound", async () => {
  await using directory = tempDir();
  const script = SCRIPT.replace("DIRECTORY", directory.path);
  assertEquals(await runScript(script, directory.path), {
    health: 200,
    stranger: 401,
    put: 201,
    value: "value",
    tooLarge: 413,
    closes: true,
    after: "refused",
    kept: "value",
    readOnly: 403,
    half: 404,
  });
});

const STOP_SCRIPT = `
import { listen } from "./src/server/listen.ts";

let enter;
const entered = new Promise((resolve) => enter = resolve);
const listener = await listen("127.0.0.1", 0, 1000, async (request) => {
  enter();
  return new Response(await request.text());
}, 50);
const socket = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
await socket.write(new TextEncoder().encode(
  "PUT / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf",
));
await entered;
await listener.stop();
// What goes wrong beside it does so by now.
await new Promise((resolve) => setTimeout(resolve));
console.log(JSON.stringify("stopped"));
socket.close();
`;

Deno.test("serve: an upload that does not go on keeps no server from stopping", async () => {
  await using directory = tempDir();
  assertEquals(await runScript(STOP_SCRIPT, directory.path), "stopped");
});

Deno.test("serve: off the loopback it wants authentication or to be told", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com"]) {
    const error = await assertRejects(
      () => serve({ path, host, port: 0 }),
      ConfigError,
      "there is no authentication",
    );
    assertEquals(error.message.includes(host), true);
  }
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

Deno.test("serve: a port that is none is refused before a store is made", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  for (const port of [65_536, -1, 0.5, NaN]) {
    await assertRejects(
      () => serve({ path, port }),
      RangeError,
      `Cannot listen on port ${port}`,
    );
  }
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

Deno.test("serve: what cannot listen leaves no store open", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  // The tests may not use the network.
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => serve({ path, port: 0 }), Deno.errors.NotCapable);
  }
});

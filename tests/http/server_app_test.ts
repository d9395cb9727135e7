/**
 * All routes behind authentication, through `app.request()`.
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { Hono } from "hono";
import {
  isLoopback,
  serverApp,
  type ServerAppOptions,
} from "../../src/http/server_app.ts";
import { Badger } from "../../src/plugin/mod.ts";
import { refusal } from "./kv_support.ts";

const PATHS = [
  "/badger/stats",
  "/badger/stats?size=10",
  "/badger/metrics",
  "/badger/openapi.json",
  "/badger/kv/b",
  "/badger/kv/b?watch",
  "/badger/kv/b/k",
];

async function start(options: Partial<ServerAppOptions> = {}) {
  const badger = await Badger.start(
    { memory_mode: true },
    { env: () => undefined },
  );
  await (await badger.bucket("b")).set("k", "secret");
  const app = serverApp(badger, {
    auth: undefined,
    loopbackOnly: false,
    ...options,
  });
  return { app, [Symbol.asyncDispose]: () => badger.close() };
}

const basic = (user: string, password: string) =>
  `Basic ${btoa(`${user}:${password}`)}`;

Deno.test("server app: nothing but its health is told without permission", async () => {
  await using server = await start({
    auth: { bearer: ["one", "two"], basic: { ada: "pass:word" } },
  });
  const { app } = server;
  assertEquals(await (await app.request("/badger/health")).json(), {
    status: "ok",
  });
  const wrong = [
    undefined,
    "",
    "Bearer",
    "Bearer three",
    "Bearer one two",
    "Bearer pass:word",
    basic("ada", "pass"),
    basic("ada", ""),
    basic("one", "one"),
    basic("constructor", ""),
    "Basic !",
  ];
  for (const authorization of wrong) {
    const headers = authorization === undefined ? {} : { authorization };
    for (const path of [...PATHS, "/badger/nothing"]) {
      for (const method of ["GET", "HEAD", "PUT", "DELETE", "POST"]) {
        const response = await app.request(path, { method, headers });
        const told = `${method} ${path} ${authorization}`;
        const refused = [400, 401].includes(response.status);
        assertEquals([told, refused], [told, true]);
        assertEquals((await response.text()).includes("secret"), false);
      }
    }
  }
  const response = await app.request("/badger/kv/b/k");
  assertMatch(response.headers.get("www-authenticate")!, /^Bearer realm=/);
  for (
    const authorization of [
      "Bearer one",
      "Bearer two",
      basic("ada", "pass:word"),
    ]
  ) {
    for (const path of PATHS) {
      const response = await app.request(path, { headers: { authorization } });
      await response.body?.cancel();
      assertEquals([path, response.status], [path, 200]);
    }
  }
});

Deno.test("server app: one kind of authentication does not open the other", async () => {
  await using badger = await Badger.start(
    { memory_mode: true },
    { env: () => undefined },
  );
  const [byToken, byUser] = [
    { bearer: ["one"] },
    { basic: { ada: "word" } },
  ].map((auth) => serverApp(badger, { auth, loopbackOnly: false })) as [
    Hono,
    Hono,
  ];
  const ask = async (app: Hono, authorization: string): Promise<number> =>
    (await app.request("/badger/stats", { headers: { authorization } })).status;
  assertEquals(await ask(byToken, "Bearer one"), 200);
  assertEquals(await ask(byUser, basic("ada", "word")), 200);
  assertEquals(await ask(byToken, basic("ada", "word")), 400);
  assertEquals(await ask(byUser, "Bearer word"), 401);
  const asked = await byUser.request("/badger/stats");
  assertMatch(asked.headers.get("www-authenticate")!, /^Basic realm=/);
});

Deno.test("server app: without authentication only names of this machine are answered", async () => {
  await using server = await start({ loopbackOnly: true });
  const ask = (host: string) =>
    server.app.request("/badger/kv/b/k", { headers: { host } });
  for (const host of ["localhost:80", "127.0.0.1:1", "[::1]:1", "LOCALHOST"]) {
    assertEquals(await (await ask(host)).text(), "secret", host);
  }
  for (
    const host of ["evil.example", "127.0.0.1.evil.example", "localhost.x:80"]
  ) {
    assertEquals(await refusal(await ask(host)), [421, "WRONG_HOST"], host);
  }
});

Deno.test("server app: what is no path is told as everything else", async () => {
  await using server = await start();
  for (const path of ["/", "/badger/kv", "/badger/kv/b/k/more"]) {
    const refused = await server.app.request(path);
    assertEquals(await refusal(refused), [404, "NOT_FOUND"], path);
  }
});

Deno.test("server app: a loopback is told from what only looks like one", () => {
  const hosts = ["localhost", "127.0.0.1", "127.1.2.3", "::1"];
  assertEquals(hosts.filter((host) => !isLoopback(host)), []);
  const others = ["0.0.0.0", "::", "", "127.0.0.1.example", "::ffff:1.2.3.4"];
  assertEquals(others.filter(isLoopback), []);
});

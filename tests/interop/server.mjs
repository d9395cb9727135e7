/**
 * The plugin, started from a YAML file, behind the real server of this runtime.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import * as zlib from "node:zlib";
import { badgerApp, badgerStats } from "@sett/badger/hono";
import { Badger, filter, kv } from "@sett/badger/plugin";
import { Hono } from "hono";
import { check, text } from "./checks.mjs";

const STATS = [
  "lsm_size",
  "vlog_size",
  "pending_writes",
  "num_reads",
  "num_writes",
];

/** A value that is worth compressing. */
const LONG = "sett ".repeat(2_000);

/**
 * Starts the plugin in `directory` and asks its server for statistics. A directory
 * that another runtime has used must have that one's compressed value; Node 20, which
 * has no zstd, must say that it cannot read it.
 */
export async function runServer(directory) {
  const isUsed = existsSync(directory);
  mkdirSync(directory, { recursive: true });
  const file = `${directory}/badger.yml`;
  writeFileSync(
    file,
    `badger:\n  path: "${directory}/data"\n  mem_table_size: 65536\n`,
  );
  const badger = await Badger.start(file);
  try {
    await check(
      "a value compressed by another runtime is read or named",
      async () => {
        const read = kv.getCompressedValue("users", "long");
        if (isUsed && !("zstdDecompressSync" in zlib)) {
          await assert.rejects(read, { code: "UNSUPPORTED_CODEC" });
        } else {
          assert.equal(text(await read), isUsed ? LONG : undefined);
        }
      },
    );
    await check(
      "the registries hold the plugin started from YAML",
      async () => {
        const store = kv.getStore("badger");
        await store.addValue("users", "ada", "lovelace");
        assert.equal(text(await store.getValue("users", "ada")), "lovelace");
        assert.equal(await store.existsKey("users", "ada"), true);
        await store.addValueCompress("users", "long", LONG);
        const long = await store.getCompressedValue("users", "long");
        assert.equal(text(long), LONG);
        await store.deleteKey("users", "ada");
        assert.equal(await store.existsKey("users", "ada"), false);
      },
    );
    await check("the filter adds once", async () => {
      const seen = filter.getFilter("badger");
      await seen.delete("seen", "a"); // what the runtime before this one left
      assert.equal(await seen.checkThenAdd("seen", "a"), false);
      assert.equal(await seen.checkThenAdd("seen", "a"), true);
      assert.equal(await seen.exists("seen", "a"), true);
    });
    await check("badgerStats answers on the runtime's own server", async () => {
      const app = new Hono();
      app.get("/badger/stats", badgerStats(badger));
      await askForStats(app);
    });
    await check("badgerApp answers on the runtime's own server", async () => {
      const app = new Hono();
      app.route("/", badgerApp(badger));
      await askForStats(app);
    });
  } finally {
    await badger[Symbol.asyncDispose]();
  }
}

/** Serves `app`, asks it once over HTTP and stops it. */
async function askForStats(app) {
  const server = await listen(app.fetch);
  try {
    const response = await fetch(
      `http://127.0.0.1:${server.port}/badger/stats`,
    );
    assert.equal(response.status, 200);
    assert.match(
      response.headers.get("content-type") ?? "",
      /application\/json/,
    );
    const stats = await response.json();
    for (const name of STATS) {
      assert.ok(Number.isSafeInteger(stats[name]), `${name} is ${stats[name]}`);
    }
    assert.ok(stats.num_writes > 0, "no write was counted");
  } finally {
    await server.stop();
  }
}

/** Starts the server that this runtime brings, or Node's with Hono's adapter. */
async function listen(fetch) {
  const hostname = "127.0.0.1";
  if (globalThis.Deno !== undefined) {
    const { promise, resolve } = promiseOf();
    const server = globalThis.Deno.serve(
      { hostname, port: 0, onListen: resolve },
      (request) => fetch(request),
    );
    return { port: (await promise).port, stop: () => server.shutdown() };
  }
  if (globalThis.Bun !== undefined) {
    const server = globalThis.Bun.serve({ hostname, port: 0, fetch });
    return { port: server.port, stop: () => server.stop(true) };
  }
  const { serve } = await import("@hono/node-server");
  const { promise, resolve } = promiseOf();
  const server = serve({ fetch, hostname, port: 0 }, resolve);
  return {
    port: (await promise).port,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

/** A promise and what resolves it; Node 20 has no `Promise.withResolvers`. */
function promiseOf() {
  let resolve;
  const promise = new Promise((settle) => resolve = settle);
  return { promise, resolve };
}

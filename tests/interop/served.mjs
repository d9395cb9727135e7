/**
 * `serve` on the server that this runtime brings: authentication, a large value, a
 * watch, an upload that is too large, and a graceful stop.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { serve } from "@sett/badger/server";
import { check } from "./checks.mjs";

const LARGE = "sett ".repeat(100_000);

/** Starts a server from a YAML file in `directory`, and asks it. */
export async function runServed(directory) {
  mkdirSync(directory, { recursive: true });
  const config = `${directory}/badger.yml`;
  writeFileSync(
    config,
    `badger:\n  path: "${directory}/served"\nserver:\n  port: 0\n` +
      `  body_size_max: 1000000\n  auth:\n    bearer: [token]\n`,
  );
  const server = await serve({ config });
  const headers = { authorization: "Bearer token" };
  const url = `${server.url}/badger/kv/b`;
  let isClosed = false;
  try {
    await check("serve lets nobody in without a token", async () => {
      const response = await fetch(`${url}/k`);
      await response.text();
      assert.equal(response.status, 401);
    });
    await check(
      "serve takes and gives a large value and odd keys",
      async () => {
        for (const key of ["k", "%00%ff%2F", "~Li4", "a%20b"]) {
          const path = `${url}/${key}`;
          const put = await fetch(path, {
            method: "PUT",
            body: LARGE,
            headers,
          });
          assert.ok(put.status === 201 || put.status === 204, `${put.status}`);
          const got = await fetch(path, { headers });
          assert.equal(got.headers.get("etag"), put.headers.get("etag"));
          assert.equal(await got.text(), LARGE);
          const head = await fetch(path, { method: "HEAD", headers });
          assert.equal(head.headers.get("content-length"), "500000");
          const tag = { "if-none-match": got.headers.get("etag") };
          const known = await fetch(path, { headers: { ...headers, ...tag } });
          await known.text();
          assert.equal(known.status, 304);
        }
      },
    );
    await check("serve refuses a body that is too large, in JSON", async () => {
      const body = "x".repeat(1_000_001);
      const response = await fetch(`${url}/l`, {
        method: "PUT",
        body,
        headers,
      });
      assert.equal(response.status, 413);
      assert.equal((await response.json()).code, "TOO_LARGE");
    });
    if (!("Deno" in globalThis || "Bun" in globalThis)) {
      await check("serve says that it ends a connection", async () => {
        // Node's server closes it, though the body was read in part.
        const socket = connect(Number(new URL(url).port), "127.0.0.1");
        socket.on("error", () => {});
        const piece = `fffff\r\n${"x".repeat(0xfffff)}\r\n`;
        socket.write(
          "PUT /badger/kv/b/l HTTP/1.1\r\nHost: localhost\r\n" +
            "Authorization: Bearer token\r\n" +
            `Transfer-Encoding: chunked\r\n\r\n${piece}${piece}`,
        );
        const [answer] = await once(socket, "data");
        assert.match(`${answer}`, /^HTTP\/1.1 413 [^]*\r\nconnection: close/i);
        socket.destroy();
      });
    }
    await check("serve tells watchers of commits, and of its end", async () => {
      const watch = await fetch(`${url}?watch&prefix=w`, { headers });
      const reader = watch.body.pipeThrough(new TextDecoderStream())
        .getReader();
      let told = (await reader.read()).value;
      assert.match(told, /^event: open/);
      await fetch(`${url}/w`, { method: "PUT", body: "v", headers });
      while (!told.includes('"value":"v"')) told += (await reader.read()).value;
      isClosed = true;
      const closed = server.close();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        told += value;
      }
      assert.match(told, /event: close/);
      await closed;
      await server.finished;
      await assert.rejects(fetch(`${url}/k`, { headers }));
    });
  } finally {
    if (!isClosed) await server.close();
  }
}

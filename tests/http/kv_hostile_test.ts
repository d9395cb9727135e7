/**
 * The keys and values over HTTP, asked by clients that mean no good: any bytes in
 * addresses, bodies that break off or never end, and questions that make no sense.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { badgerKv } from "../../src/http/mod.ts";
import { Badger } from "../../src/plugin/mod.ts";
import { type Json, refusal, serveStore } from "./kv_support.ts";
import { tempDir } from "../support/temp.ts";

const encoder = new TextEncoder();

/** Every byte percent-encoded, but for what cannot be: that goes as base64. */
function encodeAddress(bytes: Uint8Array): string {
  const latin = Buffer.from(bytes).toString("latin1");
  if (/^(?:\.{0,2}$|~)/.test(latin)) {
    return "~" + Buffer.from(bytes).toString("base64url");
  }
  return [...bytes].map((byte) => "%" + byte.toString(16).padStart(2, "0"))
    .join("");
}

const anyKey = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc.constantFrom(".", "..", "~", "~Lg", "/", "../..", "%2e", "?", "#", "+")
    .map((text) => encoder.encode(text)),
);
const anyBucket = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: "binary" }),
  fc.constantFrom(".", "..", "~", "a/b", "../../up", "\0", "%00", "\ufeff"),
).filter((name) => name.isWellFormed());

Deno.test("kv: any key of any bucket goes through the address and back", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  await fc.assert(
    fc.asyncProperty(
      anyBucket,
      anyKey,
      fc.uint8Array({ maxLength: 20 }),
      async (name, key, value) => {
        const bucket = encodeAddress(encoder.encode(name));
        const address = `${bucket}/${encodeAddress(key)}`;
        const put = await ask(address, {
          method: "PUT",
          body: new Uint8Array(value),
        });
        assert(put.status === 201 || put.status === 204);
        assertEquals(store.bucket(name).getSync(key), new Uint8Array(value));
        const got = await ask(address);
        assertEquals(new Uint8Array(await got.arrayBuffer()), value);
        const prefix = encodeAddress(key);
        const page: Json = await (await ask(`${bucket}?prefix=${prefix}`))
          .json();
        const shown = page.entries[0].key;
        assertEquals(
          typeof shown === "string"
            ? encoder.encode(shown)
            : new Uint8Array(Buffer.from(shown.base64, "base64")),
          new Uint8Array(key),
        );
        await ask(address, { method: "DELETE" });
        assertEquals(store.size, 0);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("kv: no address whatever is a 500, or names what it should not", async () => {
  await using served = await serveStore();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 30, unit: "binary" }),
      fc.constantFrom("GET", "PUT", "DELETE", "POST", "HEAD"),
      async (tail, method) => {
        // What is no address never becomes a request.
        if (!URL.canParse(`http://x/badger/kv/${tail}`)) return;
        const body = /P/.test(method) ? { body: "x" } : {};
        const response = await served.ask(tail, { method, ...body });
        await response.body?.cancel();
        assert(response.status < 500, `${response.status} for ${tail}`);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("kv: addresses that stand for no bytes are refused", async () => {
  await using served = await serveStore();
  for (const path of ["b/%", "b/%4", "b/%zz", "b/~*", "b/~A", "%ff/k"]) {
    const refused = await served.ask(path, { method: "PUT", body: "v" });
    assertEquals(await refusal(refused), [400, "BAD_REQUEST"], path);
  }
  assertEquals(served.store.size, 0);
});

Deno.test("kv: bad questions are refused, and what is known is told", async () => {
  await using served = await serveStore();
  await served.store.bucket("b").set("k", "v");
  const bad = [
    "limit=0",
    "limit=1001",
    "limit=1e2",
    "limit=",
    "limit=5&limit=6",
    "reverse=maybe",
    "cursor=*",
    "prefix=%zz",
    "limits=5",
    "__proto__=1",
    "watch&limit=5",
    "watch=maybe",
    "watch=false",
    "watch&since=nonsense",
  ];
  for (const query of bad) {
    const refused = await served.ask(`b?${query}`);
    assertEquals(await refusal(refused), [400, "BAD_REQUEST"], query);
  }
  const { error }: Json = await (await served.ask("b?limits=5")).json();
  assertStringIncludes(error, "prefix, start, end");
});

Deno.test("kv: a body over the limit is refused, announced or not", async () => {
  await using served = await serveStore({ bodyBytesMax: 1000 });
  const { ask, store } = served;
  const large = new Uint8Array(1001);
  const announced = await ask("b/k", {
    method: "PUT",
    body: large,
    headers: { "content-length": "1001" },
  });
  assertEquals(await refusal(announced), [413, "TOO_LARGE"]);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(100));
    },
  });
  const streamed = await ask("b/k", { method: "PUT", body: endless });
  assertEquals(await refusal(streamed), [413, "TOO_LARGE"]);
  assert(pulled < 20, `${pulled} pieces were taken`);
  const batch = await ask("b", {
    method: "POST",
    body: JSON.stringify({ operations: [], fill: "x".repeat(1000) }),
    headers: { "content-type": "application/json", "content-length": "1050" },
  });
  assertEquals(await refusal(batch), [413, "TOO_LARGE"]);
  assertEquals(store.size, 0);
  const fits = await ask("b/k", { method: "PUT", body: large.slice(1) });
  assertEquals(fits.status, 201);
});

Deno.test("kv: an upload that breaks off writes nothing", async () => {
  await using served = await serveStore();
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(encoder.encode("half of "));
      else controller.error(new Error("The client is gone"));
      isFirst = false;
    },
  });
  const response = await served.ask("b/k", { method: "PUT", body });
  assertEquals(await refusal(response), [400, "BAD_REQUEST"]);
  assertEquals(served.store.size, 0);
});

Deno.test("kv: a batch of another type, or that cannot be read, is refused", async () => {
  await using served = await serveStore();
  const post = (body: BodyInit, type?: string) =>
    served.ask("b", {
      method: "POST",
      body,
      headers: type === undefined ? {} : { "content-type": type },
    });
  const batch = '{"operations":[{"type":"set","key":"k","value":"v"}]}';
  // A page of a stranger can send these without asking first.
  const simple = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    undefined,
  ];
  for (const type of simple) {
    const response = await post(encoder.encode(batch), type);
    assertEquals(await refusal(response), [415, "UNSUPPORTED_TYPE"], type);
  }
  const json = "application/json; charset=utf-8";
  const broken = ["", "{", '"text"', "null", "[".repeat(100_000)];
  for (const body of [...broken, new Uint8Array([0x22, 0xff, 0x22])]) {
    assertEquals((await refusal(await post(body, json)))[0], 400);
  }
  const bombs = [
    [0x9b, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // a list without an end
    [0x5b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff], // bytes that are not there
    [0x9f, 0xff], // a length that is not known
    Array(100_000).fill(0x81), // lists in lists
    [0xa1],
  ];
  for (const bytes of bombs) {
    const response = await post(new Uint8Array(bytes), "application/cbor");
    assertEquals(await refusal(response), [400, "BAD_REQUEST"]);
  }
  assertEquals(served.store.size, 0);
});

Deno.test("kv: no page of a stranger is let in by a browser", async () => {
  await using served = await serveStore();
  for (const method of ["OPTIONS", "GET"]) {
    const response = await served.ask("b/k", {
      method,
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "PUT",
      },
    });
    await response.body?.cancel();
    assertEquals(response.status, 404);
    const names = [...response.headers.keys()];
    assertEquals(names.filter((name) => name.startsWith("access-")), []);
  }
});

Deno.test("kv: questions make no buckets, and errors name no paths", async () => {
  await using directory = tempDir();
  await using badger = await Badger.start(
    { path: `${directory.path}/data`, single_bucket_mode: false },
    { env: () => undefined },
  );
  const app = badgerKv(badger);
  const seen = async () => {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(`${directory.path}/data`)) {
      names.push(name);
    }
    return names.sort();
  };
  const before = await seen();
  for (const method of ["GET", "HEAD", "DELETE"]) {
    const { status } = await app.request("/badger/kv/..%2fup/k", { method });
    assertEquals(status, 404, method);
  }
  assertEquals((await app.request("/badger/kv/other")).status, 200);
  assertEquals((await app.request("/badger/kv/other?watch")).status, 404);
  assertEquals(await seen(), before);

  const put = await app.request("/badger/kv/..%2fup/k", {
    method: "PUT",
    body: "v",
  });
  assertEquals(put.status, 201);
  assertEquals([...Deno.readDirSync(directory.path)].length, 1);
  await badger.close();
  const told = await (await app.request("/badger/kv/..%2fup/k")).text();
  assert(!told.includes(directory.path), told);
});

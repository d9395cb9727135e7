/**
 * The keys and values over HTTP: what each route answers.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { decodeValue, encodeValue } from "../../src/codec/value_codec.ts";
import { type Json, refusal, serveStore } from "./kv_support.ts";

const encoder = new TextEncoder();

function post(body: unknown): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

Deno.test("kv: a value is set, read, looked up and deleted", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const set = await ask("users/ada", { method: "PUT", body: "Lovelace" });
  assertEquals([set.status, await set.text()], [201, ""]);
  const again = await ask("users/ada", { method: "PUT", body: "Byron" });
  assertEquals(again.status, 204);
  assertNotEquals(again.headers.get("etag"), set.headers.get("etag"));

  const got = await ask("users/ada");
  assertEquals([got.status, await got.text()], [200, "Byron"]);
  assertEquals(got.headers.get("content-type"), "application/octet-stream");
  assertEquals(got.headers.get("x-content-type-options"), "nosniff");
  const { versionstamp } = store.bucket("users").getEntry("ada");
  assertEquals(got.headers.get("etag"), `"${versionstamp}"`);
  assertEquals(again.headers.get("etag"), `"${versionstamp}"`);

  const head = await ask("users/ada", { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
  assertEquals(head.headers.get("content-length"), "5");
  assertEquals(head.headers.get("etag"), got.headers.get("etag"));

  assertEquals((await ask("users/ada", { method: "DELETE" })).status, 204);
  for (const method of ["GET", "DELETE"]) {
    const gone = await ask("users/ada", { method });
    assertEquals(await refusal(gone), [404, "NOT_FOUND"], method);
  }
  assertEquals((await ask("users/ada", { method: "HEAD" })).status, 404);
});

Deno.test("kv: an entry comes as JSON or CBOR where those are asked for", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const bucket = store.bucket("b");
  await bucket.set("text", "words");
  const value = new Uint8Array([0xff, 0]);
  await bucket.set("raw", value);
  const { versionstamp } = bucket.getEntry("raw");

  const json = await ask("b/raw", { headers: { accept: "application/json" } });
  assertMatch(json.headers.get("content-type")!, /^application\/json/);
  assertEquals(json.headers.get("vary"), "accept");
  assertEquals(json.headers.get("etag"), `"${versionstamp}-json"`);
  assertEquals(await json.json(), {
    key: "raw",
    value: { base64: "/wA=" },
    versionstamp,
  });
  const text = await ask("b/text", { headers: { accept: "application/json" } });
  assertEquals(((await text.json()) as Json).value, "words");

  const cbor = await ask("b/raw", { headers: { accept: "application/cbor" } });
  assertEquals(cbor.headers.get("content-type"), "application/cbor");
  assertEquals(decodeValue(new Uint8Array(await cbor.arrayBuffer()), 0), {
    key: encoder.encode("raw"),
    value,
    versionstamp,
  });
});

Deno.test("kv: conditions hold over reads, writes and deletions", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const put = (headers: Record<string, string>) =>
    ask("b/k", { method: "PUT", body: "v", headers });
  assertEquals(await refusal(await put({ "if-match": "*" })), [
    412,
    "PRECONDITION_FAILED",
  ]);
  assertEquals((await put({ "if-none-match": "*" })).status, 201);
  assertEquals((await put({ "if-none-match": "*" })).status, 412);
  const first = (await ask("b/k")).headers.get("etag")!;
  const known = await ask("b/k", { headers: { "if-none-match": first } });
  assertEquals([known.status, await known.text()], [304, ""]);
  assertEquals(known.headers.get("etag"), first);
  const weak = { "if-none-match": `"${"0".repeat(20)}", W/${first}` };
  assertEquals((await ask("b/k", { headers: weak })).status, 304);

  const second = (await put({ "if-match": first })).headers.get("etag")!;
  assertEquals((await put({ "if-match": first })).status, 412);
  assertEquals(
    (await ask("b/k", { headers: { "if-none-match": first } })).status,
    200,
  );
  assertEquals(
    (await ask("b/k", { headers: { "if-match": first } })).status,
    412,
  );
  const remove = (tag: string) =>
    ask("b/k", { method: "DELETE", headers: { "if-match": tag } });
  assertEquals((await remove(first)).status, 412);
  assertEquals(store.bucket("b").has("k"), true);
  assertEquals((await remove(second)).status, 204);
  assertEquals((await put({ "if-match": "nonsense" })).status, 400);
});

Deno.test("kv: lists of tags are read as HTTP has them", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const bucket = store.bucket("b");
  await bucket.set("k", "v");
  const stamp = bucket.getEntry("k").versionstamp;
  const tag = `"${stamp}"`;
  const get = async (headers: Record<string, string>) => {
    const response = await ask("b/k", { headers });
    await response.body?.cancel();
    return response.status;
  };
  // To match is to be the same byte for byte, which no weak tag promises.
  assertEquals(await get({ "if-match": `W/${tag}` }), 412);
  assertEquals(await get({ "if-match": `W/${tag}, ${tag}` }), 200);
  for (const other of ['"of-another-server"', '"a,b"', '""', 'W/"x"']) {
    assertEquals(await get({ "if-match": other }), 412, other);
    assertEquals(await get({ "if-none-match": other }), 200, other);
    const list = `, ${other},, ${tag} ,`;
    assertEquals(await get({ "if-match": list }), 200, list);
    assertEquals(await get({ "if-none-match": list }), 304, list);
  }
  for (const wrong of [stamp!, "", ",", `${tag} ${tag}`, `*, ${tag}`, '"']) {
    assertEquals(await get({ "if-none-match": wrong }), 400, wrong);
  }
});

Deno.test("kv: who has one form of a value is given the other", async () => {
  await using served = await serveStore();
  const { ask } = served;
  await ask("b/k", { method: "PUT", body: "v" });
  const json = { accept: "application/json" };
  const tag = (await ask("b/k", { headers: json })).headers.get("etag")!;
  const known = { "if-none-match": tag };
  const same = await ask("b/k", { headers: { ...json, ...known } });
  assertEquals([same.status, same.headers.get("etag")], [304, tag]);
  const bytes = await ask("b/k", { headers: known });
  assertEquals([bytes.status, await bytes.text()], [200, "v"]);
  const match = { "if-match": tag };
  const put = await ask("b/k", { method: "PUT", body: "w", headers: match });
  assertEquals(put.status, 204);
});

Deno.test("kv: of many writers with one condition a single one wins", async () => {
  await using served = await serveStore();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      served.ask("b/k", {
        method: "PUT",
        body: String(i),
        headers: { "if-none-match": "*" },
      })),
  );
  const statuses = answers.map(({ status }) => status).sort();
  assertEquals(statuses, [201, ...Array(19).fill(412)]);
});

Deno.test("kv: a key that is set to expire says when", async () => {
  await using served = await serveStore();
  const before = Date.now();
  await served.ask("b/k", {
    method: "PUT",
    body: "v",
    headers: { "badger-expire-in": "3600000" },
  });
  const { headers } = await served.ask("b/k");
  const expiresAt = Number(headers.get("badger-expires-at"));
  assertEquals(expiresAt, served.store.bucket("b").getEntry("k").expiresAt);
  assert(expiresAt >= before + 3_600_000);
  for (const text of ["soon", "-1", "1.5", "0"]) {
    const refused = await served.ask("b/k", {
      method: "PUT",
      body: "v",
      headers: { "badger-expire-in": text },
    });
    assertEquals(await refusal(refused), [400, "BAD_REQUEST"], text);
  }
});

Deno.test("kv: a list comes in pages that lose and repeat nothing", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const bucket = store.bucket("b");
  const names = Array.from({ length: 25 }, (_, i) => `k${10 + i}`);
  for (const name of names) await bucket.set(name, `of ${name}`);
  await bucket.set("other", "");
  for (const reverse of [false, true]) {
    const found: string[] = [];
    let cursor: string | null = "";
    let pages = 0;
    while (cursor !== null) {
      const rest = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await ask(
        `b?prefix=k&limit=10&reverse=${reverse}${rest}`,
      );
      assertEquals(response.headers.get("cache-control"), "no-store");
      const page: Json = await response.json();
      for (const { key, value } of page.entries) {
        assertEquals(value, `of ${key}`);
        found.push(key);
      }
      cursor = page.cursor;
      pages++;
    }
    assertEquals(pages, 3);
    assertEquals(found, reverse ? names.toReversed() : names);
  }
  const some: Json = await (await ask("b?start=k12&end=k14&keysOnly")).json();
  assertEquals(some.entries, [{ key: "k12" }, { key: "k13" }]);
  const none: Json = await (await ask("nobody")).json();
  assertEquals(none, { entries: [], cursor: null });
});

Deno.test("kv: a page of large values ends early", async () => {
  await using served = await serveStore();
  const bucket = served.store.bucket("b");
  const large = new Uint8Array(3_000_000);
  for (const key of ["a", "b", "c"]) await bucket.set(key, large);
  const page: Json = await (await served.ask("b")).json();
  assertEquals(page.entries.length, 2);
  const cursor = encodeURIComponent(page.cursor);
  const rest: Json = await (await served.ask(`b?cursor=${cursor}`)).json();
  assertEquals(rest.entries.map(({ key }: Json) => key), ["c"]);
  assertEquals(rest.cursor, null);
});

Deno.test("kv: a batch is written whole if its checks hold, else not at all", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const bucket = store.bucket("b");
  await bucket.set("old", "1");
  const { versionstamp } = bucket.getEntry("old");
  const batch = {
    checks: [{ key: "old", versionstamp }, { key: "new", versionstamp: null }],
    operations: [
      { type: "delete", key: "old" },
      { type: "set", key: "new", value: { base64: "/wA=" } },
      { type: "sum", key: "count", n: 5 },
      { type: "set", key: "brief", value: "", expireIn: 60_000 },
    ],
  };
  const done = await ask("b", post(batch));
  const committed: Json = await done.json();
  assertEquals([done.status, committed.ok], [200, true]);
  assertEquals(bucket.has("old"), false);
  assertEquals(bucket.getSync("new"), new Uint8Array([0xff, 0]));
  assertEquals(
    bucket.getEntry("new").versionstamp,
    committed.versionstamp,
  );
  assert(bucket.getEntry("brief").expiresAt !== undefined);
  assertEquals(await refusal(await ask("b", post(batch))), [
    409,
    "CHECK_FAILED",
  ]);
  assertEquals(bucket.getEntry("count").versionstamp, committed.versionstamp);

  const cbor = await ask("b", {
    method: "POST",
    headers: { "content-type": "application/cbor", accept: "application/cbor" },
    body: encodeValue({
      operations: [{
        type: "set",
        key: new Uint8Array([0xff]),
        value: new Uint8Array([0xfe]),
      }],
    }, "send").slice(),
  });
  const answer = decodeValue(new Uint8Array(await cbor.arrayBuffer()), 0);
  assertEquals((answer as Json).ok, true);
  assertEquals(
    bucket.getSync(new Uint8Array([0xff])),
    new Uint8Array([0xfe]),
  );
});

Deno.test("kv: what a batch gets wrong is named, and nothing is written", async () => {
  await using served = await serveStore();
  const set = { type: "set", key: "k", value: "v" };
  const wrong: [body: unknown, words: string][] = [
    [[], "the batch"],
    [{ operation: [] }, '"operation"'],
    [{ operations: {} }, "operations must be a list"],
    [{ operations: [set, { type: "get", key: "k" }] }, "operations[1].type"],
    [{ operations: [set, { ...set, ttl: 1 }] }, '"ttl"'],
    [{ operations: [set, { ...set, value: 1 }] }, "operations[1].value"],
    [{ operations: [set, { type: "delete" }] }, "operations[1].key"],
    [{ operations: [set, { type: "sum", key: "n", n: 0.5 }] }, "[1].n"],
    [{ operations: [{ ...set, expireIn: "1" }] }, ""],
    [{ operations: [set], checks: [{ key: "k" }] }, "checks[0].versionstamp"],
    [{ operations: [{ ...set, key: { base64: "*" } }] }, "base64"],
  ];
  for (const [body, words] of wrong) {
    const response = await served.ask("b", post(body));
    const { error, code }: Json = await response.json();
    assertEquals([response.status, code], [400, "BAD_REQUEST"], words);
    assert(error.includes(words), `${error} names ${words}`);
  }
  assertEquals(served.store.size, 0);
});

Deno.test("kv: readOnly refuses whatever would write", async () => {
  await using served = await serveStore({ readOnly: true });
  const { ask, store } = served;
  await store.bucket("b").set("k", "v");
  const writes = [
    await ask("b/k", { method: "PUT", body: "w" }),
    await ask("b/k", { method: "DELETE" }),
    await ask("b", post({ operations: [{ type: "delete", key: "k" }] })),
  ];
  for (const response of writes) {
    assertEquals(await refusal(response), [403, "READ_ONLY"]);
  }
  assertEquals(await (await ask("b/k")).text(), "v");
});

Deno.test("kv: a closed store is a 503 with the store's code", async () => {
  await using served = await serveStore();
  await served.store.close();
  for (const path of ["b/k", "b"]) {
    assertEquals(await refusal(await served.ask(path)), [503, "CLOSED"]);
  }
});

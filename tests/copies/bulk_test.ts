/** Loading, exporting and importing many rows. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InputError, type LoadRow, Store } from "../../mod.ts";
import { openEngine, Store as FullStore } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { collect, concatenate, contentsOf, streamOf } from "./support.ts";

const FORMATS = ["ndjson", "cbor"] as const;
const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Everything in a key space, byte by byte. */
function rowsOf(store: Pick<Store, "listSync" | "getEntry">) {
  return [...store.listSync()].map(([key, value]) => [
    key,
    value,
    store.getEntry(key).expiresAt,
  ]);
}

Deno.test("load: rows of every shape and size are set in their order", async () => {
  for (const syncWrites of [false, true]) {
    await using store = await Store.open({
      memoryMode: true,
      syncWrites,
      valueLogFileSize: 1_048_576,
      memTableSize: 65_536,
    });
    const bucket = store.bucket("b");
    const rows: LoadRow[] = [];
    for (let i = 0; i < 5000; i++) {
      rows.push([`${i % 4000}`, `${i}`]);
      if (i % 500 === 0) {
        rows.push([`large ${i}`, new Uint8Array(100_000 + i)]);
        rows.push({ key: `${i}`, value: encode("e"), expireIn: 1e6 });
      }
    }
    const progress: number[] = [];
    const report = await bucket.load(rows, {
      onProgress: ({ rows }) => progress.push(rows),
    });
    assertEquals(report.rows, rows.length);
    assertEquals(progress.at(-1), rows.length);
    assertEquals(progress, progress.toSorted((a, b) => a - b));
    assertEquals(store.size, 4012);
    assertEquals(decode(bucket.getSync("999")!), "4999");
    assertEquals(decode(bucket.getSync("1000")!), "e");
    assert(bucket.getEntry("1000").expiresAt! > Date.now());
    assertEquals(bucket.getSync("large 4500")!.length, 104_500);
  }
});

Deno.test("load: with one row a segment, and values that are views on the store", async () => {
  await using store = await Store.open({
    memoryMode: true,
    valueLogMaxEntries: 1,
  });
  await store.load([["a", "1"], ["b", "2"], ["a", "3"]]);
  assertEquals(decode(store.getSync("a")!), "3");
  await store.set("large", new Uint8Array(70_000).fill(5));
  await store.load([["copy", store.getView("large")!]]);
  assertEquals(store.getSync("copy"), new Uint8Array(70_000).fill(5));
});

Deno.test("load: a source that pauses keeps nothing back", async () => {
  const host = new FixedHost();
  await using store = new FullStore(openEngine({ path: "/a" }, host));
  let goOn = () => {};
  const loaded = store.load((async function* () {
    yield ["a", "1"] as const;
    yield ["b", "2"] as const;
    await new Promise<void>((resolve) => goOn = resolve);
    yield ["c", "3"] as const;
  })());
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(store.size, 0);
  await host.advance(50);
  assertEquals(store.size, 2);
  goOn();
  assertEquals(await loaded, { rows: 3, bytes: 6 });
  assertEquals(store.size, 3);
});

Deno.test("load: what is wrong ends it, and what came before is set", async () => {
  await using store = await Store.open({ memoryMode: true });
  const bad: [unknown, string][] = [
    [7, "a row"],
    [["key"], "as a value"],
    [["", "x"], "empty key"],
    [{ key: "k", value: "v", expireIn: -1 }, "expireIn"],
  ];
  for (const [i, [row, words]] of bad.entries()) {
    await assertRejects(
      () => store.load([[`${i}`, "x"], row as LoadRow, ["never", "x"]]),
      Error,
      words,
    );
    assertEquals(store.has(`${i}`), true);
  }
  await assertRejects(() => store.load(7 as never), TypeError, "iterable");
  const controller = new AbortController();
  function* endless(): Generator<LoadRow> {
    for (let i = 0;; i++) {
      if (i === 3000) controller.abort(new Error("enough"));
      yield [`row ${i}`, "x"];
    }
  }
  const { signal } = controller;
  await assertRejects(() => store.load(endless(), { signal }), Error, "enough");
  assertEquals(store.has("row 2999"), true);
  assertEquals(store.has("never") || store.has("row 3000"), false);
});

const bytes = fc.uint8Array({ maxLength: 40, size: "max" });
const text = fc.string({ unit: "binary", maxLength: 20 }).map(encode);
const row = fc.record({
  key: fc.oneof(bytes, text).filter(({ length }) => length > 0),
  value: fc.oneof(bytes, text, fc.nat(300).map((n) => new Uint8Array(n))),
  expireIn: fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: undefined }),
});

for (const format of FORMATS) {
  Deno.test(`export and import: ${format} makes the rows again`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 30 }),
        fc.integer({ min: 1, max: 200 }),
        async (rows, size) => {
          await using store = await Store.open({ memoryMode: true });
          await using copy = await Store.open({ memoryMode: true });
          for (const { key, value, expireIn } of rows) {
            const options = expireIn === undefined
              ? {}
              : { expireIn: expireIn + 1e6 };
            await store.bucket("b").set(key, value, options);
          }
          const { writable, bytes } = collect();
          const out = await store.bucket("b").export(writable, { format });
          const report = await copy.import(streamOf(bytes(), size), { format });
          assertEquals(out, { rows: store.size, bytes: bytes().length });
          assertEquals(report, { ...out, expired: 0 });
          assertEquals(rowsOf(copy), rowsOf(store.bucket("b")));
        },
      ),
      { numRuns: 100 },
    );
  });

  Deno.test(`import: every cut of ${format} sets the rows before it, or says where`, async () => {
    await using store = await Store.open({ memoryMode: true });
    await store.load([["a", "1"], [Uint8Array.of(255), "two"], {
      key: "c",
      value: new Uint8Array(30),
      expireIn: 1e9,
    }]);
    const { writable, bytes } = collect();
    await store.export(writable, { format });
    const whole = bytes();
    const expected = rowsOf(store);
    let complete = 0;
    for (let at = 0; at <= whole.length; at++) {
      await using copy = await Store.open({ memoryMode: true });
      try {
        await copy.import(streamOf(whole.slice(0, at), 7), { format });
        complete++;
      } catch (error) {
        assert(error instanceof InputError, `${at}: ${error}`);
        assertEquals(error.code, "BAD_ROW");
        assertEquals(error.line !== undefined, format === "ndjson");
        assert(error.offset <= at);
      }
      const found = rowsOf(copy);
      assertEquals(found, expected.slice(0, found.length));
    }
    // The end of a row, and of a line also without its end.
    assertEquals(complete, format === "cbor" ? 4 : 7);
  });
}

Deno.test("export: the formats are what they are said to be", async () => {
  const host = new FixedHost();
  await using store = new FullStore(openEngine({ path: "/a" }, host));
  await store.set("a", 'quote " and\nline');
  await store.set("b", "x", { expireIn: 1000 });
  await store.set("c\u{feff}", "\u{feff}");
  await store.set(Uint8Array.of(255), Uint8Array.of(0, 255));
  const lines = collect();
  await store.export(lines.writable, { format: "ndjson" });
  const time = host.time + 1000;
  assertEquals(
    decode(lines.bytes()),
    `{"key":"a","value":"quote \\" and\\nline"}\n` +
      `{"key":"b","value":"x","expiresAt":${time}}\n` +
      `{"key":"c\u{feff}","value":"\u{feff}"}\n` +
      `{"keyBase64":"/w==","valueBase64":"AP8="}\n`,
  );
  const items = collect();
  await store.export(items.writable, { format: "cbor", start: "b", end: "c" });
  const hex = [...items.bytes()].map((byte) =>
    byte.toString(16).padStart(2, "0")
  );
  assertEquals(
    hex.join(""),
    "83" + "4162" + "4178" + "1b" + time.toString(16).padStart(16, "0"),
  );
  await assertRejects(
    () => store.export(collect().writable, { format: "xml" as never }),
    TypeError,
    `"xml"`,
  );
});

Deno.test("export: a range as of one moment, while others write", async () => {
  await using store = await Store.open({ memoryMode: true });
  for (let i = 1000; i < 9000; i++) store.setSync(`${i}`, "old ".repeat(30));
  const { writable, bytes } = collect();
  const exported = store.export(writable, { format: "ndjson", prefix: "5" });
  for (let i = 1000; i < 9000; i++) store.setSync(`${i}`, "new");
  await store.clear();
  assertEquals((await exported).rows, 1000);
  const rows = decode(bytes()).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(rows.length, 1000);
  assert(rows.every(({ value }) => value === "old ".repeat(30)));
  assertEquals([rows[0].key, rows.at(-1).key], ["5000", "5999"]);
});

Deno.test("import: what others wrote, blank lines and text in CBOR included", async () => {
  const host = new FixedHost();
  await using store = new FullStore(openEngine({ path: "/a" }, host));
  await store.set("gone", "x");
  const past = host.time - 1;
  const lines = `\n{"value":"1","key":"a"}\r\n  \n` +
    `{"key":"later","value":"x"}\n` +
    `{"key":"later","value":"x","expiresAt":${past}}\n` +
    `{"key":"gone","value":"x","expiresAt":${past}}`;
  assertEquals(
    await store.import(streamOf(encode(lines)), { format: "ndjson" }),
    { rows: 4, expired: 2, bytes: lines.length },
  );
  // Text strings, and heads that are longer than need be.
  const items = concatenate([
    Uint8Array.of(0x82, 0x61, 0x62, 0x59, 0x00, 0x01, 0x78),
    Uint8Array.of(0x98, 2, 0x5a, 0, 0, 0, 1, 0x63, 0x60),
  ]);
  await store.import(streamOf(items, 1), { format: "cbor" });
  assertEquals(
    contentsOf(store),
    new Map([["a", "1 @0"], ["b", "x @0"], ["c", " @0"]]),
  );
});

Deno.test("import: a row that makes no sense is named", async () => {
  const bad: [string, string, number][] = [
    [`{"key":"a","value":"1"`, "not JSON", 24],
    [`["a","1"]`, "not an object", 24],
    [`{"value":"1"}`, "there is no key", 24],
    [`{"key":"a"}`, "there is no value", 24],
    [`{"key":"a","value":1}`, "value is no text", 24],
    [`{"key":"","value":"1"}`, "the key has 0 bytes", 24],
    [`{"key":"a","keyBase64":"YQ==","value":"1"}`, "a key and a keyBase64", 24],
    [`{"keyBase64":"YQ=","value":"1"}`, "not in Base64", 24],
    [`{"key":"\\ud800","value":"1"}`, "lone surrogate", 24],
    [`{"key":"a","value":"1","ttl":5}`, `the field "ttl" is unknown`, 24],
    [`{"key":"a","value":"1","expiresAt":0}`, "expiresAt is no number", 24],
    [`{"key":"a","value":"1","expiresAt":1.5}`, "expiresAt is no number", 24],
    [`{"key":"a","value":"1","expiresAt":"1"}`, "expiresAt is no number", 24],
  ];
  for (const [line, words, offset] of bad) {
    await using store = await Store.open({ memoryMode: true });
    const text = `{"key":"0","value":"1"}\n${line}\n{"key":"z","value":""}\n`;
    const error = await assertRejects(
      () => store.import(streamOf(encode(text)), { format: "ndjson" }),
      InputError,
      words,
    );
    assertEquals([error.line, error.offset], [2, offset], line);
    assertEquals(contentsOf(store as FullStore), new Map([["0", "1 @0"]]));
  }
  const items: [number[], string][] = [
    [[0x83, 0x41, 0x61, 0x41, 0x62], "cut off"],
    [[0x82, 0x41, 0x61, 0x5b, 0, 0xff, 0, 0, 0, 0, 0, 0], "it may have"],
    [[0x82, 0x5b, 0, 0xff, 0, 0, 0, 0, 0, 0], "the key has"],
    [[0x81, 0x41, 0x61], "no array of two or three"],
    [[0xa1, 0x41, 0x61, 0x41, 0x62], "no array of two or three"],
    [[0x9f], "no item of definite length"],
    [[0x82, 0x01, 0x41, 0x61], "the key is no string"],
    [[0x83, 0x41, 0x61, 0x40, 0x00], "no number of milliseconds"],
    [[0x83, 0x41, 0x61, 0x40, 0x41, 0x61], "no number of milliseconds"],
    [[0x82, 0x40, 0x40], "the key has 0 bytes"],
  ];
  for (const [item, words] of items) {
    await using store = await Store.open({ memoryMode: true });
    const first = Uint8Array.of(0x82, 0x41, 0x30, 0x41, 0x31);
    const all = concatenate([first, Uint8Array.from(item)]);
    const error = await assertRejects(
      () => store.import(streamOf(all), { format: "cbor" }),
      InputError,
      words,
    );
    assert(error.offset >= first.length && error.line === undefined);
    assertEquals(contentsOf(store as FullStore), new Map([["0", "1 @0"]]));
  }
});

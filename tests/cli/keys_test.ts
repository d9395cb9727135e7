/**
 * Keys in and out on the command line: `get set delete has list count`, and how keys and
 * values are written.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import { Store } from "@sett/badger";
import { parseDuration } from "../../src/cli/figures.ts";
import {
  formatBytes,
  parseBytes,
  type TextForm,
} from "../../src/cli/text_form.ts";
import { tempDir } from "../support/temp.ts";
import { badger, done, encode, json } from "./support.ts";

Deno.test("cli: a key is set, read, found, listed, counted and deleted", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const made = await badger(["set", "user:1", "Ada", "--path", path]);
  assertEquals(made, {
    code: 0,
    out: "",
    bytes: new Uint8Array(0),
    err: `A new store is made in ${path}\n`,
  });
  await done(path, ["set", "user:2", "Grace", "--bucket", "users"]);
  assertEquals(await done(path, ["get", "user:1"]), "Ada");
  assertEquals((await json(path, ["get", "user:1"])).value, "Ada");
  assertEquals(await done(path, ["has", "user:1"]), "user:1\tyes\n");
  assertEquals(await done(path, ["list"]), "user:1\tAda\n");
  assertEquals(await done(path, ["list", "-b", "users"]), "user:2\tGrace\n");
  assertEquals(await done(path, ["count"]), "1\n");
  assertEquals(await json(path, ["delete", "user:1"]), { deleted: 1 });

  const at = ["--path", path];
  for (const args of [["get", "user:1"], ["delete", "user:1"]]) {
    const { code, out, err } = await badger([...args, ...at]);
    assertEquals([code, out, err], [1, "", "No value for user:1\n"]);
  }
  const has = await badger(["has", "user:1", "x", "--json", ...at]);
  assertEquals(has.code, 1);
  assertEquals(JSON.parse(has.out)[0], { key: "user:1", has: false });
});

Deno.test("cli: values come from input and files and go to files, byte for byte", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const value = new Uint8Array([0, 255, 10, 13, 128]);
  await done(path, ["set", "stdin", "-"], { stdin: value });
  assertEquals(
    (await badger(["get", "stdin", "--path", path])).bytes,
    value,
  );
  const file = `${directory.path}/value`;
  await done(path, ["get", "stdin", "--file", file]);
  assertEquals(await Deno.readFile(file), value);
  await done(path, ["set", "file", "--file", file]);
  assertEquals(await done(path, ["get", "66696c65", "--hex"]), "00ff0a0d80\n");
  assertEquals(
    await done(path, ["get", "file", "--json"]).then(JSON.parse).then(
      ({ valueBase64 }) => valueBase64,
    ),
    "AP8KDYA=",
  );
  await done(path, ["set", "/w==", "AA==", "--base64"]);
  assertEquals(await done(path, ["get", "\\xff"]), "\0");
  assertEquals(
    await done(path, ["list", "--hex", "--start", "ff"]),
    "ff\t00\n",
  );
});

Deno.test("cli: expiries, --if-absent and ranges", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const before = Date.now();
  await done(path, ["set", "a", "1", "--expire-in", "2h"]);
  const { expiresAt } = await json(path, ["get", "a"]);
  assert(expiresAt >= before + 7_200_000 && expiresAt < before + 7_300_000);
  const refused = await badger(["set", "a", "2", "--if-absent", "-p", path]);
  assertEquals([refused.code, refused.err], [1, "a has a value already\n"]);
  for (const key of ["b1", "b2", "b3", "c"]) {
    await done(path, ["set", key, key]);
  }
  const keys = async (...args: string[]) =>
    (await done(path, ["list", "--keys-only", ...args])).trim().split("\n");
  assertEquals(await keys("--prefix", "b", "--reverse"), ["b3", "b2", "b1"]);
  assertEquals(await keys("--start", "b2", "--end", "c"), ["b2", "b3"]);
  assertEquals(await keys("--limit", "2"), ["a", "b1"]);
  assertEquals(await done(path, ["count", "--prefix", "b"]), "3\n");
  // What a script passes on when its variable is not set.
  for (const bound of ["--prefix", "--start", "--end"]) {
    const { code, err } = await badger(["delete", bound, "", "-p", path]);
    assertEquals(code, 2, bound);
    assertMatch(err, /^badger: Cannot tell which keys to delete/);
  }
  const unclear = await badger(["delete", "-p", path]);
  assertEquals(unclear.code, 2);
  assertEquals(
    await done(path, ["delete", "--prefix", "b"]),
    "Deleted 3 keys\n",
  );
  assertEquals(await keys(), ["a", "c"]);
  assertEquals(await json(path, ["delete", "--all"]), { deleted: 2 });
});

Deno.test("cli: what list prints as JSON is what import reads", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const copy = `${directory.path}/copy`;
  {
    await using store = await Store.open(path);
    await store.set("text", "ü", { expireIn: 60_000 });
    await store.set(new Uint8Array([255, 0]), new Uint8Array([254]));
  }
  const rows = await done(path, ["list", "--json"]);
  await done(copy, ["import"], { stdin: rows });
  assertEquals(await done(copy, ["list", "--json"]), rows);
  assertStringIncludes(rows, `"expiresAt":`);
});

Deno.test("cli: all bytes come back from every form, and text shows no controls", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    for (const form of ["text", "hex", "base64"] as TextForm[]) {
      const text = formatBytes(bytes, form);
      assert(!/\p{Cc}/u.test(text), text);
      assertEquals(parseBytes(text, form), bytes);
    }
  }));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const bytes = encode(text);
    const shown = formatBytes(bytes, "text");
    assert(!/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/u.test(shown), shown);
    assertEquals(parseBytes(shown, "text"), bytes);
  }));
  assertEquals(
    formatBytes(encode("a\\b\n\u202e€"), "text"),
    "a\\\\b\\n\\xe2\\x80\\xae€",
  );
});

Deno.test("cli: durations have a unit", () => {
  assertEquals(["500ms", "90s", "1.5h", "7d"].map(parseDuration), [
    500,
    90_000,
    5_400_000,
    604_800_000,
  ]);
  for (const text of ["90", "0s", "-1s", "1w", ""]) {
    let thrown: unknown;
    try {
      parseDuration(text);
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof RangeError, text);
  }
});

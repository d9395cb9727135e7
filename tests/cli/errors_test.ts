/**
 * What goes wrong on the command line: one line that says what to do, and an exit code.
 */
import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PassThrough } from "node:stream";
import { Store, StoreReader } from "@sett/badger";
import { EXIT_CODES } from "../../src/cli/exit_code.ts";
import type { EndSignal } from "../../src/cli/surroundings.ts";
import { tempDir } from "../support/temp.ts";
import { badger, done } from "./support.ts";

Deno.test("cli: a wrong command line ends with 2 and one line that names the help", async () => {
  const wrong: [string[], RegExp][] = [
    [
      ["gett", "a"],
      /unknown command 'gett' \(Did you mean get\?\)\. See badger --help/,
    ],
    [["get"], /missing required argument 'key'\. See badger get --help/],
    [["get", "a", "b"], /too many arguments.*See badger get --help/],
    [["get", "a", "--jsn"], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [["get", "a", "--hex", "--base64"], /Cannot use --hex with --base64/],
    [["get", "xyz", "--hex"], /Cannot read "xyz" as hexadecimal/],
    [["get", "a\\b"], /a backslash stands only in .* Double it/],
    [["list", "--limit", "-1"], /Cannot use -1 for --limit/],
    [["set", "a"], /there is no value/],
    [["set", "a", "1", "--file", "x"], /give one of them/],
    [["set", "a", "1", "--expire-in", "5"], /as a duration/],
    [["export", "--format", "xml"], /'xml' is invalid/],
    [["completions", "tcsh"], /Cannot complete in tcsh/],
    [["get", "a", "--previous-key-file", "x"], /give the new key/],
  ];
  for (const [args, pattern] of wrong) {
    const { code, out, err } = await badger(args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertMatch(err, /^badger: [A-Z][^\n]*\n$/);
    assertMatch(err, pattern);
  }
});

Deno.test("cli: where there is no store commands make none, set and import excepted", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/none`;
  for (
    const args of [
      ["get", "a"],
      ["has", "a"],
      ["list"],
      ["count"],
      ["delete", "a"],
      ["stats"],
      ["top"],
      ["info"],
      ["dump"],
      ["gc"],
      ["verify"],
      ["salvage", `${directory.path}/target`],
      ["backup", `${directory.path}/backup`],
      ["checkpoint", `${directory.path}/twin`],
      ["export"],
    ]
  ) {
    const { code, err } = await badger([...args, "--path", path]);
    assertEquals(code, 3, `${args[0]}: ${err}`);
    assertMatch(err, /^badger: Cannot [^\n]*\n$/);
  }
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

Deno.test("cli: beside a writer one can read, and not write", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await using store = await Store.open(path);
  await store.set("key", "value");
  await store.flush();
  for (
    const [args, expected] of [
      [["get", "key"], /^value$/],
      [["has", "key"], /yes/],
      [["list"], /^key\tvalue\n$/],
      [["count"], /^1\n$/],
      [["stats"], /^keys\t1$/m],
      [["top"], /key\t5/],
      [["info"], /^1\tactive/m],
      [["dump"], /\tput\tlive\t/],
      [["export"], /^{"key":"key","value":"value"}\n$/],
    ] as [string[], RegExp][]
  ) assertMatch(await done(path, args), expected);
  for (
    const args of [
      ["set", "key", "2"],
      ["delete", "key"],
      ["gc"],
      ["verify"],
      ["backup", `${path}/backup`],
      ["import"],
    ]
  ) {
    const { code, out, err } = await badger([...args, "--path", path]);
    assertEquals([code, out], [4, ""], `${args[0]}: ${err}`);
    assertMatch(err, /^badger: Cannot [^\n]* work meanwhile\n$/);
  }
  assertEquals(new TextDecoder().decode(store.getSync("key")), "value");
});

Deno.test("cli: an encrypted store needs the file of its key", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const files = ["first", "second"].map((name) => `${directory.path}/${name}`);
  const [first = "", second = ""] = files;
  await Deno.writeFile(first, new Uint8Array(32).fill(7));
  await Deno.writeTextFile(second, "8".repeat(64) + "\n");
  await done(path, ["set", "key", "value", "--key-file", first]);
  for (const command of ["list", "dump", "info", "stats", "verify"]) {
    await done(path, [command, "--key-file", first]);
    for (const args of [[], ["--key-file", second]]) {
      const { code, out, err } = await badger([command, ...args, "-p", path]);
      assertEquals([code, out], [6, ""], err);
      assertMatch(err, /^badger: Cannot [^\n]* with --key-file[^\n]*\n$/);
    }
  }
  const renew = ["--key-file", second, "--previous-key-file", first];
  await done(path, ["set", "more", "1", ...renew]);
  assertEquals(await done(path, ["count", "--key-file", second]), "2\n");
  const short = `${directory.path}/short`;
  await Deno.writeTextFile(short, "not a key");
  assertEquals(
    (await badger(["list", "--key-file", short, "-p", path])).code,
    2,
  );
});

/** Keys that another process would see in a store that may not be there yet. */
async function keysIn(path: string): Promise<number> {
  try {
    await using reader = await StoreReader.open(path);
    return reader.size;
  } catch {
    return 0;
  }
}

Deno.test("cli: signals end the work, close the store and leave it sound", async () => {
  await using directory = tempDir();
  for (
    const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const
  ) {
    const path = `${directory.path}/${signal}`;
    const stdin = new PassThrough();
    let send: (signal: EndSignal) => void = () => {};
    const importing = badger(["import", "-p", path], {
      stdin,
      signals: (sender) => void (send = sender),
    });
    // More than one batch, so that some of them are in the log.
    for (let i = 0; i < 3000; i++) {
      stdin.write(`{"key":"${i}","value":"v"}\n`);
    }
    while (await keysIn(path) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await assertRejects(() => Store.open(path), Error, "Cannot");
    send(signal);
    const { code, err } = await importing;
    assertEquals(code, expected);
    assertMatch(err, new RegExp(`\nbadger: Ended by ${signal}\n$`));
    assertMatch(await done(path, ["verify"]), /^sound: /m);
    // What came in is there, and nothing of what did not.
    const keys = (await done(path, ["list", "--keys-only"])).trim().split("\n");
    assertEquals(
      keys.map(Number).sort((a, b) => a - b),
      Array.from(keys, (_, i) => i),
    );
  }
  let send: (signal: EndSignal) => void = () => {};
  const setting = badger(["set", "key", "-", "-p", `${directory.path}/set`], {
    stdin: new PassThrough(),
    signals: (sender) => void (send = sender),
  });
  send("SIGINT");
  assertEquals((await setting).code, 130);
});

Deno.test("cli: when nobody reads the output, the command ends in silence", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await done(path, ["set", "key", "value"]);
  for (const args of [["list"], ["export"], ["get", "key"], ["backup", "-"]]) {
    const { code, err } = await badger([...args, "-p", path], {
      broken: "EPIPE",
    });
    assertEquals([code, err], [0, ""], args[0]);
  }
});

Deno.test("cli: output that cannot be kept is an error, and not silence", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await done(path, ["set", "key", "value"]);
  const calls = [["list"], ["export"], ["get", "key"], ["backup", "-"]];
  for (
    const args of [...calls.map((call) => [...call, "-p", path]), ["help"]]
  ) {
    const { code, err } = await badger(args, { broken: "ENOSPC" });
    assertEquals(code, 3, args[0]);
    assertMatch(
      err,
      /^badger: Cannot write the output: no space is left .*\n$/,
      args[0],
    );
  }
});

Deno.test("cli: a stack is printed only when it is asked for", async () => {
  const { err } = await badger(["get", "a", "-p", ".tmp/none", "--verbose"]);
  assertMatch(err, /^badger: Cannot [^\n]*\nStoreError: [^\n]*\n +at /);
});

Deno.test("cli: every exit code is in the help", async () => {
  const { code, out } = await badger(["--help"]);
  assertEquals(code, 0);
  for (const row of EXIT_CODES) {
    assertMatch(out, new RegExp(`^ +${row.code}  `, "m"));
  }
});

Deno.test("cli: serve refuses what would let everybody in, and a wrong file", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const open = await badger(["serve", "--path", path, "--host", "0.0.0.0"]);
  assertEquals([open.code, open.out], [2, ""]);
  assertStringIncludes(open.err, "there is no authentication: set server.auth");
  const file = `${directory.path}/badger.yml`;
  Deno.writeTextFileSync(file, "server:\n  prot: 1\n");
  const wrong = await badger(["serve", "--config", file]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.err, `${file}:2:3`);
  assertStringIncludes(wrong.err, "port");
});

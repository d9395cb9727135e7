/** What docs/server.md says is so: its code, its requests and its YAML are tried. */
import { assert, assertEquals } from "@std/assert";
import { serverApp } from "../../src/http/server_app.ts";
import { Badger } from "../../src/plugin/mod.ts";
import { loadServerConfig } from "../../src/server/config.ts";
import { tempDir } from "../support/temp.ts";
import { codeBlocks, tableRows } from "./markdown.ts";

const guide = await Deno.readTextFile("docs/server.md");
const blocks = codeBlocks(guide);
const noEnvironment = () => undefined;

Deno.test("docs/server.md: all code type-checks", async () => {
  const check = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--doc-only", "docs/server.md"],
    stdin: "null",
  });
  const { success, stderr } = await check.output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("docs/server.md: the code of an app runs", async () => {
  const [app, ...others] = blocks.filter(({ language, text }) =>
    language === "ts" && !text.includes("serve(")
  );
  assertEquals(others, []);
  await using directory = tempDir();
  const module = `${directory.path}/block.ts`;
  await Deno.writeTextFile(module, app!.text);
  await import(new URL(`../../${module}`, import.meta.url).href);
});

Deno.test("docs/server.md: every request is answered as it says", async () => {
  await using badger = await Badger.start(
    { memory_mode: true },
    { env: noEnvironment },
  );
  const app = serverApp(badger, { auth: undefined, loopbackOnly: true });
  const lines = blocks.filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
  assertEquals(lines.length % 2, 0);
  for (let i = 0; i < lines.length; i += 2) {
    const words = [...lines[i]!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
      .map(([, double, single, plain]) => double ?? single ?? plain!);
    assertEquals(words.shift(), "curl");
    const url = words.pop()!;
    const headers = new Headers();
    const init: RequestInit = { headers };
    while (words.length > 0) {
      const [option, value = ""] = words.splice(0, 2);
      if (option === "-X") init.method = value;
      else if (option === "-d") {
        init.body = value;
        init.method ??= "POST";
      } else if (option === "-H") {
        headers.set(...value.split(": ") as [string, string]);
      } else throw new Error(`Nobody knows ${option}`);
    }
    const response = await app.request(url, init);
    const [, status, body] = /^# (\d+) ?(.*)$/.exec(lines[i + 1]!)!;
    const text = await response.text();
    assertEquals([lines[i], String(response.status)], [lines[i], status]);
    if (body !== "") assertEquals(text, body, lines[i]!);
  }
  assert(lines.length > 10);
});

Deno.test("docs/server.md: the YAML is read, and the table has the real defaults", async () => {
  const yaml = blocks.find(({ language }) => language === "yaml")!.text;
  await using directory = tempDir();
  const file = `${directory.path}/badger.yml`;
  await Deno.writeTextFile(file, yaml);
  const given = loadServerConfig(file, noEnvironment);
  assertEquals(given.auth?.bearer, ["a-long-random-token"]);
  assertEquals(Object.keys(given.auth?.basic ?? {}), ["ada"]);
  const { host, port, bodyBytesMax, readOnly } = loadServerConfig(
    undefined,
    noEnvironment,
  );
  assertEquals(
    tableRows(guide, "key").map(([key, value]) => [key, value]),
    [
      ["host", host],
      ["port", String(port)],
      ["auth.bearer", ""],
      ["auth.basic", ""],
      ["body_size_max", String(bodyBytesMax)],
      ["read_only", String(readOnly)],
    ],
  );
  assertEquals([given.port, given.bodyBytesMax], [port, bodyBytesMax]);
});

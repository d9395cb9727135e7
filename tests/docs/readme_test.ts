/**
 * What README says is so: its code runs, its YAML is the example's, and its tables
 * have the settings, codes and fields that the code has.
 */
import { assert, assertEquals } from "@std/assert";
import { SETTING_RULES } from "../../src/plugin/settings.ts";
import { Badger, loadConfig } from "@sett/badger/plugin";
import { badgerApp } from "@sett/badger/hono";
import { dirname, join } from "node:path/posix";
import { tempDir } from "../support/temp.ts";
import {
  anchors,
  codeBlocks,
  DOCUMENTS,
  localLinks,
  tableRows,
} from "./markdown.ts";

const readme = await Deno.readTextFile("README.md");
const noEnvironment = { env: () => undefined };

/** Blocks that start a server and would not end. */
const SERVES = /\bserve\(|export default/;

Deno.test("README: all code in the documents type-checks", async () => {
  const check = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--doc-only", "README.md", "FORMAT.md"],
    stdin: "null",
  });
  const { success, stderr } = await check.output();
  assert(success, new TextDecoder().decode(stderr));
});

for (const document of ["README.md", "FORMAT.md"]) {
  const blocks = codeBlocks(await Deno.readTextFile(document))
    .filter(({ language, text }) => language === "ts" && !SERVES.test(text));
  for (const [i, { text }] of blocks.entries()) {
    Deno.test(`${document}: block ${i + 1} of code runs`, async () => {
      await using directory = tempDir();
      const module = `${directory.path}/block.ts`;
      const here = text.replaceAll('"./data', `"${directory.path}/data`);
      const quiet = "const console = { log() {} };\n" + here;
      await Deno.writeTextFile(module, quiet);
      await import(new URL(`../../${module}`, import.meta.url).href);
    });
  }
}

Deno.test("README: the YAML is that of the examples, and all of it default", async () => {
  const example = await Deno.readTextFile("examples/badger.yml");
  const yaml = codeBlocks(readme).find(({ language }) => language === "yaml");
  assertEquals(yaml?.text, example);
  assertEquals(
    loadConfig("examples/badger.yml", noEnvironment),
    loadConfig({}, noEnvironment),
  );
});

Deno.test("README: the table of settings has the real ranges", () => {
  const documented = tableRows(readme, "key")
    .map(([key = "", , range = ""]) => [key, range]);
  const ranges: Record<string, string> = {
    boolean: "true, false",
    string: "any path",
    ratio: "above 0, below 1",
  };
  const real = SETTING_RULES.map((rule) => [
    rule.yaml,
    ranges[rule.type] ?? rule.choices?.join(", ") ??
      `${rule.min} to ${rule.max}`,
  ]);
  assertEquals(documented.toSorted(), real.toSorted());
  // In the order of the plugin's manual, and then ours.
  assertEquals(documented[0]![0], "enabled");
  assertEquals(documented.at(-1)![0], SETTING_RULES.at(-1)!.yaml);
});

Deno.test("README: the table of errors has every code", async () => {
  const source = await Deno.readTextFile("src/errors.ts");
  const union = /export type StoreErrorCode =([^;]*);/.exec(source)![1]!;
  const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
  assertEquals(tableRows(readme, "code").map(([code]) => code), codes);
});

Deno.test("README: the table of statistics has every field", async () => {
  await using badger = await Badger.start(
    { memory_mode: true },
    noEnvironment,
  );
  const response = await badgerApp(badger).request("/badger/stats");
  const documented = tableRows(readme, "field")
    .flatMap(([names = ""]) => names.split(", "));
  const real = Object.keys(await response.json());
  assertEquals(documented.toSorted(), real.toSorted());
});

Deno.test("documents: every link leads somewhere", async () => {
  const offences: string[] = [];
  for (const path of DOCUMENTS) {
    const markdown = await Deno.readTextFile(path);
    for (const link of localLinks(markdown)) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      try {
        if (anchor === undefined) await Deno.stat(target);
        else if (!anchors(await Deno.readTextFile(target)).has(anchor)) {
          offences.push(`${path}: no heading for ${link}`);
        }
      } catch {
        offences.push(`${path}: nothing at ${link}`);
      }
    }
  }
  assertEquals(offences, []);
});

/**
 * What docs/cli.md says is so: it has every command, option and exit code of the
 * program, its session prints what it says, and all examples can be read.
 */
import { assert, assertEquals } from "@std/assert";
import { COMMON_OPTIONS, STORE_OPTIONS } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXIT_CODES } from "../../src/cli/exit_code.ts";
import { nameOf } from "../../src/cli/program.ts";
import { badger } from "../cli/support.ts";
import { tempDir } from "../support/temp.ts";
import { codeBlocks, tableRows } from "./markdown.ts";

const document = await Deno.readTextFile("docs/cli.md");
const [introduction = "", ...sections] = document.split(/^(?=### )/m);

/** The words of a line, as a shell takes them that knows single quotes alone. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain!);
}

/** Text as it is without the line breaks of its document. */
function flat(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("\\_", "_").trim();
}

Deno.test("cli.md: has each command with its options and examples, in the order of the help", () => {
  assertEquals(
    sections.map((section) => section.split("\n")[0]),
    COMMANDS.map(({ usage }) => `### \`badger ${usage}\``),
  );
  for (
    const [i, { summary, details, options, examples }] of COMMANDS.entries()
  ) {
    const section = sections[i]!;
    for (const text of [summary.slice(1), details ?? ""]) {
      assert(
        flat(section).includes(flat(text)),
        `${text} is not in ${section}`,
      );
    }
    assertEquals(
      options.length === 0 ? [] : tableRows(section, "option"),
      options.map(({ flags, description }) => [flags, description]),
    );
    assertEquals(
      codeBlocks(section).map(({ text }) => text),
      [examples.map((example) => `badger ${example}\n`).join("")],
    );
  }
});

Deno.test("cli.md: has the options of all commands and the exit codes", () => {
  assertEquals(
    tableRows(introduction, "option"),
    [...STORE_OPTIONS, ...COMMON_OPTIONS]
      .map(({ flags, description }) => [flags, description]),
  );
  assertEquals(
    tableRows(introduction, "code"),
    EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]),
  );
});

Deno.test("cli.md: its session prints what it says", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const session = codeBlocks(introduction)
    .find(({ language }) => language === "console")!.text;
  let printed = "";
  for (const [, line = ""] of session.matchAll(/^\$ badger (.*)$/gm)) {
    const { out, err } = await badger([...wordsOf(line), "--path", path]);
    const all = (out + err).replaceAll(path, "./data/badger");
    const end = all === "" || all.endsWith("\n") ? "" : "\n";
    printed += `$ badger ${line}\n${all}${end}`;
  }
  assertEquals(printed, session);
});

Deno.test("cli.md: the options in all examples are those of the program", async () => {
  for (const { examples, usage } of COMMANDS) {
    for (const example of examples) {
      for (const part of example.split(/ \| (?:badger )?/)) {
        const [name = "", ...words] = wordsOf(part.split(/ [<>]/)[0]!);
        const spec = COMMANDS.find((one) => nameOf(one) === name);
        // What comes behind a bar may be another program.
        if (spec === undefined) {
          assert(part !== example && /^(?:head|jq|gzip)\b/.test(part), usage);
          continue;
        }
        // Help is told only if everything before it was understood.
        const { code, err } = await badger([name, ...words, "--help"]);
        assertEquals([code, err], [0, ""], example);
      }
    }
  }
});

/**
 * What stands in docs/ is so: its TypeScript type-checks and runs, and its links lead
 * somewhere. Blocks of other languages are not looked at: they show other products.
 */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path/posix";
import { tempDir } from "../support/temp.ts";
import { anchors, codeBlocks, GUIDES, localLinks } from "./markdown.ts";

/**
 * Blocks that need a thread or a server around them; they are type-checked only. Those
 * with loggers and spans need more rights: `observability_test.ts` runs them.
 */
const NEEDS_MORE =
  /\bparentPort\b|\bDeno\.serve\(|\bserve\(|"pino"|"@(?:logtape|opentelemetry)\//;

Deno.test("guides: all code type-checks", async () => {
  const check = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--doc-only", ...GUIDES],
    stdin: "null",
  });
  const { success, stderr } = await check.output();
  assert(success, new TextDecoder().decode(stderr));
});

for (const guide of GUIDES) {
  const blocks = codeBlocks(await Deno.readTextFile(guide))
    .filter(({ language }) => language === "ts");
  for (const [i, { text }] of blocks.entries()) {
    if (NEEDS_MORE.test(text)) continue;
    Deno.test(`${guide}: block ${i + 1} of code runs`, async () => {
      await using directory = tempDir();
      const module = `${directory.path}/block.ts`;
      const here = text.replaceAll(
        /(["`])\.\/data/g,
        `$1${directory.path}/data`,
      );
      await Deno.writeTextFile(
        module,
        "const console = { log() {} };\n" + here,
      );
      await import(new URL(`../../${module}`, import.meta.url).href);
    });
  }
}

Deno.test("guides: every link leads somewhere", async () => {
  const offences: string[] = [];
  for (const path of GUIDES) {
    for (const link of localLinks(await Deno.readTextFile(path))) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      try {
        const text = await Deno.readTextFile(target);
        if (anchor !== undefined && !anchors(text).has(anchor)) {
          offences.push(`${path}: no heading for ${link}`);
        }
      } catch {
        offences.push(`${path}: nothing at ${link}`);
      }
    }
  }
  assertEquals(offences, []);
});

Deno.test("guides: README leads to each of them", async () => {
  const readme = await Deno.readTextFile("README.md");
  const linked = new Set(
    localLinks(readme).map((link) => link.split("#")[0]),
  );
  assertEquals(GUIDES.filter((guide) => !linked.has(guide)), []);
});

/** What docs/collections.md says is so: its code runs, and its limits are the real ones. */
import { assert } from "@std/assert";
import { BIGINT_BYTES_MAX, DEPTH_MAX } from "../../src/codec/storable.ts";
import { ORDERED_BIGINT_BYTES_MAX } from "../../src/codec/ordered_key.ts";
import { tempDir } from "../support/temp.ts";
import { codeBlocks, tableRows } from "./markdown.ts";

const guide = await Deno.readTextFile("docs/collections.md");

for (const [i, { text }] of codeBlocks(guide).entries()) {
  Deno.test(`docs/collections.md: block ${i + 1} of code runs`, async () => {
    await using directory = tempDir();
    const module = `${directory.path}/block.ts`;
    const here = text.replaceAll('"./data', `"${directory.path}/data`);
    await Deno.writeTextFile(module, "const console = { log() {} };\n" + here);
    await import(new URL(`../../${module}`, import.meta.url).href);
  });
}

Deno.test("docs/collections.md: all code type-checks", async () => {
  const check = new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--doc-only", "docs/collections.md"],
    stdin: "null",
  });
  const { success, stderr } = await check.output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("docs/collections.md: the limits are the real ones", () => {
  const limits = tableRows(guide, "limit").map(([limit = ""]) => limit).join();
  assert(limits.includes(`${DEPTH_MAX} levels`));
  const bigints = `${BIGINT_BYTES_MAX.toLocaleString("en")} bytes; ` +
    `${ORDERED_BIGINT_BYTES_MAX} in ids`;
  assert(limits.includes(bigints));
});

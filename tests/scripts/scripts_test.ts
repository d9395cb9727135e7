/**
 * Runs every golden script and compares what it prints, byte for byte.
 *
 * When a change of what is printed is right, `deno run --allow-read=tests/scripts
 * --allow-write=tests/scripts tests/scripts/update.ts` writes it into the scripts;
 * the diff is then reviewed like any other.
 */
import { assert, assertEquals } from "@std/assert";
import { runScript, tokenize } from "./script.ts";

const FOLDER = "tests/scripts";

const names = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name)
  .filter((name) => name.endsWith(".script"))
  .toSorted();

for (const name of names) {
  Deno.test(`script: ${name}`, async () => {
    const text = Deno.readTextFileSync(`${FOLDER}/${name}`);
    assertEquals(await runScript(text), text);
  });
}

Deno.test("script: there are some", () => {
  assert(names.length >= 10);
});

Deno.test("script: tokens", () => {
  assertEquals(tokenize('set "a b" x ttl=5 y="c d" "\\u0000;"'), [
    "set",
    "a b",
    "x",
    "ttl=5",
    "y=c d",
    "\u0000;",
  ]);
});

Deno.test("script: what is printed otherwise is noticed", async () => {
  const right = await runScript("open\nset a 1\nget a\n");
  assertEquals(
    right,
    'open\nset a 1\nget a\n---\nopen: new, 0 segments\na is "1"\n',
  );
  assertEquals(await runScript(right.replace('"1"', '"2"')), right);
});

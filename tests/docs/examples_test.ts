/**
 * What holds for the examples; that they run is shown by running them.
 */
import { assertEquals } from "@std/assert";

/** Lines of a page that one takes in at a glance. */
const EXAMPLE_LINES_MAX = 60;
/** Programs of their own, started by tasks. */
const PROGRAMS = ["demo.ts", "serve.ts"];

const examples: { name: string; text: string }[] = [];
for (const { name, isFile } of Deno.readDirSync("examples")) {
  if (!isFile || !name.endsWith(".ts")) continue;
  examples.push({ name, text: Deno.readTextFileSync(`examples/${name}`) });
}
const small = examples.filter(({ name }) => !PROGRAMS.includes(name));

Deno.test("examples: each is short, and begins with what it shows", () => {
  const offences = small.flatMap(({ name, text }) => {
    const lines = text.split("\n").length - 1;
    return [
      ...lines > EXAMPLE_LINES_MAX ? [`${name} has ${lines} lines`] : [],
      ...text.startsWith("/** ") ? [] : [`${name} begins with no comment`],
    ];
  });
  assertEquals(offences, []);
});

Deno.test("examples: each prints and checks what it claims, below .tmp", () => {
  const needed = [/console\.log\(/, /\bassert/, /"\.tmp\/examples\//];
  const offences = small.flatMap(({ name, text }) =>
    needed.filter((pattern) => !pattern.test(text))
      .map((pattern) => `${name} has no ${pattern}`)
  );
  assertEquals(offences, []);
});

Deno.test("examples: README names every one", async () => {
  const readme = await Deno.readTextFile("README.md");
  const missing = small.map(({ name }) => name.replace(".ts", ""))
    .filter((name) => !readme.includes(`\`${name}\``));
  assertEquals(missing, []);
});

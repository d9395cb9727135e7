/** What docs/observability.md says is so: its code runs, and its events are the real ones. */
import { assertEquals } from "@std/assert";
import { runTests } from "../support/run_tests.ts";
import { tableRows } from "./markdown.ts";

Deno.test("docs/observability.md: its code type-checks and runs", async () => {
  await runTests("docs/observability.md", [
    "--doc",
    "--allow-read=.",
    "--allow-write=data",
    "--allow-env",
    "--allow-sys=hostname",
  ]);
});

Deno.test("docs/observability.md: the table of events has each kind and field", async () => {
  const guide = await Deno.readTextFile("docs/observability.md");
  const source = await Deno.readTextFile("src/log/store_event.ts");
  const kinds = [
    ...source.matchAll(
      /^export interface \w+ extends EventBase \{\n([\s\S]*?)^\}/gm,
    ),
  ].map(([, body]) => {
    const kind = /^ +type: "([\w-]+)";$/m.exec(body!)![1]!;
    const fields = [...body!.matchAll(/^ {2}(\w+)\??: /gm)]
      .map(([, name]) => name!).filter((name) => name !== "type");
    return [kind, fields.join(", ")];
  });
  assertEquals(kinds.length, 9);
  const told = tableRows(guide, "event")
    .map(([kind, , , fields]) => [kind, fields]);
  assertEquals(told, kinds);
});

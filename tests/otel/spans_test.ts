/** Spans: with the real SDK, without any, and with the one that Deno brings. */
import { assert, assertEquals } from "@std/assert";
import { runTests } from "../support/run_tests.ts";

/** Runs the program that traces a store; returns what it printed. */
async function runProgram(env: Record<string, string>): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read=.",
      "--allow-env=LOG_TOKENS,LOG_STREAM",
      "tests/otel/program.ts",
    ],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const printed = decoder.decode(stdout) + decoder.decode(stderr);
  assert(success, printed);
  return printed;
}

Deno.test("spans: the tests with the real SDK pass where it may read its variables", async () => {
  await runTests("tests/otel/spans.ts", [
    "--allow-read=.",
    "--allow-write=.tmp",
    "--allow-env",
  ]);
});

Deno.test("spans: without an SDK there are none, and the store goes on", async () => {
  assertEquals(await runProgram({}), "");
});

Deno.test("spans: Deno's own OpenTelemetry has them, without a key or a value", async () => {
  const printed = await runProgram({
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "console",
  });
  const names = [...printed.matchAll(/^SPAN (\w+ \S+)/gm)].map(([, name]) =>
    name
  );
  assertEquals(names, [
    "open ./data/badger",
    "addValue users",
    "getCompressedValue users",
    "close ./data/badger",
  ]);
  assert(/^ +error\.type: NOT_COMPRESSED$/m.test(printed), printed);
  assert(!printed.includes("private"), printed);
});

/**
 * Settings from the environment: names, precedence, and never asking for leave.
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, loadConfig } from "../../src/plugin/mod.ts";
import {
  systemEnvironment,
  variableName,
} from "../../src/plugin/environment.ts";
import { SETTING_RULES } from "../../src/plugin/settings.ts";

const VALUES: Record<string, [text: string, value: unknown]> = {
  enabled: ["false", false],
  single_bucket_mode: ["false", false],
  path: ["/srv/x", "/srv/x"],
  memory_mode: ["true", true],
  sync_writes: ["true", true],
  mem_table_size: ["65536", 65_536],
  num_mem_tables: ["4", 4],
  value_log_file_size: ["1048576", 1_048_576],
  value_log_max_entries: ["10", 10],
  value_threshold: ["0", 0],
  num_level0_tables: ["1", 1],
  num_level0_tables_stall: ["9", 9],
  value_log_gc_enabled: ["false", false],
  value_log_gc_discard_ratio: ["0.25", 0.25],
  value_log_gc_interval_in_seconds: ["7", 7],
  recovery: ["strict", "strict"],
  block_cache_size: ["0", 0],
  compression: ["deflate", "deflate"],
  compression_threshold: ["64", 64],
};

for (const { name, yaml, type, choices } of SETTING_RULES) {
  const variable = `BADGER_${yaml.toUpperCase()}`;

  Deno.test(`environment: ${variable} overrides the configuration`, () => {
    const [text, value] = VALUES[yaml]!;
    const env = (asked: string) => asked === variable ? text : undefined;
    assertEquals(loadConfig({}, { env })[name], value);
    const other = type === "string"
      ? "./other"
      : choices !== undefined
      ? choices.at(-1)!
      : type === "boolean"
      ? !value
      : 100;
    if (type !== "ratio") {
      const given = { [yaml]: other, num_level0_tables_stall: 128 };
      if (yaml !== "num_level0_tables") {
        assertEquals(
          loadConfig({ ...given, [yaml]: value as never }, { env })[name],
          value,
        );
      }
    }
    assertEquals(loadConfig({}, { env: () => "" })[name] !== "", true);

    if (type === "string") return;
    const error = assertThrows(
      () =>
        loadConfig({}, {
          env: (asked) => asked === variable ? "10 MB" : undefined,
        }),
      ConfigError,
    );
    assertEquals([error.variable, error.key], [variable, yaml]);
    assertStringIncludes(
      error.message,
      `Cannot load ${variable} from the environment: ${yaml} must be `,
    );
    assertStringIncludes(error.message, 'not "10 MB"');
  });
}

Deno.test("environment: beats the object, which beats the default", () => {
  const env = (name: string) =>
    name === "BADGER_NUM_MEM_TABLES" ? "7" : undefined;
  const settings = loadConfig({ numMemTables: 5, syncWrites: true }, { env });
  assertEquals([settings.numMemTables, settings.syncWrites], [7, true]);
});

Deno.test("environment: text that only looks like a value is refused", () => {
  const refuse = (variable: string, text: string) =>
    assertThrows(
      () =>
        loadConfig({}, { env: (name) => name === variable ? text : undefined }),
      ConfigError,
      variable,
    );
  for (const text of ["True", "1", "yes", " true"]) {
    refuse("BADGER_SYNC_WRITES", text);
  }
  for (const text of ["1e6", "0x10", "1_000_000", "65536.0", "65536 "]) {
    refuse("BADGER_MEM_TABLE_SIZE", text);
  }
  for (const text of ["50%", "1", "0", "1/2", "Infinity"]) {
    refuse("BADGER_VALUE_LOG_GC_DISCARD_RATIO", text);
  }
  refuse("BADGER_NUM_LEVEL0_TABLES", "2");
});

Deno.test("environment: an instance of another name has variables of its own", () => {
  assertEquals(
    variableName("mem_table_size", "badger"),
    "BADGER_MEM_TABLE_SIZE",
  );
  assertEquals(variableName("path", "cache-1"), "BADGER_CACHE_1_PATH");
  const env = (name: string) =>
    name === "BADGER_CACHE_PATH" ? "./cache" : undefined;
  assertEquals(loadConfig({}, { env, name: "cache" }).path, "./cache");
  assertEquals(loadConfig({}, { env }).path, "./data/badger");
});

Deno.test("environment: a variable that may not be read counts as not set", () => {
  // The tests run with two variables granted and without prompts: asking for any
  // other would throw.
  assertEquals(systemEnvironment("BADGER_PATH"), undefined);
  assertEquals(systemEnvironment("LOG_STREAM"), Deno.env.get("LOG_STREAM"));
  assertEquals(loadConfig({}).path, "./data/badger");
});

/**
 * Configuration: what loads, what does not, and where each complaint points.
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type BadgerConfig,
  ConfigError,
  loadConfig,
  type LoadConfigOptions,
} from "../../src/plugin/mod.ts";
import { SETTING_RULES } from "../../src/plugin/settings.ts";
import { tempDir } from "../support/temp.ts";

const NO_ENVIRONMENT: LoadConfigOptions = { env: () => undefined };

/** The settings when nothing is said. */
const DEFAULTS = Object.fromEntries(
  SETTING_RULES.map((rule) => [rule.name, rule.default]),
);

/** Loads `yaml` from a file. */
async function load(
  yaml: string,
  options: LoadConfigOptions = NO_ENVIRONMENT,
): Promise<Record<string, unknown>> {
  await using directory = tempDir();
  const path = `${directory.path}/badger.yml`;
  Deno.writeTextFileSync(path, yaml);
  return { ...loadConfig(path, options) };
}

/** Loads `yaml` and returns its error, with the file's path taken out of the message. */
async function failure(yaml: string): Promise<ConfigError> {
  try {
    await load(yaml);
  } catch (error) {
    assertInstanceOf(error, ConfigError);
    assertEquals(error.code, "BAD_CONFIG");
    assertEquals(error.path, error.file);
    error.message = error.message.replace(/\S+\/badger\.yml/, "badger.yml");
    assert(!error.message.endsWith("."), error.message);
    return error;
  }
  throw new Error(`Cannot fail: this was accepted:\n${yaml}`);
}

const SEED_EXAMPLE = `badger:
  enabled: true
  single_bucket_mode: true
  path: "./data/badger"
  memory_mode: false
  sync_writes: false
  
  # Memory Configuration
  mem_table_size: 10485760  # 10MB
  num_mem_tables: 1
  
  # Value Log Configuration  
  value_log_file_size: 1073741823  # ~1GB
  value_threshold: 1048576         # 1MB
  value_log_max_entries: 1000000   # 1M entries
  
  # Level 0 Tables
  num_level0_tables: 1
  num_level0_tables_stall: 2
  
  # Garbage Collection
  value_log_gc_enabled: true
  value_log_gc_discard_ratio: 0.5
  value_log_gc_interval_in_seconds: 120
`;

Deno.test("config: the documented example loads as it stands and equals the defaults", async () => {
  assertEquals(await load(SEED_EXAMPLE), DEFAULTS);
  assertEquals({ ...loadConfig({}, NO_ENVIRONMENT) }, DEFAULTS);
  assertEquals({ ...loadConfig(undefined, NO_ENVIRONMENT) }, DEFAULTS);
});

/** For each setting: a value other than the default, and values that are refused. */
const CASES: Record<string, { good: unknown; bad: string[] }> = {
  enabled: { good: false, bad: ['"true"', "yes", "1", "[]"] },
  single_bucket_mode: { good: false, bad: ["'false'", "0"] },
  path: { good: "./elsewhere", bad: ["5", "true", "[a]", "{a: b}"] },
  memory_mode: { good: true, bad: ['"true"', "on", "1.5"] },
  sync_writes: { good: true, bad: ["always", "{}"] },
  mem_table_size: {
    good: 65_536,
    bad: ["65535", "1073741825", "-1", "1.5", '"65536"', "10MB", "1_048_576"],
  },
  num_mem_tables: { good: 64, bad: ["0", "65", "one", ".inf", ".nan"] },
  value_log_file_size: {
    good: 1_048_576,
    bad: ["1048575", "2147483648", "1gb", "9007199254740993"],
  },
  value_log_max_entries: { good: 10, bad: ["0", "4294967296", "1e-1"] },
  value_threshold: { good: 0, bad: ["-1", "1073741825", "true"] },
  num_level0_tables: { good: 1, bad: ["0", "65", "1,000"] },
  num_level0_tables_stall: { good: 128, bad: ["1", "129", "2.5"] },
  value_log_gc_enabled: { good: false, bad: ["no", "0", "null_"] },
  value_log_gc_discard_ratio: {
    good: 0.25,
    bad: ["0", "1", "-0.5", "1.01", '"0.5"', "50%", ".nan"],
  },
  value_log_gc_interval_in_seconds: {
    good: 1,
    bad: ["0", "2147484", "1.5", "2m", "120s"],
  },
  recovery: { good: "strict", bad: ["lax", "true", "1", "[tail]"] },
  compression: { good: "deflate", bad: ["lz4", "true", "9"] },
  compression_threshold: { good: 64, bad: ["63", "1073741825", "1k"] },
  block_cache_size: { good: 0, bad: ["-1", "8589934593", "32MiB"] },
};

for (const { name, yaml, type, min, max } of SETTING_RULES) {
  Deno.test(`config: ${yaml} is taken, and refused outside of its range`, async () => {
    const { good, bad } = CASES[yaml]!;
    const loaded = await load(`badger:\n  ${yaml}: ${JSON.stringify(good)}\n`);
    assertEquals(loaded, { ...DEFAULTS, [name]: good });
    assertEquals({ ...loadConfig({ [yaml]: good }, NO_ENVIRONMENT) }, loaded);
    assertEquals({ ...loadConfig({ [name]: good }, NO_ENVIRONMENT) }, loaded);
    assertEquals(await load(`badger: {${yaml}: }\n`), DEFAULTS);

    for (const text of bad) {
      const error = await failure(
        `# host\nbadger:\n  # ours\n  ${yaml}:   ${text}\n`,
      );
      assertEquals(
        [error.line, error.column, error.key],
        [4, yaml.length + 7, yaml],
        error.message,
      );
      assertStringIncludes(
        error.message,
        `Cannot load badger.yml:4:${yaml.length + 7}: ${yaml} must be `,
      );
      if (type === "integer") {
        assertStringIncludes(error.message, `from ${min} to ${max}`);
      }
      if (type === "ratio") {
        assertStringIncludes(error.message, "greater than 0 and less than 1");
      }
    }
  });
}

Deno.test("config: the value found is in the message as it was written", async () => {
  const messages = await Promise.all([
    "enabled: 'true'",
    "path: 5",
    "mem_table_size: 10MB",
    "path: [a]",
    "sync_writes: {a: b}",
  ].map(async (line) => (await failure(`badger:\n  ${line}\n`)).message));
  assertEquals(messages.map((message) => message.replace(/^.*?, not/, "not")), [
    'not "true"',
    "not 5",
    'not "10MB" (write plain digits, without quotes, separators or a unit)',
    "not a list",
    "not a map",
  ]);
});

Deno.test("config: an unknown key is refused and the nearest one suggested", async () => {
  const error = await failure(
    "badger:\n  enabled: true\n  mem_tabel_size: 5\n",
  );
  assertEquals(
    error.message,
    'Cannot load badger.yml:3:3: unknown key "mem_tabel_size", did you mean "mem_table_size"?',
  );
  assertEquals([error.line, error.column], [3, 3]);
  assertStringIncludes(
    (await failure("badger:\n  memTableSize: 65536\n")).message,
    'did you mean "mem_table_size"?',
  );
  assertStringIncludes(
    (await failure("badger:\n  q: 1\n")).message,
    "known are enabled, single_bucket_mode, path,",
  );
});

Deno.test("config: a key given twice is refused", async () => {
  const error = await failure(
    "badger:\n  path: a\n  enabled: true\n  path: b\n",
  );
  assertEquals(
    error.message,
    "Cannot load badger.yml:4:3: path is given twice, first in line 2",
  );
  assertEquals(
    (await failure("badger:\n  path: a\nx: 1\nbadger:\n  path: a\n")).message,
    "Cannot load badger.yml:4:1: the section badger is given twice, first in line 1",
  );
  assertStringIncludes(
    (await failure("badger.path: a\nbadger:\n  path: a\n")).message,
    "badger.yml:3:3: path is given twice, first in line 1",
  );
});

Deno.test("config: stall tables must be more than level-0 tables, and the error points at them", async () => {
  const both = await failure(
    "badger:\n  num_level0_tables_stall: 3\n  num_level0_tables: 3\n",
  );
  assertEquals(
    both.message,
    "Cannot load badger.yml:2:28: num_level0_tables_stall must be greater than " +
      "num_level0_tables (3), not 3",
  );
  const one = await failure("badger:\n  num_level0_tables: 2\n");
  assertEquals([one.line, one.column], [2, 22]);
  await load("badger: {num_level0_tables: 2, num_level0_tables_stall: 3}\n");
});

Deno.test("config: a file is the host's, and only the section badger is ours", async () => {
  const host =
    "logger:\n  level: debug\n  level: twice is the host's affair\n" +
    "tag: !custom x\ntemplate: $[[env.X]]\n";
  assertEquals(await load(host), DEFAULTS);
  assertEquals(await load(""), DEFAULTS);
  assertEquals(await load("# nothing\n"), DEFAULTS);
  assertEquals(await load("badger:\n"), DEFAULTS);
  const loaded = await load(`${host}badger:\n  sync_writes: true\n`);
  assertEquals(loaded, { ...DEFAULTS, syncWrites: true });
  assertEquals(
    await load("badger.sync_writes: true\nlogger.level: info\n"),
    { ...DEFAULTS, syncWrites: true },
  );
});

Deno.test("config: a misspelled section is refused", async () => {
  for (
    const section of ["bagder", "Badger", "badge", "badgers", "bader", "budger"]
  ) {
    const error = await failure(`x: 1\n${section}:\n  path: a\n`);
    assertEquals(
      error.message,
      `Cannot load badger.yml:2:1: unknown section "${section}", did you mean "badger"?`,
    );
  }
  for (
    const section of ["logger", "budget", "ledger", "bag", "path", "badgered"]
  ) {
    assertEquals(await load(`${section}: 1\n`), DEFAULTS);
  }
  // Where ours is there too, the other one is the host's.
  assertEquals(await load("badge: 1\nbadger: {}\n"), DEFAULTS);
});

Deno.test("config: what is not YAML or not a map is refused with its place", async () => {
  const broken = await failure("a: 1\nbadger:\n  path: [x\nb: 1\n");
  assertStringIncludes(broken.message, "the file is not valid YAML: ");
  assert(broken.line! >= 3);
  assertStringIncludes(
    (await failure("- badger\n")).message,
    "badger.yml:1:1: the file must be a map of sections",
  );
  assertStringIncludes(
    (await failure("x: 1\nbadger: true\n")).message,
    "badger.yml:2:9: the section badger must be a map of settings, not true",
  );
  assertStringIncludes(
    (await failure("a: 1\n---\nb: 1\n")).message,
    "not valid YAML",
  );
});

Deno.test("config: anchors, aliases and merge keys work as YAML users expect", async () => {
  const loaded = await load(
    "base: &base\n  sync_writes: true\n  num_mem_tables: 3\n" +
      "size: &size 65536\n" +
      "badger:\n  <<: *base\n  num_mem_tables: 4\n  mem_table_size: *size\n",
  );
  assertEquals(loaded, {
    ...DEFAULTS,
    syncWrites: true,
    numMemTables: 4,
    memTableSize: 65_536,
  });
  assertEquals(
    await load("a: &a {sync_writes: true}\nbadger: *a\n"),
    { ...DEFAULTS, syncWrites: true },
  );
  const far = await failure("a: &a\n  num_mem_tables: 0\nbadger:\n  <<: *a\n");
  assertEquals([far.line, far.column], [2, 19]);
  assertStringIncludes(
    (await failure("badger:\n  path: *nowhere\n")).message,
    'badger.yml:2:9: unknown alias "*nowhere"',
  );
  assertStringIncludes(
    (await failure("badger: &a\n  <<: *a\n")).message,
    "in a circle",
  );
  assertStringIncludes(
    (await failure("badger:\n  <<: 5\n")).message,
    "merges maps only",
  );
});

Deno.test("config: without a path the host's data directory is used", async () => {
  const path = async (yaml: string) => (await load(yaml)).path;
  assertEquals(await path("path: {data: /srv/app}\n"), "/srv/app/badger");
  assertEquals(await path("path.data: /srv/app/\n"), "/srv/app/badger");
  assertEquals(
    await path('path:\n  data: d\n  logs: l\nbadger: {path: ""}\n'),
    "d/badger",
  );
  assertEquals(await path("path: {data: d}\nbadger: {path: own}\n"), "own");
  assertEquals(await path("path: /srv\n"), DEFAULTS.path);
  assertEquals(await path("path: {logs: l}\n"), DEFAULTS.path);
  assertEquals(await path('badger: {path: ""}\n'), DEFAULTS.path);
});

Deno.test("config: a file that is missing, misnamed or not text is refused", async () => {
  const missing = assertThrows(
    () => loadConfig("./.tmp/no/such.yml", NO_ENVIRONMENT),
    ConfigError,
  );
  assertEquals(
    missing.message,
    "Cannot load ./.tmp/no/such.yml: the file does not exist",
  );
  const misnamed = assertThrows(
    () => loadConfig("./data", NO_ENVIRONMENT),
    ConfigError,
  );
  assertStringIncludes(misnamed.message, 'use { path: "./data" }');
  assertThrows(
    () => loadConfig(new URL("https://x.test/a.yml"), NO_ENVIRONMENT),
    ConfigError,
    "must be a file on this machine",
  );
  await using directory = tempDir();
  const path = `${directory.path}/a.yaml`;
  Deno.writeFileSync(path, Uint8Array.of(0xff, 0xfe, 0x62));
  assertThrows(() => loadConfig(path, NO_ENVIRONMENT), ConfigError, "UTF-8");
  Deno.writeTextFileSync(path, "\ufeffbadger: {sync_writes: true}\r\n");
  const url = new URL(path, `file://${Deno.cwd()}/`);
  assertEquals(loadConfig(url, NO_ENVIRONMENT).syncWrites, true);
});

Deno.test("config: an object is checked like a file", () => {
  const refuse = (config: unknown, message: string) => {
    const error = assertThrows(
      () => loadConfig(config as BadgerConfig, NO_ENVIRONMENT),
      ConfigError,
      message,
    );
    assertEquals(error.line, undefined);
    return error;
  };
  const range = refuse({ mem_table_size: 5 }, "mem_table_size must be");
  assertInstanceOf(range.cause, RangeError);
  assertEquals(range.key, "mem_table_size");
  const type = refuse(
    { syncWrites: "true" },
    'syncWrites must be true or false, not "true"',
  );
  assertInstanceOf(type.cause, TypeError);
  refuse({ memTabelSize: 5 }, 'unknown key "memTabelSize", did you mean');
  refuse({ memTableSize: 65_536, mem_table_size: 65_536 }, "given twice");
  refuse({ path: {} }, "path must be a string, not an object");
  refuse({ numMemTables: 1n }, "numMemTables must be");
  refuse({ numLevel0Tables: 5 }, "must be greater than");
  refuse([], "object of settings");
  refuse(null, "object of settings");
  refuse(5, "object of settings");
  assertEquals(
    {
      ...loadConfig(
        { path: undefined } as unknown as BadgerConfig,
        NO_ENVIRONMENT,
      ),
    },
    DEFAULTS,
  );
});

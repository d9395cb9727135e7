/**
 * The settings of the Redis backend: what loads, what does not, and where each
 * complaint points; and that the documentation has the real ones.
 */
import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  Badger,
  ConfigError,
  type EnvironmentReader,
} from "../../src/plugin/mod.ts";
import {
  loadRedisSettings,
  nested,
  readKvFile,
  readRedisConfig,
} from "../../src/redis/load_settings.ts";
import {
  type BackendConfig,
  isServerAddress,
  readServerAddress,
  type RedisConfig,
  startBackend,
} from "../../src/redis/mod.ts";
import { REDIS_RULES, type RedisSettings } from "../../src/redis/settings.ts";
import { loadTierSettings, TIER_RULES } from "../../src/redis/tier_settings.ts";
import { tableRows } from "../docs/markdown.ts";
import { tempDir } from "../support/temp.ts";

const nothing = () => undefined;

function load(
  config: RedisConfig,
  env: (name: string) => string | undefined = nothing,
): RedisSettings {
  return loadRedisSettings(readRedisConfig(config), "badger", env);
}

/** The complaint about an object of settings. */
function complaint(config: object): string {
  try {
    load(config as RedisConfig);
  } catch (error) {
    assertInstanceOf(error, ConfigError);
    assertEquals(error.code, "BAD_CONFIG");
    return error.message.replace("Cannot load the configuration: ", "");
  }
  throw new Error("It was accepted");
}

/** The complaint about a file. */
async function complaintAboutFile(yaml: string): Promise<string> {
  await using directory = tempDir();
  const path = `${directory.path}/config.yml`;
  Deno.writeTextFileSync(path, yaml);
  const error = await assertRejects(
    () => startBackend(path, { env: nothing }),
    ConfigError,
  );
  return error.message.replace(`${directory.path}/`, "");
}

Deno.test("redis settings: without any they are the defaults", () => {
  const defaults = Object.fromEntries(
    REDIS_RULES.map((rule) => [
      rule.name,
      rule.name === "nodes" ? [rule.default] : rule.default,
    ]),
  );
  assertEquals({ ...load({}) }, defaults as unknown as RedisSettings);
});

Deno.test("redis settings: nodes are a list, or text with commas", () => {
  const nodes = ["10.0.0.1:6379", "redis.example:6380", "[::1]:6379"];
  assertEquals(load({ nodes }).nodes, nodes);
  assertEquals(load({ nodes: nodes.join(", ") }).nodes, nodes);
  assertEquals(load({ nodes: "a:1,a:1" }).nodes, ["a:1"]);
  for (const wrong of ["a", "a:0", "a:65536", ":1", "::1:5", "r://a:1", ""]) {
    assertEquals(
      complaint({ nodes: [wrong] }),
      `nodes must be addresses such as 10.0.0.1:6379, not ${
        JSON.stringify(wrong)
      }`,
    );
  }
  for (const nodes of ["redis://ada:a,secret@h:1", ["ada:secret@h:1"]]) {
    assertEquals(complaint({ nodes })?.includes("secret"), false);
  }
  assertEquals(complaint({ nodes: [] }), "nodes must name a node at least");
  assertEquals(complaint({ nodes: 6379 }), "nodes must be a string, not 6379");
});

Deno.test("redis settings: each integer is held to its range", () => {
  for (const rule of REDIS_RULES.filter(({ type }) => type === "integer")) {
    for (const value of [rule.min! - 1, rule.max! + 1, 1.5]) {
      assertEquals(
        complaint({ [rule.yaml]: value }),
        `${rule.yaml} must be an integer from ${rule.min} to ${rule.max}, not ${value}`,
      );
    }
    const mode = rule.yaml === "database" ? { mode: "single" } : {};
    const config = { ...mode, [rule.yaml]: rule.max } as RedisConfig;
    assertEquals(load(config)[rule.name], rule.max);
  }
});

Deno.test("redis settings: what makes no sense is refused", () => {
  assertEquals(
    complaint({ comand_timeout_milliseconds: 5 }),
    'unknown key "comand_timeout_milliseconds", did you mean "command_timeout_milliseconds"?',
  );
  assertEquals(
    complaint({ mode: "clustered" }),
    'mode must be one of single, cluster, sentinel, not "clustered"',
  );
  assertMatch(
    complaint({ mode: "single", nodes: "a:1,b:1" }),
    /^nodes must name one node with mode: single, not 2/,
  );
  assertMatch(complaint({ database: 1 }), /^database must be 0 with mode/);
  assertEquals(
    complaint({ tls_ca_file: "ca.pem" }),
    "tls_ca_file needs tls: true",
  );
  assertMatch(
    complaint({ min_replicas: 1, replica_timeout_milliseconds: 2_000 }),
    /must be less than reply_timeout_milliseconds \(2000\), not 2000$/,
  );
});

Deno.test("redis settings: the environment overrides them", () => {
  const variables: Record<string, string> = {
    BADGER_REDIS_NODES: "a:1,b:2",
    BADGER_REDIS_PASSWORD: "12345",
    BADGER_REDIS_TLS: "true",
    BADGER_REDIS_MIN_REPLICAS: "2",
  };
  const settings = load({ nodes: "c:3" }, (name) => variables[name]);
  assertEquals(settings.nodes, ["a:1", "b:2"]);
  assertEquals(settings.password, "12345");
  assertEquals(settings.tls, true);
  assertEquals(settings.minReplicas, 2);
  assertEquals(
    loadRedisSettings(
      nested({}),
      "other",
      (name) => name === "BADGER_OTHER_REDIS_USERNAME" ? "ada" : undefined,
    ).username,
    "ada",
  );
});

Deno.test("redis settings: a file says what is wrong, and where", async () => {
  assertEquals(
    await complaintAboutFile("kv:\n  backend: rediss\n"),
    'Cannot load config.yml:2:12: kv.backend must be one of badger, redis, tiered, not "rediss"',
  );
  assertEquals(
    await complaintAboutFile("kv:\n  backend: redis\n  reddis: {}\n"),
    'Cannot load config.yml:3:3: unknown key "reddis", did you mean "redis"?',
  );
  assertEquals(
    await complaintAboutFile("kv:\n  backend: redis\n  redis:\n    tls: 1\n"),
    "Cannot load config.yml:4:10: tls must be true or false, not 1",
  );
  assertEquals(
    await complaintAboutFile("kv:\n  backend: redis\n  redis: no\n"),
    'Cannot load config.yml:3:10: the section kv.redis must be a map of settings, not "no"',
  );
  assertEquals(
    await complaintAboutFile(
      "kv:\n  backend: redis\n  redis:\n    tls: true\n    tls: true\n",
    ),
    "Cannot load config.yml:5:5: tls is given twice, first in line 4",
  );
  assertEquals(
    await complaintAboutFile(
      "kv.backend: redis\nkv.redis:\n  password: 12345\n",
    ),
    "Cannot load config.yml:3:13: password must be a string: put it in quotes",
  );
  assertEquals(
    await complaintAboutFile(
      "kv:\n  backend: redis\n  redis: { tls: true }\nkv.redis.tls: true\n",
    ),
    "Cannot load config.yml:4:1: tls is given twice",
  );
  assertEquals(
    await complaintAboutFile("kv: 5\n"),
    "Cannot load config.yml:1:5: the section kv must be a map of settings, not 5",
  );
});

Deno.test("redis settings: sections may be written with dots", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/config.yml`;
  const dotted = "kv.backend: redis\nkv.redis.mode: single\nkv:\n";
  Deno.writeTextFileSync(path, dotted + "  redis: { database: 3 }\n");
  const { backend, redis } = readKvFile(path);
  assertEquals(backend, "redis");
  const settings = loadRedisSettings(redis, "badger", nothing);
  assertEquals([settings.mode, settings.database], ["single", 3]);
});

Deno.test("redis settings: a file without the section means the embedded engine", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/config.yml`;
  Deno.writeTextFileSync(path, "badger:\n  memory_mode: true\n");
  assertEquals(readKvFile(path), {
    backend: "badger",
    redis: [],
    tiered: [],
  });
  await using backend = await startBackend(path, { env: nothing });
  assertEquals(backend.name, "badger");
  if (!(backend instanceof Badger)) throw new Error("another backend");
  assertEquals(backend.settings, {
    ...backend.settings,
    memoryMode: true,
  } as never);
  const error = await assertRejects(
    () =>
      startBackend({ kv: { backend: "mongo" } } as unknown as BackendConfig),
    ConfigError,
  );
  assertEquals(
    error.message,
    'Cannot load the configuration: kv.backend must be one of badger, redis, tiered, not "mongo"',
  );
});

Deno.test("redis settings: the table in the documentation is the real one", async () => {
  const markdown = await Deno.readTextFile("docs/redis.md");
  const documented = tableRows(markdown, "key")
    .map(([key, value, range]) => [key, value, range]);
  const ranges: Record<string, string> = {
    boolean: "true, false",
    string: "text",
  };
  assertEquals(
    documented,
    REDIS_RULES.map((rule) => [
      rule.yaml,
      rule.default === "" ? '""' : String(rule.default),
      ranges[rule.type] ?? rule.choices?.join(", ") ??
        `${rule.min} to ${rule.max}`,
    ]),
  );
});

Deno.test("redis settings: so is the table of what is kept near", async () => {
  const markdown = await Deno.readTextFile("docs/redis.md");
  const documented = tableRows(markdown, "key of kv.tiered")
    .map(([key, value, range]) => [key, value, range]);
  assertEquals(documented, [
    ["staleness_milliseconds", "5000", "1 to 86400000"],
    ["tracking", "true", "true, false"],
    ["near_path", '""', "text"],
  ]);
  assertEquals(
    documented.map(([key, value]) => [key, value]),
    TIER_RULES.map(({ yaml, default: value }) => [
      yaml,
      value === "" ? '""' : String(value),
    ]),
  );
});

Deno.test("redis settings: those of what is kept near are checked", () => {
  const load = (config: object, env: EnvironmentReader = nothing) =>
    loadTierSettings(nested(config), "badger", env);
  assertEquals(load({}), {
    stalenessMilliseconds: 5_000,
    tracking: true,
    nearPath: "",
  });
  assertEquals(
    load(
      { tracking: false },
      (name) =>
        name === "BADGER_TIERED_STALENESS_MILLISECONDS" ? "7" : undefined,
    ),
    { stalenessMilliseconds: 7, tracking: false, nearPath: "" },
  );
  for (
    const wrong of [
      { staleness_milliseconds: 0 },
      { staleness_milliseconds: 86_400_001 },
      { tracking: 1 },
      { near: "x" },
    ]
  ) {
    assertThrows(() => load(wrong), ConfigError);
  }
});

Deno.test("redis addresses: are read, and refused without a word of the password", () => {
  assertEquals(readServerAddress("redis://localhost"), {
    mode: "single",
    nodes: ["localhost:6379"],
    tls: false,
  });
  assertEquals(
    readServerAddress(
      "rediss://ada:p%40ss@[::1]:7001,10.0.0.1/3?mode=sentinel&sentinel_master=m&prefix=x:",
    ),
    {
      mode: "sentinel",
      nodes: ["[::1]:7001", "10.0.0.1:6379"],
      tls: true,
      username: "ada",
      password: "p@ss",
      database: 3,
      sentinel_master: "m",
      key_prefix: "x:",
    },
  );
  for (
    const wrong of [
      "redis://",
      "http://localhost",
      "redis://:secret@host?modus=single",
      "redis://:secret%ff@host",
      "redis://:secret@host/x",
      // Its host was forgotten, or it is not encoded.
      "redis://:secret",
      "redis://ada:secret",
      "redis://ada:a?secret@host:6379",
      "redis://ada:a?mode=secret@host:6379",
    ]
  ) {
    const error = assertThrows(() => readServerAddress(wrong), ConfigError);
    assertEquals(error.message.includes("secret"), false);
  }
  assertEquals(readServerAddress("redis://ada:a:b@h").password, "a:b");
  assertEquals(isServerAddress("rediss://h"), true);
  assertEquals(isServerAddress("./redis://h"), false);
});

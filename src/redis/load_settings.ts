/**
 * From a YAML file or an object, and the environment, to the settings of the backend.
 *
 * @module
 */

import { checkSetting, readVariable } from "../plugin/config.ts";
import { ConfigError, type ConfigPlace } from "../plugin/config_error.ts";
import { readConfigText } from "../plugin/config_text.ts";
import { type EnvironmentReader, variableName } from "../plugin/environment.ts";
import { type NestedSetting, parseSection } from "../plugin/yaml_file.ts";
import { nearestName } from "../store/nearest_name.ts";
import {
  type KvRule,
  REDIS_RULES,
  type RedisConfig,
  type RedisRule,
  type RedisSettings,
} from "./settings.ts";

/** The section of the host's configuration that says which backend is used. */
const SECTION = "kv";
/** The setting in it, and the section in it. */
const BACKEND = "backend";
const REDIS = "redis";
const TIERED = "tiered";
const BACKENDS: readonly BackendName[] = ["badger", "redis", "tiered"];

/** The backends there are. */
export type BackendName = "badger" | "redis" | "tiered";

/** What the section `kv` says. */
export interface KvSection {
  /** The backend; `badger` where nothing is said. */
  backend: BackendName;
  /** The settings of the section `redis` in it. */
  redis: NestedSetting[];
  /** The settings of the section `tiered` in it. */
  tiered: NestedSetting[];
}

/** Reads the section `kv` of a file. */
export function readKvFile(file: string | URL): KvSection {
  const { text, path } = readConfigText(file);
  return readKvSection(parseSection(text, path, SECTION));
}

/** Reads the section `kv` as an object. */
export function readKvObject(section: object): KvSection {
  return readKvSection(nested(section));
}

/** The settings of the section `redis`, given as an object. */
export function nested(config: object): NestedSetting[] {
  if (
    typeof config !== "object" || config === null || Array.isArray(config)
  ) {
    throw new ConfigError(
      "it must be the path of a YAML file or an object of settings",
    );
  }
  return Object.entries(config)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const isCollection = typeof value === "object" && value !== null ||
        typeof value === "function";
      const setting: NestedSetting = {
        key,
        value: isCollection ? "an object" : value,
        isCollection,
        keyPlace: { key },
        valuePlace: { key },
      };
      if (Array.isArray(value)) setting.items = value;
      else if (isCollection) setting.inner = nested(value);
      return setting;
    });
}

/**
 * Checks the settings of the section `redis` and fills in the rest.
 *
 * @throws {ConfigError} If a key is unknown, or a value of the wrong type or out of
 * its range, or two do not go together.
 */
export function loadRedisSettings(
  given: readonly NestedSetting[],
  name: string,
  env: EnvironmentReader,
): RedisSettings {
  const chosen = chooseByRule(given, REDIS_RULES);
  const settings: Record<string, unknown> = {};
  for (const rule of REDIS_RULES) {
    const variable = variableName(`${REDIS}_${rule.yaml}`, name);
    const setting = readVariable(rule, variable, env) ?? chosen.get(rule.name);
    const isGiven = setting !== undefined && setting.value !== null;
    if (rule.name === "nodes") {
      settings.nodes = readNodes(isGiven ? setting : undefined, rule);
      continue;
    }
    if (isGiven) {
      refuseShownSecret(setting);
      checkSetting(rule, setting);
    }
    settings[rule.name] = isGiven ? setting.value : rule.default;
  }
  const complete = settings as unknown as RedisSettings;
  checkTogether(
    complete,
    (name) => chosen.get(name)?.valuePlace ?? {},
  );
  return complete;
}

/** The complaint about any other setting would show its value. */
function refuseShownSecret({ key, value, valuePlace }: NestedSetting): void {
  if (typeof value === "string" || !key.endsWith("password")) return;
  throw new ConfigError(
    `${key} must be a string: put it in quotes`,
    valuePlace,
  );
}

function readKvSection(section: readonly NestedSetting[]): KvSection {
  let backend: BackendName = "badger";
  const sections: Omit<KvSection, "backend"> = { redis: [], tiered: [] };
  for (const setting of section) {
    const { key, value, valuePlace } = setting;
    const dotted = ([REDIS, TIERED] as const)
      .find((name) => key.startsWith(`${name}.`));
    if (key === BACKEND) {
      if (!(BACKENDS as readonly unknown[]).includes(value)) {
        throw new ConfigError(
          `${SECTION}.${BACKEND} must be one of ${BACKENDS.join(", ")}, not ${
            setting.isCollection ? value : JSON.stringify(value)
          }`,
          valuePlace,
        );
      }
      backend = value as BackendName;
    } else if (key === REDIS || key === TIERED) {
      if (setting.inner === undefined && value !== null) {
        throw new ConfigError(
          `the section ${SECTION}.${key} must be a map of settings, not ${
            setting.isCollection ? value : JSON.stringify(value)
          }`,
          valuePlace,
        );
      }
      sections[key].push(...setting.inner ?? []);
    } else if (dotted !== undefined) {
      const inner = key.slice(dotted.length + 1);
      sections[dotted].push({ ...setting, key: inner });
    } else throw unknownKey(setting, [BACKEND, REDIS, TIERED]);
  }
  return { backend, ...sections };
}

/**
 * The settings by the names of their rules.
 *
 * @throws {ConfigError} If one has no rule, or is given twice.
 */
export function chooseByRule<Settings>(
  given: readonly NestedSetting[],
  rules: readonly KvRule<Settings>[],
): Map<string, NestedSetting> {
  const chosen = new Map<string, NestedSetting>();
  for (const setting of given) {
    const rule = rules.find(({ yaml }) => yaml === setting.key);
    if (rule === undefined) {
      throw unknownKey(setting, rules.map(({ yaml }) => yaml));
    }
    if (chosen.has(rule.name)) {
      throw new ConfigError(`${setting.key} is given twice`, setting.keyPlace);
    }
    chosen.set(rule.name, setting);
  }
  return chosen;
}

function unknownKey(
  { key, keyPlace }: NestedSetting,
  known: string[],
): ConfigError {
  const near = nearestName(key, known);
  return new ConfigError(
    `unknown key "${key}"` +
      (near === undefined
        ? `; known are ${known.join(", ")}`
        : `, did you mean "${near}"?`),
    keyPlace,
  );
}

/** A list, or text with commas between the addresses. */
function readNodes(
  setting: NestedSetting | undefined,
  rule: RedisRule,
): string[] {
  if (setting === undefined) return [rule.default as string];
  if (setting.items === undefined) checkSetting(rule, setting);
  const items = setting.items ??
    (setting.value as string).split(",").map((item) => item.trim());
  const nodes = items.map((item) => {
    const port = typeof item === "string"
      ? /^(?:\[[0-9a-fA-F:.%]+\]|[^\s:[\]@/]+):(\d{1,5})$/.exec(item)?.[1]
      : undefined;
    if (port !== undefined && Number(port) > 0 && Number(port) <= 65_535) {
      return item as string;
    }
    // An address with a password in it, perhaps: nothing of it is told.
    const isSecret = items.some((item) => String(item).includes("@"));
    throw new ConfigError(
      "nodes must be addresses such as 10.0.0.1:6379" +
        (isSecret
          ? "; user and password are settings of their own"
          : `, not ${JSON.stringify(item)}`),
      setting.valuePlace,
    );
  });
  if (nodes.length === 0) {
    throw new ConfigError(
      "nodes must name a node at least",
      setting.valuePlace,
    );
  }
  return [...new Set(nodes)];
}

function checkTogether(
  settings: RedisSettings,
  placeOf: (name: keyof RedisSettings) => ConfigPlace,
): void {
  const { mode, nodes, database, tls } = settings;
  if (mode === "single" && nodes.length > 1) {
    throw new ConfigError(
      `nodes must name one node with mode: single, not ${nodes.length}; ` +
        "for nodes of a cluster set mode: cluster",
      placeOf("nodes"),
    );
  }
  if (mode === "cluster" && database !== 0) {
    throw new ConfigError(
      `database must be 0 with mode: cluster, not ${database}`,
      placeOf("database"),
    );
  }
  for (
    const name of ["tlsCaFile", "tlsCertFile", "tlsKeyFile"] as const
  ) {
    if (tls || settings[name] === "") continue;
    const { yaml } = REDIS_RULES.find((rule) => rule.name === name)!;
    throw new ConfigError(`${yaml} needs tls: true`, placeOf(name));
  }
  const { replyTimeoutMilliseconds: reply, minReplicas } = settings;
  if (minReplicas > 0 && settings.replicaTimeoutMilliseconds >= reply) {
    throw new ConfigError(
      "replica_timeout_milliseconds must be less than " +
        `reply_timeout_milliseconds (${reply}), not ${settings.replicaTimeoutMilliseconds}`,
      placeOf("replicaTimeoutMilliseconds"),
    );
  }
}

/** The settings in the section `redis` of a file, or given as an object. */
export function readRedisConfig(
  config: string | URL | RedisConfig,
): NestedSetting[] {
  return typeof config === "string" || config instanceof URL
    ? readKvFile(config).redis
    : nested(config);
}

/**
 * From a YAML file or an object, and the environment, to a complete set of settings.
 *
 * A setting is taken from the environment if it is there, else from the file or the
 * object, else it is the default. Whatever is wrong is an error that says where; no
 * setting is ever ignored, rounded or guessed.
 *
 * @module
 */

import { joinPath } from "../fs/file_system.ts";
import { nearestName } from "../store/nearest_name.ts";
import {
  checkOption,
  describeRule,
  type OptionRule,
  resolveOptions,
} from "../store/options.ts";
import { ConfigError } from "./config_error.ts";
import { readConfigText } from "./config_text.ts";
import {
  type EnvironmentReader,
  systemEnvironment,
  variableName,
} from "./environment.ts";
import {
  type BadgerConfig,
  type BadgerSettings,
  SETTING_RULES,
  type SettingRule,
  storeOptions,
} from "./settings.ts";
import { type GivenSetting, parseYaml, type YamlConfig } from "./yaml_file.ts";

/** How {@linkcode loadConfig} looks at the world. */
export interface LoadConfigOptions {
  /**
   * The instance the settings are for; it decides the names of the environment
   * variables: `BADGER_<KEY>` for `badger`, `BADGER_<NAME>_<KEY>` for any other.
   *
   * @default {"badger"}
   */
  name?: string;
  /**
   * Reads an environment variable. By default the process's own, where that is
   * allowed; give `() => undefined` to leave the environment out.
   */
  env?: EnvironmentReader;
}

/** A rule for a setting of whatever name. */
export type NamedRule = Omit<OptionRule, "name"> & { readonly name: string };

/** The directory below the host's data directory when no path is given. */
const DIRECTORY_NAME = "badger";

/**
 * Reads and checks a configuration.
 *
 * @param config The path of a `.yml` or `.yaml` file, or the settings as an object.
 * @param options Which environment to look at.
 * @returns Every setting with its value.
 * @throws {ConfigError} If the file is missing or not YAML, or a key is unknown, given
 * twice, of the wrong type or out of its range.
 *
 * @example Usage
 * ```ts
 * import { loadConfig } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * const settings = loadConfig({ mem_table_size: 1_048_576 });
 * assertEquals(settings.memTableSize, 1_048_576);
 * ```
 */
export function loadConfig(
  config: string | URL | BadgerConfig = {},
  options: LoadConfigOptions = {},
): BadgerSettings {
  const given = typeof config === "string" || config instanceof URL
    ? readConfigFile(config)
    : readConfigObject(config);
  const chosen = new Map<SettingRule["name"], GivenSetting>();
  for (const setting of given.settings) {
    const rule = requireRule(setting);
    const first = chosen.get(rule.name);
    if (first !== undefined) {
      throw new ConfigError(
        `${setting.key} is given twice, the other time as ${first.key}`,
        setting.keyPlace,
      );
    }
    chosen.set(rule.name, setting);
  }
  const { env = systemEnvironment, name = "badger" } = options;
  for (const rule of SETTING_RULES) {
    const setting = readVariable(rule, variableName(rule.yaml, name), env);
    if (setting !== undefined) chosen.set(rule.name, setting);
  }
  return complete(chosen, given.dataDirectory);
}

/** Puts the settings in place, fills in the defaults and checks what must agree. */
function complete(
  chosen: Map<SettingRule["name"], GivenSetting>,
  dataDirectory: string | undefined,
): BadgerSettings {
  const settings: Record<string, unknown> = {};
  for (const rule of SETTING_RULES) {
    const setting = chosen.get(rule.name);
    const isGiven = setting !== undefined && setting.value !== null &&
      setting.value !== undefined;
    if (isGiven) checkSetting(rule, setting);
    settings[rule.name] = isGiven ? setting.value : rule.default;
  }
  // An empty path means what an absent one means.
  if (!chosen.get("path")?.value) {
    settings.path = dataDirectory === undefined
      ? SETTING_RULES.find(({ name }) => name === "path")!.default
      : joinPath(dataDirectory, DIRECTORY_NAME);
  }
  const resolved = settings as unknown as BadgerSettings;
  try {
    resolveOptions(storeOptions(resolved));
  } catch (error) {
    // Each setting is sound by itself, so two of them do not go together.
    const culprit = chosen.get("numLevel0TablesStall") ??
      chosen.get("numLevel0Tables");
    throw new ConfigError(
      `num_level0_tables_stall must be greater than num_level0_tables ` +
        `(${resolved.numLevel0Tables}), not ${resolved.numLevel0TablesStall}`,
      culprit?.valuePlace,
      error,
    );
  }
  return resolved;
}

/**
 * Refuses a value that its rule does not allow.
 *
 * @throws {ConfigError} If it is of the wrong type or out of its range.
 */
export function checkSetting(rule: NamedRule, setting: GivenSetting): void {
  const { value, key, valuePlace } = setting;
  const problem = setting.isCollection
    ? new TypeError(`Cannot use ${value} as ${key}`)
    : checkOption(rule as OptionRule, value);
  if (problem === undefined) return;
  const found = typeof value === "string" && !setting.isCollection
    ? JSON.stringify(value)
    : String(value);
  const isNumber = rule.type === "integer" || rule.type === "ratio";
  const hint = isNumber && typeof value === "string" && /\d/.test(value) &&
      valuePlace.variable === undefined
    ? " (write plain digits, without quotes, separators or a unit)"
    : "";
  throw new ConfigError(
    `${key} must be ${describeRule(rule as OptionRule)}, not ${found}${hint}`,
    valuePlace,
    problem,
  );
}

function requireRule(setting: GivenSetting): SettingRule {
  const { key } = setting;
  const rule = SETTING_RULES.find(({ name, yaml }) =>
    key === yaml || (key === name && setting.keyPlace.file === undefined)
  );
  if (rule !== undefined) return rule;
  const near = nearestName(key, SETTING_RULES.map(({ yaml }) => yaml));
  throw new ConfigError(
    `unknown key "${key}"` +
      (near === undefined
        ? `; known are ${SETTING_RULES.map(({ yaml }) => yaml).join(", ")}`
        : `, did you mean "${near}"?`),
    setting.keyPlace,
  );
}

function readConfigFile(file: string | URL): YamlConfig {
  const { text, path } = readConfigText(file);
  return parseYaml(text, path);
}

function readConfigObject(config: BadgerConfig): YamlConfig {
  if (
    typeof config !== "object" || config === null || Array.isArray(config)
  ) {
    throw new ConfigError(
      "it must be the path of a YAML file or an object of settings",
    );
  }
  const entries = Object.entries(config)
    .filter(([, value]) => value !== undefined);
  const settings = entries.map(([key, value]) => ({
    key,
    value: isObject(value) ? "an object" : value,
    isCollection: isObject(value),
    keyPlace: { key },
    valuePlace: { key },
  }));
  return { settings, dataDirectory: undefined };
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) ||
    typeof value === "function";
}

/** The setting an environment variable gives; an empty variable gives none. */
export function readVariable(
  rule: NamedRule,
  variable: string,
  env: EnvironmentReader,
): GivenSetting | undefined {
  const text = env(variable);
  if (text === undefined || text === "") return undefined;
  const place = { variable, key: rule.yaml };
  return {
    key: rule.yaml,
    value: parseVariable(rule, text),
    isCollection: false,
    keyPlace: place,
    valuePlace: place,
  };
}

/** The value a variable's text stands for; text that stands for none stays text. */
function parseVariable(rule: NamedRule, text: string): unknown {
  switch (rule.type) {
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "integer":
      return /^[+-]?\d+$/.test(text) ? Number(text) : text;
    case "ratio":
      return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : text;
    case "choice":
    case "string":
      return text;
  }
}

/**
 * The settings of what is kept near.
 *
 * @module
 */

import { checkSetting, readVariable } from "../plugin/config.ts";
import { type EnvironmentReader, variableName } from "../plugin/environment.ts";
import type { NestedSetting } from "../plugin/yaml_file.ts";
import { chooseByRule } from "./load_settings.ts";
import type { KvRule } from "./settings.ts";

/** Every setting with its value, as {@linkcode TieredBackend.tier} shows it. */
export interface TierSettings {
  /** How old a value may be that is read from near, in milliseconds. */
  stalenessMilliseconds: number;
  /** True: the servers tell of changes, and a value goes when it is changed. */
  tracking: boolean;
  /** The directory of what is kept, for nothing else; empty: in memory. */
  nearPath: string;
}

/**
 * The settings as the section `kv.tiered` of a YAML file names them; all are optional.
 * Meaning and unit are those of {@linkcode TierSettings}, range and default those of
 * the table in `docs/redis.md`.
 */
export interface TierConfig {
  /** See {@linkcode TierSettings.stalenessMilliseconds}. */
  staleness_milliseconds?: number | null;
  /** See {@linkcode TierSettings.tracking}. */
  tracking?: boolean | null;
  /** See {@linkcode TierSettings.nearPath}. */
  near_path?: string | null;
}

const DAY = 86_400_000;

/** Every setting of the section, in the order of the documentation. */
export const TIER_RULES: readonly KvRule<TierSettings>[] = [
  {
    name: "stalenessMilliseconds",
    yaml: "staleness_milliseconds",
    type: "integer",
    default: 5_000,
    min: 1,
    max: DAY,
  },
  { name: "tracking", yaml: "tracking", type: "boolean", default: true },
  { name: "nearPath", yaml: "near_path", type: "string", default: "" },
];

/**
 * Checks the settings of the section `tiered` and fills in the rest.
 *
 * @throws {ConfigError} If a key is unknown, or a value of the wrong type or out of its
 * range.
 */
export function loadTierSettings(
  given: readonly NestedSetting[],
  name: string,
  env: EnvironmentReader,
): TierSettings {
  const chosen = chooseByRule(given, TIER_RULES);
  const settings: Record<string, unknown> = {};
  for (const rule of TIER_RULES) {
    const variable = variableName(`tiered_${rule.yaml}`, name);
    const setting = readVariable(rule, variable, env) ?? chosen.get(rule.name);
    const isGiven = setting !== undefined && setting.value !== null;
    if (isGiven) checkSetting(rule, setting);
    settings[rule.name] = isGiven ? setting.value : rule.default;
  }
  return settings as unknown as TierSettings;
}

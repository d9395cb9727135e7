/**
 * The settings of the plugin: those of a store and two of its own. The store's
 * table ({@linkcode OPTION_RULES}) stays the only place of a default or a range.
 *
 * @module
 */

import {
  type CodeOption,
  OPTION_RULES,
  type OptionRule,
  type ResolvedOptions,
  type StoreOptions,
} from "../store/options.ts";

/** Every setting with its value, as {@linkcode Badger.settings} shows it. */
export interface BadgerSettings
  extends Required<Omit<StoreOptions, CodeOption>> {
  /** False: nothing is opened and nothing is registered. */
  enabled: boolean;
  /** True: all buckets share one store. False: a store and a directory a bucket. */
  singleBucketMode: boolean;
}

/**
 * The settings as the section `badger` of a YAML file names them. All are optional;
 * meaning, unit and range are those of {@linkcode StoreOptions}.
 */
export interface BadgerYamlSettings {
  /** See {@linkcode BadgerSettings.enabled}. */
  enabled?: boolean | null;
  /** See {@linkcode BadgerSettings.singleBucketMode}. */
  single_bucket_mode?: boolean | null;
  /** See {@linkcode StoreOptions.path}. */
  path?: string | null;
  /** See {@linkcode StoreOptions.memoryMode}. */
  memory_mode?: boolean | null;
  /** See {@linkcode StoreOptions.syncWrites}. */
  sync_writes?: boolean | null;
  /** See {@linkcode StoreOptions.memTableSize}. */
  mem_table_size?: number | null;
  /** See {@linkcode StoreOptions.numMemTables}. */
  num_mem_tables?: number | null;
  /** See {@linkcode StoreOptions.valueLogFileSize}. */
  value_log_file_size?: number | null;
  /** See {@linkcode StoreOptions.valueLogMaxEntries}. */
  value_log_max_entries?: number | null;
  /** See {@linkcode StoreOptions.valueThreshold}. */
  value_threshold?: number | null;
  /** See {@linkcode StoreOptions.numLevel0Tables}. */
  num_level0_tables?: number | null;
  /** See {@linkcode StoreOptions.numLevel0TablesStall}. */
  num_level0_tables_stall?: number | null;
  /** See {@linkcode StoreOptions.valueLogGcEnabled}. */
  value_log_gc_enabled?: boolean | null;
  /** See {@linkcode StoreOptions.valueLogGcDiscardRatio}. */
  value_log_gc_discard_ratio?: number | null;
  /** See {@linkcode StoreOptions.valueLogGcIntervalInSeconds}. */
  value_log_gc_interval_in_seconds?: number | null;
  /** See {@linkcode StoreOptions.blockCacheSize}. */
  block_cache_size?: number | null;
  /** See {@linkcode StoreOptions.compression}. */
  compression?: "none" | "deflate" | "zstd";
  /** See {@linkcode StoreOptions.compressionThreshold}. */
  compression_threshold?: number | null;
}

/**
 * Settings given as an object: the names of the YAML section or those of
 * {@linkcode StoreOptions}, whichever you like, but not both for one setting.
 */
export interface BadgerConfig
  extends BadgerYamlSettings, Omit<StoreOptions, CodeOption> {
  /** The data directory; see {@linkcode StoreOptions.path}. */
  path?: string;
  /** See {@linkcode BadgerSettings.singleBucketMode}. */
  singleBucketMode?: boolean;
}

/** One row of the table of settings. */
export interface SettingRule extends Omit<OptionRule, "name"> {
  /** The name in code, a key of {@linkcode BadgerSettings}. */
  readonly name: keyof BadgerSettings;
}

/** Every setting of the plugin, in the order of the documentation. */
export const SETTING_RULES: readonly SettingRule[] = [
  { name: "enabled", yaml: "enabled", type: "boolean", default: true },
  {
    name: "singleBucketMode",
    yaml: "single_bucket_mode",
    type: "boolean",
    default: true,
  },
  ...OPTION_RULES,
];

/** The settings that a store takes, without the plugin's own. */
export function storeOptions(settings: BadgerSettings): ResolvedOptions {
  const { enabled: _enabled, singleBucketMode: _mode, ...options } = settings;
  return options;
}

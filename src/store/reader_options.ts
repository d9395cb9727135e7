/**
 * The settings of a reader, and the check that fills in the defaults.
 *
 * @module
 */

import type { StoreListener } from "../log/store_event.ts";
import {
  checkEncryption,
  type EncryptionOptions,
} from "./encryption_options.ts";
import { checkListener } from "./listener.ts";
import { nearestName } from "./nearest_name.ts";
import {
  checkOption,
  type CodeOption,
  OPTION_RULES,
  type OptionRule,
} from "./options.ts";

/** The settings of {@linkcode StoreReader.open}; all are optional. */
export interface ReaderOptions {
  /**
   * The data directory, which must hold a store.
   *
   * @default {"./data/badger"}
   */
  path?: string;
  /**
   * Bytes of file blocks that this reader keeps in memory; 0 turns the cache off.
   * Each reader has a cache of its own. Range 0 to 8,589,934,592.
   *
   * @default {268435456}
   */
  blockCacheSize?: number;
  /**
   * Milliseconds between two refreshes that the reader does by itself; 0 for none. A
   * refresh that fails leaves the reader as it is: `stats().refreshes.lastError` tells
   * why. Range 0 to 2,147,483,647.
   *
   * @default {0}
   */
  refreshInterval?: number;
  /** The keys of an encrypted store. Default: none, the store is not encrypted. */
  encryption?: EncryptionOptions;
  /** Is told what happens to the reader: opened, refreshed, closed. */
  onEvent?: StoreListener;
}

/** The settings with every default filled in. */
export interface ResolvedReaderOptions
  extends Required<Omit<ReaderOptions, CodeOption>> {
  /** The keys, checked and copied. */
  encryption: Required<EncryptionOptions> | undefined;
  /** Is told what happens. */
  onEvent?: StoreListener;
}

const SHARED = ["path", "blockCacheSize"];

/** A rule of a reader's setting. */
type ReaderRule = Omit<OptionRule, "name"> & {
  name: Exclude<keyof ReaderOptions, CodeOption>;
};

/** Every setting of a reader. */
export const READER_RULES: readonly ReaderRule[] = [
  ...OPTION_RULES.filter(({ name }) => SHARED.includes(name)) as ReaderRule[],
  {
    name: "refreshInterval",
    yaml: "refresh_interval",
    type: "integer",
    min: 0,
    max: 2_147_483_647,
    default: 0,
  },
];

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws {TypeError} If a setting is unknown or of the wrong type.
 * @throws {RangeError} If a setting is out of its range.
 */
export function resolveReaderOptions(
  options: ReaderOptions,
): ResolvedReaderOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot open the reader: options must be a path or an object, not ${typeof options}`,
    );
  }
  const names = [
    ...READER_RULES.map(({ name }) => name),
    "encryption",
    "onEvent",
  ];
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new TypeError(
      `Cannot open the reader: unknown option "${name}"` +
        (near === undefined ? "" : `, did you mean "${near}"?`),
    );
  }
  const { encryption, onEvent } = options;
  const resolved: Record<string, unknown> = {
    encryption: encryption && checkEncryption(encryption),
  };
  if (onEvent !== undefined) resolved.onEvent = checkListener(onEvent);
  for (const rule of READER_RULES) {
    const value = options[rule.name] ?? rule.default;
    const problem = checkOption(rule as OptionRule, value);
    if (problem !== undefined) throw problem;
    resolved[rule.name] = value;
  }
  return resolved as unknown as ResolvedReaderOptions;
}

/**
 * What a plan is made for: how much is stored and how often it changes, under which
 * settings. Settings that are not given are the store's own defaults.
 *
 * @module
 */

import { OPTION_RULES, type OptionRule } from "../store/options.ts";
import { KEY_BYTES_MAX, recordLength } from "../format/record.ts";
import { FLAG_EXPIRING, KIND_PUT } from "../format/record.ts";

/** What is to be stored, and how. */
export interface PlanInput {
  /** Keys that have a value. */
  keys: number;
  /**
   * Bytes of a key; in a bucket its name and one or two bytes more count too.
   *
   * @default {16}
   */
  keySize?: number;
  /** Bytes of a value as it is stored: after compression, if there is any. */
  valueSize: number;
  /**
   * Overwrites a second, spread evenly over all keys and the day.
   *
   * @default {0}
   */
  updateRate?: number;
  /**
   * Every key has an expiry.
   *
   * @default {false}
   */
  isExpiring?: boolean;
  /**
   * Keys are listed in order, which makes the store keep that order.
   *
   * @default {true}
   */
  isListed?: boolean;
  /** As `valueLogGcDiscardRatio` of the store. */
  discardRatio?: number;
  /** As in the store's options, in bytes. */
  blockCacheSize?: number;
  /** As in the store's options, in bytes. */
  memTableSize?: number;
  /** As in the store's options. */
  numMemTables?: number;
  /** As in the store's options, in bytes. */
  valueLogFileSize?: number;
  /** As in the store's options. */
  valueLogMaxEntries?: number;
  /** As in the store's options. */
  numLevel0Tables?: number;
  /** As in the store's options, in seconds. */
  valueLogGcIntervalInSeconds?: number;
}

/** A {@linkcode PlanInput} with nothing left open. */
export type Load = Required<PlanInput> & {
  /** Bytes of a record in the value log. */
  recordBytes: number;
  /** Bytes at which a segment is rotated, by its size or by its records. */
  segmentBytes: number;
};

/** Inputs that are settings, and which. */
const SETTINGS = {
  discardRatio: "valueLogGcDiscardRatio",
  blockCacheSize: "blockCacheSize",
  memTableSize: "memTableSize",
  numMemTables: "numMemTables",
  valueLogFileSize: "valueLogFileSize",
  valueLogMaxEntries: "valueLogMaxEntries",
  numLevel0Tables: "numLevel0Tables",
  valueLogGcIntervalInSeconds: "valueLogGcIntervalInSeconds",
} as const;

/** More keys than any memory holds: beyond it figures would only be nonsense. */
const KEYS_MAX = 1e12;
const RATE_MAX = 1e12;
const VALUE_BYTES_MAX = 2 ** 31 - 1;

/** Checks the input and fills in what it leaves open. */
export function resolveLoad(input: PlanInput): Load {
  const load = {
    keys: number(input, "keys", 0, KEYS_MAX),
    keySize: number(input, "keySize", 1, KEY_BYTES_MAX, 16),
    valueSize: number(input, "valueSize", 0, VALUE_BYTES_MAX),
    updateRate: number(input, "updateRate", 0, RATE_MAX, 0),
    isExpiring: input.isExpiring ?? false,
    isListed: input.isListed ?? true,
  } as Load;
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const rule = OPTION_RULES.find((rule) => rule.name === setting)!;
    load[name as keyof typeof SETTINGS] = settingOf(
      input,
      name as keyof typeof SETTINGS,
      rule,
    );
  }
  const flags = KIND_PUT | (load.isExpiring ? FLAG_EXPIRING : 0);
  load.recordBytes = recordLength(flags, load.keySize, load.valueSize);
  load.segmentBytes = Math.max(
    load.recordBytes,
    Math.min(
      load.valueLogFileSize,
      load.valueLogMaxEntries * load.recordBytes,
    ),
  );
  return load;
}

function settingOf(
  input: PlanInput,
  name: keyof typeof SETTINGS,
  rule: OptionRule,
): number {
  const fallback = rule.default as number;
  if (rule.type !== "ratio") {
    return number(input, name, rule.min!, rule.max!, fallback);
  }
  const value = number(input, name, 0, 1, fallback);
  if (value > 0 && value < 1) return value;
  throw new RangeError(
    `Cannot plan with ${value} as ${name}: it must be greater than 0 and less than 1`,
  );
}

function number(
  input: PlanInput,
  name: keyof PlanInput,
  min: number,
  max: number,
  fallback?: number,
): number {
  const value: unknown = input[name] ?? fallback;
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot plan with ${value} as ${name}: it must be a number`,
    );
  }
  if (!(value >= min && value <= max)) {
    throw new RangeError(
      `Cannot plan with ${value} as ${name}: it must be from ${min} to ${max}`,
    );
  }
  return value;
}

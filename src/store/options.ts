/**
 * The settings of a store: one table with every name, unit, range and default,
 * and the check that turns what a caller gave into a complete set.
 *
 * The table is the only place where a default or a range is written; README and
 * the YAML reader are made from it or checked against it.
 *
 * @module
 */

import type { StoreListener } from "../log/store_event.ts";
import { requireCodec } from "./bucket_options.ts";
import { checkListener } from "./listener.ts";
import { nearestName } from "./nearest_name.ts";
import {
  checkEncryption,
  type EncryptionOptions,
} from "./encryption_options.ts";

/** The settings of {@linkcode Store.open}; all are optional. */
export interface StoreOptions {
  /**
   * The data directory; created when absent.
   *
   * @default {"./data/badger"}
   */
  path?: string;
  /**
   * Keep everything in memory: the same engine over a memory file system. Nothing
   * touches the disk and nothing survives `close`.
   *
   * @default {false}
   */
  memoryMode?: boolean;
  /**
   * Wait for the medium (`fdatasync`, shared by all who wait) before a write
   * resolves. Costs one disk flush a group of writes.
   *
   * @default {false}
   */
  syncWrites?: boolean;
  /**
   * Bytes of the newest log that stay in memory as the active memtable. What is in
   * a memtable is read without I/O. Costs that much memory, once for the active and
   * once for every sealed memtable. Range 65,536 to 1,073,741,824.
   *
   * @default {10485760}
   */
  memTableSize?: number;
  /**
   * Sealed memtables kept in memory beside the active one. Range 1 to 64.
   *
   * @default {1}
   */
  numMemTables?: number;
  /**
   * Bytes at which a segment is rotated. Smaller segments are rewritten sooner and
   * need less spare space; larger ones need fewer open files. Range 1,048,576 to
   * 2,147,483,647.
   *
   * @default {1073741823}
   */
  valueLogFileSize?: number;
  /**
   * Records at which a segment is rotated. Range 1 to 4,294,967,295.
   *
   * @default {1000000}
   */
  valueLogMaxEntries?: number;
  /**
   * A value of at least this many bytes is written straight to the value log and
   * does not pass through the memtable. Range 0 to 1,073,741,824.
   *
   * @default {1048576}
   */
  valueThreshold?: number;
  /**
   * Level-0 tables (the index rows of one sealed memtable each) that start their
   * writing to the hint file. Range 1 to 64.
   *
   * @default {1}
   */
  numLevel0Tables?: number;
  /**
   * Level-0 tables at which writers wait until they are written. Must be greater
   * than `numLevel0Tables`. Range 2 to 128.
   *
   * @default {2}
   */
  numLevel0TablesStall?: number;
  /**
   * Run the garbage collector by itself, by the clock and by dead bytes.
   *
   * @default {true}
   */
  valueLogGcEnabled?: boolean;
  /**
   * A sealed segment is rewritten when its dead bytes are at least this part of
   * it. At 0.5 each byte is rewritten once on average; lower saves space and costs
   * writes. Greater than 0 and less than 1.
   *
   * @default {0.5}
   */
  valueLogGcDiscardRatio?: number;
  /**
   * Seconds between two runs of the garbage collector. Range 1 to 2,147,483.
   *
   * @default {120}
   */
  valueLogGcIntervalInSeconds?: number;
  /**
   * What opening does with bytes that make no sense. `"tail"`: a torn tail, which a
   * crash leaves at the end of the log, is cut and kept aside; anything else is an
   * error. `"strict"`: a torn tail is an error too, and nothing is changed.
   * `"salvage"`: bad bytes are left out wherever they are, and told in
   * `store.recovery.lost`; what they held is gone, and what they had replaced or
   * deleted may be back.
   *
   * @default {"tail"}
   */
  recovery?: "strict" | "tail" | "salvage";
  /**
   * Bytes of file blocks kept in memory for reads that miss the memtables; 0 turns
   * the cache off. Memory is taken as blocks are read, and a smaller cache costs a system
   * call for each block that is not in it. Range 0 to 8,589,934,592.
   *
   * @default {268435456}
   */
  blockCacheSize?: number;
  /**
   * Compress values before they are stored: with `"deflate"`, which every runtime
   * has, or `"zstd"`, which writes values of 32 KiB and more about twice as fast,
   * reads those of a few KiB more slowly, and which Node 20 has not. A value that would
   * not get smaller by an eighth is stored as it is. What was stored under another
   * setting is read all the same. Costs the time of compressing at each write, and of
   * decompressing at each read, on the calling thread: more than a millisecond a write
   * from about 128 KiB on (`"zstd"`: 256 KiB).
   *
   * @default {"none"}
   */
  compression?: "none" | "deflate" | "zstd";
  /**
   * Bytes of a value from which on it is compressed. Range 64 to 1,073,741,824.
   *
   * @default {1024}
   */
  compressionThreshold?: number;
  /**
   * Encrypt all files with AES-256-GCM. The first open of a directory decides whether
   * its store is encrypted; from then on it needs the key. Costs a few microseconds for
   * each 4 KiB read from or written to a file. Not to be had from YAML.
   */
  encryption?: EncryptionOptions;
  /** Is told what happens to the store, soon after it did. Not to be had from YAML. */
  onEvent?: StoreListener;
}

/** The settings that only code can give, and that have no default. */
export type CodeOption = "encryption" | "onEvent";

/** A complete set of settings. */
export type ResolvedOptions =
  & Required<Omit<StoreOptions, CodeOption>>
  & Pick<StoreOptions, CodeOption>;

/** One row of the table of settings. */
export interface OptionRule {
  /** The name in code, a key of {@linkcode StoreOptions}. */
  readonly name: Exclude<keyof StoreOptions, CodeOption>;
  /** The name in YAML. */
  readonly yaml: string;
  /** The kind of value. */
  readonly type: "boolean" | "choice" | "integer" | "ratio" | "string";
  /** The values of a choice. */
  readonly choices?: readonly string[];
  /** The smallest integer allowed. */
  readonly min?: number;
  /** The largest integer allowed. */
  readonly max?: number;
  /** The value taken when none is given. */
  readonly default: boolean | number | string;
}

/** Every setting of a store, in the order of the documentation. */
export const OPTION_RULES: readonly OptionRule[] = [
  { name: "path", yaml: "path", type: "string", default: "./data/badger" },
  {
    name: "memoryMode",
    yaml: "memory_mode",
    type: "boolean",
    default: false,
  },
  {
    name: "syncWrites",
    yaml: "sync_writes",
    type: "boolean",
    default: false,
  },
  {
    name: "memTableSize",
    yaml: "mem_table_size",
    type: "integer",
    min: 65_536,
    max: 1_073_741_824,
    default: 10_485_760,
  },
  {
    name: "numMemTables",
    yaml: "num_mem_tables",
    type: "integer",
    min: 1,
    max: 64,
    default: 1,
  },
  {
    name: "valueLogFileSize",
    yaml: "value_log_file_size",
    type: "integer",
    min: 1_048_576,
    max: 2_147_483_647,
    default: 1_073_741_823,
  },
  {
    name: "valueLogMaxEntries",
    yaml: "value_log_max_entries",
    type: "integer",
    min: 1,
    max: 4_294_967_295,
    default: 1_000_000,
  },
  {
    name: "valueThreshold",
    yaml: "value_threshold",
    type: "integer",
    min: 0,
    max: 1_073_741_824,
    default: 1_048_576,
  },
  {
    name: "numLevel0Tables",
    yaml: "num_level0_tables",
    type: "integer",
    min: 1,
    max: 64,
    default: 1,
  },
  {
    name: "numLevel0TablesStall",
    yaml: "num_level0_tables_stall",
    type: "integer",
    min: 2,
    max: 128,
    default: 2,
  },
  {
    name: "valueLogGcEnabled",
    yaml: "value_log_gc_enabled",
    type: "boolean",
    default: true,
  },
  {
    name: "valueLogGcDiscardRatio",
    yaml: "value_log_gc_discard_ratio",
    type: "ratio",
    default: 0.5,
  },
  {
    name: "valueLogGcIntervalInSeconds",
    yaml: "value_log_gc_interval_in_seconds",
    type: "integer",
    min: 1,
    max: 2_147_483,
    default: 120,
  },
  {
    name: "recovery",
    yaml: "recovery",
    type: "choice",
    choices: ["strict", "tail", "salvage"],
    default: "tail",
  },
  {
    name: "blockCacheSize",
    yaml: "block_cache_size",
    type: "integer",
    min: 0,
    max: 8_589_934_592,
    default: 268_435_456,
  },
  {
    name: "compression",
    yaml: "compression",
    type: "choice",
    choices: ["none", "deflate", "zstd"],
    default: "none",
  },
  {
    name: "compressionThreshold",
    yaml: "compression_threshold",
    type: "integer",
    min: 64,
    max: 1_073_741_824,
    default: 1024,
  },
];

/** What a rule allows, in words: "an integer from 1 to 64". */
export function describeRule(rule: OptionRule): string {
  switch (rule.type) {
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${rule.choices!.join(", ")}`;
    case "integer":
      return `an integer from ${rule.min} to ${rule.max}`;
    case "ratio":
      return "a number greater than 0 and less than 1";
    case "string":
      return "a string";
  }
}

/** Says what is wrong with `value` under `rule`, or `undefined` when nothing is. */
export function checkOption(
  rule: OptionRule,
  value: unknown,
): TypeError | RangeError | undefined {
  const shown = typeof value === "string"
    ? JSON.stringify(value)
    : String(value);
  const message = `Cannot use ${shown} as ${rule.name}: it must be ${
    describeRule(rule)
  }`;
  switch (rule.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : new TypeError(message);
    case "string":
      return typeof value === "string" ? undefined : new TypeError(message);
    case "choice":
      if (typeof value !== "string") return new TypeError(message);
      return rule.choices!.includes(value)
        ? undefined
        : new RangeError(message);
    case "integer":
      if (typeof value !== "number") return new TypeError(message);
      return Number.isInteger(value) && value >= rule.min! && value <= rule.max!
        ? undefined
        : new RangeError(message);
    case "ratio":
      if (typeof value !== "number") return new TypeError(message);
      return value > 0 && value < 1 ? undefined : new RangeError(message);
  }
}

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws {TypeError} If a setting is unknown or of the wrong type.
 * @throws {RangeError} If a setting is out of its range.
 */
export function resolveOptions(options: StoreOptions): ResolvedOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot open the store: options must be a path or an object, not ${typeof options}`,
    );
  }
  const names: string[] = OPTION_RULES.map((rule) => rule.name);
  names.push("encryption", "onEvent");
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new TypeError(
      `Cannot open the store: unknown option "${name}"` +
        (near === undefined ? "" : `, did you mean "${near}"?`),
    );
  }
  const resolved: Record<string, unknown> = {};
  for (const rule of OPTION_RULES) {
    const value = options[rule.name] ?? rule.default;
    const problem = checkOption(rule, value);
    if (problem !== undefined) throw problem;
    resolved[rule.name] = value;
  }
  const complete = resolved as unknown as ResolvedOptions;
  requireCodec(complete.compression);
  const { encryption, onEvent } = options;
  if (encryption !== undefined) {
    complete.encryption = checkEncryption(encryption);
  }
  if (onEvent !== undefined) complete.onEvent = checkListener(onEvent);
  if (complete.numLevel0TablesStall <= complete.numLevel0Tables) {
    throw new RangeError(
      `Cannot use ${complete.numLevel0TablesStall} as numLevel0TablesStall: ` +
        `it must be greater than numLevel0Tables (${complete.numLevel0Tables})`,
    );
  }
  return complete;
}

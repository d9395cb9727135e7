/**
 * What is wrong with a configuration, and where.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/** Where a setting was given. */
export interface ConfigPlace {
  /** The configuration file, as it was named. */
  file?: string;
  /** The line in the file, from 1. */
  line?: number;
  /** The column in the line, from 1. */
  column?: number;
  /** The setting, as it was written. */
  key?: string;
  /** The environment variable. */
  variable?: string;
}

/**
 * A configuration that cannot be used; its code is `BAD_CONFIG`.
 *
 * The message names the file, line and column (or the environment variable), the
 * setting, the value found and what is allowed.
 *
 * @example Usage
 * ```ts
 * import { Badger, ConfigError } from "@sett/badger/plugin";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => Badger.start({ mem_table_size: 5 }),
 *   ConfigError,
 *   "mem_table_size must be an integer",
 * );
 * assertEquals(error.key, "mem_table_size");
 * ```
 */
export class ConfigError extends StoreError {
  /** The configuration file, if one was read. */
  readonly file: string | undefined;
  /** The line in the file, from 1. */
  readonly line: number | undefined;
  /** The column in the line, from 1. */
  readonly column: number | undefined;
  /** The setting, as it was written. */
  readonly key: string | undefined;
  /** The environment variable, if the setting came from one. */
  readonly variable: string | undefined;

  /** Says what is wrong at a place. */
  constructor(reason: string, place: ConfigPlace = {}, cause?: unknown) {
    super("BAD_CONFIG", `Cannot load ${describePlace(place)}: ${reason}`, {
      ...(place.file === undefined ? {} : { path: place.file }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = "ConfigError";
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.key = place.key;
    this.variable = place.variable;
  }
}

function describePlace(place: ConfigPlace): string {
  if (place.variable !== undefined) {
    return `${place.variable} from the environment`;
  }
  if (place.file === undefined) return "the configuration";
  if (place.line === undefined) return place.file;
  return `${place.file}:${place.line}:${place.column}`;
}

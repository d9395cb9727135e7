/**
 * What a command is. To add one, describe it in a file of its own and name it in
 * `commands.ts`; parsing, help, completions and errors come by themselves.
 *
 * @module
 */

import type { Call } from "./call.ts";

/** An option of a command. */
export interface OptionSpec {
  /** As a person writes it: `--limit <count>`, `-f, --file <file>`, `--json`. */
  flags: string;
  /** What it does, in a line. */
  description: string;
  /** True if it may be given several times. */
  isRepeatable?: boolean;
  /** The values it takes, where they are few. */
  choices?: readonly string[];
}

/** A command. */
export interface CommandSpec {
  /** Its name and arguments: `get <key>`, `has <key...>`, `import [file]`. */
  usage: string;
  /** What it does, in a line. */
  summary: string;
  /** What else one should know. */
  details?: string;
  /** Whether it works on a store, and so has `--path` and the options of keys. */
  isOnStore: boolean;
  /** The options of its own. */
  options: readonly OptionSpec[];
  /** Command lines that show its use, without the program's name. */
  examples: readonly string[];
  /** True if a signal is how it is meant to end: it then returns, and is done. */
  isEndedBySignal?: true;
  /** Does it; the exit code, 0 if it gives none. */
  run: (call: Call) => Promise<number | void>;
}

/** The options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { flags: "--json", description: "print JSON, for programs" },
  { flags: "--verbose", description: "print the stack of an error" },
];

/** The options of commands that work on a store. */
export const STORE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "-p, --path <directory>",
    description: "the data directory (default: ./data/badger)",
  },
  {
    flags: "--key-file <file>",
    description:
      "the key of an encrypted store: 32 bytes, raw or in hexadecimal or Base64",
  },
  {
    flags: "--previous-key-file <file>",
    description: "a key the store may still have; --key-file takes its place",
    isRepeatable: true,
  },
];

/** The option for commands on one key space. */
export const BUCKET_OPTION: OptionSpec = {
  flags: "-b, --bucket <name>",
  description: "the keys of this bucket; without it those outside of buckets",
};

/** The options for how keys and values are written. */
export const FORM_OPTIONS: readonly OptionSpec[] = [
  { flags: "--hex", description: "keys and values in hexadecimal" },
  { flags: "--base64", description: "keys and values in Base64" },
];

/** The options for a range of keys. */
export const RANGE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--prefix <key>", description: "only keys that begin with it" },
  { flags: "--start <key>", description: "only this key and those behind it" },
  { flags: "--end <key>", description: "only keys before it" },
];

/**
 * Reading keys: `get`, `has`, `list` and `count`. They work on a store that another
 * process has open.
 *
 * @module
 */

import type { ListOptions } from "../store/types.ts";
import type { Call } from "./call.ts";
import {
  BUCKET_OPTION,
  type CommandSpec,
  FORM_OPTIONS,
  RANGE_OPTIONS,
} from "./command.ts";
import { EXIT_DONE, EXIT_NO } from "./exit_code.ts";
import { count } from "./figures.ts";
import { writeWhole } from "./files.ts";
import { jsonBytes } from "./text_form.ts";

/** Rows of one table on a terminal, whose columns are as wide as these rows need. */
const ROWS_A_TABLE = 500;
/** Characters of a table's borders and blanks around two columns. */
const TABLE_FRAME = 7;

/** The commands that read keys. */
export const READ_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "get <key>",
    summary: "print the value of a key",
    details:
      "The value is printed as it is, in a pipe without a line feed behind it.",
    isOnStore: true,
    options: [
      BUCKET_OPTION,
      ...FORM_OPTIONS,
      { flags: "-f, --file <file>", description: "write the value to a file" },
    ],
    examples: [
      "get user:1",
      "get user:1 --bucket users --json",
      "get photo --file photo.jpg",
      "get 00ff --hex",
    ],
    run: get,
  },
  {
    usage: "has <key...>",
    summary: "tell whether keys have a value",
    details: "The exit code is 0 only if all of them have.",
    isOnStore: true,
    options: [BUCKET_OPTION, ...FORM_OPTIONS],
    examples: ["has user:1", "has user:1 user:2 --json"],
    run: has,
  },
  {
    usage: "list",
    summary: "print keys and values in the order of the keys",
    details:
      "In a pipe each line is a key, a tab and a value, both escaped; with --json it is " +
      "a row that import reads.",
    isOnStore: true,
    options: [
      BUCKET_OPTION,
      ...RANGE_OPTIONS,
      { flags: "--reverse", description: "from the last key to the first" },
      { flags: "--limit <count>", description: "at most so many keys" },
      { flags: "--keys-only", description: "print no values" },
      ...FORM_OPTIONS,
    ],
    examples: [
      "list --prefix user: --limit 20",
      "list --reverse --keys-only --bucket users",
      "list --json | head -3",
    ],
    run: list,
  },
  {
    usage: "count",
    summary: "count keys",
    isOnStore: true,
    options: [BUCKET_OPTION, ...RANGE_OPTIONS, ...FORM_OPTIONS],
    examples: ["count", "count --prefix user:", "count --bucket users --json"],
    run: countKeys,
  },
];

async function get(call: Call): Promise<number> {
  const { output } = call;
  const key = call.key(call.args[0]!);
  const space = await call.readSpace();
  const { value, expiresAt, versionstamp } = space.getEntry(key);
  if (value === undefined) {
    output.note(`No value for ${call.show(key)}`);
    return EXIT_NO;
  }
  const file = call.text("file");
  if (file !== undefined) await writeWhole(call, file, value);
  else if (output.isJson) {
    await output.json({
      ...jsonBytes("key", key),
      ...jsonBytes("value", value),
      versionstamp,
      ...expiresAt === undefined ? {} : { expiresAt },
    });
  } else if (call.form !== "text") await output.line(call.show(value));
  else {
    await output.bytes(value);
    if (output.isTerminal) await output.bytes("\n");
  }
  return EXIT_DONE;
}

async function has(call: Call): Promise<number> {
  const { output, args } = call;
  const keys = args.map((text) => call.key(text));
  const space = await call.readSpace();
  const found = keys.map((key) => space.has(key));
  if (output.isJson) {
    const rows = keys.map((key, i) => ({
      ...jsonBytes("key", key),
      has: found[i],
    }));
    await output.json(rows);
  } else {
    for (const [i, key] of keys.entries()) {
      await output.line(`${call.show(key)}\t${found[i] ? "yes" : "no"}`);
    }
  }
  return found.every((one) => one) ? EXIT_DONE : EXIT_NO;
}

async function list(call: Call): Promise<void> {
  const { output, signal } = call;
  const limit = call.integer("limit", 0);
  const keysOnly = call.flag("keysOnly");
  const options: ListOptions = {
    ...call.range(),
    ...limit === undefined ? {} : { limit },
    reverse: call.flag("reverse"),
    keysOnly,
    signal,
  };
  const space = await call.readSpace();
  let rows: string[][] = [];
  let listed = 0;
  for await (const [key, value] of space.list(options)) {
    signal.throwIfAborted();
    listed++;
    if (output.isJson) {
      await output.line(JSON.stringify({
        ...jsonBytes("key", key),
        ...value === undefined ? {} : jsonBytes("value", value),
        ...keysOnly ? {} : expiryOf(space.getEntry(key).expiresAt),
      }));
      continue;
    }
    const row = [call.show(key)];
    if (value !== undefined) row.push(call.show(value));
    if (!output.isTerminal) await output.line(row.join("\t"));
    else if (rows.push(row) === ROWS_A_TABLE) {
      await printRows(call, rows);
      rows = [];
    }
  }
  if (rows.length > 0) await printRows(call, rows);
  if (output.isTerminal && !output.isJson) {
    await output.line(output.paint("dim", await summaryOf(call, listed)));
  }
}

function expiryOf(expiresAt: number | undefined): { expiresAt?: number } {
  return expiresAt === undefined ? {} : { expiresAt };
}

/** The last line under a list. */
async function summaryOf(call: Call, listed: number): Promise<string> {
  const line = `${count(listed)} keys`;
  if (listed > 0 || call.text("bucket") !== undefined) return line;
  const { size } = await call.reader();
  return size === 0
    ? line
    : `${line} here; ${
      count(size)
    } in all: those in buckets need --bucket, and ` +
      `badger dump tells their names`;
}

/** Prints a table no wider than the terminal: values are cut, keys are not. */
async function printRows(call: Call, rows: string[][]): Promise<void> {
  const { output } = call;
  const keyWidth = Math.max(3, ...rows.map(([key = ""]) => key.length));
  const room = Math.max(12, output.columns - keyWidth - TABLE_FRAME);
  const cut = (text: string) =>
    text.length <= room ? text : `${text.slice(0, room - 1)}…`;
  const hasValues = rows[0]!.length > 1;
  await output.table(
    [{ head: "key" }, ...hasValues ? [{ head: "value" }] : []],
    rows.map(([key = "", ...values]) => [
      output.paint("cyan", key),
      ...values.map(cut),
    ]),
  );
  await output.flush();
}

async function countKeys(call: Call): Promise<void> {
  const { output, signal } = call;
  const range = call.range();
  const space = await call.readSpace();
  const keys = await space.count({ ...range, signal });
  if (output.isJson) await output.json({ keys });
  else await output.line(output.isTerminal ? count(keys) : String(keys));
}

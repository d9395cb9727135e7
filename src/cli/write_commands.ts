/**
 * Changing keys: `set` and `delete`. They need the store for themselves.
 *
 * @module
 */

import type { Call } from "./call.ts";
import {
  BUCKET_OPTION,
  type CommandSpec,
  FORM_OPTIONS,
  RANGE_OPTIONS,
} from "./command.ts";
import { EXIT_DONE, EXIT_NO } from "./exit_code.ts";
import { count, parseDuration } from "./figures.ts";
import { readAll, STANDARD } from "./files.ts";
import { Progress, withPolledProgress } from "./progress.ts";
import { parseBytes } from "./text_form.ts";

/** The commands that change keys. */
export const WRITE_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "set <key> [value]",
    summary: "set the value of a key",
    details:
      "The value is the text as it is, or input for -, or a file. What is set is on the " +
      "medium when the command ends. A store is made where there is none.",
    isOnStore: true,
    options: [
      BUCKET_OPTION,
      {
        flags: "-f, --file <file>",
        description: "take the value from a file, or from input for -",
      },
      {
        flags: "--expire-in <duration>",
        description: "how long the key stays, such as 90s, 15m, 2h or 7d",
      },
      {
        flags: "--if-absent",
        description: "only if the key has no value; else the exit code is 1",
      },
      ...FORM_OPTIONS,
    ],
    examples: [
      "set user:1 Ada",
      "set session:9 token --expire-in 30m --bucket sessions",
      "set photo --file photo.jpg",
      "set 00ff cafe --hex",
      "set dated - --if-absent",
    ],
    run: set,
  },
  {
    usage: "delete [key...]",
    summary: "delete keys, or a range of keys",
    details:
      "With keys, the exit code is 0 only if all of them had a value. A range is " +
      "--prefix, or --start with or without --end, none of them empty, or --all.",
    isOnStore: true,
    options: [
      BUCKET_OPTION,
      ...RANGE_OPTIONS,
      { flags: "--all", description: "all keys of the bucket" },
      ...FORM_OPTIONS,
    ],
    examples: [
      "delete user:1 user:2",
      "delete --prefix session: --bucket sessions",
      "delete --all --bucket sessions",
    ],
    run: deleteKeys,
  },
];

/** The value that a command line names. */
async function valueOf(call: Call): Promise<Uint8Array> {
  const [, text] = call.args;
  const file = call.text("file") ?? (text === STANDARD ? STANDARD : undefined);
  if (file !== undefined) {
    if (text !== undefined && text !== STANDARD) {
      throw new TypeError(
        "Cannot set the key to a value and to a file: give one of them",
      );
    }
    return await readAll(call, file);
  }
  if (text === undefined) {
    throw new TypeError(
      "Cannot set the key: there is no value. Give it, - for input, or --file",
    );
  }
  return call.form === "text"
    ? new TextEncoder().encode(text)
    : parseBytes(text, call.form);
}

async function set(call: Call): Promise<number> {
  const { output, signal } = call;
  const key = call.key(call.args[0]!);
  const text = call.text("expireIn");
  const options = text === undefined ? {} : { expireIn: parseDuration(text) };
  const value = await valueOf(call);
  signal.throwIfAborted();
  const space = await call.writeSpace(true);
  let isSet = true;
  if (call.flag("ifAbsent")) {
    isSet = await space.setIfAbsent(key, value, options);
  } else await space.set(key, value, options);
  if (output.isJson) await output.json({ set: isSet, bytes: value.length });
  else if (!isSet) output.note(`${call.show(key)} has a value already`);
  return isSet ? EXIT_DONE : EXIT_NO;
}

async function deleteKeys(call: Call): Promise<number> {
  const { output } = call;
  const keys = call.args.map((text) => call.key(text));
  const range = call.range();
  const bounds = Object.values(range) as Uint8Array[];
  // A variable of a script that is not set is no order to delete everything.
  const isEmpty = bounds.some((bound) => bound.length === 0);
  const ways = [keys.length > 0, bounds.length > 0, call.flag("all")];
  if (isEmpty || ways.filter((one) => one).length !== 1) {
    throw new TypeError(
      "Cannot tell which keys to delete: give keys, or a range, or --all",
    );
  }
  const space = await call.writeSpace();
  let deleted = 0;
  if (keys.length > 0) {
    for (const key of keys) {
      call.signal.throwIfAborted();
      if (await space.delete(key)) deleted++;
      else output.note(`No value for ${call.show(key)}`);
    }
  } else {
    const total = await space.count(range);
    const store = await call.store();
    const before = store.size;
    deleted = await withPolledProgress(
      new Progress(output, "Deleting", total, "keys"),
      () => before - store.size,
      () => space.deleteRange({ ...range, signal: call.signal }),
    );
  }
  if (output.isJson) await output.json({ deleted });
  else if (keys.length === 0) {
    await output.line(`Deleted ${count(deleted)} keys`);
  }
  return deleted < keys.length ? EXIT_NO : EXIT_DONE;
}

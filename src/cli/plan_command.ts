/**
 * What a store will take before there is one: `plan`.
 *
 * @module
 */

import { formatPlan, plan, type PlanInput } from "../plan/mod.ts";
import type { Call } from "./call.ts";
import type { CommandSpec } from "./command.ts";

/** The options that are whole numbers, by their names in the plan's input. */
const INTEGERS = [
  "keySize",
  "memTableSize",
  "blockCacheSize",
  "valueLogFileSize",
] as const;

/** The command that plans. */
export const PLAN_COMMANDS: readonly CommandSpec[] = [{
  usage: "plan",
  summary: "foresee the memory, the disk and the cost of writes of a store",
  details:
    "A model, and no measurement: docs/capacity.md has its formulas, and how far they " +
    "are off. Sizes are in bytes.",
  isOnStore: false,
  options: [
    { flags: "--keys <count>", description: "keys that have a value" },
    {
      flags: "--value-size <bytes>",
      description: "bytes of a value as stored",
    },
    {
      flags: "--key-size <bytes>",
      description:
        "bytes of a key, the name of its bucket included (default: 16)",
    },
    {
      flags: "--update-rate <number>",
      description: "overwrites a second (default: 0)",
    },
    { flags: "--expiring", description: "every key has an expiry" },
    {
      flags: "--discard-ratio <ratio>",
      description: "the setting value_log_gc_discard_ratio (default: 0.5)",
    },
    {
      flags: "--mem-table-size <bytes>",
      description: "the setting mem_table_size",
    },
    {
      flags: "--block-cache-size <bytes>",
      description: "the setting block_cache_size",
    },
    {
      flags: "--value-log-file-size <bytes>",
      description: "the setting value_log_file_size",
    },
  ],
  examples: [
    "plan --keys 10000000 --value-size 200 --update-rate 5000",
    "plan --keys 1000000 --value-size 100 --discard-ratio 0.3 --json",
  ],
  run: printPlan,
}];

async function printPlan(call: Call): Promise<void> {
  const keys = call.integer("keys", 0);
  const valueSize = call.integer("valueSize", 0);
  if (keys === undefined || valueSize === undefined) {
    throw new TypeError("Cannot plan: give --keys and --value-size");
  }
  const input: PlanInput = { keys, valueSize };
  for (const name of INTEGERS) {
    const value = call.integer(name, 0);
    if (value !== undefined) input[name] = value;
  }
  const rate = number(call, "updateRate", "--update-rate");
  if (rate !== undefined) input.updateRate = rate;
  const ratio = number(call, "discardRatio", "--discard-ratio");
  if (ratio !== undefined) input.discardRatio = ratio;
  if (call.flag("expiring")) input.isExpiring = true;
  const planned = plan(input);
  if (call.output.isJson) return await call.output.json(planned);
  await call.output.bytes(formatPlan(planned));
}

/** The value of an option as a number; the plan itself checks its range. */
function number(call: Call, name: string, flag: string): number | undefined {
  const text = call.text(name);
  if (text === undefined) return undefined;
  if (!/^\d*\.?\d+$/.test(text)) {
    throw new RangeError(`Cannot use ${text} for ${flag}: it must be a number`);
  }
  return Number(text);
}

/**
 * A plan as a table of text, for a terminal.
 *
 * @module
 */

import type { Plan } from "./mod.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * A plan as text: a line for each figure, with its unit.
 *
 * @param plan What {@linkcode plan} returned.
 * @returns Lines, each with its end.
 *
 * @example Usage
 * ```ts
 * import { formatPlan, plan } from "@sett/badger/plan";
 * import { assert } from "@std/assert";
 *
 * const text = formatPlan(plan({ keys: 1_000_000, valueSize: 100 }));
 * assert(text.includes("index"));
 * ```
 */
export function formatPlan(plan: Plan): string {
  const { load, memory, disk, writes, recovery } = plan;
  const rows: [string, string][] = [
    ["Load", ""],
    ["  keys", count(load.keys)],
    ["  key, value", `${bytes(load.keySize)}, ${bytes(load.valueSize)}`],
    ["  updates", `${count(load.updateRate)}/s`],
    ["Memory", bytes(memory.total)],
    [
      "  index",
      `${bytes(memory.index)} (${memory.indexPerKey.toFixed(1)} B a key)`,
    ],
    ["  order of keys", bytes(memory.order)],
    ["  memtables", bytes(memory.memtables)],
    ["  block cache", `up to ${bytes(memory.blockCache)}`],
    ["Disk", ""],
    ["  live", bytes(disk.live)],
    [
      "  steady",
      `${bytes(disk.steady)} (${disk.spaceAmplification.toFixed(2)} × live)`,
    ],
    ["  peak during GC", bytes(disk.peak)],
    ["  hint files", bytes(disk.hints)],
    ["  index snapshot", bytes(disk.snapshot)],
    ["  segments", count(disk.segments)],
    ["Writes", ""],
    ["  write amplification", writes.writeAmplification.toFixed(2)],
    ["  on the device", writes.deviceAmplification.toFixed(2)],
    ["  updates", `${bytes(writes.updateBytesPerSecond)}/s`],
    ["  rewritten by GC", `${bytes(writes.gcBytesPerSecond)}/s`],
    ["  to the device", `${bytes(writes.deviceBytesPerSecond)}/s`],
    ["  a GC run every", `${writes.gcSecondsBetweenRuns.toFixed(1)} s`],
    ["Opening", ""],
    ["  after a close", `${recovery.afterCloseMilliseconds.toFixed(0)} ms`],
    ["  after a kill", `${recovery.afterKillMilliseconds.toFixed(0)} ms`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}`.trimEnd())
    .join("\n") + "\n";
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function bytes(value: number): string {
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

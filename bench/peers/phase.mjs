/**
 * One phase of a workload in a process of its own, on any runtime:
 *
 *     phase.mjs <peer> <workload> <phase> <parameters as JSON>
 *
 * Prints one line of JSON for each thing measured.
 *
 * @module
 */
import process from "node:process";
import { writeSync } from "node:fs";
import { setTimeout } from "node:timers";
import { bytesOnDisk } from "./disk.mjs";
import { compact, fillForKill, reopen, space } from "./lifecycle.mjs";
import { read } from "./reading.mjs";
import { mixed, write } from "./writing.mjs";

// Older runtimes have no global one.
globalThis.process ??= process;

const GRACE_MS = 3000;

const KINDS = { compact, fillForKill, mixed, read, reopen, space, write };

const [peerName, workload, phase, parameters] = process.argv.slice(2);
const step = JSON.parse(parameters);

const adapter = await import(`./adapters/${step.adapter}`);
const values = step.volatile
  ? (await import("./keys.mjs")).valuesOf(step.valueBytes)
  : [];
await adapter.load(step.settings);
const peer = {
  open: () =>
    adapter.open(step.directory, {
      durable: step.durable === true,
      settings: step.settings,
      values,
    }),
};

const runtime = globalThis.Deno ? "deno" : globalThis.Bun ? "bun" : "node";
const version = globalThis.Deno?.version.deno ?? globalThis.Bun?.version ??
  process.version.slice(1);

for (const result of await KINDS[step.kind](peer, step)) {
  const { suffix = "", operations, seconds, ...rest } = result;
  const line = {
    runtime,
    version,
    peer: peerName,
    workload,
    phase: phase + suffix,
    idiom: step.idiom,
    operations,
    seconds,
    opsPerSecond: operations / seconds,
    bytesOnDisk: bytesOnDisk(step.directory),
    ...rest,
  };
  writeSync(1, JSON.stringify(line) + "\n");
}
// Some peers leave threads or timers behind that would hold the process. Those that
// do not are let end by themselves: Node 24 now and then hangs in its exit when V8
// still has work under way.
setTimeout(() => process.exit(0), GRACE_MS).unref();

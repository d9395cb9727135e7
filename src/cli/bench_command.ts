/**
 * A quick measure of this machine: `bench`.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "../store/store.ts";
import type { Call } from "./call.ts";
import type { CommandSpec } from "./command.ts";
import { count, duration } from "./figures.ts";
import { Progress } from "./progress.ts";

const KEYS_DEFAULT = 200_000;
const VALUE_BYTES_DEFAULT = 100;
/** Operations between two looks at the clock and the signal. */
const OPERATIONS_A_LOOK = 1000;

/** The command that measures. */
export const BENCH_COMMANDS: readonly CommandSpec[] = [{
  usage: "bench",
  summary: "measure roughly how fast a store is on this machine",
  details:
    "Fills a new store in a temporary directory, reads every key once in random order, " +
    "overwrites every key in random order, and removes it. One run on a machine with " +
    "other work is no benchmark. --sync waits for the medium after each 1,000 writes.",
  isOnStore: false,
  options: [
    { flags: "--keys <count>", description: `keys (default: ${KEYS_DEFAULT})` },
    {
      flags: "--value-size <bytes>",
      description: `bytes of a value (default: ${VALUE_BYTES_DEFAULT})`,
    },
    { flags: "--sync", description: "make each 1,000 writes durable" },
    {
      flags: "--directory <directory>",
      description:
        "where: name the disk that you care for (default: a temporary one)",
    },
  ],
  examples: [
    "bench",
    "bench --keys 1000000 --value-size 1000 --directory ./data",
  ],
  run: bench,
}];

/** What one phase took. */
interface Phase {
  name: string;
  operations: number;
  milliseconds: number;
  operationsPerSecond: number;
}

async function bench(call: Call): Promise<void> {
  const { output } = call;
  const keys = call.integer("keys", 1) ?? KEYS_DEFAULT;
  const valueBytes = call.integer("valueSize", 0) ?? VALUE_BYTES_DEFAULT;
  const where = call.text("directory") ?? tmpdir();
  mkdirSync(where, { recursive: true });
  const path = mkdtempSync(join(where, "badger-bench-"));
  const phases: Phase[] = [];
  try {
    const store = await Store.open({ path });
    try {
      await measure(call, store, keys, valueBytes, phases);
    } finally {
      await store.close();
    }
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
  if (output.isJson) {
    return await output.json({ keys, valueBytes, directory: where, phases });
  }
  await output.line(
    `A quick measure, one run: ${count(keys)} keys of 16 bytes, values of ` +
      `${count(valueBytes)} bytes, in ${where}`,
  );
  await output.table(
    [
      { head: "phase" },
      { head: "operations", isRight: true },
      { head: "time", isRight: true },
      { head: "a second", isRight: true },
    ],
    phases.map((phase) => [
      phase.name,
      count(phase.operations),
      duration(phase.milliseconds),
      count(phase.operationsPerSecond),
    ]),
  );
}

async function measure(
  call: Call,
  store: Store,
  keys: number,
  valueBytes: number,
  phases: Phase[],
): Promise<void> {
  const { output, signal } = call;
  const mustSync = call.flag("sync");
  const value = new Uint8Array(valueBytes);
  const key = (i: number) => String(i).padStart(16, "0");
  const order = shuffled(keys);
  const phase = async (
    name: string,
    operate: (i: number) => void,
    settle: () => Promise<void>,
  ) => {
    const progress = new Progress(output, name, keys, "keys");
    const start = performance.now();
    try {
      for (let i = 0; i < keys; i++) {
        operate(i);
        if ((i + 1) % OPERATIONS_A_LOOK !== 0) continue;
        await settle();
        progress.update(i + 1);
        // Signals come only when the event loop has its turn.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
      await settle();
    } finally {
      progress.stop();
    }
    const milliseconds = performance.now() - start;
    phases.push({
      name,
      operations: keys,
      milliseconds,
      operationsPerSecond: Math.round(keys / milliseconds * 1000),
    });
  };
  const settle = () => mustSync ? store.sync() : store.flush();
  let last: Promise<void> = Promise.resolve();
  const write = async () => {
    await last;
    await settle();
  };
  await phase("fill", (i) => void (last = store.set(key(i), value)), write);
  await phase(
    "get",
    (i) => void store.getSync(key(order[i]!)),
    () => Promise.resolve(),
  );
  await phase(
    "overwrite",
    (i) => void (last = store.set(key(order[i]!), value)),
    write,
  );
}

/** The numbers below `length` in random order. */
function shuffled(length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

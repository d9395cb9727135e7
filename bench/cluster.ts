/**
 * Measures what leaving one machine costs: the same calls of a `KvStore` on the embedded
 * engine, on one Redis server and on a cluster of three masters with a replica each, all
 * on this machine.
 *
 * `--keys N` (20000), `--calls N` (40000 a measurement), `--out DIR` (bench/results);
 * needs redis-server.
 *
 * @module
 */

import { cpus } from "node:os";
import { Badger, type KvStore } from "@sett/badger/plugin";
import { RedisBackend } from "@sett/badger/redis";
import { Cluster, startSingle } from "../tests/contract/servers.mjs";
import { numberFlag, textFlag } from "./curves/flags.ts";
import { format } from "./format.ts";

const KEYS = numberFlag("keys", 20_000);
const CALLS = numberFlag("calls", 40_000);
const ROUNDS = 3;
const VALUE = new Uint8Array(100);
const IN_FLIGHT = [1, 64, 1000];
const env = () => undefined;

/** A backend that is measured. */
interface Measured {
  name: string;
  store: KvStore;
}

const keyOf = (i: number) => `${i % KEYS}`.padStart(16, "0");

/** Calls a second of `call`, with so many at a time. */
async function rateOf(
  inFlight: number,
  call: (i: number) => Promise<unknown>,
): Promise<number> {
  // One at a time waits for each answer; as many calls would take minutes.
  const calls = inFlight === 1 ? Math.ceil(CALLS / 10) : CALLS;
  const start = performance.now();
  for (let i = 0; i < calls; i += inFlight) {
    const group: Promise<unknown>[] = [];
    for (let j = i; j < Math.min(calls, i + inFlight); j++) {
      // Neighbours in a group are no neighbours in the key space.
      group.push(call(j * 7919));
    }
    await Promise.all(group);
  }
  return calls / (performance.now() - start) * 1000;
}

const single = await startSingle();
const cluster = await Cluster.start();
const embedded = await Badger.start(
  { path: Deno.makeTempDirSync({ dir: ".tmp" }) },
  { env, name: "embedded" },
);
const one = await RedisBackend.start(
  { mode: "single", nodes: single.address },
  { env, name: "one" },
);
const three = await RedisBackend.start(
  { mode: "cluster", nodes: cluster.nodes },
  { env, name: "three" },
);
const backends: Measured[] = [
  { name: "embedded", store: embedded.kvStore },
  { name: "one server", store: one.kvStore },
  { name: "cluster", store: three.kvStore },
];

const rates = new Map<string, number[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, store } of backends) {
    const calls = {
      addValue: (i: number) => store.addValue("keys", keyOf(i), VALUE),
      getValue: (i: number) => store.getValue("keys", keyOf(i)),
    };
    for (const [what, call] of Object.entries(calls)) {
      for (const inFlight of IN_FLIGHT) {
        const row = `${what}, ${inFlight} in flight, ${name}`;
        const rate = await rateOf(inFlight, call);
        rates.set(row, [...rates.get(row) ?? [], rate]);
      }
    }
  }
  console.log(`round ${round + 1} of ${ROUNDS}`);
}
for (const backend of [embedded, one, three]) await backend.close();
await single.dispose();
await cluster.dispose();

const median = (values: number[]) => values.toSorted((a, b) => a - b)[1]!;
const rounded = (rate: number) =>
  Number(rate.toPrecision(3)).toLocaleString("en");
const rows = ["addValue", "getValue"].flatMap((what) =>
  IN_FLIGHT.map((inFlight) => {
    const cells = backends.map(({ name }) =>
      rounded(median(rates.get(`${what}, ${inFlight} in flight, ${name}`)!))
    );
    return `| ${what}, ${inFlight} in flight | ${cells.join(" | ")} |`;
  })
);
const out = `${textFlag("out", "bench/results")}/cluster.md`;
Deno.writeTextFileSync(
  out,
  `## Embedded, one server, a cluster

${
    new Date().toISOString().slice(0, 10)
  }, Deno ${Deno.version.deno}, ${cpus().length} × ${
    cpus()[0]?.model
  }: \`deno task bench:cluster\`. Calls a second of a
\`KvStore\`, values of 100 bytes, ${
    KEYS.toLocaleString("en")
  } keys, medians of ${ROUNDS} rounds. Client, server and
all six nodes of the cluster share the cores, so the cluster shows what the protocol
costs, and not how it grows with machines.

| calls a second | ${backends.map(({ name }) => name).join(" | ")} |
| --- | ${backends.map(() => "---:").join(" | ")} |
${rows.join("\n")}
`,
);
await format([out]);
console.log(Deno.readTextFileSync(out));

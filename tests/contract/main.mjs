/**
 * The contract and the faults over real servers, on whatever runtime this is.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import process from "node:process";
import { filter, kv } from "@sett/badger/plugin";
import { RedisBackend, startBackend } from "@sett/badger/redis";
import { contract, viewOf } from "./suite.mjs";
import { faults } from "./faults.mjs";
import { scenarios } from "./scenarios.mjs";
import { holdPlan } from "./prediction.mjs";
import { observed } from "./observed.mjs";
import { moving } from "./moving.mjs";
import { tiers, viewOfTiered } from "./tiered.mjs";
import { Cluster, inTime, startSingle, Watched } from "./servers.mjs";

// Copied beside this file where the packed artefact is tested.
const load = (name) => import(name);
const { check, report } = await load(
  process.env.CHECKS ?? "../interop/checks.mjs",
);

const only = process.argv[2];
const env = () => undefined;

/** Runs the contract over servers. */
async function runContract(kind, redis, choice = "redis") {
  let count = 0;
  for (const [name, test] of Object.entries(contract)) {
    // Of a tiered backend's calls only those that go far are counted.
    if (choice === "tiered" && /operations are counted/.test(name)) continue;
    await check(`${kind}: ${name}`, async () => {
      const backend = await startBackend(
        { kv: { backend: choice, redis } },
        { env, name: "contract" },
      );
      try {
        const view = backend instanceof RedisBackend
          ? viewOf(backend)
          : viewOfTiered(backend);
        await inTime(test(view, `${kind} ${count++}`, { kv, filter }), name);
      } finally {
        await backend.close();
      }
    });
  }
}

// Sentinels take seconds to find each other; meanwhile the rest goes on.
const watchedStart = Watched.start();
const clusterStart = Cluster.start();
if (only === undefined || only === "contract") {
  const single = await startSingle();
  await runContract("single", { mode: "single", nodes: single.address });
  await single.dispose();
}
let cluster = await clusterStart;
if (only === undefined || only === "contract") {
  await runContract("cluster", { mode: "cluster", nodes: cluster.nodes });
  await runContract("cluster, a replica confirms", {
    mode: "cluster",
    nodes: cluster.nodes,
    min_replicas: 1,
  });
  await runContract("tiered", { nodes: cluster.nodes }, "tiered");
}
const others = {
  "a plan foresees memory, keys and operations of each master": holdPlan,
  ...scenarios,
  ...observed,
  ...moving,
  ...tiers,
  ...faults,
};
for (const [name, test] of Object.entries(others)) {
  if (only !== undefined && !name.includes(only)) continue;
  const isPassed = await check(
    name,
    () => inTime(test(cluster, watchedStart), name),
  );
  if (isPassed) continue;
  // What comes next is not to fail for that too.
  console.log(await cluster.picture());
  await cluster.dispose();
  cluster = await Cluster.start();
}
await cluster.dispose();
await (await watchedStart).dispose();
report();
process.exit();

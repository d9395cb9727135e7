/**
 * What the plan of a cluster says beforehand, held against a real one.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { planCluster, RedisBackend } from "@sett/badger/redis";

const KEYS = 50_000;
const VALUE = new Uint8Array(100).fill(120);
const READS = 30_000;
const SKEW = 0.99;

/** The masters of a cluster in the order of their slots. */
async function mastersOf(cluster) {
  const first = ({ slots }) => Number(slots[0].split("-")[0]);
  return (await cluster.masters()).sort((a, b) => first(a) - first(b))
    .map(({ server }) => server);
}

async function numberOf(server, section, pattern) {
  return Number(pattern.exec(await server.ask("INFO", section))?.[1] ?? 0);
}

/** Memory of a server without what it keeps for its replicas and its connections. */
async function memoryOf(server) {
  const info = await server.ask("INFO", "memory");
  const bytesOf = (name) =>
    Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)[1]);
  return bytesOf("used_memory") - bytesOf("mem_total_replication_buffers") -
    bytesOf("mem_clients_normal") - bytesOf("mem_clients_slaves");
}

const readsOf = (server) =>
  numberOf(server, "commandstats", /^cmdstat_get:calls=(\d+)/m);

/** Numbers from 0 to 1 that follow from a seed (mulberry32, T. Ettinger, 2017). */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ranks as Zipf's distribution has them. */
function ranks(count, seed) {
  const sums = [0];
  for (let rank = 1; rank <= KEYS; rank++) {
    sums.push(sums[rank - 1] + rank ** -SKEW);
  }
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const area = random() * sums[KEYS];
    let [low, high] = [0, KEYS];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= area) low = middle;
      else high = middle;
    }
    return low;
  });
}

/** Fills a cluster and reads from it unevenly; says what was foreseen and what came. */
export async function holdPlan(cluster) {
  const backend = await RedisBackend.start(
    { mode: "cluster", nodes: cluster.nodes, key_prefix: "plan:" },
    { env: () => undefined, name: "plan" },
  );
  try {
    const plan = planCluster({
      keys: KEYS,
      keySize: 8,
      valueSize: VALUE.length,
      skew: SKEW,
      bucket: "keys",
      keyPrefix: "plan:",
      keyOf: keyOf,
      operationRate: 1,
      nodeMemory: 2 ** 30,
      nodeOperationRate: 1000,
    });
    assert.equal(plan.masters, 3);
    const masters = await mastersOf(cluster);
    const all = (ask) => Promise.all(masters.map(ask));
    const before = await all(memoryOf);
    const keysBefore = await all((server) => server.ask("DBSIZE"));
    const store = backend.kvStore;
    for (let i = 0; i < KEYS; i += 1000) {
      await Promise.all(
        Array.from(
          { length: 1000 },
          (_, j) => store.addValue("keys", keyOf(i + j), VALUE),
        ),
      );
    }
    const after = await all(memoryOf);
    const keys = (await all((server) => server.ask("DBSIZE")))
      .map((count, i) => Number(count) - Number(keysBefore[i]));
    assert.deepEqual(keys, plan.keyShares.map((x) => Math.round(x * KEYS)));
    const memory = after.reduce((sum, bytes, i) => sum + bytes - before[i], 0);
    assert.ok(
      Math.abs(memory / plan.memory - 1) < 0.05,
      `${memory} bytes, foreseen ${plan.memory}`,
    );

    const readsBefore = await all(readsOf);
    const order = ranks(READS, 1);
    for (let i = 0; i < READS; i += 500) {
      await Promise.all(
        order.slice(i, i + 500)
          .map((rank) => store.getValue("keys", keyOf(rank))),
      );
    }
    const reads = (await all(readsOf)).map((n, i) => n - readsBefore[i]);
    const total = reads.reduce((sum, count) => sum + count, 0);
    assert.equal(total, READS);
    const shares = reads.map((count) => count / total);
    for (const [i, share] of shares.entries()) {
      // Five times the spread of a draw of this size.
      assert.ok(
        Math.abs(share - plan.operationShares[i]) < 0.014,
        `${shares}, foreseen ${plan.operationShares}`,
      );
    }
    return { plan, keys, memory, shares };
  } finally {
    await backend.close();
  }
}

function keyOf(rank) {
  return `${rank}`.padStart(8, "0");
}

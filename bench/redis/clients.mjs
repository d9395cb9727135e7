/**
 * Clients of a real cluster side by side: how fast twenty thousand calls in flight are,
 * and what becomes of a write whose master stands still until its replica takes over.
 * Plain JavaScript: `run.sh` runs it on each runtime, with one client a process.
 */
import { Buffer } from "node:buffer";
import process from "node:process";

// Installed or copied beside this file by `run.sh`, and nowhere else.
const load = (name) => import(name);
const { Cluster, until, wait } = await load("./servers.mjs");
const { RUNTIME } = await load("./checks.mjs");

const CALLS = 20_000;
/** Milliseconds that a client is given after a replica has taken over. */
const PATIENCE = 5_000;

/** Each client as `set`, `get` and `close`, with the settings it comes with. */
const clients = {
  async redis(nodes) {
    const { createCluster, RESP_TYPES } = await load("@redis/client");
    const cluster = createCluster({
      rootNodes: nodes.map((node) => ({ url: `redis://${node}` })),
    });
    cluster.on("error", () => {});
    await cluster.connect();
    const bytes = cluster.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    return {
      set: (key, value) => cluster.set(key, value),
      get: (key) => bytes.get(key),
      close: () => cluster.destroy(),
    };
  },
  ioredis: (nodes) => ofIoredis("ioredis", nodes),
  iovalkey: (nodes) => ofIoredis("iovalkey", nodes),
  async sett(nodes) {
    const { RedisBackend } = await load("@sett/badger/redis");
    const backend = await RedisBackend.start({ nodes, key_prefix: "" });
    return {
      set: (key, value) => backend.kvStore.addValue("s", key, value),
      get: (key) => backend.kvStore.getValue("s", key),
      close: () => backend.close(),
    };
  },
};

async function ofIoredis(name, nodes) {
  const { Cluster } = await load(name);
  const cluster = new Cluster(nodes.map((node) => {
    const [host, port] = node.split(":");
    return { host, port: Number(port) };
  }));
  cluster.on("error", () => {});
  return {
    set: (key, value) => cluster.set(key, value),
    get: (key) => cluster.getBuffer(key),
    close: () => cluster.disconnect(),
  };
}

const name = process.argv[2];
const cluster = await Cluster.start();
const client = await clients[name](cluster.nodes);

const keys = Array.from(
  { length: CALLS },
  (_, i) => Buffer.from([...Buffer.from(`key ${i} `), 0, 255, 0xc3]),
);
const value = Buffer.alloc(100, 0xfe);
const rates = [];
for (
  const call of [
    (key) => client.set(key, value),
    (key) => client.get(key),
  ]
) {
  await Promise.all(keys.slice(0, 1_000).map(call)); // warm
  const start = performance.now();
  const found = await Promise.all(keys.map(call));
  rates.push(Math.round(CALLS / (performance.now() - start) * 1_000));
  if (rates.length === 2 && !found.every((each) => value.equals(each))) {
    throw new Error("other bytes came back");
  }
}
console.log(`${RUNTIME}, ${name}: ${rates[0]} set, ${rates[1]} get a second`);

const key = "a{b}c";
await client.set(key, "before");
const { server } = await cluster.masterOf("{b}");
server.stop();
let outcome;
const call = client.set(key, "after").then(
  () => outcome = "acknowledged",
  (error) => outcome = `failed (${error.message})`,
);
await cluster.untilPromoted(server);
const promoted = performance.now();
await until(() =>
  outcome !== undefined || performance.now() - promoted > PATIENCE
);
const inTime = outcome;
server.goOn();
await Promise.race([call, wait(PATIENCE)]);
await cluster.settle();
const prefix = name === "sett" ? "\x01s" : "";
const kept = await server.ask("-c", "GET", prefix + key).catch(String);
console.log(
  `${RUNTIME}, ${name}: a write to a master that stands still: ` +
    `${inTime ?? `no answer ${PATIENCE} ms after its replica took over`}; ` +
    `when it goes on: ${outcome ?? "no answer"}, the key has "${kept}"`,
);
await client.close();
await cluster.dispose();
process.exit();

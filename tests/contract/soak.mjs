/**
 * Faults in random order under load for as many seconds as its argument says, with a
 * replica that confirms: nothing that was acknowledged may be lost. Prints what was
 * done; the last line is "N passed, N failed".
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import process from "node:process";
import { withBackend } from "./faults.mjs";
import { Load } from "./load.mjs";
import { Cluster, wait } from "./servers.mjs";

const seconds = Number(process.argv[2] ?? 60);
/** Calls that must be acknowledged between two faults. */
const CALLS_BETWEEN = 100;

const pick = (list) => list[Math.floor(Math.random() * list.length)];

/** Each fault; a master that has slots is given. */
const kinds = {
  async "master killed"(cluster, { server }) {
    await server.kill();
    await cluster.untilPromoted(server);
    await server.start();
  },
  async "master stopped"(cluster, { server }) {
    server.stop();
    await cluster.untilPromoted(server);
    server.goOn();
  },
  async "master stopped for a moment"(_cluster, { server }) {
    server.stop();
    await wait(400);
    server.goOn();
  },
  async "replica killed"(cluster, master) {
    const view = await cluster.view();
    const { server } = view.find((node) => node.master === master.id);
    await server.kill();
    await wait(300);
    await server.start();
  },
  async "slots moved"(cluster, master) {
    const others = await cluster.masters();
    await cluster.reshard(
      master,
      pick(others.filter(({ id }) => id !== master.id)),
      50,
    );
  },
};

const cluster = await Cluster.start();
const settings = { min_replicas: 1, command_timeout_milliseconds: 10_000 };
const isSound = await withBackend(cluster, settings, async (backend) => {
  const load = new Load(backend, "soak");
  const done = {};
  const end = Date.now() + seconds * 1_000;
  while (Date.now() < end) {
    const kind = pick(Object.keys(kinds));
    await kinds[kind](cluster, pick(await cluster.masters()));
    await cluster.settle();
    await load.until(load.acknowledged + CALLS_BETWEEN);
    done[kind] = (done[kind] ?? 0) + 1;
  }
  await load.end();
  const lost = await load.lost();
  const { retries, redirections, losses, timeouts } = backend.stats();
  console.log(JSON.stringify(done));
  console.log(JSON.stringify({ retries, redirections, losses, timeouts }));
  console.log(
    `${load.acknowledged} acknowledged, ${lost.length} lost, ` +
      `errors ${JSON.stringify(load.errors)}`,
  );
  const expected = ["OUTCOME_UNKNOWN", "UNAVAILABLE"];
  return lost.length === 0 &&
    Object.keys(load.errors).every((code) => expected.includes(code));
});
await cluster.dispose();
console.log(isSound ? "1 passed, 0 failed" : "0 passed, 1 failed");
process.exit(isSound ? 0 : 1);

/**
 * What is promised when servers of a cluster fail, one fault after the other on the
 * same cluster. `docs/redis.md` has the same as a table.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { RedisBackend } from "@sett/badger/redis";
import { Load, text } from "./load.mjs";
import { until, wait } from "./servers.mjs";

const TAG = "{same slot}";
/** Where nothing may fail, also not because the machine stood still for a moment. */
const PATIENT = { reply_timeout_milliseconds: 5_000 };

/** Runs `body` with a backend over the cluster. */
export async function withBackend(cluster, settings, body) {
  const backend = await RedisBackend.start({
    mode: "cluster",
    nodes: cluster.nodes,
    reply_timeout_milliseconds: 300,
    replica_timeout_milliseconds: 200,
    connect_timeout_milliseconds: 300,
    ...settings,
  }, { env: () => undefined, name: `fault ${Math.random()}` });
  try {
    return await body(backend);
  } finally {
    await backend.close();
  }
}

/** The replica of a master. */
async function replicaOf(cluster, master) {
  const view = await cluster.view();
  return view.find((node) => node.master === master.id && !node.isDead);
}

/** Each fault by what it promises. */
export const faults = {
  "slots are moved under load: nothing fails, nothing is lost": async (
    cluster,
  ) => {
    await withBackend(cluster, PATIENT, async (backend) => {
      const load = new Load(backend, "moved");
      await load.until(500);
      const [from, to] = await cluster.masters();
      await cluster.reshard(from, to, 200);
      await cluster.reshard(to, from, 200);
      await load.until(load.acknowledged + 500);
      await load.end();
      assert.deepEqual(load.errors, {});
      assert.deepEqual(await load.lost(), []);
      assert.ok(backend.stats().redirections > 0, "a slot moved meanwhile");
      assert.equal(await backend.countKeys("moved"), load.keys);
    });
  },

  "a master joins under load and leaves again: nothing fails, nothing is lost":
    async (cluster) => {
      await withBackend(cluster, PATIENT, async (backend) => {
        const load = new Load(backend, "joined");
        await load.until(200);
        const newcomer = await cluster.addMaster();
        const [other] = await cluster.masters();
        await cluster.reshard(other, newcomer, 100);
        await load.until(load.acknowledged + 500);
        const { servers } = backend.stats();
        assert.ok(
          servers.some(({ address }) => address === newcomer.server.address),
        );
        await cluster.reshard(newcomer, other, 100);
        await cluster.removeMaster(newcomer);
        await load.until(load.acknowledged + 500);
        await load.end();
        assert.deepEqual(load.errors, {});
        assert.deepEqual(await load.lost(), []);
        assert.equal(await backend.countKeys("joined"), load.keys);
        await cluster.settle();
      });
    },

  "a master stands still for a moment: calls wait, nothing fails": async (
    cluster,
  ) => {
    await withBackend(cluster, PATIENT, async (backend) => {
      const load = new Load(backend, "moment");
      await load.until(200);
      const { server } = await cluster.masterOf(TAG);
      server.stop();
      const call = backend.kvStore.addValue("moment", TAG, "waited");
      await wait(200);
      server.goOn();
      await call;
      await load.until(load.acknowledged + 200);
      await load.end();
      assert.deepEqual(load.errors, {});
      assert.deepEqual(await load.lost(), []);
      assert.equal(backend.stats().timeouts, 0);
    });
  },

  "a master stands still until its replica takes over: what may be repeated is, the rest tells that its outcome is unknown":
    async (cluster) => {
      await withBackend(cluster, {}, async ({ kvStore, filter }) => {
        // The braces are the server's business: one slot, whatever the key.
        await kvStore.addValue("still", `read ${TAG}`, "before");
        await kvStore.addValue("still", `gone ${TAG}`, "before");
        const { server } = await cluster.masterOf(TAG);
        server.stop();
        const results = await Promise.allSettled([
          kvStore.addValue("still", `written ${TAG}`, "after"),
          kvStore.getValue("still", `read ${TAG}`),
          kvStore.existsKey("still", `read ${TAG}`),
          filter.checkThenAdd("still", `new ${TAG}`),
          kvStore.deleteKey("still", `gone ${TAG}`),
        ]);
        assert.deepEqual(
          results.map(({ status, reason }) => reason?.code ?? status),
          [
            "fulfilled",
            "fulfilled",
            "fulfilled",
            "OUTCOME_UNKNOWN",
            "OUTCOME_UNKNOWN",
          ],
        );
        assert.match(
          results[3].reason.message,
          /^Cannot tell the outcome of an attempt to add a key: .+ Read the key before you try again$/,
        );
        assert.equal(text(results[1].value), "before");
        assert.equal(results[2].value, true);
        await cluster.untilPromoted(server);
        assert.equal(await filter.checkThenAdd("still", `twice ${TAG}`), false);
        server.goOn();
        await cluster.settle();
        assert.equal(await filter.checkThenAdd("still", `twice ${TAG}`), true);
        assert.equal(
          text(await kvStore.getValue("still", `written ${TAG}`)),
          "after",
        );
      });
    },

  "a master is killed and its replica takes over: nothing that a replica confirmed is lost":
    async (cluster) => {
      const confirmed = { min_replicas: 1 };
      await withBackend(cluster, confirmed, async (backend) => {
        const load = new Load(backend, "killed");
        await load.until(500);
        const { server } = await cluster.masterOf(TAG);
        await server.kill();
        await cluster.untilPromoted(server);
        await server.start();
        await cluster.settle();
        await load.until(load.acknowledged + 500);
        await load.end();
        for (const code of Object.keys(load.errors)) {
          assert.ok(["OUTCOME_UNKNOWN", "UNAVAILABLE"].includes(code), code);
        }
        assert.deepEqual(await load.lost(), []);
        assert.ok(backend.stats().losses > 0, "a connection was lost");
      });
    },

  "what no replica has goes with its master: a confirmed write says so, a plain one does not":
    async (cluster) => {
      const master = await cluster.masterOf(TAG);
      const replica = await replicaOf(cluster, master);
      const impatient = { command_timeout_milliseconds: 500 };
      await withBackend(cluster, impatient, async ({ kvStore, filter }) => {
        await kvStore.addValue("lost", `old ${TAG}`, "v", {});
        assert.equal(await master.server.ask("WAIT", "1", "1000"), "1");
        // Stopped before it is cut off, so it cannot come back.
        replica.server.stop();
        await master.server.ask("CLIENT", "KILL", "TYPE", "replica");
        await kvStore.addValue("lost", `plain ${TAG}`, "v");
        await withBackend(
          cluster,
          { ...impatient, min_replicas: 1 },
          async (careful) => {
            const calls = [
              careful.kvStore.addValue("lost", `careful ${TAG}`, "v"),
              careful.filter.checkThenAdd("lost", `once ${TAG}`),
            ];
            await Promise.all(calls.map((call) =>
              assert.rejects(call, {
                code: "OUTCOME_UNKNOWN",
                message: /0 of 1 replicas of 127\.0\.0\.1:\d+ had it/,
              })
            ));
          },
        );
        await master.server.kill();
        replica.server.goOn();
        await cluster.untilPromoted(master.server);
        await until(() =>
          filter.exists("lost", `old ${TAG}`).catch(() => false)
        );
        assert.equal(await filter.exists("lost", `plain ${TAG}`), false);
        assert.equal(await filter.exists("lost", `careful ${TAG}`), false);
        await master.server.start();
        await cluster.settle();
      });
    },

  "the whole cluster is down: calls say so in their time, and work again after":
    async (cluster) => {
      const impatient = { command_timeout_milliseconds: 600 };
      await withBackend(cluster, impatient, async (backend) => {
        const { kvStore, filter } = backend;
        await kvStore.addValue("down", "k", "v");
        await Promise.all(cluster.servers.map((server) => server.kill()));
        await until(() =>
          backend.stats().servers.every(({ isConnected }) => !isConnected)
        );
        const calls = {
          "get a value": () => kvStore.getValue("down", "k"),
          "add a value": () => kvStore.addValue("down", "k", "v"),
          "look a key up": () => filter.exists("down", "k"),
          "add a key": () => filter.checkThenAdd("down", "new"),
          "delete a key": () => kvStore.deleteKey("down", "k"),
          "count the keys": () => backend.countKeys(),
        };
        await Promise.all(
          Object.entries(calls).map(([action, call]) =>
            assert.rejects(call, (error) => {
              assert.equal(error.code, "UNAVAILABLE");
              assert.match(
                error.message,
                new RegExp(
                  `^Cannot ${action}: no server could do it within 600 ms ` +
                    ".+ Nothing was changed. Check that the servers run",
                ),
              );
              return true;
            })
          ),
        );
        await assert.rejects(withBackend(cluster, impatient, () => {}), {
          code: "UNAVAILABLE",
        });
        await Promise.all(cluster.servers.map((server) => server.start()));
        await cluster.settle();
        assert.equal(await filter.checkThenAdd("down", "new"), false);
        await kvStore.addValue("down", "k", "again");
        assert.equal(text(await kvStore.getValue("down", "k")), "again");
      });
    },
};

/**
 * The tiered backend over a real cluster.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { filter, kv } from "@sett/badger/plugin";
import { RedisBackend, startBackend, TieredBackend } from "@sett/badger/redis";
import { until } from "./servers.mjs";

const HOUR = 3_600_000;
const env = () => undefined;
const text = (bytes) => bytes && new TextDecoder().decode(bytes);

/** A tiered backend, and another program that writes to the same cluster. */
async function withBoth(cluster, tiered, act) {
  const redis = {
    mode: "cluster",
    nodes: cluster.nodes,
    reply_timeout_milliseconds: 1_000,
  };
  const near = await startBackend(
    { kv: { backend: "tiered", redis, tiered } },
    { env, name: "tiered" },
  );
  const other = await RedisBackend.start(redis, { env, name: "other" });
  try {
    await act(near, other.kvStore);
  } finally {
    await other.close();
    await near.close();
  }
}

/** What the contract sees of a tiered backend. */
export function viewOfTiered(backend) {
  return {
    name: backend.name,
    kvStore: backend.kvStore,
    filter: backend.filter,
    stats: () => backend.far.stats(),
    buckets: () => backend.far.buckets(),
    largest: (count) => backend.far.largest(count),
  };
}

export const tiers = {
  "tiered: the registries have it, and reads come near": (cluster) =>
    withBoth(cluster, { staleness_milliseconds: HOUR }, async (near, other) => {
      assert.equal(kv.getStore("tiered"), near.kvStore);
      assert.equal(filter.getFilter("tiered"), near.filter);
      await other.addValue("tier", "k", "value");
      for (let i = 0; i < 10; i++) {
        assert.equal(text(await near.kvStore.getValue("tier", "k")), "value");
      }
      const { hits, misses, backend, isTracking, far } = near.stats();
      assert.deepEqual([backend, isTracking], ["tiered", true]);
      // The write may be heard after the first read, and drops what that had kept.
      assert.equal(hits + misses, 10);
      assert.ok(misses === 1 || misses === 2, `${misses} misses`);
      assert.ok(far.servers.length >= 3);
      assert.equal(await near.filter.checkThenAdd("tier", "seen"), false);
      assert.equal(await near.filter.checkThenAdd("tier", "seen"), true);
    }),

  "tiered: one that is not to be registered is not": async (cluster) => {
    const backend = await TieredBackend.start(
      { redis: { nodes: cluster.nodes } },
      { env, name: "nobody's", isRegistered: false },
    );
    try {
      assert.equal(kv.has("nobody's"), false);
      assert.equal(filter.has("nobody's"), false);
      assert.equal(await backend.kvStore.getValue("tier", "none"), undefined);
    } finally {
      await backend.close();
    }
  },

  "tiered: what others write is heard, of every master": (cluster) =>
    withBoth(cluster, { staleness_milliseconds: HOUR }, async (near, other) => {
      const keys = Array.from({ length: 100 }, (_, i) => `heard ${i}`);
      // A key whose bytes are no text.
      keys.push(new Uint8Array([0, 0xff, 0x0d, 0x0a]));
      for (const key of keys) await other.addValue("tier", key, "old");
      for (const key of keys) await near.kvStore.getValue("tier", key);
      for (const key of keys) await other.addValue("tier", key, "new");
      for (const key of keys) {
        await until(async () =>
          text(await near.kvStore.getValue("tier", key)) === "new"
        );
      }
      await other.deleteKey("tier", keys[0]);
      await until(async () =>
        await near.kvStore.getValue("tier", keys[0]) === undefined
      );
      await other.addValue("tier", keys[1], "short", { expireIn: 50 });
      await until(async () =>
        await near.kvStore.getValue("tier", keys[1]) === undefined
      );
      assert.ok(near.stats().invalidations >= 100);
    }),

  "tiered: without tracking the bound holds": (cluster) =>
    withBoth(
      cluster,
      { staleness_milliseconds: 200, tracking: false },
      async (near, other) => {
        await other.addValue("tier", "bound", "old");
        assert.equal(
          text(await near.kvStore.getValue("tier", "bound")),
          "old",
        );
        const kept = Date.now();
        await other.addValue("tier", "bound", "new");
        for (;;) {
          const asked = Date.now();
          const value = text(await near.kvStore.getValue("tier", "bound"));
          if (value === "new") break;
          assert.ok(asked <= kept + 200, `${asked - kept} ms old`);
        }
        assert.equal(near.stats().isTracking, false);
      },
    ),

  "tiered: two programs see their own writes, and in the end each other's": (
    cluster,
  ) =>
    withBoth(cluster, { staleness_milliseconds: HOUR }, async (one) => {
      const two = await startBackend({
        kv: {
          backend: "tiered",
          redis: { mode: "cluster", nodes: cluster.nodes },
          tiered: { staleness_milliseconds: HOUR },
        },
      }, { env, name: "two" });
      try {
        const programs = [one, two].map(({ kvStore }) => kvStore);
        for (let i = 0; i < 300; i++) {
          const key = `own ${i % 7}`;
          const writer = programs[i % 2];
          await Promise.all(programs.map((each) => each.getValue("tier", key)));
          await writer.addValue("tier", key, `${i}`);
          assert.equal(text(await writer.getValue("tier", key)), `${i}`);
        }
        for (let i = 293; i < 300; i++) {
          for (const each of programs) {
            await until(async () =>
              text(await each.getValue("tier", `own ${i % 7}`)) === `${i}`
            );
          }
        }
      } finally {
        await two.close();
      }
    }),

  "tiered: a master that joins is listened to, though no call was sent there": (
    cluster,
  ) =>
    withBoth(cluster, { staleness_milliseconds: HOUR }, async (near, other) => {
      // Of these some are in the slots that move, and no old master has them to drop.
      const keys = Array.from({ length: 1_500 }, (_, i) => `joined ${i}`);
      const values = () =>
        Promise.all(keys.map((key) => near.kvStore.getValue("tier", key)));
      assert.ok((await values()).every((value) => value === undefined));
      const newcomer = await cluster.addMaster();
      const [giver] = await cluster.masters();
      await cluster.reshard(giver, newcomer, 100);
      for (const key of keys) await other.addValue("tier", key, "new");
      await until(async () =>
        (await values()).every((value) => text(value) === "new")
      );
      await cluster.reshard(newcomer, giver, 100);
      await cluster.removeMaster(newcomer);
      await cluster.settle();
    }),

  "tiered: after a master was replaced nothing old is given": (cluster) =>
    withBoth(cluster, { staleness_milliseconds: HOUR }, async (near, other) => {
      const keys = Array.from({ length: 30 }, (_, i) => `moved ${i}`);
      for (const key of keys) await other.addValue("tier", key, "old");
      for (const key of keys) await near.kvStore.getValue("tier", key);
      await cluster.settle();
      const { gaps } = near.stats();
      const [{ server }] = await cluster.masters();
      await server.kill();
      await cluster.untilPromoted(server);
      for (const key of keys) await other.addValue("tier", key, "new");
      for (const key of keys) {
        await until(async () =>
          text(await near.kvStore.getValue("tier", key)) === "new"
        );
      }
      await until(() => near.stats().isTracking);
      assert.ok(near.stats().gaps > gaps);
      await server.start();
      await cluster.settle();
    }),
};

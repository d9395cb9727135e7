/**
 * Statistics, metrics and the page of servers.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { badgerApp } from "@sett/badger/hono";
import { startBackend } from "@sett/badger/redis";

/** Asks the app of a backend, and reads the answer. */
async function ask(app, path) {
  const response = await app.request(`/badger${path}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

export const observed = Object.fromEntries(
  ["redis", "tiered"].map((kind) => [
    `observed: statistics, metrics and page tell of ${kind}`,
    async (cluster) => {
      const backend = await startBackend({
        kv: {
          backend: kind,
          redis: { nodes: cluster.nodes, key_prefix: `seen ${kind}:` },
        },
      }, { env: () => undefined, name: kind });
      try {
        const { kvStore } = backend;
        await kvStore.addValue("secret-bucket", "secret-key", "12345");
        await kvStore.addValue("secret-bucket", "other", "1");
        for (let i = 0; i < 3; i++) {
          await kvStore.getValue("secret-bucket", "other");
        }
        const app = badgerApp(backend);
        const stats = JSON.parse(await ask(app, "/stats"));
        assert.equal(stats.backend, kind);
        assert.equal(stats.mode, "cluster");
        assert.equal(stats.num_reads, 3);
        assert.equal(stats.num_writes, 2);
        assert.equal(stats.pending_writes, 0);
        assert.equal(stats.client.unknown_outcomes, 0);
        assert.ok(stats.servers.length >= 3);
        assert.ok(
          stats.servers.filter((server) => server.is_connected).length >= 3,
        );
        assert.deepEqual(stats.buckets.map(({ name }) => name), [
          "secret-bucket",
        ]);
        if (kind === "tiered") {
          // The write may be heard after the first read.
          assert.equal(stats.tier.hits + stats.tier.misses, 3);
          assert.ok(stats.tier.hits > 0);
          assert.equal(stats.tier.is_tracking, true);
        } else assert.equal(stats.tier, undefined);
        const { total, top_hits } = JSON.parse(await ask(app, "/stats?size=1"));
        assert.equal(total, 2);
        assert.deepEqual(top_hits, [{
          Key: "secret-bucket,secret-key",
          Count: 1,
          Size: 5,
          Bucket: "secret-bucket",
        }]);

        const metrics = await ask(app, "/metrics");
        assert.ok(metrics.includes(`badger_backend_info{backend="${kind}"} 1`));
        assert.ok(metrics.includes("\nbadger_writes_total 2\n"));
        assert.ok(metrics.includes("\nbadger_reads_total 3\n"));
        assert.equal(
          metrics.includes(`\nbadger_near_hits_total ${stats.tier?.hits}\n`),
          kind === "tiered",
        );
        assert.ok(!metrics.includes("secret"));
        assert.ok(!/undefined|NaN/i.test(metrics), metrics);

        const page = JSON.parse(await ask(app, "/dashboard.json"));
        assert.equal(page.name, kind);
        assert.deepEqual([page.segments, page.gc_runs, page.gc_allowed], [
          [],
          [],
          false,
        ]);
        assert.equal(page.stats.backend, kind);
        await kvStore.close();
        assert.equal((await app.request("/badger/stats")).status, 503);
        assert.equal((await app.request("/badger/metrics")).status, 503);
      } finally {
        await backend.close();
      }
    },
  ]),
);

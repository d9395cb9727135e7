/**
 * Copies from a directory to a real cluster and back.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { Badger } from "@sett/badger/plugin";
import {
  copyFromServers,
  copyToServers,
  RedisBackend,
} from "@sett/badger/redis";
import { startSingle, until } from "./servers.mjs";

const env = () => undefined;
const KEYS = 5_000;
const HOUR = 3_600_000;

/** A directory for a test, which is removed after it. */
async function withDirectory(act) {
  mkdirSync(".tmp", { recursive: true });
  const path = mkdtempSync(".tmp/copy-");
  try {
    await act(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Entries of every kind in buckets with names that are no plain ones. */
async function fill(path, isSingle) {
  const badger = await Badger.start(
    { path, single_bucket_mode: isSingle },
    { env, name: path },
  );
  const store = badger.kvStore;
  const writes = [];
  for (let i = 0; i < KEYS; i++) {
    const bucket = ["plain", "ünï/..", ""][i % 3];
    writes.push(store.addValue(bucket, `key ${i}`, `value ${i}`));
  }
  await Promise.all(writes);
  await store.addValue("plain", new Uint8Array([0, 255, 13, 10]), "bytes");
  await store.addValue("plain", "empty", "");
  await store.addValue("plain", "large", new Uint8Array(300_000).fill(7));
  await store.addValueCompress("plain", "compressed", "x".repeat(1000));
  await store.addValue("plain", "expires", "later", { expireIn: HOUR });
  await store.addValue("plain", "gone", "soon", { expireIn: 1 });
  await badger.close();
  return KEYS + 5;
}

/** The servers with a prefix of the test's own. */
function serversOf(cluster, prefix) {
  return { mode: "cluster", nodes: cluster.nodes, key_prefix: prefix };
}

async function there(cluster, prefix, act) {
  const backend = await RedisBackend.start(serversOf(cluster, prefix), {
    env,
    name: prefix,
  });
  try {
    await act(backend);
  } finally {
    await backend.close();
  }
}

export const moving = Object.fromEntries(
  [true, false].map((isSingle) => [
    `moving: there and back, single_bucket_mode: ${isSingle}`,
    (cluster) =>
      withDirectory(async (path) => {
        const prefix = `move ${isSingle}:`;
        const redis = serversOf(cluster, prefix);
        const entries = await fill(`${path}/from`, isSingle);
        const sent = await copyToServers({ path: `${path}/from`, redis });
        assert.equal(sent.entries, entries);
        assert.equal(sent.verified.isEqual, true, JSON.stringify(sent));
        const back = await copyFromServers({ path: `${path}/to`, redis });
        assert.equal(back.verified.isEqual, true, JSON.stringify(back));
        assert.equal(back.entries, entries);
        assert.deepEqual(back.verified.local, sent.verified.local);

        const copy = await Badger.start({ path: `${path}/to` }, { env });
        assert.deepEqual(copy.buckets(), ["", "plain", "ünï/.."]);
        const store = copy.kvStore;
        const text = (bytes) => new TextDecoder().decode(bytes);
        assert.equal(
          text(await store.getCompressedValue("plain", "compressed")),
          "x".repeat(1000),
        );
        assert.equal((await store.getValue("plain", "empty")).length, 0);
        assert.equal(await store.getValue("plain", "gone"), undefined);
        const { expiresAt } = (await copy.bucket("plain")).getEntry("expires");
        const left = expiresAt - Date.now();
        assert.ok(left > HOUR / 2 && left <= HOUR, `${left} ms are left`);
        await copy.close();

        // What only one side has is noticed.
        await there(cluster, prefix, async (backend) => {
          await backend.kvStore.addValue("plain", "more", "than there");
          const more = await copyToServers({ path: `${path}/from`, redis });
          assert.equal(more.verified.isEqual, false);
          assert.equal(more.verified.servers.entries, entries + 1);
          await backend.kvStore.deleteKey("plain", "more");
        });
      }),
  ]),
);

moving["moving: one that was ended goes on from there, both ways"] = (
  cluster,
) =>
  withDirectory(async (path) => {
    const redis = serversOf(cluster, "ended:");
    const state = `${path}/state`;
    const entries = await fill(`${path}/from`, true);
    for (
      const [direction, copy] of [
        ["from", copyToServers],
        ["to", copyFromServers],
      ]
    ) {
      const options = { path: `${path}/${direction}`, redis, state };
      const controller = new AbortController();
      let groups = 0;
      await assert.rejects(
        copy({
          ...options,
          signal: controller.signal,
          onProgress: () => {
            if (++groups === 2) controller.abort(new Error("ended"));
          },
        }),
        /ended/,
      );
      assert.ok(existsSync(state));
      // The state is of this copy and no other.
      await assert.rejects(
        copy({ ...options, path: `${path}/other` }),
        { code: "BAD_PATH" },
      );
      const report = await copy(options);
      assert.ok(report.resumedAt > 0);
      assert.ok(report.resumedAt < report.entries);
      assert.equal(report.verified.isEqual, true, JSON.stringify(report));
      assert.equal(report.verified.local.entries, entries);
      assert.equal(existsSync(state), false);
    }
  });

/** One server, and a directory; both go after it. */
function withSingle(act) {
  return withDirectory(async (path) => {
    const server = await startSingle();
    try {
      await act(server, path);
    } finally {
      await server.dispose();
    }
  });
}

/** Passes all on to a server, but what begins with `word` only once `isTime` says so. */
async function startProxy(server, word, isTime) {
  const proxy = createServer((client) => {
    const upstream = connect(server.port, "127.0.0.1");
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.on("close", () => upstream.destroy());
    upstream.pipe(client);
    let turn = Promise.resolve();
    client.on("data", (chunk) => {
      const found = chunk.indexOf(word);
      const at = found < 0 ? chunk.length : found;
      turn = turn.then(async () => {
        upstream.write(chunk.subarray(0, at));
        if (found < 0) return;
        await until(isTime);
        upstream.write(chunk.subarray(at));
      });
    });
  });
  await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
  return proxy;
}

moving["moving: a key whose time comes while it is read does not stay"] = () =>
  withSingle(async (server, path) => {
    const proxy = await startProxy(
      server,
      "PTTL",
      async () => await server.ask("DBSIZE") === "0",
    );
    try {
      await server.ask("SET", "badger:\x01bk", "short", "PX", "500");
      const redis = {
        mode: "single",
        nodes: `127.0.0.1:${proxy.address().port}`,
      };
      const report = await copyFromServers({ path: `${path}/to`, redis });
      assert.deepEqual([report.entries, report.verified.isEqual], [0, true]);
    } finally {
      proxy.close();
    }
  });

moving[
  "moving: what only the servers have is noticed while other keys expire"
] = () =>
  withSingle(async (server, path) => {
    await server.ask("SET", "badger:\x01bextra", "of the servers");
    const attempt = async (life) => {
      const badger = await Badger.start({ path }, { env, name: path });
      await badger.kvStore.addValue("b", "k", "short", { expireIn: life });
      await badger.close();
      const over = Date.now() + life;
      const { verified } = await copyToServers({
        path,
        redis: { mode: "single", nodes: server.address },
        onProgress: ({ step }) => {
          // Both sides were read, and nothing was counted yet.
          while (step === "verify" && Date.now() < over + 100);
        },
      });
      return verified;
    };
    // On a machine that stands still the time is over before anybody looks.
    let verified;
    for (let life = 1_000; life < 60_000; life *= 4) {
      verified = await attempt(life);
      if (verified.local.entries > 0) break;
    }
    assert.equal(verified.local.entries, 1);
    assert.equal(verified.isEqual, false);
  });

moving[
  "moving: the servers that were named are meant, whatever the environment says"
] = () =>
  withSingle(async (server, path) => {
    await fill(path, true);
    const [ours, other] = [server, await startSingle()];
    process.env.BADGER_REDIS_NODES = other.address;
    try {
      const redis = { mode: "single", nodes: ours.address };
      await copyToServers({ path, redis });
      assert.equal(await other.ask("DBSIZE"), "0");
      assert.notEqual(await ours.ask("DBSIZE"), "0");
    } finally {
      delete process.env.BADGER_REDIS_NODES;
      await other.dispose();
    }
  });

moving["moving: a connection that is lost on the way is made anew, both ways"] =
  () =>
    withSingle(async (server, path) => {
      const entries = await fill(`${path}/from`, true);
      const redis = { mode: "single", nodes: server.address };
      const kill = ["CLIENT", "KILL", "TYPE", "normal"];
      for (
        const [direction, copy] of [
          ["from", copyToServers],
          ["to", copyFromServers],
        ]
      ) {
        let isLost = false;
        const report = await copy({
          path: `${path}/${direction}`,
          redis,
          onProgress: () => {
            if (isLost) return;
            isLost = true;
            execFileSync("redis-cli", ["-p", `${server.port}`, ...kill]);
          },
        });
        assert.equal(isLost, true);
        assert.equal(report.verified.isEqual, true);
        assert.equal(report.verified.local.entries, entries);
      }
    });

moving["moving: one whose masters are others now begins anew, and says so"] =
  () =>
    withSingle(async (server, path) => {
      const entries = await fill(`${path}/from`, true);
      const redis = { mode: "single", nodes: server.address };
      await copyToServers({ path: `${path}/from`, redis });
      const options = { path: `${path}/to`, redis, state: `${path}/state` };
      await assert.rejects(copyFromServers({
        ...options,
        onProgress: () => {
          throw new Error("ended");
        },
      }));
      const state = JSON.parse(readFileSync(options.state, "utf8"));
      state.cursors = { "127.0.0.1:1": "17" };
      writeFileSync(options.state, JSON.stringify(state));
      const report = await copyFromServers(options);
      assert.equal(report.resumedAt, 0);
      assert.equal(report.entries, entries);
      assert.equal(report.verified.isEqual, true);
    });

moving["moving: large values are fetched a few at a time"] = () =>
  withSingle(async (server, path) => {
    const redis = { mode: "single", nodes: server.address };
    const backend = await RedisBackend.start(redis, { env, name: path });
    const large = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 40; i++) {
      await backend.kvStore.addValue("large", `${i}`, large);
    }
    await backend.close();
    let before = 0;
    let most = 0;
    const report = await copyFromServers({
      path: `${path}/to`,
      redis,
      onProgress: ({ step, entries }) => {
        if (step !== "copy") return;
        most = Math.max(most, entries - before);
        before = entries;
      },
    });
    assert.deepEqual([report.entries, report.verified.isEqual], [40, true]);
    assert.ok(most <= 8, `${most} at a time`);
  });

moving["moving: the state of one database is not that of another"] = () =>
  withSingle(async (server, path) => {
    await fill(`${path}/from`, true);
    const redis = { mode: "single", nodes: server.address };
    const options = { path: `${path}/from`, state: `${path}/state` };
    await assert.rejects(copyToServers({
      ...options,
      redis,
      onProgress: () => {
        throw new Error("ended");
      },
    }));
    await assert.rejects(
      copyToServers({ ...options, redis: { ...redis, database: 1 } }),
      { code: "BAD_PATH" },
    );
  });

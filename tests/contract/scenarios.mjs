/**
 * What a program does with the backend beside the contract: configuration, one server,
 * a password, TLS, sentinels, and many keys at once.
 *
 * Plain JavaScript: it runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { filter, kv } from "@sett/badger/plugin";
import { RedisBackend, startBackend } from "@sett/badger/redis";
import { Load, text } from "./load.mjs";
import { startEncrypted, startSingle, until } from "./servers.mjs";

const env = () => undefined;

/** What a user of one server must be allowed to do, for all that a backend offers. */
export const RIGHTS = [
  "+get",
  "+set",
  "+exists",
  "+unlink",
  "+scan",
  "+strlen",
];

/** Runs `body` with a backend of one server. */
async function withSingle(server, settings, body) {
  const backend = await RedisBackend.start({
    mode: "single",
    nodes: server.address,
    command_timeout_milliseconds: 2_000,
    ...settings,
  }, { env, name: `scenario ${Math.random()}` });
  try {
    return await body(backend);
  } finally {
    await backend.close();
  }
}

/** An application; it knows nothing of backends. */
async function application() {
  const report = "all work and no play ".repeat(500);
  await kv.addValue("users", "ada", "Ada Lovelace");
  await kv.addValueCompress("reports", "1", report);
  return {
    user: text(await kv.getValue("users", "ada")),
    report: text(await kv.getCompressedValue("reports", "1")) === report,
    stored: Buffer.from(await kv.getValue("reports", "1")).toString("hex"),
    seen: [
      await filter.checkThenAdd("seen", "ada"),
      await filter.checkThenAdd("seen", "ada"),
    ],
  };
}

/** Each scenario by its name, with a cluster and what sentinels watch. */
export const scenarios = {
  "one line of YAML chooses the backend": async (cluster) => {
    mkdirSync(".tmp", { recursive: true });
    const directory = mkdtempSync(".tmp/yaml-");
    const outcomes = {};
    for (const backend of ["badger", "redis"]) {
      const file = `${directory}/${backend}.yml`;
      writeFileSync(
        file,
        `kv:
  backend: ${backend}
  redis:
    nodes: [${cluster.nodes.join(", ")}]
    key_prefix: "yaml:"
badger:
  path: ${directory}/data
`,
      );
      const running = await startBackend(file, { env, codec: "deflate" });
      outcomes[backend] = await application();
      assert.equal(running instanceof RedisBackend, backend === "redis");
      await running.close();
    }
    assert.deepEqual(outcomes.redis, outcomes.badger);
    assert.deepEqual(outcomes.redis.seen, [false, true]);
    assert.equal(outcomes.redis.user, "Ada Lovelace");
    assert.ok(outcomes.redis.report);
    rmSync(directory, { recursive: true });
  },

  "prefixes keep programs on one cluster apart": async (cluster) => {
    const start = (key_prefix) =>
      RedisBackend.start({ nodes: cluster.nodes, key_prefix }, {
        env,
        name: key_prefix,
      });
    const [one, two] = [await start("one?:"), await start("one*:")];
    await one.kvStore.addValue("bucket", "k", "one");
    await two.kvStore.addValue("bucket", "k", "two");
    await two.kvStore.addValue("other", "k", "two");
    assert.equal(text(await one.kvStore.getValue("bucket", "k")), "one");
    assert.deepEqual(await one.buckets(), ["bucket"]);
    assert.deepEqual(await two.buckets(), ["bucket", "other"]);
    assert.equal(await one.countKeys(), 1);
    assert.equal(await two.countKeys("bucket"), 1);
    await one.close();
    await two.close();
  },

  "many keys go in one piece a server": async (cluster) => {
    const backend = await RedisBackend.start({ nodes: cluster.nodes }, { env });
    const { kvStore } = backend;
    const count = 10_000;
    const value = new Uint8Array(100).fill(7);
    const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
    const rates = {};
    const measure = async (name, calls, act) => {
      const start = performance.now();
      await act();
      rates[name] = Math.round(calls / (performance.now() - start) * 1_000);
    };
    await measure("set one by one", 1_000, async () => {
      for (const key of keys.slice(0, 1_000)) {
        await kvStore.addValue("many", key, value);
      }
    });
    await measure(
      "addValues",
      count,
      () => kvStore.addValues("many", keys.map((key) => [key, value])),
    );
    await measure("getValues", count, async () => {
      const found = await kvStore.getValues("many", [...keys, "none"]);
      assert.equal(found.pop(), undefined);
      assert.ok(found.every((each) => each.length === 100 && each[99] === 7));
    });
    await measure("countKeys", count, async () => {
      assert.equal(await backend.countKeys("many"), count);
    });
    await backend.close();
    const confirmed = { nodes: cluster.nodes, min_replicas: 1 };
    const careful = await RedisBackend.start(confirmed, { env });
    await measure(
      "addValues, a replica confirms",
      count,
      () => careful.kvStore.addValues("many", keys.map((key) => [key, value])),
    );
    await measure("the same one by one", 200, async () => {
      for (const key of keys.slice(0, 200)) {
        await careful.kvStore.addValue("many", key, value);
      }
    });
    await careful.close();
    console.log(`a second: ${JSON.stringify(rates)}`);
  },

  "close lets what is under way come to its end": async (cluster) => {
    const settings = { nodes: cluster.nodes, key_prefix: "closed:" };
    const one = await RedisBackend.start(settings, { env });
    const calls = Array.from({ length: 100 }, (_, i) => [
      one.kvStore.addValue("b", `k${i}`, "first"),
      one.kvStore.addValue("b", `k${i}`, "last"),
      one.kvStore.getValue("b", `k${i}`).then(text),
    ]);
    await one.close();
    await assert.rejects(one.kvStore.getValue("b", "k0"), { code: "CLOSED" });
    for (const [, , found] of calls) assert.equal(await found, "last");
    const two = await RedisBackend.start(settings, { env });
    assert.equal(await two.countKeys(), 100);
    assert.equal(text(await two.kvStore.getValue("b", "k99")), "last");
    await two.close();
  },

  "in Deno it needs the right to the net alone": async (cluster) => {
    if (globalThis.Deno === undefined) return;
    const output = await new Promise((done, fail) =>
      execFile(process.execPath, [
        ...["run", "--no-prompt", "--allow-net=127.0.0.1"],
        ...["tests/contract/rights.mjs", ...cluster.nodes],
      ], (error, out) => error === null ? done(out) : fail(error))
    );
    assert.equal(output, "true\n");
  },

  "one server goes away and comes back; one that is full or locked says so":
    async () => {
      const server = await startSingle();
      await withSingle(server, {}, async (backend) => {
        const { kvStore, filter } = backend;
        await kvStore.addValue("b", "k", "v");
        await server.kill();
        await until(() => backend.stats().losses > 0);
        // Started while the call goes on.
        const call = filter.checkThenAdd("b", "new");
        await server.start();
        assert.equal(await call, false);
        assert.equal(await filter.checkThenAdd("b", "new"), true);

        // None of these is known to be done, and all of them are tried again.
        server.stop();
        const writes = ["a", "b", "c"].flatMap((key) =>
          Array.from(
            { length: 20 },
            (_, i) => kvStore.addValue("order", key, `${i}`),
          )
        );
        await server.kill();
        await server.start();
        await Promise.all(writes);
        for (const key of ["a", "b", "c"]) {
          assert.equal(text(await kvStore.getValue("order", key)), "19");
        }

        await server.ask("CONFIG", "SET", "maxmemory", "1");
        await assert.rejects(kvStore.addValue("b", "full", "v"), {
          code: "DISK_FULL",
          message: /^Cannot add a value: the memory of the server is full/,
        });
        await server.ask("CONFIG", "SET", "maxmemory", "0");

        await server.ask(
          "ACL",
          "SETUSER",
          "reader",
          "on",
          ">pass word",
          "~*",
          "+@read",
        );
        const reader = { username: "reader", password: "pass word" };
        await withSingle(server, reader, async (other) => {
          assert.equal(await other.filter.exists("order", "a"), true);
          await assert.rejects(other.kvStore.addValue("b", "k", "v"), {
            code: "PERMISSION",
          });
          assert.equal(other.settings.password, "(hidden)");
        });
        // The rights that the guide names are enough.
        await server.ask(
          ...["ACL", "SETUSER", "app", "on", ">word", "~badger:*"],
          ...RIGHTS,
        );
        const app = { username: "app", password: "word" };
        await withSingle(server, app, async (other) => {
          await other.kvStore.addValue("app", "k", "v", { expireIn: 60_000 });
          assert.equal(text(await other.kvStore.getValue("app", "k")), "v");
          assert.equal(await other.filter.checkThenAdd("app", "k"), true);
          assert.ok((await other.buckets()).includes("app"));
          assert.equal((await other.largest(1)).length, 1);
          assert.equal(await other.filter.exists("app", "k"), true);
          assert.equal(await other.kvStore.deleteKey("app", "k"), true);
        });
        const elsewhere = { ...app, database: 1 };
        await assert.rejects(withSingle(server, elsewhere, () => {}), {
          code: "PERMISSION",
        });
        await server.ask("ACL", "SETUSER", "app", "+select");
        await withSingle(server, elsewhere, async (other) => {
          await other.kvStore.addValue("app", "k", "v");
          assert.equal(await other.countKeys(), 1);
        });
        const wrong = { ...reader, password: "wrong" };
        await assert.rejects(withSingle(server, wrong, () => {}), {
          code: "PERMISSION",
          message:
            /^Cannot connect to the servers: .*WRONGPASS.* Check username/,
        });
      });
      await server.dispose();
    },

  "a server with TLS and a password": async () => {
    const server = await startEncrypted();
    const settings = {
      nodes: `localhost:${server.port}`,
      tls: true,
      tls_ca_file: server.ca,
      password: "open sesame",
    };
    await withSingle(server, settings, async ({ kvStore }) => {
      await kvStore.addValue("b", "k", "secret");
      assert.equal(text(await kvStore.getValue("b", "k")), "secret");
    });
    const { tls_ca_file: _, ...untrusting } = settings;
    await assert.rejects(withSingle(server, untrusting, () => {}), {
      code: "UNAVAILABLE",
      message: /self.?signed certificate|UnknownIssuer|certificate verify/i,
    });
    await server.dispose();
    rmSync(server.files, { recursive: true });
  },

  "sentinels: a master is killed, its replica takes over, calls go on": async (
    _cluster,
    watchedStart,
  ) => {
    const watched = await watchedStart;
    const backend = await RedisBackend.start({
      mode: "sentinel",
      nodes: watched.nodes,
      sentinel_master: watched.name,
      min_replicas: 0,
    }, { env });
    const load = new Load(backend, "watched");
    await load.until(300);
    await backend.kvStore.addValue("b", "before", "v");
    assert.equal(await watched.master.ask("WAIT", "1", "1000"), "1");
    const before = load.acknowledged;
    await watched.master.kill();
    await load.until(before + 300);
    await load.end();
    for (const code of Object.keys(load.errors)) {
      assert.equal(code, "OUTCOME_UNKNOWN");
    }
    assert.equal(await backend.kvStore.existsKey("b", "before"), true);
    assert.match(await watched.replica.ask("ROLE"), /^master/);
    assert.ok(
      backend.stats().servers.some(({ address, isConnected }) =>
        isConnected && address === watched.replica.address
      ),
    );
    await backend.close();
  },
};

/**
 * The contract over one real server and over a real cluster, where there is a
 * `redis-server` and leave to start it. `deno task test:cluster` requires both, and
 * adds the faults and the other runtimes.
 */
import { filter, kv } from "../../src/plugin/mod.ts";
import { RedisBackend, startBackend } from "../../src/redis/mod.ts";
import { Cluster, startSingle } from "./servers.mjs";
import { contract, viewOf } from "./suite.mjs";

/** Why there are no servers to test with; `undefined` if there are. */
async function whyNot(): Promise<string | undefined> {
  for (const command of ["redis-server", "redis-cli"]) {
    const { state } = await Deno.permissions.query({ name: "run", command });
    if (state !== "granted") {
      return `this run may not start ${command} (--allow-run)`;
    }
    try {
      await new Deno.Command(command, { args: ["--version"] }).output();
    } catch {
      return `${command} is not installed`;
    }
  }
  return undefined;
}

const reason = await whyNot();
if (reason !== undefined) {
  console.warn(
    `SKIPPED: the contract over Redis servers, because ${reason}; ` +
      "deno task test:cluster runs it",
  );
}

type Test = (
  backend: ReturnType<typeof viewOf>,
  bucket: string,
  registries: { kv: typeof kv; filter: typeof filter },
) => Promise<void>;

Deno.test({
  name: "contract: one Redis server and a cluster",
  ignore: reason !== undefined,
  async fn(context): Promise<void> {
    const single = await startSingle();
    const cluster = await Cluster.start();
    const kinds = {
      single: { mode: "single", nodes: single.address },
      cluster: { mode: "cluster", nodes: cluster.nodes },
    } as const;
    for (const [kind, redis] of Object.entries(kinds)) {
      for (const [name, test] of Object.entries<Test>(contract)) {
        await context.step(`${name} (${kind})`, async () => {
          await using backend = await startBackend(
            { kv: { backend: "redis", redis } },
            { env: () => undefined },
          );
          if (!(backend instanceof RedisBackend)) throw new Error("another");
          await test(viewOf(backend), `${kind} ${name}`, { kv, filter });
        });
      }
    }
    await single.dispose();
    await cluster.dispose();
  },
});

/** Readers in workers and in processes of their own, beside a writer that is at it. */
import { assert, assertEquals } from "@std/assert";
import { Worker } from "node:worker_threads";
import { Store } from "../../mod.ts";
import { tempDir } from "../support/temp.ts";
import { KEYS, type Seen } from "./reader_worker.ts";

const OPTIONS = {
  memTableSize: 65_536,
  valueLogFileSize: 1 << 20,
  valueLogMaxEntries: 400,
  valueLogGcEnabled: false,
};
const WORKERS = 2;
const LOOKS_MIN = 60;

function commit(store: Store, n: number): Promise<void> {
  const value = `${n} ${"x".repeat(n % 3000)}`;
  return store.batch().set("left", `${n}`).set(`key ${n % KEYS}`, value)
    .set("right", `${n}`).commit();
}

/** A reader in a worker. */
class Follower {
  looks = 0;
  readonly done: Promise<Seen>;
  readonly #worker: Worker;

  constructor(path: string) {
    const file = new URL("./reader_worker.ts", import.meta.url);
    this.#worker = new Worker(file, { workerData: { path } });
    this.done = new Promise((resolve, reject) => {
      this.#worker.on("message", (seen: Seen) => {
        this.looks = seen.looks;
        if (seen.isDone) resolve(seen);
      });
      this.#worker.on("error", (error) => {
        this.looks = Infinity;
        reject(error);
      });
    });
  }

  async stop(): Promise<Seen> {
    this.#worker.postMessage("stop");
    try {
      return await this.done;
    } finally {
      await this.#worker.terminate();
    }
  }
}

Deno.test("readers in workers see one moment each, while this thread writes, collects and reopens", async () => {
  await using directory = tempDir();
  const path = directory.path;
  let store = await Store.open({ path, ...OPTIONS });
  let n = 0;
  await commit(store, ++n);
  const followers = Array.from({ length: WORKERS }, () => new Follower(path));
  for (
    let round = 1;
    followers.some(({ looks }) => looks < LOOKS_MIN);
    round++
  ) {
    for (let i = 0; i < 300; i++) await commit(store, ++n);
    await store.gc({ discardRatio: 0.2 });
    if (round % 10 === 0) {
      await store.close();
      store = await Store.open({ path, ...OPTIONS });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const follower of followers) {
    const seen = await follower.stop();
    assertEquals(seen.newest, n);
    assertEquals(seen.rebuilt, 0);
    console.log(seen);
  }
  await store.close();
});

Deno.test("a reader in another process needs the permission to read and no other", async () => {
  await using directory = tempDir();
  const path = directory.path;
  await using store = await Store.open({ path, ...OPTIONS });
  for (let n = 1; n <= 500; n++) await commit(store, n);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-prompt",
      `--allow-read=${path}`,
      "tests/concurrency/reader_worker.ts",
      path,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await lines.read()).value, "500\n");
  for (let n = 501; n <= 2000; n++) await commit(store, n);
  const { segmentsRewritten } = await store.gc({ discardRatio: 0.2 });
  assert(segmentsRewritten > 0);
  await input.write(new TextEncoder().encode("look\n"));
  assertEquals((await lines.read()).value, "2000\n");
  await input.close();
  assertEquals((await child.status).success, true);
  await lines.cancel();
});

Deno.test("the example of workers runs", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read=.",
      "--allow-write=.tmp",
      "examples/workers.ts",
    ],
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  assertEquals(
    decoder.decode(stdout),
    "Scores of 1 sum up to 10000 and 10000\n" +
      "Scores of 2 sum up to 20000 and 20000\n",
  );
});

/** Transactions: workers that share a queue, and none gets what another has. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/transaction";
await emptyDir(path);
await using store = await Store.open(path);
const text = (bytes?: Uint8Array) => new TextDecoder().decode(bytes);

for (let i = 0; i < 50; i++) {
  await store.set(`job/${String(i).padStart(4, "0")}`, `task ${i}`);
}

let attempts = 0;
/** Takes the first job off the queue and writes down who has it. */
function takeJob(worker: string): Promise<string | undefined> {
  return store.transaction(async (tx) => {
    attempts++;
    const [first] = tx.list({ prefix: "job/", limit: 1 });
    if (first === undefined) return undefined;
    const job = text(first[0]).slice("job/".length);
    await Promise.resolve(); // others have their turn here
    tx.delete(first[0]).set(`taken/${job}`, worker);
    return job;
  });
}

const taken: string[] = [];
async function work(worker: string): Promise<void> {
  for (;;) {
    const job = await takeJob(worker);
    if (job === undefined) return;
    taken.push(job);
  }
}

await Promise.all(["ada", "grace", "edsger"].map(work));
console.log(`${taken.length} jobs taken in ${attempts} attempts`);
assertEquals(new Set(taken).size, 50);
assertEquals(taken.length, 50);
assertEquals(await store.count({ prefix: "taken/" }), 50);
assertEquals(await store.count({ prefix: "job/" }), 0);

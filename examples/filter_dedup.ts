/** The filter: of any number of workers, exactly one gets each job. */
import { Badger, filter } from "@sett/badger/plugin";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/filter_dedup";
await emptyDir(path);
await using badger = await Badger.start({ path }, { env: () => undefined });
const seen = filter.getFilter("badger");

const jobs = Array.from({ length: 1000 }, (_, i) => `page/${i % 400}`);
const done: string[] = [];

/** Takes every job that no other worker took. */
async function work() {
  for (const job of jobs) {
    const wasKnown = await seen.checkThenAdd("pages", job);
    if (!wasKnown) done.push(job);
  }
}

await Promise.all([work(), work(), work(), work()]);
console.log(`${jobs.length} jobs, 4 workers, ${done.length} done`);
assertEquals(done.length, 400);
assertEquals(new Set(done).size, 400);

// A key can be forgotten by hand, or by itself after a time.
assertEquals(await seen.delete("pages", "page/7"), true);
assertEquals(await seen.exists("pages", "page/7"), false);
await seen.add("pages", "page/7", { expireIn: 60_000 });
assertEquals(await seen.exists("pages", "page/7"), true);

const [bucket] = badger.stats().buckets;
console.log(`bucket ${bucket?.name}:`, JSON.stringify(bucket?.operations));

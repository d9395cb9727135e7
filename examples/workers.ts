/** Workers: one thread writes, each of the others reads with a reader of its own. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Store, StoreReader } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/workers";
const HALF = 10_000;

/** Answers with the sum of the scores from one number on. */
async function answerQuestions(): Promise<void> {
  const reader = await StoreReader.open(path);
  const decoder = new TextDecoder();
  parentPort!.on("message", async (from: number) => {
    // What had been written when the question was asked is there from here on.
    await reader.refresh();
    let sum = 0;
    for (let i = from; i < from + HALF; i++) {
      sum += Number(decoder.decode(reader.getView(`score/${i}`)));
    }
    parentPort!.postMessage(sum);
  });
}

function ask(worker: Worker, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(from);
  });
}

async function main(): Promise<void> {
  await emptyDir(path);
  await using store = await Store.open(path);
  const setAll = (score: number) => {
    for (let i = 0; i < 2 * HALF; i++) void store.set(`score/${i}`, `${score}`);
    return store.flush();
  };
  await setAll(1);
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)));
  for (const score of [1, 2]) {
    await setAll(score);
    const sums = await Promise.all(
      workers.map((worker, i) => ask(worker, i * HALF)),
    );
    console.log(`Scores of ${score} sum up to ${sums.join(" and ")}`);
    assertEquals(sums, [HALF * score, HALF * score]);
  }
  for (const worker of workers) await worker.terminate();
}

await (isMainThread ? main() : answerQuestions());

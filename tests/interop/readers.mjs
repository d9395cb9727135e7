/**
 * Readers beside a writer, in workers of this runtime. The file is the worker too.
 */
import assert from "node:assert/strict";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { Store, StoreReader } from "@sett/badger";
import { check, text } from "./checks.mjs";

const WORKERS = 2;
const KEYS = 500;

/** The worker: tells what it reads after each refresh that it is asked for. */
async function serve() {
  const reader = await StoreReader.open(workerData.path);
  parentPort.on("message", async () => {
    const { segmentsRemoved } = await reader.refresh();
    const values = [];
    for (let i = 0; i < KEYS; i++) values.push(text(await reader.get(`${i}`)));
    parentPort.postMessage({ values, segmentsRemoved });
  });
}

function ask(worker) {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage("look");
  });
}

/** Reads in workers what this thread writes and collects. */
export async function runReaders(path) {
  await check("workers read what this thread writes and collects", async () => {
    const store = await Store.open({
      path,
      valueLogMaxEntries: 100,
      valueLogGcEnabled: false,
    });
    const setAll = async (value) => {
      for (let i = 0; i < KEYS; i++) await store.set(`${i}`, value);
    };
    await setAll("first");
    const workers = Array.from(
      { length: WORKERS },
      () => new Worker(new URL(import.meta.url), { workerData: { path } }),
    );
    try {
      for (const value of ["second", "third"]) {
        await setAll(value);
        const answers = await Promise.all(workers.map(ask));
        for (const { values } of answers) {
          assert.deepEqual(new Set(values), new Set([value]));
        }
        const { segmentsRewritten } = await store.gc({ discardRatio: 0.1 });
        assert.ok(segmentsRewritten > 0);
        for (
          const { values, segmentsRemoved } of await Promise.all(
            workers.map(ask),
          )
        ) {
          assert.deepEqual(new Set(values), new Set([value]));
          assert.equal(segmentsRemoved, segmentsRewritten);
        }
      }
    } finally {
      for (const worker of workers) await worker.terminate();
      await store.close();
    }
  });
}

/** Reads a store that another process, maybe of another runtime, has open. */
export async function runRead(path, holder) {
  await check(`reads a store that ${holder} has open`, async () => {
    const reader = await StoreReader.open(path);
    assert.equal(text(await reader.get("holder")), "was here");
    assert.equal((await reader.refresh()).records, 0);
    assert.equal([...reader.listSync()].length, reader.size);
    await reader.close();
  });
}

if (parentPort !== null) await serve();

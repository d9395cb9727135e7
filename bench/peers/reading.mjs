/**
 * The phases that read, each in a process of its own. The files are read once
 * before the clock starts: what is compared is the peers and not the disk.
 *
 * @module
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { keysOf, orderOf, valueIndexes, valuesOf } from "./keys.mjs";
import { checkValues, prefill } from "./writing.mjs";

/** Has the operating system read every file of a directory. */
function warm(directory) {
  const buffer = new Uint8Array(1 << 20);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = openSync(`${directory}/${entry.name}`, "r");
    while (readSync(file, buffer, 0, buffer.length, null) > 0);
    closeSync(file);
  }
}

// The first byte is touched, so that a view is more than a promise.
function readAll(read, keys) {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) {
    const value = read(keys[i]);
    sum += value.length + value[0];
  }
  return sum;
}

async function readAllAsync(read, keys) {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) {
    const value = await read(keys[i]);
    sum += value.length + value[0];
  }
  return sum;
}

function countAbsent(read, keys) {
  let absent = 0;
  for (let i = 0; i < keys.length; i++) {
    const value = read(keys[i]);
    if (value === undefined || value === null) absent++;
  }
  return absent;
}

async function countAbsentAsync(read, keys) {
  let absent = 0;
  for (let i = 0; i < keys.length; i++) {
    if (await read(keys[i]) === undefined) absent++;
  }
  return absent;
}

/** Reads keys that are there, or asks for ones that are not, once or several times. */
export async function read(peer, step) {
  const order = orderOf(step.keys, step.count, step.seed);
  const keys = keysOf(order, step.missing);
  const values = valuesOf(step.valueBytes);
  if (!step.volatile) warm(step.directory);
  const store = await peer.open();
  await prefill(store, step);
  const results = [];
  for (let pass = 1; pass <= step.passes; pass++) {
    const start = performance.now();
    let found = 0;
    if (step.missing) {
      found = store.getAsync
        ? await countAbsentAsync(store.getAsync, keys)
        : countAbsent(store.get, keys);
    } else if (step.view) found = readAll(store.view, keys);
    else if (store.getAsync) found = await readAllAsync(store.getAsync, keys);
    else found = readAll(store.get, keys);
    const seconds = (performance.now() - start) / 1000;
    if (step.missing ? found !== keys.length : found < keys.length) {
      throw new Error(`Cannot take the result: found ${found}`);
    }
    const rssBytes = process.memoryUsage().rss;
    const suffix = step.passes > 1 ? `, pass ${pass}` : "";
    results.push({ operations: keys.length, seconds, rssBytes, suffix });
  }
  if (!step.volatile && !step.missing) {
    await checkValues(store, order, valueIndexes(order, 0), values);
  }
  await store.close();
  return results;
}

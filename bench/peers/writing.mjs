/**
 * The phases that write: in groups, one at a time, several at a time, and mixed
 * with reads. The clock stops when the peer says that all is done; with `close`,
 * when it has closed.
 *
 * @module
 */
import { keysOf, orderOf, valueIndexes, valuesOf } from "./keys.mjs";
import { updateFlags, zipfianOrder } from "./zipfian.mjs";

/** Calls `write` for every key, in groups, and awaits each. */
async function writeGroups(writer, size, keys, values, indexes) {
  const { write, around, all } = writer;
  const count = keys.length;
  const group = writer.oneGroup ? count : size;
  let from = 0;
  let to = 0;
  const run = () => {
    let last;
    for (let i = from; i < to; i++) last = write(keys[i], values[indexes[i]]);
    return last;
  };
  const runAll = () => {
    const results = [];
    for (let i = from; i < to; i++) {
      results.push(write(keys[i], values[indexes[i]]));
    }
    return Promise.all(results);
  };
  const body = all ? runAll : run;
  for (; from < count; from = to) {
    to = Math.min(from + group, count);
    const done = around === undefined ? body() : around(body);
    // What is synchronous is not made to wait for a turn.
    if (done !== undefined) await done;
  }
}

/** Keeps `width` writes under way, each of a worker that awaits it. */
async function writeInFlight(writer, width, keys, values, indexes) {
  const { write, around } = writer;
  if (around !== undefined) {
    return await writeGroups(writer, width, keys, values, indexes);
  }
  let next = 0;
  const work = async () => {
    while (next < keys.length) {
      const i = next++;
      await write(keys[i], values[indexes[i]]);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
}

/** Reads and updates keys in the order given; updates are awaited in groups. */
async function mix(store, writer, size, keys, order, flags, values) {
  const { get } = store;
  const { write, around } = writer;
  const count = order.length;
  let sum = 0;
  let from = 0;
  let to = 0;
  const run = () => {
    let last;
    for (let i = from; i < to; i++) {
      const key = keys[order[i]];
      if (flags[i] === 1) last = write(key, values[i & 4095]);
      else sum += get(key).length;
    }
    return last;
  };
  for (; from < count; from = to) {
    to = Math.min(from + size, count);
    const done = around === undefined ? run() : around(run);
    if (done !== undefined) await done;
  }
  if (sum === 0) throw new Error("Cannot mix: nothing was read");
}

/** Compares what a thousand of the keys have with what they should have. */
export async function checkValues(store, order, indexes, values) {
  const step = Math.max(1, Math.floor(order.length / 1000));
  const keys = keysOf(order.filter((_, i) => i % step === 0));
  for (let at = 0; at < keys.length; at++) {
    const expected = indexes && values[indexes[at * step]];
    const found = store.getAsync
      ? await store.getAsync(keys[at])
      : store.get(keys[at]) ?? undefined;
    if (expected === undefined ? found === undefined : same(found, expected)) {
      continue;
    }
    throw new Error(`Cannot take the result: ${keys[at]} has a wrong value`);
  }
}

function same(found, expected) {
  if (found?.length !== expected.length) return false;
  return expected.every((byte, i) => found[i] === byte);
}

/** Puts every key, before the clock starts, into a peer that has no files. */
export async function prefill(store, step) {
  if (!step.prefill) return;
  const order = orderOf(step.keys, step.keys, 1);
  const { plain } = store.writers.put;
  const indexes = valueIndexes(order, 0);
  const values = valuesOf(step.valueBytes);
  await writeGroups(plain, step.keys, keysOf(order), values, indexes);
}

function writerOf(store, { operation, idiom }) {
  const writer = store.writers[operation]?.[idiom];
  if (writer !== undefined) return writer;
  throw new Error(`Cannot find how to ${operation} with "${idiom}"`);
}

/** `write`: puts or removes keys. */
export async function write(peer, step) {
  const values = valuesOf(step.valueBytes);
  const all = orderOf(step.keys, step.keys, step.seed);
  const from = step.first ?? 0;
  const order = all.subarray(from, from + step.count);
  const keys = keysOf(order);
  const indexes = valueIndexes(order, step.generation);
  const store = await peer.open();
  await prefill(store, step);
  const writer = writerOf(store, step);
  const start = performance.now();
  if (step.inFlight) {
    await writeInFlight(writer, step.inFlight, keys, values, indexes);
  } else await writeGroups(writer, step.group, keys, values, indexes);
  const written = performance.now();
  if (step.close) await store.close();
  const end = performance.now();
  const rssBytes = process.memoryUsage().rss;
  if (!step.volatile) {
    const again = step.close ? await peer.open() : store;
    const isRemoved = step.operation === "remove";
    await checkValues(again, order, isRemoved ? undefined : indexes, values);
    await again.close();
  }
  return [{
    operations: keys.length,
    seconds: (end - start) / 1000,
    closeSeconds: (end - written) / 1000,
    rssBytes,
  }];
}

/** `mix`: YCSB's workloads A and B. */
export async function mixed(peer, step) {
  const values = valuesOf(step.valueBytes);
  const keys = keysOf(Uint32Array.from({ length: step.keys }, (_, i) => i));
  const order = zipfianOrder(step.keys, step.count, step.seed);
  const flags = updateFlags(step.count, step.updates, step.seed + 1);
  const store = await peer.open();
  await prefill(store, step);
  const writer = writerOf(store, step);
  const start = performance.now();
  await mix(store, writer, step.group, keys, order, flags, values);
  const seconds = (performance.now() - start) / 1000;
  const rssBytes = process.memoryUsage().rss;
  await store.close();
  return [{ operations: step.count, seconds, rssBytes }];
}

/**
 * The process that is killed: opens a store, checks and tells what is in it, and works
 * on it without an end.
 *
 *     child.mjs MODULE DIRECTORY SEED sync|flush PHASE
 *
 * It prints a line a thing: `o` before it opens the store; `s CUT SOURCE KEY=N,…` what
 * it found; and, once a line `N` on its input has said which operation was the last
 * one, `a N` when all operations up to N are acknowledged, `g` before it collects
 * garbage and `e` after, `c` before it closes and `r` when it has opened again, and
 * `! …` when something is wrong.
 *
 * Plain JavaScript: it runs on every runtime as it stands.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import {
  isCounter,
  replay,
  stepOf,
  valueOf,
  WINDOW_MAX,
} from "./operations.mjs";

const [module, path, seedText, sync, phase] = process.argv.slice(2);
const seed = Number(seedText);
const { Store } = await import(module);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Prints at once: what is printed when the process is killed has been done. */
function say(line) {
  const bytes = encoder.encode(`${line}\n`);
  if (globalThis.Deno !== undefined) globalThis.Deno.stdout.writeSync(bytes);
  else writeSync(1, bytes);
}

function fail(error) {
  say(`! ${String(error?.stack ?? error).replaceAll("\n", " | ")}`);
  process.exit(1);
}

function openStore() {
  return Store.open({
    path,
    syncWrites: sync === "sync",
    memTableSize: 65_536,
    valueLogFileSize: 1_048_576,
    valueLogMaxEntries: 250,
    valueThreshold: 20_000,
    valueLogGcDiscardRatio: 0.3,
    valueLogGcIntervalInSeconds: 1,
  });
}

function readCount(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getBigUint64(0, true);
}

/** Reads every key; returns which operation set it, or the count of a counter. */
async function readAll(store) {
  const state = new Map();
  for await (const [key, value] of store.list()) {
    const name = decoder.decode(key);
    if (isCounter(name)) {
      const count = store.getCounter(name);
      if (count !== readCount(value)) throw new Error(`${name}: ${count}`);
      state.set(name, Number(count));
      continue;
    }
    const text = decoder.decode(value);
    const n = Number(text.slice(0, text.indexOf(" ")));
    if (text !== valueOf(seed, n, name)) {
      throw new Error(`a wrong value of ${name}: ${text.slice(0, 60)}`);
    }
    state.set(name, n);
    const alone = decoder.decode(await store.get(name));
    if (alone !== text) throw new Error(`${name} is listed as another value`);
  }
  if (store.size !== state.size) {
    throw new Error(`${store.size} keys, but ${state.size} are listed`);
  }
  return state;
}

/** Throws unless the store holds just what the operations up to now left. */
async function compare(store, state) {
  const found = await readAll(store);
  for (const [key, n] of state) {
    if (found.get(key) !== n) {
      throw new Error(`${key}: ${found.get(key)}, ${n}`);
    }
  }
  if (found.size !== state.size) throw new Error(`${found.size} keys`);
}

/** Reads a key, and writes it with what counts such writes if it is still the same. */
async function performAtomic(store, n, key, counters) {
  const operation = store.atomic().check(store.getEntry(key));
  operation.set(key, valueOf(seed, n, key));
  for (const counter of counters) operation.sum(counter, 1n);
  const { ok } = await operation.commit();
  if (!ok) throw new Error(`nobody else set ${key}`);
}

function performTransaction(store, n, key, counters) {
  return store.transaction((tx) => {
    tx.set(key, valueOf(seed, n, key));
    for (const counter of counters) {
      const bytes = tx.get(counter);
      const count = new Uint8Array(8);
      const next = (bytes === undefined ? 0n : readCount(bytes)) + 1n;
      new DataView(count.buffer).setBigUint64(0, next, true);
      tx.set(counter, count);
    }
  });
}

function perform(store, n) {
  const step = stepOf(seed, n);
  const [gone] = step.delete;
  const [key] = step.set;
  switch (step.kind) {
    case "batch": {
      const batch = store.batch();
      for (const key of step.set) batch.set(key, valueOf(seed, n, key));
      for (const key of step.delete) batch.delete(key);
      return batch.commit();
    }
    case "increment":
      return store.increment(step.count[0]);
    case "atomic":
      return performAtomic(store, n, key, step.count);
    case "transaction":
      return performTransaction(store, n, key, step.count);
  }
  if (n % 61 === 0) {
    if (gone === undefined) store.setSync(key, valueOf(seed, n, key));
    else store.deleteSync(gone);
    return undefined;
  }
  return gone === undefined
    ? store.set(key, valueOf(seed, n, key))
    : store.delete(gone);
}

function readLine() {
  return new Promise((resolve) => {
    process.stdin.once("data", (bytes) => {
      process.stdin.destroy();
      resolve(decoder.decode(bytes));
    });
  });
}

async function work(store, first, state) {
  const isClosing = phase === "close";
  for (let n = first, turn = 1;; turn++) {
    const last = n + turn * 7 % WINDOW_MAX;
    const waiting = [];
    for (; n <= last; n++) {
      const done = perform(store, n);
      waiting.push(done);
      // It commits in a later step, and the next operation must not come before it.
      if (stepOf(seed, n).kind === "transaction") await done;
    }
    await Promise.all(waiting);
    say(`a ${last}`);
    replay(state, seed, n - waiting.length, last);
    // Timers have their turn: hints are written and garbage is collected.
    if (turn % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    if (turn % 8 === 0) {
      say("g");
      const done = store.gc({ discardRatio: 0.1 + turn % 5 / 10 });
      done.then(() => say("e"), fail);
    }
    if (turn % (isClosing ? 12 : 150) === 0) {
      say("c");
      await store.close();
      store = await openStore();
      say("r");
      await compare(store, state);
    }
  }
}

try {
  say("o");
  const store = await openStore();
  const { bytesCut, source } = store.recovery;
  const state = await readAll(store);
  const rows = [...state].map(([key, n]) => `${key}=${n}`).join();
  say(`s ${bytesCut} ${source} ${rows}`);
  const last = Number(await readLine());
  await work(store, last + 1, state);
} catch (error) {
  fail(error);
}

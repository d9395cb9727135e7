/**
 * A store on a disk that fills up:
 *
 *     full_disk.mjs MODULE MOUNT KEPT sync|flush fill|after
 *
 * `fill` writes until nothing fits any more, frees space, goes on, closes and opens,
 * and kills itself on the full disk; what the store must hold by then it leaves in the
 * file KEPT. `after` opens what is left. `limit` and `limited` are the same for a limit
 * on the size of each file, under which no space can be freed.
 *
 * Plain JavaScript: it runs on every runtime as it stands.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import process from "node:process";
import { bytesOf, check, report } from "../interop/checks.mjs";

const [module, mount, kept, sync, part] = process.argv.slice(2);
const { Store, StoreError } = await import(module);
const BALLAST_BYTES = 1_000_000;
const RESERVE_BYTES = 400_000;
const SIZES = [3000, 100, 20_000, 0, 900, 7000];
const KEYS = 400;
/** Rejections in a row after which the disk counts as full. */
const REJECTIONS = 12;

const options = {
  path: `${mount}/data`,
  syncWrites: sync === "sync",
  memTableSize: 65_536,
  valueLogFileSize: 1_048_576,
  valueThreshold: 16_000,
  valueLogGcEnabled: false,
};
const files = {
  ballast: `${mount}/ballast`,
  reserve: `${mount}/reserve`,
  brim: `${mount}/brim`,
};

/** What the store must hold: for each key the seed and size of its value. */
let model = new Map();
let count = 0;

function open() {
  return Store.open(options);
}

/** A rejected write: that the disk is full, and nothing else. */
function assertFull(error) {
  assert.ok(error instanceof StoreError, String(error?.stack));
  assert.equal(error.code, "DISK_FULL", String(error.stack));
  assert.ok(error.path?.startsWith(mount), error.path);
}

/** Checks every key, one by one and by the list. */
async function compare(store) {
  assert.equal(store.size, model.size);
  for (const [key, [seed, size]] of model) {
    const value = await store.get(key);
    assert.ok(value !== undefined, `${key} is gone`);
    assert.ok(
      Buffer.compare(value, bytesOf(seed, size)) === 0,
      `${key} differs`,
    );
  }
  let listed = 0;
  for await (const [key] of store.list({ keysOnly: true })) {
    assert.ok(model.has(new TextDecoder().decode(key)));
    listed++;
  }
  assert.equal(listed, model.size);
}

/** One write of up to eight keys; true if it was acknowledged, all of it or none. */
async function write(store) {
  const n = count++;
  const rows = Array.from({ length: n % 17 === 0 ? 5 : 1 }, (_, i) => {
    const size = SIZES[(n + i) % SIZES.length];
    return [`key ${(n * 7 + i) % KEYS}`, [n, size]];
  });
  try {
    if (rows.length > 1) {
      const batch = store.batch();
      for (const [key, [seed, size]] of rows) {
        batch.set(key, bytesOf(seed, size));
      }
      await batch.commit();
    } else {
      const [[key, [seed, size]]] = rows;
      if (n % 5 === 0) store.setSync(key, bytesOf(seed, size));
      else await store.set(key, bytesOf(seed, size));
    }
  } catch (error) {
    assertFull(error);
    return false;
  }
  for (const [key, value] of rows) model.set(key, value);
  return true;
}

/** Several writes at once; each is acknowledged or rejected by itself. */
async function writeMany(store) {
  const rows = Array.from({ length: 8 }, (_, i) => {
    const n = count++;
    return [`key ${(n * 13 + i) % KEYS}`, [n, SIZES[n % SIZES.length]]];
  });
  const results = await Promise.allSettled(
    rows.map(([key, [seed, size]]) => store.set(key, bytesOf(seed, size))),
  );
  for (const [i, { status }] of results.entries()) {
    if (status === "fulfilled") model.set(...rows[i]);
  }
  const refused = results.filter(({ status }) => status === "rejected");
  for (const { reason } of refused) assertFull(reason);
  return refused.length === 0;
}

/** Writes until the disk refuses several times in a row. */
async function fill(store) {
  let written = 0;
  for (let rejections = 0; rejections < REJECTIONS;) {
    const isDone = count % 10 === 0
      ? await writeMany(store)
      : await write(store);
    rejections = isDone ? 0 : rejections + 1;
    if (isDone) written++;
  }
  return written;
}

/** Takes the last byte of the disk. */
function takeRest() {
  const fd = fs.openSync(files.brim, "w");
  for (let size = 65_536; size >= 1;) {
    try {
      if (fs.writeSync(fd, new Uint8Array(size)) < size) {
        size = Math.floor(size / 2);
      }
    } catch {
      size = Math.floor(size / 2);
    }
  }
  fs.closeSync(fd);
}

/** Takes space that {@linkcode freeSome} gives back. */
function reserve() {
  fs.writeFileSync(files.reserve, new Uint8Array(RESERVE_BYTES));
}

function freeSome() {
  fs.rmSync(files.brim, { force: true });
  fs.rmSync(files.reserve, { force: true });
}

async function deleteSome(store, mayFail) {
  let deleted = 0;
  for (const key of [...model.keys()].filter((_, i) => i % 5 < 2)) {
    try {
      assert.equal(await store.delete(key), true);
      model.delete(key);
      deleted++;
    } catch (error) {
      if (!mayFail) throw error;
      assertFull(error);
    }
  }
  return deleted;
}

async function collect(store, mayFail) {
  try {
    return await store.gc({ discardRatio: 0.1 });
  } catch (error) {
    if (!mayFail) throw error;
    assertFull(error);
    return undefined;
  }
}

/** Opens on a full disk: with all that was acknowledged, or not at all. */
async function tryOpenFull() {
  let store;
  try {
    store = await open();
  } catch (error) {
    assertFull(error);
    return "refused";
  }
  await compare(store);
  await store.close();
  return "opened";
}

async function runFill() {
  fs.writeFileSync(files.ballast, new Uint8Array(BALLAST_BYTES));
  reserve();
  let store = await open();
  await check(
    "writes go on until the disk is full, and say so then",
    async () => {
      assert.ok(await fill(store) > 50);
    },
  );
  await check(
    "a full disk is read, and refused writes left no trace",
    () => compare(store),
  );
  await check(
    "deletes and collection on a full disk work or say that it is full",
    async () => {
      await deleteSome(store, true);
      await collect(store, true);
      await compare(store);
    },
  );
  await check(
    "when space is freed, deletes, collection and writes work",
    async () => {
      fs.rmSync(files.ballast);
      assert.ok(await deleteSome(store, false) > 0);
      const { segmentsRewritten } = await collect(store, false);
      assert.ok(segmentsRewritten > 0);
      await compare(store);
      assert.ok(await fill(store) > 20);
      await compare(store);
    },
  );
  await check("a store closes when not a byte is left", async () => {
    takeRest();
    for (let i = 0; i < 20; i++) await write(store);
    await compare(store);
    await store.close();
  });
  await check("it opens when not a byte is left, or says so", tryOpenFull);
  await check(
    "it opens with everything when there is space again",
    async () => {
      freeSome();
      store = await open();
      await compare(store);
      await deleteSome(store, false);
      await collect(store, false);
      reserve();
      await fill(store);
      takeRest();
      for (let i = 0; i < 20; i++) await writeMany(store);
      await compare(store);
    },
  );
  fs.writeFileSync(kept, JSON.stringify([count, [...model]]));
  report();
  process.kill(process.pid, "SIGKILL");
}

async function runAfter() {
  const [before, rows] = JSON.parse(fs.readFileSync(kept, "utf8"));
  count = before;
  model = new Map(rows);
  await check(
    "killed on a full disk, a store opens there or says that it is full",
    tryOpenFull,
  );
  freeSome();
  let store;
  await check("it has everything when there is space", async () => {
    store = await open();
    await compare(store);
  });
  await check("it takes deletes, collection and writes again", async () => {
    await deleteSome(store, false);
    const { bytesReclaimed } = await collect(store, false);
    assert.ok(bytesReclaimed > 0);
    assert.ok(await write(store));
    await compare(store);
    await store.close();
  });
  await check("and has it all after closing and opening", async () => {
    store = await open();
    await compare(store);
    await store.close();
  });
  report();
}

/** Where only the size of each file is limited: no space can be freed. */
async function runLimit() {
  const store = await open();
  await check("writes go on up to the limit, and say so then", async () => {
    assert.ok(await fill(store) > 20);
    await compare(store);
  });
  await check("a store at the limit closes, opens and is read", async () => {
    await store.close();
    const again = await open();
    await compare(again);
  });
  fs.writeFileSync(kept, JSON.stringify([count, [...model]]));
  report();
  process.kill(process.pid, "SIGKILL");
}

const parts = {
  fill: runFill,
  after: runAfter,
  limit: runLimit,
  limited: runAfter,
};
await parts[part]();

/**
 * What every key-value store and every filter promises, whatever is behind it.
 *
 * Each test gets an open backend whose buckets nobody else uses. Plain JavaScript: it
 * runs on Bun and Node as it stands here.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

const EMPTY = new Uint8Array();

/** The text of bytes, or `undefined` for absence. */
function text(bytes) {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Exact bytes: a `Buffer` equals no `Uint8Array` in strict comparison. */
function same(actual, expected) {
  assert.deepEqual(
    actual === undefined ? undefined : [...actual],
    expected === undefined ? undefined : [...expected],
  );
  if (actual !== undefined) {
    assert.equal(Object.getPrototypeOf(actual), Uint8Array.prototype);
  }
}

/** `length` bytes that depend on `seed` alone. */
function bytesOf(seed, length) {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const wait = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `isSo` answers true; the runner's own limit ends what never does. */
async function until(isSo) {
  while (!await isSo()) await wait(5);
}

/** Each test by its name: `(kvStore, filter, backend, bucket)`. */
export const contract = {
  "a value comes back; a missing one is undefined": async (
    { kvStore },
    bucket,
  ) => {
    assert.equal(await kvStore.getValue(bucket, "k"), undefined);
    await kvStore.addValue(bucket, "k", "one");
    await kvStore.addValue(bucket, new TextEncoder().encode("k"), "two");
    assert.equal(text(await kvStore.getValue(bucket, "k")), "two");
    assert.equal(await kvStore.getValue(bucket, "K"), undefined);
    assert.equal(await kvStore.getValue(`${bucket}.`, "k"), undefined);
  },

  "an empty value is there": async ({ kvStore }, bucket) => {
    await kvStore.addValue(bucket, "k", "");
    same(await kvStore.getValue(bucket, "k"), EMPTY);
    assert.equal(await kvStore.existsKey(bucket, "k"), true);
    await kvStore.addValueCompress(bucket, "z", EMPTY);
    same(await kvStore.getCompressedValue(bucket, "z"), EMPTY);
  },

  "keys and values of any bytes come back exactly": async (
    { kvStore },
    bucket,
  ) => {
    const keys = [
      ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
      Uint8Array.of(0, 0),
      Uint8Array.of(0x7b, 0x7d, 1), // braces mean something to a cluster
      Uint8Array.of(0x7b, 1, 0x7d, 2),
      Uint8Array.of(0xc3, 0x28),
      bytesOf(1, 1_000),
    ];
    await Promise.all(
      keys.map((key, i) => kvStore.addValue(bucket, key, bytesOf(i, i % 300))),
    );
    const found = await Promise.all(
      keys.map((key) => kvStore.getValue(bucket, key)),
    );
    found.forEach((value, i) => same(value, bytesOf(i, i % 300)));
    const texts = [
      "é",
      "日本語",
      "\0",
      "\r\n",
      "*?[]\\",
      "{a}b",
      "$5\r\nhello",
    ];
    for (const key of texts) {
      await kvStore.addValue(bucket, key, key);
      assert.equal(text(await kvStore.getValue(bucket, key)), key);
      const bytes = new TextEncoder().encode(key);
      assert.equal(text(await kvStore.getValue(bucket, bytes)), key);
    }
  },

  "values of a megabyte and more come back": async ({ kvStore }, bucket) => {
    for (const length of [65_535, 65_536, 1_048_577, 5_000_000]) {
      const value = bytesOf(length, length);
      await kvStore.addValue(bucket, "large", value);
      const found = await kvStore.getValue(bucket, "large");
      assert.equal(found.length, length);
      assert.equal(Buffer.compare(found, value), 0);
    }
  },

  "the bytes are the caller's again when the call has returned": async (
    { kvStore },
    bucket,
  ) => {
    const key = Uint8Array.of(1, 2, 3);
    const value = Uint8Array.of(4, 5, 6);
    const written = kvStore.addValue(bucket, key, value);
    const wrapped = kvStore.addValueCompress(`${bucket}.z`, key, value);
    key.fill(9);
    value.fill(9);
    await Promise.all([written, wrapped]);
    const own = Uint8Array.of(1, 2, 3);
    same(await kvStore.getValue(bucket, own), Uint8Array.of(4, 5, 6));
    same(
      await kvStore.getCompressedValue(`${bucket}.z`, own),
      Uint8Array.of(4, 5, 6),
    );
    const found = await kvStore.getValue(bucket, own);
    found.fill(0);
    same(await kvStore.getValue(bucket, own), Uint8Array.of(4, 5, 6));
  },

  "deleting tells whether the key was there": async (
    { kvStore, filter },
    bucket,
  ) => {
    assert.equal(await kvStore.deleteKey(bucket, "k"), false);
    await kvStore.addValue(bucket, "k", "v");
    assert.equal(await kvStore.existsKey(bucket, "k"), true);
    assert.equal(await kvStore.deleteKey(bucket, "k"), true);
    assert.equal(await kvStore.deleteKey(bucket, "k"), false);
    assert.equal(await kvStore.existsKey(bucket, "k"), false);
    assert.equal(await filter.delete(bucket, "k"), false);
  },

  "no two pairs of bucket and key are one": async ({ kvStore }, bucket) => {
    const parts = [
      "a",
      ",",
      "a,",
      ",b",
      "\0",
      "\x01",
      "\x01a",
      "=",
      ":",
      "{a}",
    ];
    const pairs = parts.flatMap((end) =>
      parts.map((key) => [`${bucket}${end}`, key])
    );
    await Promise.all(
      pairs.map(([name, key]) =>
        kvStore.addValue(name, key, JSON.stringify([name, key]))
      ),
    );
    for (const [name, key] of pairs) {
      assert.equal(
        text(await kvStore.getValue(name, key)),
        JSON.stringify([name, key]),
      );
    }
  },

  "compressed values come back, plain ones are told apart": async (
    { kvStore },
    bucket,
  ) => {
    const value = "all work and no play ".repeat(10_000);
    await kvStore.addValueCompress(bucket, "k", value);
    assert.equal(text(await kvStore.getCompressedValue(bucket, "k")), value);
    const stored = await kvStore.getValue(bucket, "k");
    assert.ok(stored.length < value.length / 10, "stored compressed");
    assert.equal(await kvStore.getCompressedValue(bucket, "none"), undefined);
    await kvStore.addValue(bucket, "plain", value);
    await assert.rejects(
      kvStore.getCompressedValue(bucket, "plain"),
      { name: "StoreError", code: "NOT_COMPRESSED", message: /"plain"/ },
    );
  },

  "a compressed value is stored as the same bytes everywhere": async (
    { kvStore },
    bucket,
  ) => {
    await kvStore.addValueCompress(bucket, "k", "hi");
    same(
      await kvStore.getValue(bucket, "k"),
      Buffer.from("c5535a0002000000ac2a93d86869", "hex"),
    );
  },

  "values expire": async ({ kvStore, filter }, bucket) => {
    const soon = { expireIn: 30 };
    await kvStore.addValue(bucket, "k", "v", soon);
    await kvStore.addValueCompress(bucket, "z", "v", soon);
    await filter.add(bucket, "f", soon);
    assert.equal(await filter.checkThenAdd(bucket, "g", soon), false);
    await kvStore.addValue(bucket, "stays", "v", { expireIn: 600_000 });
    await kvStore.addValue(bucket, "again", "v", soon);
    await kvStore.addValue(bucket, "again", "forever");
    await wait(60);
    await until(async () => await kvStore.getValue(bucket, "k") === undefined);
    await until(async () => !await filter.exists(bucket, "f"));
    assert.equal(await kvStore.getCompressedValue(bucket, "z"), undefined);
    assert.equal(await filter.checkThenAdd(bucket, "g"), false);
    assert.equal(await kvStore.existsKey(bucket, "stays"), true);
    assert.equal(text(await kvStore.getValue(bucket, "again")), "forever");
  },

  "an expiry that makes no sense is refused": async (
    { kvStore, filter },
    bucket,
  ) => {
    for (const expireIn of [0, -1, Number.NaN, Infinity]) {
      const options = { expireIn };
      await assert.rejects(
        kvStore.addValue(bucket, "k", "v", options),
        RangeError,
      );
      await assert.rejects(filter.add(bucket, "k", options), RangeError);
      await assert.rejects(
        filter.checkThenAdd(bucket, "k", options),
        RangeError,
      );
    }
    await assert.rejects(
      kvStore.addValue(bucket, "k", "v", { expireIn: "5" }),
      TypeError,
    );
    assert.equal(await kvStore.existsKey(bucket, "k"), false);
  },

  "the filter remembers and forgets": async ({ kvStore, filter }, bucket) => {
    assert.equal(await filter.exists(bucket, "k"), false);
    await filter.add(bucket, "k");
    assert.equal(await filter.exists(bucket, "k"), true);
    assert.equal(text(await kvStore.getValue(bucket, "k")), "0");
    assert.equal(await filter.checkThenAdd(bucket, "k"), true);
    assert.equal(await filter.delete(bucket, "k"), true);
    assert.equal(await filter.checkThenAdd(bucket, "k"), false);
    assert.equal(await filter.checkThenAdd(bucket, "k"), true);
  },

  "of many that check at once exactly one adds": async (
    { filter },
    bucket,
  ) => {
    for (const key of ["a", "b", "c"]) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => filter.checkThenAdd(bucket, key)),
      );
      assert.equal(answers.filter((existed) => !existed).length, 1);
    }
    const log = [];
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      if (i % 10 === 9) {
        if (await filter.delete(bucket, "d")) log.push("removed");
      } else if (!await filter.checkThenAdd(bucket, "d")) log.push("added");
    }));
    const added = log.filter((entry) => entry === "added").length;
    const isThere = await filter.exists(bucket, "d") ? 1 : 0;
    assert.equal(added - (log.length - added), isThere);
  },

  "calls for one key take effect in the order they were made": async (
    { kvStore },
    bucket,
  ) => {
    const reads = [];
    await Promise.all(Array.from({ length: 50 }, (_, i) => {
      const written = kvStore.addValue(bucket, "k", `${i}`);
      reads.push(kvStore.getValue(bucket, "k"));
      return written;
    }));
    const seen = (await Promise.all(reads)).map((value) => Number(text(value)));
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    seen.forEach((value, i) => assert.ok(value >= i, `${value} after ${i}`));
    assert.equal(text(await kvStore.getValue(bucket, "k")), "49");
  },

  "wrong arguments are refused": async ({ kvStore, filter }, bucket) => {
    await assert.rejects(kvStore.addValue(bucket, "", "v"), RangeError);
    await assert.rejects(kvStore.getValue(bucket, ""), RangeError);
    await assert.rejects(kvStore.getValue(bucket, 5), TypeError);
    await assert.rejects(kvStore.addValue(bucket, "\ud800", "v"), TypeError);
    await assert.rejects(kvStore.addValue(bucket, "k", 5), TypeError);
    await assert.rejects(kvStore.addValue(bucket, "k", "\ud800"), TypeError);
    for (const name of [5, undefined, null, {}, "\ud800"]) {
      await assert.rejects(kvStore.addValue(name, "k", "v"), TypeError);
      await assert.rejects(kvStore.getValue(name, "k"), TypeError);
      await assert.rejects(filter.checkThenAdd(name, "k"), TypeError);
    }
    const long = "n".repeat(1025);
    await assert.rejects(kvStore.addValue(long, "k", "v"), RangeError);
    await assert.rejects(
      kvStore.addValue(bucket, new Uint8Array(65_536), "v"),
      RangeError,
    );
    const longest = new Uint8Array(64_000).fill(1);
    await kvStore.addValue(bucket, longest, "v");
    assert.equal(await kvStore.existsKey(bucket, longest), true);
  },

  "after close everything is refused until it is opened again": async (
    { kvStore, filter },
    bucket,
  ) => {
    await kvStore.addValue(bucket, "k", "v");
    await kvStore.close();
    await filter.close();
    const calls = [
      () => kvStore.getValue(bucket, "k"),
      () => kvStore.getCompressedValue(bucket, "k"),
      () => kvStore.addValue(bucket, "k", "v"),
      () => kvStore.addValueCompress(bucket, "k", "v"),
      () => kvStore.existsKey(bucket, "k"),
      () => kvStore.deleteKey(bucket, "k"),
      () => filter.exists(bucket, "k"),
      () => filter.add(bucket, "k"),
      () => filter.delete(bucket, "k"),
      () => filter.checkThenAdd(bucket, "k"),
    ];
    for (const call of calls) await assert.rejects(call, { code: "CLOSED" });
    await filter.open();
    await kvStore.open();
    await kvStore.addValue(bucket, "again", "v");
    assert.equal(await filter.exists(bucket, "again"), true);
  },

  "operations are counted by bucket": async (
    { kvStore, filter, stats },
    bucket,
  ) => {
    await kvStore.addValue(bucket, "k", "v");
    await kvStore.addValueCompress(bucket, "z", "v");
    await kvStore.getValue(bucket, "k");
    await kvStore.getValue(bucket, "missing");
    await kvStore.getCompressedValue(bucket, "z");
    await kvStore.existsKey(bucket, "k");
    await filter.checkThenAdd(bucket, "new");
    await filter.checkThenAdd(bucket, "new");
    await filter.delete(bucket, "new");
    const { operations } = stats().buckets.find(({ name }) => name === bucket);
    assert.deepEqual(operations, {
      get: 2,
      getCompress: 1,
      add: 2,
      addCompress: 1,
      exists: 3,
      delete: 1,
    });
  },

  "buckets and the largest keys are found": async (backend, bucket) => {
    const { kvStore } = backend;
    await Promise.all(
      Array.from(
        { length: 300 },
        (_, i) => kvStore.addValue(`${bucket}${i % 3}`, `k${i}`, bytesOf(i, i)),
      ),
    );
    await kvStore.addValue(`${bucket}1`, Uint8Array.of(0xff), bytesOf(0, 9e6));
    const names = (await backend.buckets())
      .filter((name) => name.startsWith(bucket));
    assert.deepEqual(names, [`${bucket}0`, `${bucket}1`, `${bucket}2`]);
    const [first] = await backend.largest(1);
    assert.equal(first.bucket, `${bucket}1`);
    assert.equal(first.valueBytes, 9e6);
    same(first.key, Uint8Array.of(0xff));
    assert.equal((await backend.largest(0)).length, 0);
    const sizes = (await backend.largest(20)).map(({ valueBytes }) =>
      valueBytes
    );
    assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
    assert.equal(sizes.length, 20);
    await assert.rejects(backend.largest(-1), RangeError);
    await kvStore.deleteKey(`${bucket}1`, Uint8Array.of(0xff));
  },

  "the registries find it, and nobody else takes its name": async (
    { kvStore, filter, name },
    bucket,
    { kv, filter: filters },
  ) => {
    assert.equal(kv.getStore(name), kvStore);
    assert.equal(filters.getFilter(name), filter);
    await kv.getStore(name).addValue(bucket, "k", "v");
    assert.equal(await filters.getFilter(name).checkThenAdd(bucket, "k"), true);
    assert.throws(() => kv.register(name, kvStore), {
      code: "ALREADY_REGISTERED",
    });
    await kvStore.close();
    assert.equal(kv.has(name), false);
    assert.equal(filters.has(name), false);
    await kvStore.open();
    assert.equal(kv.getStore(name), kvStore);
  },
};

/** What a test sees of a backend: the same names for both kinds. */
export function viewOf(backend) {
  return {
    name: backend.name,
    kvStore: backend.kvStore,
    filter: backend.filter,
    stats: () => backend.stats(),
    buckets: async () => await backend.buckets(),
    largest: (count) => backend.largest(count),
  };
}

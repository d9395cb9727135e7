/**
 * Collections: what a user of typed values does on whatever runtime this is, and one
 * collection written by one runtime after the other.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Store, StoreError } from "@sett/badger";
import {
  collection,
  decodeOrdered,
  encodeOrdered,
  IndexesChangedError,
  ItemExistsError,
  SchemaError,
  UniqueIndexError,
} from "@sett/badger/cbor";
import { check, RUNTIME } from "./checks.mjs";

/** A value of every kind that a collection keeps. */
const EVERYTHING = {
  nothing: undefined,
  none: null,
  flags: [true, false],
  numbers: [0, -0, 1.5, -1, 2 ** 40, -(2 ** 33), NaN, Infinity, 5e-324],
  bigints: [0n, -1n, (1n << 64n) - 1n, 1n << 64n, -(1n << 200n)],
  texts: ["", "grüß dich", "\u{1f600}", "x".repeat(300), "ü".repeat(70)],
  dates: [new Date(0), new Date(-1), new Date(1_700_000_000_123)],
  map: new Map([["k", new Map([[1n, { deep: new Set(["s"]) }]])]]),
  set: new Set([1, "1", 1n, null]),
  bytes: Uint8Array.of(0, 1, 255),
  arrays: [
    new Uint8ClampedArray([1, 255]),
    Int8Array.of(-1),
    Uint16Array.of(65_535),
    Int16Array.of(-2),
    Uint32Array.of(4_294_967_295),
    Int32Array.of(-3),
    BigUint64Array.of(1n << 63n),
    BigInt64Array.of(-1n),
    Float32Array.of(1.5, -0),
    Float64Array.of(Math.PI),
  ],
};

const isText = {
  "~standard": {
    version: 1,
    vendor: "interop",
    validate: async (value) => {
      await Promise.resolve();
      return typeof value.name === "string"
        ? { value }
        : { issues: [{ message: "is no text", path: ["name"] }] };
    },
  },
};

function open(store, options) {
  return collection(store, "users", {
    indexes: {
      name: { value: (user) => user.name, unique: true },
      age: (user) => user.age,
      tags: { values: (user) => user.tags },
    },
    ...options,
  });
}

const idsOf = (items) => Array.fromAsync?.(items, ({ id }) => id) ?? all(items);

/** Node 20 has no `Array.fromAsync`. */
async function all(items) {
  const ids = [];
  for await (const { id } of items) ids.push(id);
  return ids;
}

/** Runs every check on a fresh directory. */
export async function runCollections(directory) {
  let store = await Store.open({ path: directory, syncWrites: true });
  let users = open(store);

  await check("a collection keeps values of every kind", async () => {
    const things = collection(store, "things");
    await things.set("all", EVERYTHING);
    assert.deepStrictEqual(await things.get("all"), EVERYTHING);
    assert.deepStrictEqual(things.getSync("all"), EVERYTHING);
    await things.set("buffer", Buffer.from("ab"));
    const bytes = await things.get("buffer");
    assert.equal(bytes.constructor, Uint8Array);
    assert.deepEqual([...bytes], [97, 98]);
  });

  await check("a collection finds items by its indexes", async () => {
    await users.set("ada", { name: "Ada", age: 36, tags: ["math", "poetry"] });
    await users.add("grace", { name: "Grace", age: 45, tags: ["math"] });
    await users.update("ada", { age: 37 });
    assert.equal((await users.findBy("name", "Ada")).value.age, 37);
    assert.equal(await users.findBy("age", 36), undefined);
    assert.deepEqual(await idsOf(users.listBy("tags", { value: "math" })), [
      "ada",
      "grace",
    ]);
    const late = users.listBy("age", { start: 37, reverse: true, limit: 1 });
    assert.deepEqual(await idsOf(late), ["grace"]);
    assert.equal(await users.count(), 2);
  });

  await check(
    "a collection refuses what must not be, and says why",
    async () => {
      const cases = [
        [() => users.add("ada", { name: "x" }), ItemExistsError, "ITEM_EXISTS"],
        [
          () => users.set("eve", { name: "Ada" }),
          UniqueIndexError,
          "UNIQUE_CONFLICT",
        ],
        [
          () => open(store, { schema: isText }).set("eve", { name: 5 }),
          SchemaError,
          "INVALID_VALUE",
        ],
        [
          () => open(store, { indexes: {} }).set("eve", {}),
          IndexesChangedError,
          "INDEXES_CHANGED",
        ],
      ];
      for (const [call, type, code] of cases) {
        await assert.rejects(
          call,
          (error) =>
            error instanceof type && error instanceof StoreError &&
            error.code === code,
        );
      }
      await assert.rejects(
        users.set("eve", {
          name: "Eve",
          age: { of: () => 1 },
        }),
        TypeError,
      );
      assert.equal(users.has("eve"), false);
    },
  );

  await check("a collection is there after close and open", async () => {
    await store.close();
    store = await Store.open(directory);
    users = open(store);
    assert.equal((await users.findBy("name", "Grace")).id, "grace");
    const things = collection(store, "things");
    assert.deepStrictEqual(await things.get("all"), EVERYTHING);
    const renamed = open(store, { indexes: { years: (user) => user.age } });
    assert.equal(await renamed.rebuildIndexes(), 2);
    assert.equal((await renamed.findBy("years", 37)).id, "ada");
    await store.close();
  });

  await check("ordered values go there and back", () => {
    const values = [null, true, -1.5, 7n, new Date(5), "a\0ü", ["x", [1n]]];
    for (const value of values) {
      assert.deepStrictEqual(decodeOrdered(encodeOrdered(value)), value);
    }
  });
}

/** Checks what the links before left in the collection, and leaves more. */
export async function linkCollection(store, link) {
  await check(`reads the collection of ${link} links before it`, async () => {
    const users = open(store);
    assert.equal(await users.count(), link * 10);
    for (let i = 0; i < link * 10; i++) {
      const age = i % 10 === 5 && i < link * 10 - 10 ? 1_000 : i % 10;
      const { id, value } = await users.findBy("name", `user ${i}`);
      assert.equal(id, `id ${i}`);
      assert.equal(value.age, age);
      assert.match(value.by, /^(?:deno|bun|node) \d/);
      assert.deepStrictEqual(value.everything, EVERYTHING);
    }
    assert.equal(await users.countBy("age", { value: 5 }), Math.min(link, 1));
  });
  await check(`writes link ${link} of the collection`, async () => {
    const users = open(store);
    for (let i = link * 10; i < link * 10 + 10; i++) {
      await users.add(`id ${i}`, {
        name: `user ${i}`,
        age: i % 10,
        tags: [`link ${link}`],
        by: RUNTIME,
        everything: EVERYTHING,
      });
    }
    if (link > 0) await users.update(`id ${link * 10 - 5}`, { age: 1_000 });
    assert.equal(await users.countBy("tags", { value: `link ${link}` }), 10);
  });
}

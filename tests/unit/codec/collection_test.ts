/** What a collection does, over every kind of place that can hold one. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type KeySpace,
  Store,
  StoreClosedError,
  StoreError,
} from "@sett/badger";
import {
  collection,
  ItemExistsError,
  type OrderedValue,
  UniqueIndexError,
  UnreadableValueError,
} from "@sett/badger/cbor";
import { Badger } from "@sett/badger/plugin";
import { checkCollection } from "../../support/check_collection.ts";
import { tempDir } from "../../support/temp.ts";

interface User {
  email: string;
  age?: number;
  tags?: string[];
  joined?: Date;
}

const ADA: User = { email: "ada@x", age: 36, tags: ["math", "poetry"] };
const GRACE: User = { email: "grace@x", age: 45, tags: ["math", "math"] };
const ALAN: User = { email: "alan@x", age: 41, tags: [] };
const NOBODY: User = { email: "nobody@x" };

function open(space: KeySpace) {
  return collection<User>(space, "users", {
    indexes: {
      email: { value: (user) => user.email, unique: true },
      age: (user) => user.age,
      tags: { values: (user) => user.tags },
      place: (user) => [user.age === undefined, user.email],
    },
  });
}

/** The entries of the bucket are those that its items must have. */
function check(space: KeySpace): Map<OrderedValue, User> {
  const bucket = space instanceof Store ? space.bucket("users") : space;
  return checkCollection<User>(bucket, [
    { values: ({ email }) => [email], unique: true },
    { values: ({ age }) => age === undefined ? [] : [age] },
    { values: ({ tags = [] }) => [...new Set(tags)] },
    { values: ({ age, email }) => [[age === undefined, email]] },
  ]);
}

interface Place {
  space: KeySpace;
  /** Closes and opens again what is on disk. */
  reopen?: () => Promise<KeySpace>;
  end: () => Promise<void>;
}

const SMALL = { memTableSize: 65_536, valueThreshold: 20_000 };

const PLACES: Record<string, () => Promise<Place>> = {
  "a memory store": async () => {
    const space = await Store.open({ memoryMode: true });
    return { space, end: () => space.close() };
  },
  "a disk store": async () => {
    const directory = tempDir();
    const options = { ...SMALL, path: directory.path, syncWrites: true };
    let store = await Store.open(options);
    return {
      space: store,
      reopen: async () => {
        await store.close();
        return store = await Store.open(options);
      },
      end: async () => {
        await store.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  },
  "a bucket of the plugin in one store": () => pluginPlace(true),
  "a bucket of the plugin in its own store": () => pluginPlace(false),
};

async function pluginPlace(single: boolean): Promise<Place> {
  const directory = tempDir();
  const settings = { path: directory.path, single_bucket_mode: single };
  const start = () => Badger.start(settings, { env: () => undefined });
  let badger = await start();
  return {
    space: await badger.bucket("users"),
    reopen: async () => {
      await badger.close();
      badger = await start();
      assertEquals(badger.buckets(), ["users"]);
      return await badger.bucket("users");
    },
    end: async () => {
      await badger.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function test(name: string, run: (place: Place) => Promise<void>): void {
  for (const [kind, make] of Object.entries(PLACES)) {
    Deno.test(`collection in ${kind}: ${name}`, async () => {
      const place = await make();
      try {
        await run(place);
      } finally {
        await place.end();
      }
    });
  }
}

const ids = <T, Id>(list: AsyncIterable<{ id: Id; value: T }>) =>
  Array.fromAsync(list, ({ id }) => id);

test("items are set, read, changed and deleted", async ({ space, reopen }) => {
  let users = open(space);
  await users.set("ada", ADA);
  await users.set("grace", GRACE);
  assertEquals(await users.get("ada"), ADA);
  assertEquals(users.getSync("ada"), ADA);
  assertEquals(await users.get("nobody"), undefined);
  assertEquals(users.getSync("nobody"), undefined);
  assertEquals([users.has("ada"), users.has("nobody")], [true, false]);
  assertEquals(await users.getMany(["grace", "x", "ada"]), [
    GRACE,
    undefined,
    ADA,
  ]);
  assertEquals(await users.update("ada", { age: 37 }), { ...ADA, age: 37 });
  const grown = await users.update("ada", (ada) => ({ ...ada, age: 38 }));
  assertEquals([grown?.age, (await users.get("ada"))?.age], [38, 38]);
  assertEquals(await users.update("nobody", { age: 1 }), undefined);
  assertEquals(users.has("nobody"), false);
  assertEquals(await users.count(), 2);
  check(space);
  if (reopen !== undefined) users = open(space = await reopen());
  assertEquals(await users.delete("grace"), true);
  assertEquals(await users.delete("grace"), false);
  assertEquals([...check(space).keys()], ["ada"]);
  assertEquals(await users.findBy("email", "grace@x"), undefined);
  assertEquals((await users.findBy("age", 38))?.id, "ada");
});

test("what is set is there at once", async ({ space }) => {
  const users = open(space);
  const written = users.set("ada", ADA);
  assertEquals(users.getSync("ada"), ADA);
  const changed = users.update("ada", { age: 1 });
  assertEquals(users.getSync("ada")?.age, 1);
  const gone = users.delete("ada");
  assertEquals(users.has("ada"), false);
  assertEquals(await Promise.all([written, changed, gone]), [
    undefined,
    { ...ADA, age: 1 },
    true,
  ]);
});

test("items are found by their indexes", async ({ space, reopen }) => {
  let users = open(space);
  await users.set("ada", ADA);
  await users.set("grace", GRACE);
  await users.set("alan", ALAN);
  await users.set("nobody", NOBODY);
  if (reopen !== undefined) users = open(await reopen());
  assertEquals(await users.findBy("email", "ada@x"), { id: "ada", value: ADA });
  assertEquals(await users.findBy("email", "ada@"), undefined);
  assertEquals((await users.findBy("age", 45))?.id, "grace");
  assertEquals((await users.findBy("tags", "math"))?.id, "ada");
  assertEquals((await users.findBy("place", [true, "nobody@x"]))?.id, "nobody");
  assertEquals(await ids(users.listBy("age")), ["ada", "alan", "grace"]);
  assertEquals(await ids(users.listBy("age", { start: 41 })), [
    "alan",
    "grace",
  ]);
  assertEquals(await ids(users.listBy("age", { end: 41 })), ["ada"]);
  assertEquals(
    await ids(users.listBy("age", { start: 36, end: 45, reverse: true })),
    ["alan", "ada"],
  );
  assertEquals(await ids(users.listBy("age", { reverse: true, limit: 1 })), [
    "grace",
  ]);
  assertEquals(await ids(users.listBy("tags", { value: "math" })), [
    "ada",
    "grace",
  ]);
  assertEquals(await ids(users.listBy("tags", { prefix: "po" })), ["ada"]);
  assertEquals(await ids(users.listBy("place", { prefix: [false] })), [
    "ada",
    "alan",
    "grace",
  ]);
  assertEquals(await ids(users.listBy("email", { prefix: "a" })), [
    "ada",
    "alan",
  ]);
  assertEquals(await ids(users.listBy("email", { value: "alan@x" })), ["alan"]);
  assertEquals(await users.countBy("tags"), 3);
  assertEquals(await users.countBy("tags", { value: "math" }), 2);
  assertEquals(await users.countBy("age", { start: 40 }), 2);
  assertEquals(await users.countBy("email"), 4);
});

test("pages of a listing follow each other", async ({ space }) => {
  const users = open(space);
  for (let i = 0; i < 7; i++) {
    await users.set(`u${i}`, { email: `${i}@x`, age: i % 2 });
  }
  for (const reverse of [false, true]) {
    for (
      const list of [
        (page: object) => users.list({ reverse, limit: 3, ...page }),
        (page: object) => users.listBy("age", { reverse, limit: 3, ...page }),
        (page: object) => users.listBy("email", { reverse, limit: 3, ...page }),
      ]
    ) {
      const found: string[] = [];
      let cursor = "";
      for (let page = 0; page < 3; page++) {
        const items = list({ cursor });
        found.push(...await ids(items));
        assert(items.cursor !== cursor);
        cursor = items.cursor;
      }
      assertEquals(found.length, 7);
      const again = list({ limit: 100 });
      assertEquals(found, await ids(again));
      assertEquals(await ids(list({ cursor })), []);
    }
  }
});

test("add adds once, also among many at once", async ({ space }) => {
  const users = open(space);
  const adds = await Promise.allSettled(
    [ADA, GRACE, ALAN].map((user) => users.add("first", user)),
  );
  assertEquals(adds.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "rejected",
  ]);
  const error = await assertRejects(
    () => users.add("first", GRACE),
    ItemExistsError,
    'Cannot add an item to users: there is one with the id "first"',
  );
  assertEquals([error.code, error.collection, error.id], [
    "ITEM_EXISTS",
    "users",
    "first",
  ]);
  assertEquals(check(space), new Map([["first", ADA]]));
});

test("a unique index refuses a second item, and nothing is written", async ({ space }) => {
  const users = open(space);
  await users.set("ada", ADA);
  await users.set("grace", GRACE);
  const error = await assertRejects(
    () => users.set("eve", { email: "ada@x", age: 1 }),
    UniqueIndexError,
    'Cannot set an item of users: the item "eve" has "ada@x" in the unique index email, and so has "ada"',
  );
  assertEquals(
    [error.code, error.index, error.value, error.id, error.existingId],
    ["UNIQUE_CONFLICT", "email", "ada@x", "eve", "ada"],
  );
  await assertRejects(
    () => users.update("grace", { email: "ada@x" }),
    UniqueIndexError,
  );
  await assertRejects(
    () => users.add("eve", { email: "ada@x" }),
    UniqueIndexError,
  );
  assertEquals(check(space), new Map([["ada", ADA], ["grace", GRACE]]));
  // An item may keep its own value, and one may be passed on.
  await users.set("ada", { ...ADA, age: 40 });
  await users.update("ada", { email: "lovelace@x" });
  await users.set("eve", { email: "ada@x" });
  await users.delete("eve");
  await users.add("adam", { email: "ada@x" });
  assertEquals((await users.findBy("email", "ada@x"))?.id, "adam");
  check(space);
});

test("of many writes of one item, none leaves an entry behind", async ({ space }) => {
  const users = open(space);
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    const value: User = { email: `${i % 7}@x`, age: i, tags: [`${i % 3}`] };
    calls.push(i % 11 === 0 ? users.delete("one") : users.set("one", value));
    if (i % 5 === 0) calls.push(users.update("one", { age: -i }));
    if (i % 13 === 0) calls.push(users.add("one", value));
  }
  await Promise.allSettled(calls);
  assertEquals(check(space).size, 1);
});

test("of many updates at once, none is lost", async ({ space }) => {
  const users = open(space);
  await users.set("ada", { email: "ada@x", age: 0 });
  await Promise.all(
    Array.from({ length: 100 }, () =>
      users.update(
        "ada",
        ({ age = 0, ...rest }) => ({ ...rest, age: age + 1 }),
      )),
  );
  assertEquals((await users.get("ada"))?.age, 100);
  check(space);
});

test("a value that cannot be stored is refused, and nothing is written", async ({ space }) => {
  const users = open(space);
  await users.set("ada", ADA);
  const wrong = (extra: unknown) => ({ ...GRACE, extra }) as User;
  for (const extra of [() => 1, Symbol("s"), /x/, new (class Photo {})()]) {
    await assertRejects(
      () => users.set("grace", wrong(extra)),
      TypeError,
      "Cannot set an item of users: the value.extra is a",
    );
    await assertRejects(
      () => users.update("ada", () => wrong(extra)),
      TypeError,
      "Cannot update an item of users: the value.extra is a",
    );
  }
  await assertRejects(
    () => users.set("grace", { ...GRACE, age: NaN }),
    TypeError,
    "Cannot enter an item in the index age: Cannot put NaN in order",
  );
  await assertRejects(
    () => users.set("grace", { ...GRACE, tags: "math" as never }),
    TypeError,
    "in the index tags: its values are string, not an array",
  );
  await assertRejects(() => users.set("x".repeat(65_536), GRACE), RangeError);
  await assertRejects(
    () => users.set("grace", { ...GRACE, email: "x".repeat(65_536) }),
    RangeError,
  );
  await assertRejects(
    () => users.set("grace", GRACE, { expireIn: 0 }),
    RangeError,
  );
  await assertRejects(() => users.set(undefined as never, GRACE), TypeError);
  assertEquals(check(space), new Map([["ada", ADA]]));
});

test("an item and its entries expire together", async ({ space, reopen }) => {
  let users = open(space);
  await users.set("short", ADA, { expireIn: 300 });
  await users.set("long", GRACE, { expireIn: 3_600_000 });
  await users.set("kept", { email: "a@x", age: 9 }, { expireIn: 300 });
  await users.set("kept", { email: "a@x", age: 9 });
  await users.update("short", { age: 37 });
  await users.set("late", { email: "b@x", age: 8 });
  await users.set("late", { email: "b@x", age: 8 }, { expireIn: 300 });
  await users.update("long", { age: 46 }, { expireIn: 300 });
  assertEquals((await users.findBy("age", 37))?.id, "short");
  if (reopen !== undefined) users = open(space = await reopen());
  while (["short", "long", "late"].some((id) => users.has(id))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals([...check(space).keys()], ["kept"]);
  assertEquals(await users.findBy("email", "ada@x"), undefined);
  assertEquals(await ids(users.listBy("age")), ["kept"]);
  await users.add("new", ADA);
  check(space);
});

test("ids are of any ordered type, and listed in order", async ({ space }) => {
  type Id = OrderedValue;
  const any = collection<number, Id>(space, "users");
  const order: Id[] = [
    null,
    false,
    -1,
    0,
    2,
    10,
    -5n,
    5n,
    new Date(5),
    "",
    "a",
    "a\0",
    "ab",
    Uint8Array.of(0),
    ["a", 1],
    ["a", 2],
    ["a\0"],
    ["b"],
  ];
  for (const [i, id] of [...order.entries()].reverse()) await any.set(id, i);
  assertEquals(await ids(any.list()), order);
  assertEquals(await ids(any.list({ reverse: true })), order.toReversed());
  assertEquals(await ids(any.list({ prefix: "a" })), ["a", "a\0", "ab"]);
  assertEquals(await ids(any.list({ prefix: ["a"] })), [["a", 1], ["a", 2]]);
  assertEquals(await ids(any.list({ start: 0, end: 5n })), [0, 2, 10, -5n]);
  assertEquals(await any.count({ start: "", end: "b" }), 4);
  for (const [i, id] of order.entries()) assertEquals(await any.get(id), i);
  assertEquals(await any.get(-0), 3, "-0 is 0");
  await any.set([-0], 7);
  assertEquals(await any.get([0]), 7);
  await any.delete([0]);
  assertEquals(await any.get("a\0b"), undefined);
  assertEquals(await any.clear(), order.length);
  assertEquals(await any.count(), 0);
});

test("clear leaves no entry and spares the indexes", async ({ space }) => {
  const users = open(space);
  await users.set("ada", ADA);
  await users.set("grace", GRACE);
  assertEquals(await users.clear(), 2);
  assertEquals(check(space).size, 0);
  await users.add("ada", ADA);
  assertEquals((await users.findBy("tags", "poetry"))?.id, "ada");
});

test("a listing is of one moment", async ({ space }) => {
  const users = open(space);
  for (let i = 0; i < 5; i++) {
    await users.set(`${i}`, { email: `${i}@x`, age: i });
  }
  for (
    const list of [users.list(), users.listBy("age"), users.listBy("email")]
  ) {
    const found: number[] = [];
    for await (const { value } of list) {
      found.push(value.age!);
      await users.set("3", { email: "3@x", age: 100 });
      await users.delete("4");
    }
    assertEquals(found, [0, 1, 2, 3, 4]);
    await users.set("3", { email: "3@x", age: 3 });
    await users.set("4", { email: "4@x", age: 4 });
  }
});

test("a large value goes there and back", async ({ space }) => {
  const files = collection<{ name: string; body: Uint8Array }>(space, "users", {
    indexes: { name: (file) => file.name },
  });
  const body = new Uint8Array(300_000).map((_, i) => i);
  await files.set("1", { name: "n", body });
  assertEquals((await files.get("1"))?.body, body);
  assertEquals((await files.findBy("name", "n"))?.value.body, body);
  assertEquals(files.getSync("1")?.body, body);
});

test("what others wrote there is an error that says where", async ({ space }) => {
  const users = open(space);
  await users.set("ada", ADA);
  await users.set("grace", GRACE);
  const bucket = space instanceof Store ? space.bucket("users") : space;
  const keyOf = (id: string) =>
    Uint8Array.of(1, 0x40, ...new TextEncoder().encode(id), 0);
  const bad: [string, number[], string][] = [
    ["empty", [], "not those of an item"],
    ["text", [...new TextEncoder().encode("hello")], "not those of an item"],
    ["stems", [1, 0, 5, 1], "not those of an item"],
    ["mark", [1, 2, 0, 1], "not those of an item"],
    ["count", [1, 0, 255, 255, 255, 255, 255, 255, 1], "not those of an item"],
    ["value", [1, 0, 0], "not those of an item"],
    ["cbor", [1, 0, 0, 0xd8, 0x1c, 0x80], "an unknown use of tag 28"],
    ["cut", [1, 0, 0, 0x9b], "it ends too early"],
  ];
  for (const [id, bytes, message] of bad) {
    await bucket.set(keyOf(id), Uint8Array.from(bytes));
    for (const read of [() => users.get(id), () => users.update(id, {})]) {
      const error = await assertRejects(read, UnreadableValueError, message);
      assertEquals([error.code, error.collection, error.id], [
        "UNREADABLE_VALUE",
        "users",
        id,
      ]);
      assert(error.message.includes(`item ${JSON.stringify(id)} of users`));
    }
    assertThrows(() => users.getSync(id), UnreadableValueError);
    await assertRejects(() => ids(users.list()), UnreadableValueError);
    await users.set(id, { email: `${id}@x` });
    assertEquals(await users.get(id), { email: `${id}@x` });
    await bucket.set(keyOf(id), Uint8Array.from(bytes));
    assertEquals(await users.delete(id), true);
  }
  // An entry whose item does not name it finds nothing, and stands in no one's way.
  assertEquals(await users.findBy("email", "cut@x"), undefined);
  assertEquals(await ids(users.listBy("email")), ["ada", "grace"]);
  await users.set("new", { email: "cut@x" });
  assertEquals((await users.findBy("email", "cut@x"))?.id, "new");
  assertEquals(await users.rebuildIndexes(), 0);
  assertEquals(check(space).size, 3);
});

test("a closed place says so", async ({ space, reopen }) => {
  if (reopen === undefined || !(space instanceof Store)) return;
  const users = open(space);
  await users.set("ada", ADA);
  await space.close();
  await assertRejects(() => users.get("ada"), StoreClosedError);
  await assertRejects(() => users.set("ada", ADA), StoreClosedError);
  await assertRejects(() => users.update("ada", {}), StoreClosedError);
  await assertRejects(() => users.delete("ada"), StoreClosedError);
  assertThrows(() => users.list(), StoreClosedError);
});

Deno.test("collections of one store are kept apart, whatever their names", async () => {
  await using store = await Store.open({ memoryMode: true });
  const names = ["", "a", "a\0", "a,b", "ü"];
  for (const name of names) {
    await collection<string>(store, name).set("k", name);
  }
  for (const name of names) {
    const one = collection<string>(store, name);
    assertEquals([await one.count(), await one.get("k")], [1, name]);
    assertStrictEquals(one.name, name);
  }
  await store.set("k", "not in one");
  assertEquals(await collection<string>(store, "a").count(), 1);
});

Deno.test("a batch that no segment can hold is refused whole", async () => {
  await using store = await Store.open({
    memoryMode: true,
    valueLogMaxEntries: 100,
  });
  const many = collection<{ tags: number[] }>(store, "many", {
    indexes: { tags: { values: ({ tags }) => tags } },
  });
  const tags = Array.from({ length: 200 }, (_, i) => i);
  const error = await assertRejects(() => many.set("a", { tags }), StoreError);
  assertEquals(error.code, "BATCH_TOO_LARGE");
  assertEquals(store.size, 0);
  await many.set("a", { tags: tags.slice(0, 50) });
  assertEquals(await many.countBy("tags"), 50);
});

Deno.test("wrong options are refused by name", async () => {
  await using store = await Store.open({ memoryMode: true });
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ index: {} }, TypeError, "there is no such option, only schema, indexes"],
    [
      { schema: {} },
      TypeError,
      "it must implement version 1 of Standard Schema",
    ],
    [{ schema: 5 }, TypeError, "Cannot use number as schema"],
    [{ indexes: 5 }, TypeError, "Cannot use number as indexes"],
    [
      { indexes: { a: 5 } },
      TypeError,
      'Cannot use the index "a": it is number',
    ],
    [
      { indexes: { a: {} } },
      TypeError,
      "it has no function as value or values",
    ],
    [
      { indexes: { a: { value: () => 1, uniq: true } } },
      TypeError,
      "it has no option uniq, only value, values, unique, version",
    ],
    [
      { indexes: { a: { value: () => 1, values: () => [] } } },
      TypeError,
      "it has value and values",
    ],
    [
      { indexes: { a: { value: () => 1, unique: 1 } } },
      TypeError,
      "must be true or false",
    ],
    [
      { indexes: { a: { value: () => 1, version: 0 } } },
      RangeError,
      "is not an integer from 1 to",
    ],
  ];
  for (const [options, type, message] of wrong) {
    assertThrows(
      () => collection(store, "c", options as Record<never, never>),
      type,
      message,
    );
  }
  assertThrows(
    () => collection({} as Store, "c"),
    TypeError,
    "a store or a bucket",
  );
  const users = open(store);
  await assertRejects(
    () => users.findBy("name", 1),
    TypeError,
    "Cannot look up users by name: there is no such index (there is email, age, tags, place)",
  );
  assertThrows(() => users.listBy("age", { value: 1, start: 1 }), TypeError);
  assertThrows(() => users.list({ limit: -1 }), RangeError);
  await assertRejects(
    () => ids(users.listBy("age", { limit: -1 })),
    RangeError,
  );
  assertEquals(
    store.size,
    0,
    "a collection that was only opened wrote something",
  );
});

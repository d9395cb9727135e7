/** Indexes that changed, and their rebuilding. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Store } from "@sett/badger";
import {
  collection,
  type Indexes,
  IndexesChangedError,
  UniqueIndexError,
  UnreadableValueError,
} from "@sett/badger/cbor";
import {
  checkCollection,
  type KnownIndex,
} from "../../support/check_collection.ts";
import { tempDir } from "../../support/temp.ts";

interface User {
  email: string;
  age: number;
}

const CATALOGUE = Uint8Array.of(0);
const age = (user: User) => user.age;
const email = { value: (user: User) => user.email, unique: true };
const NONE: KnownIndex<User> = { values: () => [] };
const AGE: KnownIndex<User> = { values: (user) => [user.age] };
const EMAIL: KnownIndex<User> = {
  values: (user) => [user.email],
  unique: true,
};

const open = (store: Store, indexes: Indexes<User>) =>
  collection<User>(store, "users", { indexes });

async function fill(store: Store, indexes: Indexes<User>, count = 50) {
  const users = open(store, indexes);
  for (let i = 0; i < count; i++) {
    await users.set(`${i}`, { email: `${i}@x`, age: i % 5 });
  }
  return users;
}

const check = (store: Store, ...indexes: KnownIndex<User>[]) =>
  checkCollection(store.bucket("users"), indexes);

const ids = (list: AsyncIterable<{ id: string }>) =>
  Array.fromAsync(list, ({ id }) => id);

Deno.test("changed indexes: what needs them is refused until they are rebuilt, what does not is not", async () => {
  const changes: [Indexes<User>, Indexes<User>, string, KnownIndex<User>[]][] =
    [
      [{}, { age }, "age is new", [AGE]],
      [{ age }, { age, email }, "email is new", [AGE, EMAIL]],
      [{ age, email }, { age }, "email is gone", [AGE]],
      [{ email, age }, { age }, "email is gone", [NONE, AGE]],
      [{ age }, {}, "age is gone", []],
      [{ age }, { years: age }, "years is new, age is gone", [NONE, AGE]],
      [
        { email: email.value },
        { email },
        "email has changed",
        [NONE, EMAIL],
      ],
      [
        { age },
        { age: { value: (user) => 10 - user.age, version: 2 } },
        "age has changed",
        [NONE, { values: (user) => [10 - user.age] }],
      ],
      [
        { age },
        { age: { values: (user) => [user.age, user.email] } },
        "age has changed",
        [NONE, { values: (user) => [user.age, user.email] }],
      ],
    ];
  for (const [before, after, difference, known] of changes) {
    await using store = await Store.open({ memoryMode: true });
    await fill(store, before);
    const users = open(store, after);
    const message =
      `its indexes are not those it was written with (${difference}). Call rebuildIndexes()`;
    const error = await assertRejects(
      () => users.set("new", { email: "new@x", age: 9 }),
      IndexesChangedError,
      `Cannot set an item of users: ${message}`,
    );
    assertEquals([error.code, error.collection], ["INDEXES_CHANGED", "users"]);
    await assertRejects(
      () => users.update("1", { age: 9 }),
      IndexesChangedError,
    );
    for (const name of Object.keys(after)) {
      assertThrows(() => users.listBy(name), IndexesChangedError, message);
      await assertRejects(() => users.findBy(name, 1), IndexesChangedError);
      await assertRejects(() => users.countBy(name), IndexesChangedError);
    }
    assertEquals((await users.get("1"))?.email, "1@x");
    assertEquals(await users.count(), 50);
    assertEquals(await users.delete("1"), true);

    await users.rebuildIndexes();
    assertEquals(check(store, ...known).size, 49);
    await users.set("new", { email: "new@x", age: 9 });
    check(store, ...known);
    assertEquals(await open(store, after).rebuildIndexes(), 0);
  }
});

Deno.test("changed indexes: the same ones in another order are the same", async () => {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, { age, email });
  const users = open(store, { email, age: { value: age, version: 1 } });
  await users.set("new", { email: "new@x", age: 9 });
  assertEquals((await users.findBy("age", 9))?.id, "new");
  check(store, AGE, EMAIL);
});

Deno.test("changed indexes: an object from before the change is told so too", async () => {
  await using store = await Store.open({ memoryMode: true });
  const old = await fill(store, { age });
  const users = open(store, { email });
  await users.rebuildIndexes();
  await assertRejects(
    () => old.set("x", { email: "x@x", age: 1 }),
    IndexesChangedError,
    "age is new, email is gone",
  );
  check(store, NONE, EMAIL);
});

Deno.test("changed indexes: two objects over an empty collection agree on the first writer's", async () => {
  await using store = await Store.open({ memoryMode: true });
  const one = open(store, { age });
  const other = open(store, { email });
  assertEquals(await one.findBy("age", 1), undefined);
  assertEquals(await other.findBy("email", "x"), undefined);
  const [, second] = await Promise.allSettled([
    one.set("1", { email: "1@x", age: 1 }),
    other.set("2", { email: "2@x", age: 2 }),
  ]);
  assert(second.status === "rejected");
  assert(second.reason instanceof IndexesChangedError);
  check(store, AGE);
});

Deno.test("rebuild: items written, changed and deleted meanwhile are entered right", async () => {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, {}, 2_000);
  const users = open(store, { age, email });
  let isDone = false;
  const rebuilt = users.rebuildIndexes().finally(() => isDone = true);
  let writes = 0;
  let refused = 0;
  for (let i = 0; !isDone; i = (i + 37) % 2_100) {
    const write = i % 3 === 0
      ? users.delete(`${i}`)
      : users.set(`${i}`, { email: `${i}@y`, age: i });
    await write;
    await users.findBy("age", 1).catch((error) => {
      assert(error instanceof IndexesChangedError);
      refused++;
    });
    writes++;
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert(await rebuilt > 1_000);
  assert(writes > 0 && refused > 0, `${writes} writes, ${refused} refused`);
  check(store, AGE, EMAIL);
});

Deno.test("rebuild: one that was ended goes on from the start at the next call", async () => {
  await using directory = tempDir();
  {
    await using store = await Store.open(directory.path);
    await fill(store, { age }, 500);
    const users = open(store, { age, email });
    await assertRejects(
      () =>
        users.rebuildIndexes({ signal: AbortSignal.abort(new Error("stop")) }),
      Error,
      "stop",
    );
    await assertRejects(
      () => users.findBy("email", "1@x"),
      IndexesChangedError,
      "its indexes are not built to the end",
    );
    await users.set("new", { email: "new@x", age: 9 });
  }
  await using store = await Store.open(directory.path);
  const users = open(store, { age, email });
  await assertRejects(() => users.findBy("email", "1@x"), IndexesChangedError);
  await assertRejects(() => users.findBy("age", 1), IndexesChangedError);
  assertEquals(await users.rebuildIndexes(), 500);
  assertEquals(check(store, AGE, EMAIL).size, 501);
  assertEquals((await users.findBy("email", "1@x"))?.id, "1");
});

Deno.test("rebuild: two items with one value of a unique index are named", async () => {
  await using store = await Store.open({ memoryMode: true });
  const users = await fill(store, {}, 10);
  await users.set("7", { email: "3@x", age: 1 });
  const unique = open(store, { email });
  const error = await assertRejects(
    () => unique.rebuildIndexes(),
    UniqueIndexError,
    'Cannot rebuild the indexes of users: the item "7" has "3@x" in the unique index email, and so has "3"',
  );
  assertEquals([error.id, error.existingId], ["7", "3"]);
  await unique.set("7", { email: "7@x", age: 1 });
  await unique.rebuildIndexes();
  assertEquals(check(store, EMAIL).size, 10);
});

Deno.test("rebuild: an item that cannot be read is named, and can be deleted", async () => {
  await using store = await Store.open({ memoryMode: true });
  await fill(store, {}, 10);
  const bad = Uint8Array.of(1, 0x40, 0x62, 0);
  await store.bucket("users").set(bad, "nonsense");
  const users = open(store, { age });
  await assertRejects(
    () => users.rebuildIndexes(),
    UnreadableValueError,
    'item "b" of users',
  );
  await users.delete("b");
  await users.rebuildIndexes();
  assertEquals(check(store, AGE).size, 10);
});

Deno.test("rebuild: it mends what something else did to the bucket", async () => {
  await using store = await Store.open({ memoryMode: true });
  const users = await fill(store, { age, email }, 20);
  const bucket = store.bucket("users");
  const keys = await Array.fromAsync(
    bucket.list({ prefix: Uint8Array.of(2) }),
    ([key]) => key,
  );
  assertEquals(keys.length, 40);
  await bucket.delete(keys[0]!);
  await bucket.delete(keys[39]!);
  await bucket.set(Uint8Array.of(...keys[1]!, 1), "");
  await bucket.set(Uint8Array.of(2, 0, 0x40), "");
  await bucket.set(Uint8Array.of(2, 1, 0x40, 0x62, 0), Uint8Array.of(0x40, 0));
  assertThrows(() => check(store, AGE, EMAIL));
  assertEquals(await users.rebuildIndexes(), 2);
  check(store, AGE, EMAIL);
});

Deno.test("rebuild: what expires goes on to expire", async () => {
  await using store = await Store.open({ memoryMode: true });
  const plain = open(store, {});
  await plain.set("short", { email: "s@x", age: 1 }, { expireIn: 400 });
  await plain.set("long", { email: "l@x", age: 2 }, { expireIn: 3_600_000 });
  const users = open(store, { age, email });
  assertEquals(await users.rebuildIndexes(), 2);
  assertEquals(await ids(users.listBy("age")), ["short", "long"]);
  while (users.has("short")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(await ids(users.listBy("age")), ["long"]);
  check(store, AGE, EMAIL);
});

Deno.test("a list of indexes that makes no sense is an error that says so", async () => {
  await using store = await Store.open({ memoryMode: true });
  const users = await fill(store, { age }, 3);
  const bucket = store.bucket("users");
  const good = bucket.getSync(CATALOGUE)!;
  const other = good.slice();
  other[8] = 2; // the number of the format
  for (const bytes of [Uint8Array.of(), Uint8Array.of(0xa0), other]) {
    await bucket.set(CATALOGUE, bytes);
    for (
      const call of [
        () => users.set("1", { email: "1@x", age: 1 }),
        () => users.findBy("age", 1),
        () => users.rebuildIndexes(),
      ]
    ) {
      await assertRejects(
        call,
        UnreadableValueError,
        "Cannot read the list of indexes of users",
      );
    }
    assertEquals((await users.get("1"))?.age, 1);
  }
  await bucket.set(CATALOGUE, good);
  assertEquals((await users.findBy("age", 1))?.id, "1");
  await bucket.delete(CATALOGUE);
  await users.rebuildIndexes();
  check(store, AGE);
});

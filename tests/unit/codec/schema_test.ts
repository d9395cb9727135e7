/** Validators of other libraries, at once or later, before anything is written. */
import { assertEquals, assertRejects } from "@std/assert";
import { Store } from "@sett/badger";
import {
  collection,
  SchemaError,
  type StandardSchema,
  UniqueIndexError,
} from "@sett/badger/cbor";
import * as v from "valibot";
import { z } from "zod";
import { checkCollection } from "../../support/check_collection.ts";

const withZod = z.object({
  email: z.email(),
  age: z.number().int().min(0),
  joined: z.coerce.date(),
  address: z.object({ city: z.string() }).optional(),
});
const withValibot = v.object({
  email: v.pipe(v.string(), v.email()),
  age: v.pipe(v.number(), v.integer(), v.minValue(0)),
  joined: v.union([
    v.date(),
    v.pipe(v.string(), v.transform((s) => new Date(s))),
  ]),
  address: v.optional(v.object({ city: v.string() })),
});
const withValibotLater = v.pipeAsync(
  withValibot,
  v.checkAsync(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return true;
  }),
);

const SCHEMAS = { withZod, withValibot, withValibotLater };

for (const [name, schema] of Object.entries(SCHEMAS)) {
  Deno.test(`schema ${name}: what it gives is stored, what it refuses is not`, async () => {
    await using store = await Store.open({ memoryMode: true });
    const users = collection(store, "users", {
      schema: schema as typeof withValibot,
      indexes: { joined: (user) => user.joined.getFullYear() },
    });
    const date = "2024-05-06T00:00:00.000Z";
    await users.set("ada", { email: "ada@x.org", age: 36, joined: date });
    const ada = { email: "ada@x.org", age: 36, joined: new Date(date) };
    assertEquals(await users.get("ada"), ada);
    assertEquals((await users.findBy("joined", 2024))?.id, "ada");
    assertEquals(await users.update("ada", { age: 37 }), { ...ada, age: 37 });

    const wrong = { email: "x", age: -1, joined: date, address: { city: 5 } };
    for (
      const write of [
        () => users.set("eve", wrong as never),
        () => users.add("eve", wrong as never),
        () => users.update("ada", wrong as never),
      ]
    ) {
      const error = await assertRejects(
        write,
        SchemaError,
        "of users: the schema refuses the value: email: ",
      ).catch(async () =>
        await assertRejects(write, SchemaError, "to users: the schema refuses")
      );
      assertEquals([error.code, error.collection], ["INVALID_VALUE", "users"]);
      assertEquals(error.issues.map(({ path }) => path), [
        ["email"],
        ["age"],
        ["address", "city"],
      ]);
      assertEquals(typeof error.issues[0]?.message, "string");
    }
    assertEquals(await users.get("ada"), { ...ada, age: 37 });
    assertEquals(await users.count(), 1);
  });
}

/** Answers when it is told to. */
function pausedSchema<T>(): {
  schema: StandardSchema<T, T>;
  waiting: (() => void)[];
} {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    schema: {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) =>
          new Promise((resolve) =>
            waiting.push(() => resolve({ value: value as T }))
          ),
      },
    },
  };
}

Deno.test("schema: writes that wait for it take effect in the order of its answers", async () => {
  await using store = await Store.open({ memoryMode: true });
  const { schema, waiting } = pausedSchema<{ n: number }>();
  const items = collection(store, "items", {
    schema,
    indexes: {
      n: ({ n }) => n,
      double: { value: ({ n }) => n * 2, unique: true },
    },
  });
  const calls = [1, 2, 3].map((n) => items.set("one", { n }));
  const other = items.set("two", { n: 2 });
  assertEquals([waiting.length, items.has("one")], [4, false]);
  waiting[2]!();
  await calls[2];
  assertEquals(items.getSync("one"), { n: 3 });
  waiting[0]!();
  await calls[0];
  waiting[1]!();
  await calls[1];
  assertEquals(items.getSync("one"), { n: 2 });
  // What was free when the schema was asked is taken when it has answered.
  waiting[3]!();
  await assertRejects(() => other, UniqueIndexError);
  checkCollection<{ n: number }>(store.bucket("items"), [
    { values: ({ n }) => [n] },
    { values: ({ n }) => [n * 2], unique: true },
  ]);
});

Deno.test("schema: an update begins anew if another write came between", async () => {
  await using store = await Store.open({ memoryMode: true });
  const { schema, waiting } = pausedSchema<{ n: number; by: string[] }>();
  const plain = collection<{ n: number; by: string[] }>(store, "items");
  const items = collection(store, "items", { schema });
  await plain.set("one", { n: 1, by: [] });
  const untilAsked = async (count: number) => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    assertEquals(waiting.length, count, "the update did not begin anew");
  };
  const seen: number[] = [];
  const update = items.update("one", ({ n, by }) => {
    seen.push(n);
    return { n: n + 1, by: [...by, "update"] };
  });
  await plain.set("one", { n: 10, by: ["set"] });
  waiting[0]!();
  await untilAsked(2);
  await plain.set("one", { n: 20, by: ["set", "set"] });
  waiting[1]!();
  await untilAsked(3);
  waiting[2]!();
  assertEquals(await update, { n: 21, by: ["set", "set", "update"] });
  assertEquals(seen, [1, 10, 20]);
  const gone = items.update("one", { n: 0 });
  await plain.delete("one");
  waiting[3]!();
  assertEquals(await gone, undefined);
  assertEquals(plain.has("one"), false);
});

Deno.test("schema: one that throws or rejects stops the write with its own error", async () => {
  await using store = await Store.open({ memoryMode: true });
  for (
    const validate of [
      () => {
        throw new EvalError("boom");
      },
      () => Promise.reject(new EvalError("boom")),
    ]
  ) {
    const schema = { "~standard": { version: 1, vendor: "test", validate } };
    const items = collection<number>(store, "items", {
      schema: schema as never,
    });
    await assertRejects(() => items.set("one", 1), EvalError, "boom");
  }
  assertEquals(store.size, 0);
});

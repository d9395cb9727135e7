/** Collections: typed values with a schema, found by their indexes. */
import { Store } from "@sett/badger";
import { collection, SchemaError, UniqueIndexError } from "@sett/badger/cbor";
import { assertEquals, assertRejects } from "@std/assert";
import { emptyDir } from "@std/fs";
import { z } from "zod";

const path = ".tmp/examples/collection";
await emptyDir(path);
await using store = await Store.open(path);

const users = collection(store, "users", {
  schema: z.object({
    name: z.string().min(1),
    email: z.email(),
    born: z.date(),
    tags: z.set(z.string()).default(new Set()),
  }),
  indexes: {
    email: { value: (user) => user.email, unique: true },
    born: (user) => user.born,
    tag: { values: (user) => [...user.tags] },
  },
});

const born = (year: number) => new Date(Date.UTC(year, 0, 1));
await users.add("ada", {
  name: "Ada",
  email: "ada@example.com",
  born: born(1815),
  tags: new Set(["math", "poetry"]),
});
await users.add("grace", {
  name: "Grace",
  email: "grace@example.com",
  born: born(1906),
});
await users.update("grace", { tags: new Set(["math", "navy"]) });

const found = await users.findBy("email", "ada@example.com");
console.log("by email:", found?.id, found?.value.tags);
for await (const { id } of users.listBy("tag", { value: "math" })) {
  console.log("math:", id);
}
const after = users.listBy("born", { start: born(1900), reverse: true });
const late = await Array.fromAsync(after, ({ value }) => value.name);
console.log("born since 1900:", late);
assertEquals(late, ["Grace"]);

// What a schema or a unique index refuses is not written.
const eve = { name: "", email: "ada@example.com", born: born(2000) };
const wrong = await assertRejects(() => users.set("eve", eve), SchemaError);
console.log(wrong.issues.map(({ path, message }) => [...path, message]));
const taken = { ...eve, name: "Eve" };
await assertRejects(() => users.set("eve", taken), UniqueIndexError, "ada");
assertEquals(await users.count(), 2);

/** Level: the store under the interface of abstract-level, with sublevels. */
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";
import { SettLevel } from "@sett/badger/level";

const path = ".tmp/examples/level";
await emptyDir(path);
const db = new SettLevel<string, { title: string }>(path, {
  valueEncoding: "json",
});

// What Level gives on top of any store: encodings, sublevels, batches over them.
const books = db.sublevel<string, { title: string }>("books", {
  valueEncoding: "json",
});
const byYear = db.sublevel<string, string>("by-year", {});
await db.batch([
  { type: "put", sublevel: books, key: "1", value: { title: "Notes" } },
  { type: "put", sublevel: byYear, key: "1843/1", value: "1" as never },
]);
await books.put("2", { title: "Compilers" });

const titles: string[] = [];
for await (const { title } of books.values()) titles.push(title);
console.log(titles.join(", "));
assertEquals(titles, ["Notes", "Compilers"]);

// An iterator is of the moment at which it was made, and can seek.
const iterator = books.iterator();
await books.put("0", { title: "later" });
iterator.seek("2");
console.log(await iterator.next());
await iterator.close();
assertEquals(await byYear.get("1843/1"), "1");
await db.close();

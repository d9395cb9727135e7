/** Open, write, read, list, and find it all again after a reopen. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/basic";
await emptyDir(path);
const decoder = new TextDecoder();

{
  await using store = await Store.open(path);

  await store.set("fruit/apple", "red");
  await store.set("fruit/banana", "yellow");
  await store.set("stone/agate", new Uint8Array([1, 2, 3]));
  console.log("apple is", decoder.decode(await store.get("fruit/apple")));

  // What is absent is undefined; what is empty is an empty array.
  await store.set("stone/none", "");
  assertEquals(await store.get("stone/opal"), undefined);
  assertEquals(await store.get("stone/none"), new Uint8Array());

  assertEquals(await store.delete("stone/none"), true);
  assertEquals(await store.delete("stone/none"), false);
  assertEquals(await store.setIfAbsent("fruit/apple", "green"), false);
}

await using store = await Store.open(path);
const { source, segments } = store.recovery;
console.log(`reopened ${segments} segment from the ${source}`);

const names: string[] = [];
for await (const [key, value] of store.list({ prefix: "fruit/" })) {
  names.push(`${decoder.decode(key)} = ${decoder.decode(value)}`);
}
console.log(names.join(", "));
assertEquals(names, ["fruit/apple = red", "fruit/banana = yellow"]);
assertEquals(store.getSync("stone/agate"), new Uint8Array([1, 2, 3]));

/**
 * The registries: names, the default, and what is refused.
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import {
  type Filter,
  FilterRegistry,
  KvRegistry,
  type KvStore,
} from "../../src/plugin/mod.ts";

/** A store that only says which one it is. */
function namedStore(name: string): KvStore {
  const answer = new TextEncoder().encode(name);
  return {
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    getValue: () => Promise.resolve(answer),
    getCompressedValue: () => Promise.resolve(answer),
    addValue: () => Promise.resolve(),
    addValueCompress: () => Promise.resolve(),
    existsKey: () => Promise.resolve(true),
    deleteKey: () => Promise.resolve(true),
  };
}

async function nameOfDefault(kv: KvRegistry): Promise<string> {
  return new TextDecoder().decode(await kv.getValue("b", "k"));
}

function codeOf(call: () => unknown): string {
  return assertThrows(call, StoreError).code;
}

Deno.test("registry: finds by name what was registered", () => {
  const kv = new KvRegistry();
  const one = namedStore("one");
  kv.register("one", one);
  assertEquals(kv.getStore("one"), one);
  assertEquals([kv.has("one"), kv.has("two")], [true, false]);
  assertEquals(kv.names(), ["one"]);
  assertEquals(codeOf(() => kv.getStore("two")), "NOT_REGISTERED");
  assertThrows(() => kv.getStore("two"), StoreError, "registered are one");
  assertEquals([kv.unregister("one"), kv.unregister("one")], [true, false]);
  assertThrows(() => kv.getStore("one"), StoreError, "none is registered");
});

Deno.test("registry: a name that is taken is refused and keeps its owner", () => {
  const kv = new KvRegistry();
  const first = namedStore("first");
  kv.register("a", first);
  assertEquals(
    codeOf(() => kv.register("a", namedStore("second"))),
    "ALREADY_REGISTERED",
  );
  assertEquals(kv.getStore("a"), first);
});

Deno.test("registry: wrong arguments are type errors", () => {
  const kv = new KvRegistry();
  assertThrows(() => kv.register("", namedStore("x")), TypeError);
  assertThrows(
    () => kv.register(5 as unknown as string, namedStore("x")),
    TypeError,
  );
  assertThrows(
    () => kv.register("x", undefined as unknown as KvStore),
    TypeError,
  );
  assertEquals(kv.names(), []);
});

Deno.test("registry: the default is the oldest, whatever comes later", async () => {
  const kv = new KvRegistry();
  for (const name of ["a", "b", "c"]) kv.register(name, namedStore(name));
  assertEquals(await nameOfDefault(kv), "a");
  kv.unregister("a");
  assertEquals(await nameOfDefault(kv), "b");
  kv.setDefault("c");
  assertEquals(await nameOfDefault(kv), "c");
  kv.register("a", namedStore("a"));
  assertEquals(await nameOfDefault(kv), "c");
  kv.unregister("c");
  assertEquals(await nameOfDefault(kv), "b");
  assertEquals(codeOf(() => kv.setDefault("c")), "NOT_REGISTERED");
});

Deno.test("registry: without a store each function rejects", async () => {
  const kv = new KvRegistry();
  const calls = [
    () => kv.getValue("b", "k"),
    () => kv.getCompressedValue("b", "k"),
    () => kv.addValue("b", "k", "v"),
    () => kv.addValueCompress("b", "k", "v"),
    () => kv.existsKey("b", "k"),
    () => kv.deleteKey("b", "k"),
  ];
  for (const call of calls) {
    const error = await assertRejects(call, StoreError, "Badger.start()");
    assertEquals(error.code, "NOT_REGISTERED");
  }
  const filter = new FilterRegistry();
  for (
    const call of [
      () => filter.exists("b", "k"),
      () => filter.add("b", "k"),
      () => filter.delete("b", "k"),
      () => filter.checkThenAdd("b", "k"),
    ]
  ) {
    await assertRejects(call, StoreError, "none is registered");
  }
});

Deno.test("registry: the functions hand over every argument", async () => {
  const seen: unknown[] = [];
  const note = (...args: unknown[]) => {
    seen.push(args);
    return Promise.resolve(true);
  };
  const filter = new FilterRegistry();
  filter.register(
    "spy",
    {
      exists: note,
      add: note,
      delete: note,
      checkThenAdd: note,
    } as unknown as Filter,
  );
  await filter.exists("b", "k");
  await filter.add("b", "k", { expireIn: 1 });
  await filter.delete("b", "k");
  await filter.checkThenAdd("b", "k", { expireIn: 2 });
  const kv = new KvRegistry();
  kv.register(
    "spy",
    {
      getValue: note,
      getCompressedValue: note,
      addValue: note,
      addValueCompress: note,
      existsKey: note,
      deleteKey: note,
    } as unknown as KvStore,
  );
  await kv.addValue("b", "k", "v", { expireIn: 3 });
  await kv.addValueCompress("b", "k", "v", { expireIn: 4 });
  assertEquals(seen, [
    ["b", "k"],
    ["b", "k", { expireIn: 1 }],
    ["b", "k"],
    ["b", "k", { expireIn: 2 }],
    ["b", "k", "v", { expireIn: 3 }],
    ["b", "k", "v", { expireIn: 4 }],
  ]);
});

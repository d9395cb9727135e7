/**
 * The life of an instance: start, registration, restart, several side by side, and
 * what is left when something goes wrong: nothing.
 */
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { StoreClosedError, StoreError } from "../../src/errors.ts";
import { Badger, ConfigError, filter, kv } from "../../src/plugin/mod.ts";
import { SETTING_RULES } from "../../src/plugin/settings.ts";
import { tempDir } from "../support/temp.ts";
import { IN_MEMORY, namesIn, start, text } from "./support.ts";

function assertNothingRegistered(): void {
  assertEquals([kv.names(), filter.names()], [[], []]);
}

Deno.test("badger: starting registers, closing unregisters", async () => {
  assertNothingRegistered();
  const badger = await start(IN_MEMORY);
  assertEquals([kv.names(), filter.names()], [["badger"], ["badger"]]);
  assertEquals(kv.getStore("badger"), badger.kvStore);
  assertEquals(filter.getFilter("badger"), badger.filter);
  await kv.addValue("b", "k", "v");
  assertEquals(text(await badger.store.bucket("b").get("k")), "v");
  assertEquals([badger.isOpen, badger.name], [true, "badger"]);
  await badger.close();
  await badger.close();
  assertEquals(badger.isOpen, false);
  assertNothingRegistered();
});

Deno.test("badger: starts from a YAML file", async () => {
  await using directory = tempDir();
  const file = `${directory.path}/app.yml`;
  Deno.writeTextFileSync(
    file,
    `app: x\npath: {data: ${directory.path}}\nbadger:\n  num_mem_tables: 3\n`,
  );
  await using badger = await Badger.start(file, { env: () => undefined });
  assertEquals(badger.settings.numMemTables, 3);
  assertEquals(badger.settings.path, `${directory.path}/badger`);
  assert(namesIn(`${directory.path}/badger`).includes("LOCK"));
  assertThrows(() => {
    (badger.settings as { numMemTables: number }).numMemTables = 4;
  }, TypeError);
});

Deno.test("badger: the environment is asked for every setting by name", async () => {
  const asked: string[] = [];
  await using _badger = await Badger.start(IN_MEMORY, {
    name: "one",
    env: (name) => {
      asked.push(name);
      return undefined;
    },
  });
  assertEquals(asked.length, SETTING_RULES.length);
  assert(asked.every((name) => name.startsWith("BADGER_ONE_")));
});

Deno.test("badger: what was written is there after close and start", async () => {
  await using directory = tempDir();
  for (const single_bucket_mode of [true, false]) {
    const config = {
      path: `${directory.path}/${single_bucket_mode}`,
      single_bucket_mode,
    };
    for (let round = 0; round < 3; round++) {
      await using badger = await start(config);
      assertEquals(badger.buckets(), round === 0 ? [] : ["", "../up", "b"]);
      for (const bucket of ["b", "", "../up"]) {
        for (let before = 0; before < round; before++) {
          assertEquals(
            text(await kv.getValue(bucket, `k${before}`)),
            `v${before}`,
          );
        }
        await kv.addValue(bucket, `k${round}`, `v${round}`);
      }
    }
  }
  assertEquals(namesIn(directory.path), ["false/", "true/"]);
  assertNothingRegistered();
});

Deno.test("badger: one instance opens again after close", async () => {
  await using directory = tempDir();
  for (const single_bucket_mode of [true, false]) {
    await using badger = await start({
      path: `${directory.path}/${single_bucket_mode}`,
      single_bucket_mode,
    });
    const store = kv.getStore("badger");
    await store.addValue("b", "k", "v");
    await badger.close();
    assertThrows(() => badger.stats(), StoreClosedError);
    assertThrows(() => badger.buckets(), StoreClosedError);
    await assertRejects(() => badger.gc(), StoreClosedError);
    await assertRejects(() => badger.bucket("b"), StoreClosedError);
    await assertRejects(() => badger.largest(1), StoreClosedError);
    assertNothingRegistered();
    await Promise.all([badger.open(), badger.open()]);
    assertEquals(kv.getStore("badger"), store);
    assertEquals(text(await store.getValue("b", "k")), "v");
  }
});

Deno.test("badger: openings and closings at once end as the last one says", async () => {
  const badger = await start(IN_MEMORY);
  await Promise.all([
    badger.close(),
    badger.open(),
    badger.close(),
    badger.open(),
  ]);
  assert(badger.isOpen && kv.has("badger"));
  await Promise.all([badger.close(), badger.open(), badger.close()]);
  assertFalse(badger.isOpen || kv.has("badger") || filter.has("badger"));
});

Deno.test("badger: several instances stand side by side, the first is the default", async () => {
  await using directory = tempDir();
  await using one = await start({ path: `${directory.path}/one` });
  await using two = await start({ path: `${directory.path}/two` }, {
    name: "two",
  });
  assertEquals(kv.names(), ["badger", "two"]);
  await kv.addValue("b", "k", "default");
  await kv.getStore("two").addValue("b", "k", "second");
  assertEquals(text(await one.kvStore.getValue("b", "k")), "default");
  assertEquals(text(await two.kvStore.getValue("b", "k")), "second");
  kv.setDefault("two");
  assertEquals(text(await kv.getValue("b", "k")), "second");
  await two.close();
  assertEquals(text(await kv.getValue("b", "k")), "default");
});

Deno.test("badger: a name that is taken is refused before anything is touched", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/second`;
  await using first = await start(IN_MEMORY);
  const error = await assertRejects(() => start({ path }), StoreError);
  assertEquals(error.code, "ALREADY_REGISTERED");
  assertEquals(namesIn(directory.path), []);
  assertEquals(kv.getStore("badger"), first.kvStore);
});

Deno.test("badger: a name that is taken meanwhile leaves nothing open", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  filter.register("badger", {} as never);
  try {
    await assertRejects(() => start({ path }), StoreError, "is registered");
  } finally {
    filter.unregister("badger");
  }
  assertNothingRegistered();
  const results = await Promise.allSettled([
    start({ path: `${path}/1` }),
    start({ path: `${path}/2` }),
  ]);
  const started = results.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : []
  );
  assertEquals(started.length, 1);
  assertEquals(kv.getStore("badger"), started[0]!.kvStore);
  await started[0]!.close();
  await using again1 = await start({ path: `${path}/1` });
  await using again2 = await start({ path: `${path}/2` }, { name: "2" });
  assert(again1.isOpen && again2.isOpen);
});

Deno.test("badger: a start that fails leaves nothing registered and nothing locked", async () => {
  await using directory = tempDir();
  const { path } = directory;
  Deno.writeTextFileSync(`${path}/file`, "");
  for (const single_bucket_mode of [true, false]) {
    const bad = { path: `${path}/file`, single_bucket_mode };
    const error = await assertRejects(() => start(bad), StoreError);
    assertEquals(error.code, "BAD_PATH");
    await assertRejects(() => start({ mem_table_size: 1 }), ConfigError);
    assertNothingRegistered();

    const good = { path: `${path}/${single_bucket_mode}`, single_bucket_mode };
    await using holder = await start(good);
    const locked = await assertRejects(
      () => start(good, { name: "b" }),
      StoreError,
    );
    assertEquals(locked.code, "LOCKED");
    assertEquals(kv.names(), ["badger"]);
    await holder.close();
    await using _next = await start(good);
  }
});

Deno.test("badger: disabled opens and registers nothing, and says so when used", async () => {
  await using directory = tempDir();
  const badger = await start({
    enabled: false,
    path: `${directory.path}/data`,
  });
  assertNothingRegistered();
  assertEquals(namesIn(directory.path), []);
  assertFalse(badger.isOpen);
  const uses = [
    () => badger.kvStore,
    () => badger.filter,
    () => badger.store,
    () => badger.stats(),
    () => badger.buckets(),
  ];
  for (const use of uses) {
    const error = assertThrows(use, StoreError, "badger is disabled");
    assertEquals(error.code, "NOT_REGISTERED");
  }
  await assertRejects(() => badger.gc(), StoreError, "disabled");
  await badger.open();
  await badger.close();
  // Two that are disabled do not quarrel over the name.
  await start({ enabled: false });
});

Deno.test("badger: memory mode touches no disk", async () => {
  await using directory = tempDir();
  for (const single_bucket_mode of [true, false]) {
    await using badger = await start({
      memory_mode: true,
      single_bucket_mode,
      path: `${directory.path}/data`,
    });
    for (const bucket of ["a", "b"]) {
      await kv.addValue(bucket, "k", "v".repeat(10_000));
    }
    await badger.gc();
    assertEquals(namesIn(directory.path), []);
    await badger.close();
    await badger.open();
    assertEquals(badger.buckets(), []);
  }
});

Deno.test("badger: closing leaves alone what took its place in a registry", async () => {
  const badger = await start(IN_MEMORY);
  const other = await start(IN_MEMORY, { name: "other" });
  kv.unregister("badger");
  kv.register("badger", other.kvStore);
  await badger.close();
  assertEquals(kv.getStore("badger"), other.kvStore);
  kv.unregister("badger");
  await other.close();
  assertNothingRegistered();
});

/**
 * Where the buckets of an instance live, what a directory may be used for, and
 * garbage collection and statistics over one store or many.
 */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import { ConfigError, kv } from "../../src/plugin/mod.ts";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";
import { IN_MEMORY, namesIn, start, text } from "./support.ts";

Deno.test("buckets: one store holds all buckets, or each has a directory of its own", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/one`;
  await using one = await start({ path });
  for (const bucket of ["users", "orders"]) await kv.addValue(bucket, "k", "v");
  assertEquals(namesIn(path).filter((name) => name.endsWith("/")), []);
  assertInstanceOf(one.store, Store);
  assertEquals(one.store.path, path);
  await one.close();

  const many = `${directory.path}/many`;
  await using each = await start({ path: many, single_bucket_mode: false });
  assertEquals(namesIn(many).filter((name) => name.endsWith("/")), []);
  for (const bucket of ["users", "Users", "../x"]) {
    await kv.addValue(bucket, "k", "v");
  }
  assertEquals(namesIn(many).filter((name) => name.endsWith("/")), [
    "bucket-%2e%2e%2fx/",
    "bucket-%55sers/",
    "bucket-users/",
  ]);
  assert(
    namesIn(`${many}/bucket-users`).some((name) => name.endsWith(".vlog")),
  );
  assertThrows(() => each.store, TypeError, "each bucket has its own");
  const bucket = await each.bucket("users");
  assertInstanceOf(bucket, Store);
  assertEquals(text(await bucket.get("k")), "v");
  assertEquals(namesIn(directory.path), ["many/", "one/"]);
});

Deno.test("buckets: a directory of one mode is refused in the other", async () => {
  await using directory = tempDir();
  for (const single_bucket_mode of [true, false]) {
    const path = `${directory.path}/${single_bucket_mode}`;
    await using badger = await start({ path, single_bucket_mode });
    await kv.addValue("b", "k", "v");
    await badger.close();
    const before = namesIn(path);
    const error = await assertRejects(
      () => start({ path, single_bucket_mode: !single_bucket_mode }),
      ConfigError,
      `was written with single_bucket_mode: ${single_bucket_mode}, and it is ${!single_bucket_mode} now`,
    );
    assertEquals(error.key, "single_bucket_mode");
    assertEquals(namesIn(path), before);
    await badger.open();
    assertEquals(text(await kv.getValue("b", "k")), "v");
  }
  // A directory nothing was written to is free for both.
  const path = `${directory.path}/empty`;
  await (await start({ path, single_bucket_mode: false })).close();
  await (await start({ path })).close();
});

Deno.test("buckets: many first uses of a bucket open its store once", async () => {
  await using directory = tempDir();
  await using badger = await start({
    path: directory.path,
    single_bucket_mode: false,
  });
  const spaces = await Promise.all(
    Array.from({ length: 20 }, () => badger.bucket("b")),
  );
  assertEquals(new Set(spaces).size, 1);
  await badger.close();
  // Closing while a store is being opened closes that one too.
  await badger.open();
  const opening = badger.bucket("c").catch(() => {});
  await badger.close();
  await opening;
  await badger.open();
  await kv.addValue("c", "k", "v");
});

Deno.test("buckets: a bucket that cannot be opened is no obstacle to the others", async () => {
  await using directory = tempDir();
  const config = { path: directory.path, single_bucket_mode: false };
  await using badger = await start(config);
  await kv.addValue("good", "k", "v");
  Deno.writeTextFileSync(`${directory.path}/bucket-bad`, "a file");
  const error = await assertRejects(
    () => kv.addValue("bad", "k", "v"),
    StoreError,
  );
  assertEquals(error.code, "BAD_PATH");
  Deno.removeSync(`${directory.path}/bucket-bad`);
  await kv.addValue("bad", "k", "v");
  assertEquals(badger.buckets(), ["bad", "good"]);
});

Deno.test("buckets: gc and stats are of all stores", async () => {
  await using directory = tempDir();
  const config = {
    path: directory.path,
    single_bucket_mode: false,
    value_log_max_entries: 10,
    value_log_gc_enabled: false,
  };
  await using badger = await start(config);
  for (const bucket of ["a", "b"]) {
    for (let i = 0; i < 100; i++) await kv.addValue(bucket, "k", `value ${i}`);
  }
  const before = badger.stats();
  assertEquals([before.keys, before.numWrites], [2, 200]);
  assertEquals(before.buckets.map(({ name, keys }) => [name, keys]), [
    ["a", 1],
    ["b", 1],
  ]);
  await badger.close();
  await badger.open();
  // Nothing is open yet, and all is collected all the same.
  assertEquals(badger.stats().segments, 0);
  assertEquals(badger.stats().buckets.map(({ keys }) => keys), [
    undefined,
    undefined,
  ]);
  const report = await badger.gc({ discardRatio: 0.1 });
  assert(report.segmentsRewritten >= 4, `${report.segmentsRewritten} segments`);
  assert(badger.stats().vlogSize < before.vlogSize / 2);
  for (const bucket of ["a", "b"]) {
    assertEquals(text(await kv.getValue(bucket, "k")), "value 99");
  }
});

Deno.test("buckets: stats add counts up and take the slowest percentiles", async () => {
  await using badger = await start({
    memory_mode: true,
    single_bucket_mode: false,
  });
  const empty = badger.stats();
  assertEquals([empty.keys, empty.vlogSize, empty.performance.cacheHitRate], [
    0,
    0,
    0,
  ]);
  for (const bucket of ["a", "b", "c"]) {
    await kv.addValue(bucket, "k", "v");
    await kv.getValue(bucket, "k");
  }
  const total = badger.stats();
  const each = await Promise.all(
    ["a", "b", "c"].map(async (name) =>
      (await badger.bucket(name) as Store).stats()
    ),
  );
  const sum = (pick: (stats: typeof each[0]) => number) =>
    each.reduce((sofar, stats) => sofar + pick(stats), 0);
  assertEquals(total.numReads, 3);
  assertEquals(total.vlogSize, sum((stats) => stats.vlogSize));
  assertEquals(
    total.memory.indexBytes,
    sum((stats) => stats.memory.indexBytes),
  );
  const latencies = each.map((stats) =>
    stats.performance.latencyMicroseconds.set
  );
  const { set } = total.performance.latencyMicroseconds;
  assertEquals(
    set.count,
    latencies.reduce((sofar, { count }) => sofar + count, 0),
  );
  assertEquals(set.max, Math.max(...latencies.map(({ max }) => max)));
  // Every number of a store is a number of the whole.
  assertEquals(
    Object.keys(total).sort(),
    [...Object.keys(each[0]!), "buckets"].sort(),
  );
  assertEquals(
    Object.keys(total.performance).sort(),
    Object.keys(each[0]!.performance).sort(),
  );
});

Deno.test("buckets: the codec can be chosen", async () => {
  for (
    const [codec, id] of [["deflate", 1], ["zstd", 2], ["raw", 0]] as const
  ) {
    await using badger = await start(IN_MEMORY, { codec });
    await kv.addValueCompress("b", "k", "a".repeat(1000));
    assertEquals((await badger.kvStore.getValue("b", "k"))![3], id);
  }
});

Deno.test("buckets: a reserved bucket name is refused", async () => {
  await using badger = await start(IN_MEMORY);
  await assertRejects(
    () => badger.bucket("\0badger.buckets"),
    TypeError,
    "reserved",
  );
  await kv.addValue("b", "k", "v");
  assertEquals(badger.buckets(), ["b"]);
});

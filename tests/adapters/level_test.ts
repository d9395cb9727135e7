/**
 * The level database: the suite of `abstract-level`, and what is this one's own.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Store, StoreError, type StoreErrorCode } from "@sett/badger";
import { type LevelWriteOptions, SettLevel } from "@sett/badger/level";
import type { AbstractBatchOptions } from "abstract-level";
import fc from "fast-check";
import { orLevelError } from "../../src/adapters/level_error.ts";
import { tempDir } from "../support/temp.ts";

/** The variables that `tape` looks at. */
const TAPE_VARIABLES = [
  "NODE_TAPE_NO_ONLY_TEST",
  "NODE_TAPE_OBJECT_PRINT_DEPTH",
  "NODE_TAPE_STRICT_TIMEOUT",
  "TODO_IS_OK", // a name of tape's, no open end
];

/** Tests of the suite over a store that is open already. */
const SUITE_TESTS_MIN = 1000;

Deno.test("level: passes the suite of abstract-level", async () => {
  const suite = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-env=${TAPE_VARIABLES}`,
      "tests/suites/level.mjs",
      "bucket",
    ],
    stdin: "null",
  });
  const { stdout, stderr, success } = await suite.output();
  const output = new TextDecoder().decode(stdout);
  const told = output + new TextDecoder().decode(stderr);
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
  assert(success, told);
  assert(Number(counts?.[1]) >= SUITE_TESTS_MIN, told);
  assertEquals(Number(counts?.[2]), 0, told);
  assert(output.includes(" assertions, 0 skipped\n"), told);
});

const keys = fc.uint8Array({ max: 3, maxLength: 4 });
const bound = fc.option(keys, { nil: undefined });
const range = fc.record({ gt: bound, gte: bound, lt: bound, lte: bound })
  .map((bounds) =>
    Object.fromEntries(
      Object.entries(bounds).filter(([, key]) => key !== undefined),
    )
  );

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** True if a key is in the range as `abstract-level` defines it. */
function isIn(
  key: Uint8Array,
  bounds: Record<string, Uint8Array | undefined>,
): boolean {
  const { gt, gte, lt, lte } = bounds;
  if (gte !== undefined ? compare(key, gte) < 0 : gt && compare(key, gt) <= 0) {
    return false;
  }
  return !(lte !== undefined
    ? compare(key, lte) > 0
    : lt && compare(key, lt) >= 0);
}

Deno.test("level: any keys are kept in order, also empty ones and those with zero bytes", async () => {
  await using store = await Store.open({ memoryMode: true });
  let made = 0;
  await fc.assert(fc.asyncProperty(
    fc.uniqueArray(keys, { comparator: (a, b) => compare(a, b) === 0 }),
    range,
    fc.boolean(),
    fc.option(fc.nat(5), { nil: -1 }),
    keys,
    async (put, bounds, reverse, limit, target) => {
      await using db = new SettLevel<Uint8Array, Uint8Array>(store, {
        bucket: `run ${made++}`,
        keyEncoding: "view",
        valueEncoding: "view",
      });
      await db.batch(put.map((key) => ({ type: "put", key, value: key })));
      const order = reverse ? -1 : 1;
      const all = put.toSorted((a, b) => order * compare(a, b));
      const within = all.filter((key) => isIn(key, bounds));
      const expected = limit < 0 ? within : within.slice(0, limit);
      const options = { ...bounds, reverse, limit };

      const entries = await db.iterator(options).all();
      assertEquals(entries, expected.map((key) => [key, key]));
      assertEquals(await db.keys(options).all(), expected);
      assertEquals(await db.values(options).all(), expected);
      assertEquals(await db.getMany(put), put);

      const iterator = db.keys({ ...bounds, reverse });
      await iterator.next();
      iterator.seek(target);
      const behind = within.filter((key) => order * compare(key, target) >= 0);
      const isOutside = !isIn(target, bounds);
      assertEquals(await iterator.all(), isOutside ? [] : behind);

      await db.clear(options);
      assertEquals(
        await db.keys({ reverse }).all(),
        all.filter((key) => !expected.includes(key)),
      );
    },
  ));
});

Deno.test("level: shares an open store, and leaves it open", async () => {
  await using store = await Store.open({ memoryMode: true });
  const db = new SettLevel(store, { bucket: "level" });
  await db.put("k", "v");
  assertEquals(db.space?.has("k"), true);
  assertEquals(store.has("k"), false);
  await db.close();
  assertEquals(db.space, undefined);
  await assertRejectsWithCode(db.get("k"), "LEVEL_DATABASE_NOT_OPEN");
  assertEquals(store.status, "open");
  await db.open();
  assertEquals(await db.get("k"), "v");
  await db.close();

  const over = new SettLevel(store.bucket("level"));
  assertEquals(await over.get("k"), "v");
  await store.close();
  await assertRejectsWithCode(over.get("k"), "LEVEL_DATABASE_NOT_OPEN");
  await assertRejectsWithCode(over.put("k", "w"), "LEVEL_DATABASE_NOT_OPEN");
  for (const make of [() => over.keys(), () => over.snapshot()]) {
    assertEquals(codeOf(assertThrows(make)), "LEVEL_DATABASE_NOT_OPEN");
  }
  assertEquals(
    codeOf(assertThrows(() => over.getSync("k"))),
    "LEVEL_DATABASE_NOT_OPEN",
  );
  await over.close();
});

Deno.test("level: opens and closes a store of its own", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  const first = new SettLevel(path, { valueEncoding: "json" });
  await first.put("k", "v");

  const second = new SettLevel({ path });
  const error = await assertRejects(() => second.open(), Error);
  assertEquals(codeOf(error), "LEVEL_DATABASE_NOT_OPEN");
  assertEquals(codeOf(error.cause), "LEVEL_LOCKED");

  await first.close();
  await second.open();
  assertEquals(await second.get("k"), '"v"');
  await second.close();

  await using store = await Store.open(path);
  assertEquals(store.has("k"), true);
});

Deno.test("level: a write with sync is on the medium, and a bucket alone refuses it", async () => {
  await using directory = tempDir();
  await using store = await Store.open(directory.path);
  await using db = new SettLevel(store, { bucket: "b" });
  const syncs = () => store.stats().performance.syncs;
  const before = syncs();
  await db.put("a", "1");
  assertEquals(syncs(), before);
  await db.put("a", "2", { sync: true });
  assertEquals(syncs(), before + 1);
  const sync: AbstractBatchOptions<string, string> & LevelWriteOptions = {
    sync: true,
  };
  await db.batch([{ type: "put", key: "b", value: "1" }], sync);
  assertEquals(syncs(), before + 2);
  await db.del("b", { sync: true });
  assertEquals(syncs(), before + 3);

  await using bucket = new SettLevel(store.bucket("b"));
  await assertRejectsWithCode(
    bucket.put("c", "1", { sync: true }),
    "LEVEL_NOT_SUPPORTED",
  );
  assertEquals(await bucket.get("c"), undefined);
});

Deno.test("level: the store's errors have the codes of classic-level", () => {
  const codes: [StoreErrorCode, unknown][] = [
    ["CORRUPT", "LEVEL_CORRUPTION"],
    ["DISK_FULL", "LEVEL_IO_ERROR"],
    ["POISONED", "LEVEL_IO_ERROR"],
    ["BATCH_TOO_LARGE", "BATCH_TOO_LARGE"],
  ];
  for (const [code, expected] of codes) {
    const error = new StoreError(code, "Cannot do it: so it is");
    const thrown = assertThrows(() =>
      orLevelError(() => {
        throw error;
      }), Error);
    assertEquals(codeOf(thrown), expected);
    assertEquals(thrown.message, error.message);
    assert(thrown === error || thrown.cause === error);
  }
  assertThrows(() =>
    orLevelError(() => {
      throw new RangeError("Cannot");
    }), RangeError);
});

Deno.test("level: refuses what is no store, and a bucket of a bucket", async () => {
  await using store = await Store.open({ memoryMode: true });
  const bucket = store.bucket("b");
  for (
    const make of [
      () => new SettLevel(bucket, { bucket: "c" }),
      () => new SettLevel(7 as unknown as string),
    ]
  ) {
    await assertRejects(async () => await make().open(), TypeError);
  }
});

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

async function assertRejectsWithCode(
  promise: Promise<unknown>,
  code: string,
): Promise<void> {
  const error = await assertRejects(() => promise, Error);
  assertEquals(codeOf(error), code);
}

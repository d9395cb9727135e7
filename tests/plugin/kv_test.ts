/**
 * What the key-value store and the filter promise, whichever way the buckets live.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { StoreClosedError, StoreError } from "../../src/errors.ts";
import { Badger, type BadgerConfig } from "../../src/plugin/mod.ts";
import { tempDir } from "../support/temp.ts";

interface Mode {
  name: string;
  config: BadgerConfig;
}

const MODES: Mode[] = [
  { name: "one store on disk", config: {} },
  { name: "one store in memory", config: { memory_mode: true } },
  { name: "a store a bucket on disk", config: { single_bucket_mode: false } },
  {
    name: "a store a bucket in memory",
    config: { single_bucket_mode: false, memory_mode: true },
  },
];

const EMPTY = new Uint8Array();

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Runs `body` with an instance of each mode. */
function inEachMode(
  name: string,
  body: (badger: Badger, mode: Mode) => Promise<void>,
): void {
  for (const mode of MODES) {
    Deno.test(`kv: ${name} (${mode.name})`, async () => {
      await using directory = tempDir();
      await using badger = await Badger.start(
        { path: `${directory.path}/data`, ...mode.config },
        { env: () => undefined },
      );
      await body(badger, mode);
    });
  }
}

inEachMode("a value comes back; a missing one is undefined", async (badger) => {
  const { kvStore } = badger;
  assertEquals(await kvStore.getValue("b", "k"), undefined);
  await kvStore.addValue("b", "k", "one");
  await kvStore.addValue("b", utf8("k"), utf8("two"));
  assertEquals(text(await kvStore.getValue("b", "k")), "two");
  assertEquals(await kvStore.getValue("b", "K"), undefined);
  assertEquals(await kvStore.getValue("c", "k"), undefined);
});

inEachMode("an empty value is there", async (badger) => {
  const { kvStore } = badger;
  await kvStore.addValue("b", "k", "");
  assertEquals(await kvStore.getValue("b", "k"), EMPTY);
  assertEquals(await kvStore.existsKey("b", "k"), true);
  await kvStore.addValueCompress("b", "z", "");
  assertEquals(await kvStore.getCompressedValue("b", "z"), EMPTY);
});

inEachMode("deleting tells whether the key was there", async (badger) => {
  const { kvStore, filter } = badger;
  assertEquals(await kvStore.deleteKey("b", "k"), false);
  await kvStore.addValue("b", "k", "v");
  assertEquals(await kvStore.existsKey("b", "k"), true);
  assertEquals(await kvStore.deleteKey("b", "k"), true);
  assertEquals(await kvStore.deleteKey("b", "k"), false);
  assertEquals(await kvStore.existsKey("b", "k"), false);
  assertEquals(await filter.delete("b", "k"), false);
});

inEachMode("no two pairs of bucket and key are one", async (badger) => {
  const { kvStore } = badger;
  const parts = [
    "",
    "a",
    "b",
    ",",
    "a,",
    ",b",
    "a,b",
    "\0",
    "\x01",
    "\x01a",
    "=",
    "é",
  ];
  const pairs = parts.flatMap((bucket) =>
    parts.filter((key) => key !== "").map((key) => [bucket, key] as const)
  );
  for (const [bucket, key] of pairs) {
    await kvStore.addValue(bucket, key, JSON.stringify([bucket, key]));
  }
  for (const [bucket, key] of pairs) {
    assertEquals(
      text(await kvStore.getValue(bucket, key)),
      JSON.stringify([bucket, key]),
    );
  }
  assertEquals(badger.buckets(), [...parts].sort());
  assertEquals(badger.stats().keys, pairs.length);
});

inEachMode(
  "compressed values come back, plain ones are told apart",
  async (badger) => {
    const { kvStore } = badger;
    const value = "all work and no play ".repeat(10_000);
    await kvStore.addValueCompress("b", "k", value);
    assertEquals(text(await kvStore.getCompressedValue("b", "k")), value);
    const stored = await kvStore.getValue("b", "k");
    assert(stored!.length < value.length / 10, "stored compressed");
    assertEquals(await kvStore.getCompressedValue("b", "missing"), undefined);
    assertEquals(await kvStore.getCompressedValue("missing", "k"), undefined);

    await kvStore.addValue("b", "plain", value);
    const error = await assertRejects(
      () => kvStore.getCompressedValue("b", "plain"),
      StoreError,
      'Cannot decompress the value of "plain" in bucket "b": it was stored plain',
    );
    assertEquals(error.code, "NOT_COMPRESSED");
  },
);

inEachMode("values expire", async (badger) => {
  const { kvStore, filter } = badger;
  await kvStore.addValue("b", "k", "v", { expireIn: 1 });
  await kvStore.addValueCompress("b", "z", "v", { expireIn: 1 });
  await filter.add("b", "f", { expireIn: 1 });
  assertEquals(await filter.checkThenAdd("b", "g", { expireIn: 1 }), false);
  await kvStore.addValue("b", "stays", "v", { expireIn: 600_000 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(await kvStore.getValue("b", "k"), undefined);
  assertEquals(await kvStore.getCompressedValue("b", "z"), undefined);
  assertEquals(await filter.exists("b", "f"), false);
  assertEquals(await filter.checkThenAdd("b", "g"), false);
  assertEquals(await kvStore.existsKey("b", "stays"), true);
  await assertRejects(
    () => kvStore.addValue("b", "k", "v", { expireIn: 0 }),
    RangeError,
  );
});

inEachMode("the filter remembers and forgets", async (badger) => {
  const { kvStore, filter } = badger;
  assertEquals(await filter.exists("b", "k"), false);
  await filter.add("b", "k");
  assertEquals(await filter.exists("b", "k"), true);
  assertEquals(text(await kvStore.getValue("b", "k")), "0");
  assertEquals(await filter.checkThenAdd("b", "k"), true);
  assertEquals(await filter.delete("b", "k"), true);
  assertEquals(await filter.checkThenAdd("b", "k"), false);
  assertEquals(await filter.checkThenAdd("b", "k"), true);
});

inEachMode("of many that check at once exactly one adds", async (badger) => {
  const { filter } = badger;
  for (const key of ["a", "b"]) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => filter.checkThenAdd("race", key)),
    );
    assertEquals(answers.filter((existed) => !existed).length, 1);
  }
  // Writers and removers in between do not break it.
  const log: string[] = [];
  await Promise.all(Array.from({ length: 100 }, async (_, i) => {
    if (i % 10 === 9) {
      if (await filter.delete("race", "c")) log.push("removed");
    } else if (!(await filter.checkThenAdd("race", "c"))) log.push("added");
  }));
  const added = log.filter((entry) => entry === "added").length;
  const isThere = await filter.exists("race", "c") ? 1 : 0;
  assertEquals(added - (log.length - added), isThere);
});

inEachMode(
  "writes of one key take effect in the order they were asked for",
  async (badger) => {
    const { kvStore } = badger;
    await Promise.all(
      Array.from(
        { length: 50 },
        (_, i) => kvStore.addValue("order", "k", `${i}`),
      ),
    );
    assertEquals(text(await kvStore.getValue("order", "k")), "49");
  },
);

inEachMode(
  "wrong arguments are refused, by either mode alike",
  async (badger) => {
    const { kvStore, filter } = badger;
    await assertRejects(
      () => kvStore.addValue("b", "", "v"),
      RangeError,
      "empty key",
    );
    await assertRejects(() => kvStore.getValue("b", ""), Error);
    for (const bucket of [5, undefined, null, {}, "\ud800"]) {
      const name = bucket as string;
      await assertRejects(() => kvStore.addValue(name, "k", "v"), TypeError);
      await assertRejects(() => kvStore.getValue(name, "k"), TypeError);
      await assertRejects(() => filter.checkThenAdd(name, "k"), TypeError);
      await assertRejects(() => badger.bucket(name), TypeError);
    }
    await assertRejects(
      () => kvStore.addValue("n".repeat(1025), "k", "v"),
      RangeError,
    );
    await kvStore.addValue("n".repeat(1024), "k", "v");
    await assertRejects(
      () => kvStore.addValue("b", "k", 5 as unknown as string),
      TypeError,
    );
  },
);

inEachMode("looking something up makes no bucket", async (badger) => {
  const { kvStore, filter } = badger;
  await kvStore.getValue("ghost", "k");
  await kvStore.getCompressedValue("ghost", "k");
  await kvStore.existsKey("ghost", "k");
  await kvStore.deleteKey("ghost", "k");
  await filter.exists("ghost", "k");
  assertEquals(badger.buckets(), []);
  assertEquals(badger.stats().keys, 0);
  await kvStore.addValue("real", "k", "v");
  assertEquals(badger.buckets(), ["real"]);
});

inEachMode(
  "after close everything is refused until it is opened again",
  async (badger) => {
    const { kvStore, filter } = badger;
    await kvStore.addValue("b", "k", "v");
    await kvStore.close();
    await filter.close();
    const calls = [
      () => kvStore.getValue("b", "k"),
      () => kvStore.getCompressedValue("b", "k"),
      () => kvStore.addValue("b", "k", "v"),
      () => kvStore.addValueCompress("b", "k", "v"),
      () => kvStore.existsKey("b", "k"),
      () => kvStore.deleteKey("b", "k"),
      () => filter.exists("b", "k"),
      () => filter.add("b", "k"),
      () => filter.delete("b", "k"),
      () => filter.checkThenAdd("b", "k"),
    ];
    for (const call of calls) await assertRejects(call, StoreClosedError);
    await filter.open();
    await kvStore.open();
    await kvStore.addValue("b", "again", "v");
    assertEquals(await filter.exists("b", "again"), true);
  },
);

inEachMode("operations are counted by bucket", async (badger) => {
  const { kvStore, filter } = badger;
  await kvStore.addValue("a", "k", "v");
  await kvStore.addValueCompress("a", "z", "v");
  await kvStore.getValue("a", "k");
  await kvStore.getValue("a", "missing");
  await kvStore.getCompressedValue("a", "z");
  await kvStore.existsKey("a", "k");
  await filter.checkThenAdd("b", "k");
  await filter.checkThenAdd("b", "k");
  await filter.delete("b", "k");
  const none = {
    get: 0,
    getCompress: 0,
    add: 0,
    addCompress: 0,
    exists: 0,
    delete: 0,
  };
  assertEquals(
    badger.stats().buckets.map(({ name, operations }) => ({
      name,
      operations,
    })),
    [
      {
        name: "a",
        operations: {
          ...none,
          get: 2,
          getCompress: 1,
          add: 1,
          addCompress: 1,
          exists: 1,
        },
      },
      { name: "b", operations: { ...none, add: 1, exists: 2, delete: 1 } },
    ],
  );
});

/**
 * Lists, counts, ranged deletes and snapshots against a model, over random histories
 * with deletes, expiries, collections and reopens in between.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { KeySpace, ListOptions, Snapshot } from "../../mod.ts";
import { Store } from "../../src/store/store.ts";
import { openEngine } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";

const DIRECTORY = "/ranges";
const SETTINGS = {
  path: DIRECTORY,
  memTableSize: 65_536,
  valueLogMaxEntries: 12,
  valueLogGcEnabled: false,
};

type Contents = Map<string, { value: string; expiry: number }>;

/** Keys with common beginnings, zeros, high bytes and lengths around a word. */
const anyKey: fc.Arbitrary<number[]> = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 97, 255), { minLength: 1, maxLength: 3 }),
  fc.array(fc.constantFrom(97, 98), { minLength: 3, maxLength: 6 }),
);

const anyRange = fc.record({
  prefix: anyKey,
  start: anyKey,
  end: anyKey,
  reverse: fc.boolean(),
  limit: fc.nat(5),
}, { requiredKeys: [] });

const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      key: anyKey,
      bucket: fc.boolean(),
      expireIn: fc.constantFrom(0, 0, 0, 500, 5000),
      bytes: fc.constantFrom(1, 20, 300),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("delete" as const),
      key: anyKey,
      bucket: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      range: anyRange,
      bucket: fc.boolean(),
      at: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("close" as const), at: fc.nat(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      time: fc.constantFrom(300, 3000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("collect" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("deleteRange" as const),
      range: anyRange,
      bucket: fc.boolean(),
    }),
  },
);

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never;

interface AnyRange {
  prefix?: number[];
  start?: number[];
  end?: number[];
  reverse?: boolean;
  limit?: number;
}

/** The numbers of a key as text that sorts as its bytes do. */
function name(key: number[] | Uint8Array): string {
  return String.fromCharCode(...key);
}

function readRange({ prefix, start, end, ...rest }: AnyRange): ListOptions {
  return {
    ...rest,
    ...(prefix === undefined ? {} : { prefix: Uint8Array.from(prefix) }),
    ...(start === undefined ? {} : { start: Uint8Array.from(start) }),
    ...(end === undefined ? {} : { end: Uint8Array.from(end) }),
  };
}

function expected(
  contents: Contents,
  range: AnyRange,
  time: number,
): [string, string][] {
  const entries = [...contents].filter(([key, { expiry }]) =>
    (expiry === 0 || expiry > time) &&
    (range.prefix === undefined || key.startsWith(name(range.prefix))) &&
    (range.start === undefined || key >= name(range.start)) &&
    (range.end === undefined || key < name(range.end))
  ).map(([key, { value }]): [string, string] => [key, value]);
  entries.sort(([a], [b]) => a < b ? -1 : 1);
  if (range.reverse) entries.reverse();
  return entries.slice(0, range.limit ?? Infinity);
}

class Run {
  readonly host = new FixedHost();
  store = this.#open();
  spaces: [Contents, Contents] = [new Map(), new Map()];
  snapshots: {
    snapshot: Snapshot;
    spaces: [Contents, Contents];
    time: number;
  }[] = [];

  #open(): Store {
    return new Store(openEngine(SETTINGS, this.host));
  }

  space(bucket: boolean): KeySpace {
    return bucket ? this.store.bucket("a") : this.store;
  }

  async step(step: Step, number: number): Promise<void> {
    switch (step.do) {
      case "set": {
        const value = `${number}`.padEnd(step.bytes, ".");
        const { expireIn } = step;
        await this.space(step.bucket).set(
          Uint8Array.from(step.key),
          value,
          expireIn === 0 ? {} : { expireIn },
        );
        this.spaces[step.bucket ? 1 : 0].set(name(step.key), {
          value,
          expiry: expireIn === 0 ? 0 : this.host.time + expireIn,
        });
        break;
      }
      case "delete":
        await this.space(step.bucket).delete(Uint8Array.from(step.key));
        this.spaces[step.bucket ? 1 : 0].delete(name(step.key));
        break;
      case "list":
        await this.#list(step.range, step.bucket, step.at);
        break;
      case "snapshot":
        this.snapshots.push({
          snapshot: this.store.snapshot(),
          spaces: [new Map(this.spaces[0]), new Map(this.spaces[1])],
          time: this.host.time,
        });
        break;
      case "close":
        this.snapshots.splice(step.at, 1)[0]?.snapshot.close();
        break;
      case "wait":
        await this.host.advance(step.time);
        break;
      case "collect":
        await this.store.gc({ discardRatio: 0.05 });
        break;
      case "reopen":
        await this.store.close();
        this.snapshots = [];
        this.store = this.#open();
        break;
      case "deleteRange": {
        const { reverse: _, limit: __, ...range } = step.range;
        const contents = this.spaces[step.bucket ? 1 : 0];
        const keys = expected(contents, range, this.host.time);
        const count = await this.space(step.bucket)
          .deleteRange(readRange(range));
        assertEquals(count, keys.length);
        for (const [key] of keys) contents.delete(key);
      }
    }
  }

  async #list(
    range: AnyRange,
    bucket: boolean,
    at: number,
  ): Promise<void> {
    const place = bucket ? 1 : 0;
    const past = this.snapshots[at];
    const reader = past === undefined
      ? this.space(bucket)
      : bucket
      ? past.snapshot.bucket("a")
      : past.snapshot;
    const contents = (past?.spaces ?? this.spaces)[place];
    const time = past?.time ?? this.host.time;
    const wanted = expected(contents, range, time);
    const options = readRange(range);
    const found: [string, string][] = [];
    for await (const [key, value] of reader.list(options)) {
      found.push([name(key), new TextDecoder().decode(value)]);
    }
    assertEquals(found, wanted);
    const atOnce = [...reader.listSync({ ...options, keysOnly: true })];
    assertEquals(atOnce.map(([key]) => name(key)), wanted.map(([key]) => key));
    const { reverse: _, limit: __, ...whole } = range;
    assertEquals(
      await reader.count(readRange(whole)),
      expected(contents, whole, time).length,
    );
    // The same list by pages of two.
    const paged: string[] = [];
    const { limit: ___, ...rest } = options;
    for (let cursor = "";;) {
      const page = reader.listSync({ ...rest, limit: 2, cursor });
      const keys = [...page].map(([key]) => name(key));
      paged.push(...keys);
      cursor = page.cursor;
      if (keys.length < 2) break;
    }
    assertEquals(
      paged,
      expected(contents, { ...range, limit: Infinity }, time)
        .map(([key]) => key),
    );
    for (const [key, value] of wanted) {
      const bytes = Uint8Array.from(key, (c) => c.charCodeAt(0));
      assertEquals(
        new TextDecoder().decode(await reader.get(bytes)),
        value,
      );
      assert(reader.has(bytes));
    }
  }

  async end(): Promise<void> {
    for (const bucket of [false, true]) await this.#list({}, bucket, 9);
    for (let i = 0; i < this.snapshots.length; i++) {
      for (const bucket of [false, true]) await this.#list({}, bucket, i);
    }
    for (const { snapshot } of this.snapshots) snapshot.close();
    const { snapshots } = this.store.stats();
    assertEquals(snapshots, {
      count: 0,
      oldestAge: 0,
      notes: 0,
      heldBytes: 0,
    });
    await this.store.close();
  }
}

Deno.test("lists and snapshots agree with a model over random histories", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 1, maxLength: 60, size: "max" }),
      async (steps) => {
        const run = new Run();
        for (const [number, step] of steps.entries()) {
          await run.step(step, number);
        }
        await run.end();
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("the order is kept up while it is made, and when it grows and shrinks", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3000), fc.boolean()), {
        minLength: 2000,
        maxLength: 6000,
        size: "max",
      }),
      fc.nat(2000),
      (changes, before) => {
        const engine = openEngine(
          { ...SETTINGS, valueLogMaxEntries: 1_000_000 },
          new FixedHost(),
        );
        const store = new Store(engine);
        const present = new Set<string>();
        for (const [at, [n, isSet]] of changes.entries()) {
          const key = `key ${n}`;
          if (isSet) {
            store.setSync(key, "", n % 7 === 0 ? { expireIn: 1000 } : {});
            present.add(key);
          } else {
            store.deleteSync(key);
            present.delete(key);
          }
          if (at >= before) engine.ledger.index.ordered.build(1);
        }
        const keys = [...store.listSync({ keysOnly: true })];
        assertEquals(
          keys.map(([key]) => new TextDecoder().decode(key)),
          [...present].sort(),
        );
        checkBooks(engine);
      },
    ),
    { numRuns: 20 },
  );
});

/**
 * Random histories of a collection against a map: what is read, found and listed, and
 * that the entries in the bucket are exactly those of the items. Stores are reopened
 * and collected between.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Store } from "@sett/badger";
import {
  collection,
  ItemExistsError,
  UniqueIndexError,
} from "@sett/badger/cbor";
import { checkCollection } from "../support/check_collection.ts";
import { tempDir } from "../support/temp.ts";

interface Value {
  name: string;
  rank: number | null;
  tags: string[];
}

const anyId = fc.integer({ min: 0, max: 9 });
const anyValue: fc.Arbitrary<Value> = fc.record({
  name: fc.constantFrom("a", "a\0", "b", "c", "d", "e", "f", "g"),
  rank: fc.constantFrom(null, -1, -0, 0, 1, Infinity),
  tags: fc.array(fc.constantFrom("", "x", "y", "z"), { maxLength: 3 }),
});
const anyChange = fc.oneof(
  anyValue.map(({ rank }) => ({ rank })),
  anyValue.map(({ tags }) => ({ tags })),
  anyValue.map(({ name }) => ({ name })),
);
const anyCall = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      id: anyId,
      value: anyValue,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      id: anyId,
      value: anyValue,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      id: anyId,
      change: anyChange,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("delete" as const), id: anyId }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "reopen" as const,
        "gc" as const,
        "rebuild" as const,
        "clear" as const,
      ),
    }),
  },
);
type Call = typeof anyCall extends fc.Arbitrary<infer T> ? T : never;

const byRank = (a: [number, Value], b: [number, Value]) => {
  const [x, y] = [a[1].rank, b[1].rank];
  if (x === y) return a[0] - b[0];
  return x === null ? -1 : y === null ? 1 : x - y;
};

function open(store: Store) {
  return collection<Value, number>(store, "c", {
    indexes: {
      name: { value: ({ name }) => name, unique: true },
      rank: ({ rank }) => rank,
      tags: { values: ({ tags }) => tags },
    },
  });
}

/** Plays calls on a store and on a map, comparing what they say. */
class Play {
  readonly model = new Map<number, Value>();
  #store: Store;
  readonly #path: string;

  constructor(store: Store, path: string) {
    this.#store = store;
    this.#path = path;
  }

  static options(path: string) {
    return { path, valueLogFileSize: 1_048_576, memTableSize: 65_536 };
  }

  #conflicts(id: number, { name }: Value): boolean {
    return [...this.model].some(([other, value]) =>
      other !== id && value.name === name
    );
  }

  async call(call: Call): Promise<void> {
    const items = open(this.#store);
    const { model } = this;
    switch (call.kind) {
      case "set":
      case "add": {
        const { id, value } = call;
        const write = () => items[call.kind](id, value);
        if (call.kind === "add" && model.has(id)) {
          await assertRejects(write, ItemExistsError);
        } else if (this.#conflicts(id, value)) {
          await assertRejects(write, UniqueIndexError);
        } else {
          await write();
          model.set(id, value);
        }
        break;
      }
      case "update": {
        const { id, change } = call;
        const old = model.get(id);
        if (old === undefined) {
          assertEquals(await items.update(id, change), undefined);
          break;
        }
        const value = { ...old, ...change };
        if (this.#conflicts(id, value)) {
          await assertRejects(() => items.update(id, change), UniqueIndexError);
        } else {
          assertEquals(await items.update(id, change), value);
          model.set(id, value);
        }
        break;
      }
      case "delete":
        assertEquals(await items.delete(call.id), model.delete(call.id));
        break;
      case "clear":
        assertEquals(await items.clear(), model.size);
        model.clear();
        break;
      case "rebuild":
        assertEquals(await items.rebuildIndexes(), 0);
        break;
      case "gc":
        await this.#store.gc({ discardRatio: 0.01 });
        break;
      case "reopen":
        await this.close();
        this.#store = await Store.open(Play.options(this.#path));
    }
  }

  async check(): Promise<void> {
    const { model } = this;
    const items = open(this.#store);
    const sorted = [...model].sort((a, b) => a[0] - b[0]);
    const found = checkCollection<Value>(this.#store.bucket("c"), [
      { values: ({ name }) => [name], unique: true },
      { values: ({ rank }) => [rank === 0 ? 0 : rank] },
      { values: ({ tags }) => [...new Set(tags)] },
    ]);
    assertEquals([...found], sorted);
    const list = async (items: AsyncIterable<{ id: number; value: Value }>) =>
      await Array.fromAsync(items, ({ id, value }) => [id, value]);
    assertEquals(await list(items.list()), sorted);
    assertEquals(await items.count(), model.size);
    assertEquals(await list(items.listBy("rank")), sorted.toSorted(byRank));
    assertEquals(
      await list(items.listBy("rank", { start: 0, end: Infinity })),
      sorted.filter(([, { rank }]) => rank === 0 || rank === 1).sort(byRank),
    );
    for (const name of ["a", "a\0", "c"]) {
      const item = sorted.find(([, value]) => value.name === name);
      const wanted = item && { id: item[0], value: item[1] };
      assertEquals(await items.findBy("name", name), wanted);
    }
    for (const tag of ["", "x"]) {
      const wanted = sorted.filter(([, { tags }]) => tags.includes(tag));
      assertEquals(await list(items.listBy("tags", { value: tag })), wanted);
      assertEquals(await items.countBy("tags", { value: tag }), wanted.length);
      assertEquals((await items.findBy("tags", tag))?.id, wanted[0]?.[0]);
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

Deno.test("a collection does what a map does, and its indexes match its items", async () => {
  let writes = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyCall, { minLength: 10, maxLength: 60 }),
      async (calls) => {
        await using directory = tempDir();
        const { path } = directory;
        const play = new Play(await Store.open(Play.options(path)), path);
        for (const call of calls) {
          await play.call(call);
          writes++;
        }
        await play.check();
        await play.close();
      },
    ),
    { numRuns: 100 },
  );
  assert(writes > 1_000, `only ${writes} calls`);
});

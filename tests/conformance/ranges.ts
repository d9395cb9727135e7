/**
 * Ranges and snapshots.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { KeyReader, KeySpace, ListOptions } from "../../mod.ts";
import { checkSpace } from "./space.ts";
import { assertFails, assertHolds, text } from "./support.ts";
import type { Check } from "./suite.ts";

const KEYS = ["a", "a/1", "a/2", "a/2/x", "a/3", "b", "b/1", "c"];

async function fill(space: KeySpace): Promise<void> {
  const batch = space.batch();
  for (const key of KEYS) batch.set(key, `value of ${key}`);
  await batch.commit();
}

function keysOf(
  reader: Pick<KeyReader, "listSync">,
  options: ListOptions = {},
): string[] {
  return [...reader.listSync({ ...options, keysOnly: true })]
    .map(([key]) => text(key)!);
}

/** Registers the tests of this file. */
export function addRangeTests(check: Check): void {
  checkSpace(check, "bounds hold, and never leak", async (space) => {
    await fill(space);
    const cases: [ListOptions, string[]][] = [
      [{}, KEYS],
      [{ start: "a/2" }, KEYS.slice(2)],
      [{ end: "a/2" }, KEYS.slice(0, 2)],
      [{ start: "a/2", end: "b" }, ["a/2", "a/2/x", "a/3"]],
      [{ start: "a/2", end: "a/2" }, []],
      [{ start: "b", end: "a" }, []],
      [{ prefix: "a/", start: "a", end: "z" }, KEYS.slice(1, 5)],
      [{ prefix: "a/", start: "a/2", end: "a/3" }, ["a/2", "a/2/x"]],
      [{ prefix: "b", reverse: true }, ["b/1", "b"]],
      [{ reverse: true, limit: 2 }, ["c", "b/1"]],
      [{ end: "b", reverse: true, limit: 1 }, ["a/3"]],
      [{ prefix: "zzz" }, []],
      [{ limit: 0 }, []],
      [{ start: new Uint8Array([255, 255]) }, []],
      [{ prefix: new Uint8Array([255]) }, []],
      [{ start: "", end: new Uint8Array(0) }, []],
    ];
    for (const [options, expected] of cases) {
      const what = JSON.stringify(options);
      assertEquals(keysOf(space, options), expected, what);
      const entries = await Array.fromAsync(space.list(options));
      assertEquals(entries.map(([key]) => text(key)), expected, what);
      assert(
        entries.every(([key, value]) =>
          text(value) === `value of ${text(key)}`
        ),
        what,
      );
      const { limit, reverse: _, ...range } = options;
      if (limit !== undefined) continue;
      assertEquals(await space.count(range), expected.length, what);
    }
  });

  checkSpace(check, "a cursor goes on where a list stood", async (space) => {
    await fill(space);
    for (const reverse of [false, true]) {
      const found: string[] = [];
      for (let cursor = "";;) {
        const page = space.list({ limit: 3, cursor, reverse, keysOnly: true });
        for await (const [key] of page) found.push(text(key)!);
        if (page.cursor === cursor) break;
        cursor = page.cursor;
      }
      assertEquals(found, reverse ? KEYS.toReversed() : KEYS);
    }
    // A key that was deleted meanwhile is a place still.
    const page = space.listSync({ limit: 2, prefix: "a" });
    assertEquals([...page].length, 2);
    await space.delete("a/1");
    assertEquals(
      keysOf(space, { prefix: "a", cursor: page.cursor }),
      ["a/2", "a/2/x", "a/3"],
    );
    await assertFails(() => space.list({ cursor: "no cursor!" }), {
      name: "TypeError",
      message: "cursor",
    });
  });

  checkSpace(check, "a range is deleted, and no more", async (space) => {
    await fill(space);
    assertEquals(await space.deleteRange({ start: "a/2", end: "b" }), 3);
    assertEquals(keysOf(space), ["a", "a/1", "b", "b/1", "c"]);
    assertEquals(await space.deleteRange({ prefix: "nothing" }), 0);
    assertEquals(await space.clear(), 5);
    assertEquals(keysOf(space), []);
    assertEquals(await space.count(), 0);
  });

  checkSpace(check, "a deleted range stays deleted", async (space, subject) => {
    await fill(space);
    await space.deleteRange({ prefix: "a" });
    await subject.reopen?.();
    assertEquals(keysOf(space), ["b", "b/1", "c"]);
  });

  checkSpace(check, "work on a range can be given up", async (space) => {
    await fill(space);
    const signal = AbortSignal.abort(new Error("given up"));
    for (
      const call of [
        () => space.count({ signal }),
        () => space.deleteRange({ signal }),
        () => space.clear({ signal }),
        () => space.list({ signal }).next(),
      ]
    ) await assertFails(call, { name: "Error", message: "given up" });
    assertEquals(await space.count(), KEYS.length);
  });

  checkSpace(check, "an expired key is in no range", async (space) => {
    await space.set("stays", "x");
    await space.set("expires", "x", { expireIn: 20 });
    const before = keysOf(space);
    assertEquals(before.at(-1), "stays");
    while (space.has("expires")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assertEquals(keysOf(space), ["stays"]);
    assertEquals(await space.count(), 1);
  });

  checkSpace(check, "a snapshot shows its moment", async (space) => {
    await fill(space);
    await space.set("fleeting", "x", { expireIn: 50 });
    const keys = [...KEYS, "fleeting"];
    using snapshot = space.snapshot();
    await space.set("a", "changed");
    await space.delete("b");
    await space.set("d", "new");
    while (space.has("fleeting")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assertEquals(keysOf(space), [
      ...KEYS.filter((key) => key !== "b"),
      "d",
    ]);
    assertEquals(keysOf(snapshot), keys);
    assertEquals(keysOf(snapshot, { reverse: true }), keys.toReversed());
    assertEquals(await snapshot.count(), keys.length);
    assertEquals(text(snapshot.getSync("a")), "value of a");
    assertEquals(text(await snapshot.get("b")), "value of b");
    assertEquals(text(await snapshot.get("fleeting")), "x");
    assertEquals(await snapshot.get("d"), undefined);
    assertEquals([snapshot.has("b"), snapshot.has("d")], [true, false]);
    snapshot.close();
    await assertFails(() => snapshot.get("a"), {
      name: "StoreClosedError",
      message: "the snapshot is closed",
    });
    await assertHolds(space, { a: "changed", b: undefined, d: "new" });
  });

  checkSpace(check, "a list that is left early lets go", async (space) => {
    await fill(space);
    for await (const _ of space.list()) break;
    for (const _ of space.listSync()) break;
    await fill(space);
    assertEquals(keysOf(space), KEYS);
  });
}

/**
 * What stores and buckets can do beyond setting and getting.
 *
 * @module
 */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Key, KeySpace, Value } from "../../mod.ts";
import {
  assertFails,
  assertHolds,
  assertSameBytes,
  pattern,
  text,
  until,
} from "./support.ts";
import type { Check, Subject } from "./suite.ts";

const SIZES = [0, 1, 50, 3000, 5000, 65_000, 70_000, 1_500_000];

/** Registers a test that only a store or a bucket can pass. */
export function checkSpace(
  check: Check,
  name: string,
  run: (space: KeySpace, subject: Subject) => Promise<void>,
): void {
  check(name, (subject) => {
    assert(subject.space !== undefined);
    return run(subject.space, subject);
  });
}

/** Registers the tests of this file. */
export function addSpaceTests(check: Check): void {
  checkSpace(check, "setIfAbsent sets once", async (space) => {
    assertEquals(await space.setIfAbsent("k", "first"), true);
    assertEquals(await space.setIfAbsent("k", "second"), false);
    await assertHolds(space, { k: "first" });
    await space.delete("k");
    assertEquals(await space.setIfAbsent("k", ""), true);
    assertEquals(await space.setIfAbsent("k", "x"), false, "empty is there");
    assertEquals((await space.get("k"))?.length, 0);
  });

  checkSpace(
    check,
    "of many setIfAbsent at once, the first wins",
    async (space) => {
      const attempts = Array.from(
        { length: 50 },
        (_, i) => space.setIfAbsent("job", `worker ${i}`),
      );
      assertEquals(await Promise.all(attempts), [
        true,
        ...Array(49).fill(false),
      ]);
      await assertHolds(space, { job: "worker 0" });
    },
  );

  checkSpace(check, "setIfAbsent heeds expiries", async (space) => {
    const options = { expireIn: 30 };
    assertEquals(await space.setIfAbsent("k", "first", options), true);
    assertEquals(await space.setIfAbsent("k", "second", options), false);
    await until(() => !space.has("k"));
    assertEquals(await space.setIfAbsent("k", "third"), true);
    await assertHolds(space, { k: "third" });
  });

  checkSpace(
    check,
    "setIfAbsent refuses what set refuses, whether or not the key is there",
    async (space) => {
      await space.set("there", "kept");
      for (const key of ["there", "absent"]) {
        const set = (value: unknown, expireIn?: number) => () =>
          space.setIfAbsent(key, value as Value, {
            expireIn: expireIn ?? 1000,
          });
        await assertFails(set(5), { name: "TypeError" }, key);
        await assertFails(set("\ud800"), { name: "TypeError" }, key);
        await assertFails(set("v", NaN), { name: "RangeError" }, key);
      }
      await assertFails(() => space.setIfAbsent("", "v"), {
        name: "RangeError",
      });
      await assertHolds(space, { there: "kept", absent: undefined });
    },
  );

  checkSpace(
    check,
    "the synchronous calls do what the others do",
    async (space, { reopen }) => {
      for (const size of SIZES) space.setSync(`${size}`, pattern(size, size));
      space.setSync("deleted", "x");
      assertEquals(space.deleteSync("deleted"), true);
      assertEquals(space.deleteSync("deleted"), false);
      space.setSync("expired", "x", { expireIn: 20 });
      await until(() => space.getSync("expired") === undefined);
      assertEquals(space.deleteSync("expired"), false);
      for (const size of SIZES) {
        const value = space.getSync(`${size}`)!;
        assertSameBytes(value, pattern(size, size), `${size} bytes`);
        assertEquals(value.buffer.byteLength, size);
      }
      await reopen?.();
      for (const size of SIZES) {
        const value = await space.get(`${size}`);
        assertSameBytes(value, pattern(size, size), `${size} bytes`);
      }
      assertEquals(space.getSync("deleted"), undefined);
    },
  );

  checkSpace(
    check,
    "promises reject, only synchronous calls throw",
    async (space) => {
      const wrong = 5 as unknown as Key;
      const calls: (() => Promise<unknown>)[] = [
        () => space.set(wrong, "v"),
        () => space.set("k", wrong),
        () => space.get(wrong),
        () => space.delete(wrong),
        () => space.setIfAbsent(wrong, "v"),
        () => space.getMany([wrong]),
        () => space.getMany(5 as unknown as Key[]),
      ];
      for (const [i, call] of calls.entries()) {
        let promise: Promise<unknown> | undefined;
        try {
          promise = call();
        } catch (error) {
          throw new Error(`call ${i} threw`, { cause: error });
        }
        await assertFails(() => promise, { name: "TypeError" }, `call ${i}`);
      }
    },
  );

  checkSpace(
    check,
    "getMany gives values in the order of the keys",
    async (space) => {
      await space.set("a", "1");
      await space.set("b", "");
      await space.set("large", pattern(1_200_000));
      const keys = ["b", "nothing", "a", "large", "a"];
      const values = await space.getMany(keys);
      assertEquals(values.length, 5);
      assertEquals(values[0]?.length, 0);
      assertEquals(values[1], undefined);
      assertEquals(text(values[2]), "1");
      assertSameBytes(values[3], pattern(1_200_000), "large");
      assertEquals(text(values[4]), "1");
      assert(values[2] !== values[4], "each value is the caller's own");
      assertEquals(await space.getMany([]), []);
      assertEquals((await space.getMany(new Set(["a", "b"]))).length, 2);
      await assertFails(() => space.getMany(["a", ""]), { name: "RangeError" });
    },
  );

  checkSpace(
    check,
    "getView gives the value without a copy",
    async (space, { reopen }) => {
      for (const size of SIZES) await space.set(`${size}`, pattern(size, size));
      for (let round = 0; round < 2; round++) {
        for (const size of SIZES) {
          const view = space.getView(`${size}`);
          assertSameBytes(view, pattern(size, size), `${size} bytes`);
        }
        assertEquals(space.getView("nothing"), undefined);
        await reopen?.();
      }
    },
  );

  checkSpace(
    check,
    "a view can be set under another key",
    async (space, { reopen }) => {
      const count = 400;
      for (let i = 0; i < count; i++) {
        await space.set(`from ${i}`, pattern(900, i));
      }
      await reopen?.();
      for (let i = 0; i < count; i++) {
        const view = space.getView(`from ${i}`)!;
        if (i % 2 === 0) await space.set(`to ${i}`, view);
        else await space.batch().set(`to ${i}`, view).commit();
      }
      for (let i = 0; i < count; i++) {
        assertSameBytes(await space.get(`to ${i}`), pattern(900, i), `to ${i}`);
      }
    },
  );

  checkSpace(
    check,
    "getInto fills the caller's buffer",
    async (space, { reopen }) => {
      for (const size of SIZES) await space.set(`${size}`, pattern(size, size));
      for (let round = 0; round < 2; round++) {
        for (const size of SIZES) {
          const target = new Uint8Array(size + 10).fill(0xee);
          const own = target.subarray(5, size + 8);
          assertEquals(space.getInto(`${size}`, own), size);
          assertSameBytes(own.slice(0, size), pattern(size, size), `${size}`);
          const around = [...target.slice(0, 5), ...target.slice(size + 5)];
          assertEquals(around, Array(10).fill(0xee));
          const exact = new Uint8Array(size);
          assertEquals(space.getInto(`${size}`, exact), size);
        }
        await reopen?.();
      }
      const target = new Uint8Array(49).fill(0xee);
      assertEquals(space.getInto("nothing", target), undefined);
      await assertFails(
        () => space.getInto("50", target),
        { name: "RangeError", message: "50 bytes: the target has 49" },
      );
      assertEquals([...new Set(target)], [0xee], "the target is unchanged");
      for (const wrong of [undefined, null, 5, [], new ArrayBuffer(99)]) {
        await assertFails(
          () => space.getInto("50", wrong as unknown as Uint8Array),
          { name: "TypeError" },
        );
      }
    },
  );

  checkSpace(
    check,
    "every call on a closed key space says that it is closed",
    async (space, subject) => {
      await space.set("k", "v");
      const batch = space.batch().set("k", "w");
      const iterator = space.list()[Symbol.asyncIterator]();
      await subject.close();
      const calls: Record<string, () => unknown> = {
        set: () => space.set("k", "v"),
        setSync: () => space.setSync("k", "v"),
        setIfAbsent: () => space.setIfAbsent("k", "v"),
        get: () => space.get("k"),
        getSync: () => space.getSync("k"),
        getMany: () => space.getMany(["k"]),
        getView: () => space.getView("k"),
        getInto: () => space.getInto("k", new Uint8Array(9)),
        has: () => space.has("k"),
        delete: () => space.delete("k"),
        deleteSync: () => space.deleteSync("k"),
        batch: () => space.batch(),
        "batch.set": () => batch.set("k", "v"),
        "batch.commit": () => batch.commit(),
        list: () => space.list(),
        "list, begun before": () => iterator.next(),
      };
      for (const [name, call] of Object.entries(calls)) {
        await assertFails(
          call,
          { name: "StoreClosedError", code: "CLOSED", message: "is closed" },
          name,
        );
      }
    },
  );

  checkSpace(
    check,
    "one event-loop turn of writes shares one promise",
    async (space) => {
      const first = space.set("a", "1");
      const second = space.set("b", "2");
      assertStrictEquals(first, second);
      await first;
      assert(space.set("c", "3") !== first);
    },
  );
}

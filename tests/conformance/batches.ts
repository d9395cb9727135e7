/**
 * Batches: all or nothing.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Key, Value } from "../../mod.ts";
import { checkSpace } from "./space.ts";
import {
  assertFails,
  assertHolds,
  assertSameBytes,
  noise,
  pattern,
  text,
  until,
  utf8,
} from "./support.ts";
import type { Check } from "./suite.ts";

/** Registers the tests of this file. */
export function addBatchTests(check: Check): void {
  checkSpace(
    check,
    "a batch takes effect when it is committed",
    async (space, { reopen }) => {
      await space.set("deleted", "x");
      await space.set("overwritten", "old");
      const batch = space.batch()
        .set("new", "1")
        .set("overwritten", "2")
        .delete("deleted")
        .delete("never there")
        .set("empty", "");
      assertEquals(batch.length, 5);
      await assertHolds(space, {
        new: undefined,
        overwritten: "old",
        deleted: "x",
      });
      await batch.commit();
      const expected = {
        new: "1",
        overwritten: "2",
        deleted: undefined,
        "never there": undefined,
        empty: "",
      };
      await assertHolds(space, expected);
      await reopen?.();
      await assertHolds(space, expected);
    },
  );

  checkSpace(
    check,
    "a batch shows as soon as commit returns",
    async (space) => {
      const commit = space.batch().set("a", "1").set("b", "2").commit();
      await assertHolds(space, { a: "1", b: "2" });
      await commit;
    },
  );

  checkSpace(
    check,
    "in a batch the last operation on a key counts",
    async (space, { reopen }) => {
      await space.set("c", "0");
      await space.batch()
        .set("a", "1").set("a", "2")
        .set("b", "1").delete("b")
        .delete("c").set("c", "3").delete("c").set("c", "4")
        .commit();
      for (let round = 0; round < 2; round++) {
        await assertHolds(space, { a: "2", b: undefined, c: "4" });
        await reopen?.();
      }
    },
  );

  checkSpace(
    check,
    "a batch is empty after its commit and can be used again",
    async (space) => {
      const batch = space.batch();
      await batch.commit();
      await batch.set("a", "1").commit();
      assertEquals(batch.length, 0);
      await space.delete("a");
      await batch.set("b", "2").commit();
      await assertHolds(space, { a: undefined, b: "2" });
      await batch.set("c", "3").clear().commit();
      await assertHolds(space, { c: undefined });
    },
  );

  checkSpace(
    check,
    "a batch copies keys and values when they are added",
    async (space) => {
      const [key, value] = [utf8("key"), utf8("value")];
      const batch = space.batch().set(key, value);
      key.fill(0);
      value.fill(0);
      await batch.commit();
      await assertHolds(space, { key: "value" });
    },
  );

  checkSpace(
    check,
    "a batch of a thousand operations, large and small",
    async (space, { reopen }) => {
      const batch = space.batch();
      for (let i = 0; i < 1000; i++) {
        batch.set(`key ${i}`, pattern(i % 100 === 0 ? 1500 : i % 50, i));
      }
      await batch.commit();
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 1000; i++) {
          const expected = pattern(i % 100 === 0 ? 1500 : i % 50, i);
          assertSameBytes(await space.get(`key ${i}`), expected, `key ${i}`);
        }
        await reopen?.();
      }
    },
  );

  checkSpace(
    check,
    "keys of a batch expire, counted from the commit",
    async (space) => {
      const batch = space.batch()
        .set("soon", "x", { expireIn: 300 })
        .set("later", "x", { expireIn: 60_000 })
        .set("never", "x");
      await new Promise((resolve) => setTimeout(resolve, 310));
      const start = performance.now();
      await batch.commit();
      const soon = await space.get("soon");
      // On a machine that was busy that long it may rightly be gone.
      if (performance.now() - start < 300) assertEquals(text(soon), "x");
      await assertHolds(space, { later: "x", never: "x" });
      await until(() => !space.has("soon"));
      await assertHolds(space, { soon: undefined, later: "x", never: "x" });
    },
  );

  checkSpace(
    check,
    "a batch reaches into buckets, all at once",
    async (space, { reopen }) => {
      await space.batch()
        .set("k", "here")
        .set("k", "in a", { bucket: "a" })
        .set("k", "in b", { bucket: "b" })
        .delete("k", { bucket: "b" })
        .commit();
      await reopen?.();
      await assertHolds(space, { k: "here" });
      await space.batch().delete("k", { bucket: "a" }).commit();
      await assertHolds(space, { k: "here" });
    },
  );

  checkSpace(
    check,
    "a wrong operation leaves the batch as it was",
    async (space) => {
      const batch = space.batch().set("a", "1");
      const wrong: [string, () => unknown][] = [
        ["TypeError", () => batch.set(5 as unknown as Key, "v")],
        ["TypeError", () => batch.set("k", null as unknown as Value)],
        ["TypeError", () => batch.set("k", "\ud800")],
        [
          "TypeError",
          () => batch.set("k", "v", { bucket: 5 as unknown as string }),
        ],
        ["TypeError", () => batch.delete({} as unknown as Key)],
        ["RangeError", () => batch.set("", "v")],
        ["RangeError", () => batch.set("k".repeat(65_536), "v")],
        ["RangeError", () => batch.set("k", "v", { expireIn: -1 })],
        ["RangeError", () => batch.set("k", "v", { bucket: "b".repeat(1025) })],
        ["RangeError", () => batch.delete(new Uint8Array(0))],
      ];
      for (const [name, add] of wrong) await assertFails(add, { name });
      assertEquals(batch.length, 1);
      await batch.commit();
      await assertHolds(space, { a: "1", k: undefined });
    },
  );

  checkSpace(
    check,
    "a batch too large for a segment is refused whole, and stays",
    async (space, subject) => {
      const { valueBytesMax } = subject;
      if (valueBytesMax === undefined) return;
      await space.set("a", "kept");
      const batch = space.batch().set("a", "lost").delete("a");
      for (let i = 0; i < 3; i++) {
        batch.set(`large ${i}`, noise(Math.floor(valueBytesMax / 3)));
      }
      await assertFails(
        () => batch.commit(),
        { name: "StoreError", code: "BATCH_TOO_LARGE", message: "Split it" },
      );
      assertEquals(batch.length, 5);
      const expected = { a: "kept", "large 0": undefined };
      await assertHolds(space, expected);
      await subject.reopen?.();
      await assertHolds(space, expected);
      await space.set("b", "goes on");
      await assertHolds(space, { b: "goes on" });
    },
  );

  checkSpace(
    check,
    "batches and single writes keep the order of the calls",
    async (space, { reopen }) => {
      const writes = [
        space.set("k", "1"),
        space.batch().set("k", "2").set("l", "2").commit(),
        space.set("l", "3"),
        space.batch().delete("k").set("m", "4").commit(),
        space.set("m", "5"),
        space.delete("m"),
      ];
      await Promise.all(writes);
      for (let round = 0; round < 2; round++) {
        await assertHolds(space, { k: undefined, l: "3", m: undefined });
        await reopen?.();
      }
    },
  );
}

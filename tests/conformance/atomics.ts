/**
 * Atomic operations, counters, merges and transactions.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { KeySpace } from "../../mod.ts";
import { checkSpace } from "./space.ts";
import { assertFails, assertHolds, text } from "./support.ts";
import type { Check } from "./suite.ts";

const MAX = 2n ** 64n - 1n;

function numberOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Number(text(value));
}

function append(
  value: Uint8Array | undefined,
  operand: Uint8Array,
): Uint8Array {
  return new Uint8Array([...value ?? [], ...operand]);
}

/** Registers the tests of this file. */
export function addAtomicTests(check: Check): void {
  checkSpace(
    check,
    "versionstamps grow, and outlive a reopen",
    async (space, { reopen }) => {
      assertEquals(space.getEntry("k"), {
        key: new TextEncoder().encode("k"),
        value: undefined,
        versionstamp: null,
      });
      await space.set("k", "1");
      const first = space.getEntry("k");
      assertEquals(text(first.value), "1");
      assertEquals(first.versionstamp!.length, 20);
      await space.batch().set("k", "2").set("l", "2").commit();
      const [k, l] = [space.getEntry("k"), space.getEntry("l")];
      assert(k.versionstamp! > first.versionstamp!);
      assertEquals(l.versionstamp, k.versionstamp, "of one batch");
      const large = "x".repeat(300_000);
      await space.set("large", large, { expireIn: 1e9 });
      const entry = space.getEntry("large");
      assert(entry.versionstamp! > k.versionstamp!);
      assert(entry.expiresAt! > Date.now());
      await reopen?.();
      assertEquals(space.getEntry("k"), k);
      assertEquals(space.getEntry("large"), entry);
      await space.delete("k");
      assertEquals(space.getEntry("k").versionstamp, null);
      // A key that is made anew is not the one that was.
      await space.set("k", "3");
      assert(space.getEntry("k").versionstamp! > entry.versionstamp!);
    },
  );

  checkSpace(check, "an atomic operation needs all checks", async (space) => {
    await space.set("a", "1");
    await space.set("b", "1");
    const a = space.getEntry("a");
    const result = await space.atomic()
      .check(a, { key: "new", versionstamp: null })
      .set("a", "2").set("new", "2").delete("b").commit();
    assert(result.ok);
    assertEquals(space.getEntry("a").versionstamp, result.versionstamp);
    assertEquals(space.getEntry("new").versionstamp, result.versionstamp);
    await assertHolds(space, { a: "2", new: "2", b: undefined });
    for (
      const wrong of [
        a,
        { key: "new", versionstamp: null },
        { key: "b", versionstamp: a.versionstamp },
      ]
    ) {
      const operation = space.atomic().check(space.getEntry("a"), wrong)
        .set("a", "3").delete("new");
      assertEquals(await operation.commit(), { ok: false });
    }
    await assertHolds(space, { a: "2", new: "2", b: undefined });
    await assertFails(
      () => space.atomic().check({ key: "a", versionstamp: "7" }),
      { name: "TypeError", message: '"7" as a versionstamp' },
    );
  });

  checkSpace(check, "of equal checks at once, one holds", async (space) => {
    await space.set("turn", "0");
    const entry = space.getEntry("turn");
    const results = await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) => space.atomic().check(entry).set("turn", `${i}`).commit(),
      ),
    );
    assertEquals(results.filter(({ ok }) => ok).length, 1);
    await assertHolds(space, { turn: "0" });
  });

  checkSpace(check, "operations follow each other", async (space) => {
    await space.atomic()
      .set("c", new Uint8Array(8)).sum("c", 5n).sum("c", 2n).min("c", 3n)
      .max("m", 9n).max("m", 4n).min("m", 6n)
      .set("gone", "x").delete("gone")
      .merge("log", "a", append).merge("log", "b", append)
      .commit();
    assertEquals(space.getCounter("c"), 3n);
    assertEquals(space.getCounter("m"), 6n);
    await assertHolds(space, { gone: undefined, log: "ab" });
  });

  checkSpace(
    check,
    "counters have 64 bits and keep their expiry",
    async (space, { reopen }) => {
      assertEquals(space.getCounter("c"), undefined);
      assertEquals(await space.increment("c", MAX), MAX);
      assertEquals(await space.increment("c", 2n), 1n);
      assertEquals(await space.increment("c", -3n), MAX - 1n);
      const counts = await Promise.all(
        Array.from({ length: 50 }, () => space.increment("d")),
      );
      assertEquals(counts.at(-1), 50n);
      await space.increment("window", 1n, { expireIn: 1e6 });
      const { expiresAt } = space.getEntry("window");
      await space.increment("window", 1n, { expireIn: 1e9 });
      assertEquals(space.getEntry("window").expiresAt, expiresAt);
      await reopen?.();
      assertEquals(space.getCounter("d"), 50n);
      assertEquals(space.getCounter("window"), 2n);
    },
  );

  checkSpace(check, "what cannot be done does nothing", async (space) => {
    await space.set("text", "no number");
    await assertFails(() => space.increment("text"), {
      name: "StoreError",
      code: "NOT_A_COUNTER",
    });
    await assertFails(
      () => space.atomic().set("other", "x").sum("text", 1n).commit(),
      { name: "StoreError", code: "NOT_A_COUNTER" },
    );
    await assertFails(() => space.increment("c", 2n ** 64n), {
      name: "RangeError",
    });
    await assertFails(() => space.increment("c", 1 as unknown as bigint), {
      name: "TypeError",
    });
    const fails = () => {
      throw new Error("no merge");
    };
    await assertFails(() => space.merge("text", "x", fails), {
      name: "Error",
      message: "no merge",
    });
    await assertFails(
      () => space.merge("text", "x", () => 1 as unknown as Uint8Array),
      { name: "TypeError" },
    );
    await assertHolds(space, { text: "no number", other: undefined });
    assertEquals(space.getCounter("c"), undefined);
  });

  checkSpace(
    check,
    "a transaction sees its moment and itself",
    async (space) => {
      await space.batch().set("a", "1").set("b", "2").set("d", "4").commit();
      const result = await space.transaction(async (tx) => {
        tx.set("c", "3").delete("b").set("a", "one");
        await space.set("e", "5");
        assertEquals([tx.has("b"), tx.has("c"), tx.has("d")], [
          false,
          true,
          true,
        ]);
        assertEquals(text(tx.get("a")), "one");
        return "done";
      });
      assertEquals(result, "done");
      await assertHolds(space, {
        a: "one",
        b: undefined,
        c: "3",
        d: "4",
        e: "5",
      });
      await space.transaction((tx) => {
        tx.delete("a").set("bb", "22").set("d", "four");
        const list = (options = {}) =>
          [...tx.list(options)].map((entry) => entry.map(text).join("="));
        const all = ["bb=22", "c=3", "d=four", "e=5"];
        assertEquals(list(), all);
        assertEquals(list({ reverse: true }), all.toReversed());
        assertEquals(list({ start: "c", end: "e" }), ["c=3", "d=four"]);
        assertEquals(list({ limit: 1 }), ["bb=22"]);
        assertEquals(list({ prefix: "b" }), ["bb=22"]);
      });
    },
  );

  checkSpace(check, "transactions that fail leave nothing", async (space) => {
    await space.set("a", "1");
    await assertFails(
      () =>
        space.transaction((tx) => {
          tx.set("a", "2");
          throw new Error("no");
        }),
      { name: "Error", message: "no" },
    );
    let runs = 0;
    await assertFails(
      () =>
        space.transaction(async (tx) => {
          runs++;
          await space.set("a", `${numberOf(tx.get("a")) + 1}`);
          tx.set("b", "never");
        }, { attempts: 3 }),
      { name: "StoreError", code: "CONFLICT" },
    );
    assertEquals(runs, 3);
    await assertHolds(space, { a: "4", b: undefined });
    let late: { get(key: string): unknown } | undefined;
    await space.transaction((tx) => {
      late = tx;
    });
    await assertFails(() => late!.get("a"), {
      name: "StoreClosedError",
      message: "it is over",
    });
    await assertFails(() => space.transaction(() => {}, { attempts: 0 }), {
      name: "RangeError",
    });
  });

  checkSpace(check, "concurrent increments all count", async (space) => {
    let runs = 0;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        space.transaction(async (tx) => {
          runs++;
          const count = numberOf(tx.get("count"));
          await Promise.resolve();
          tx.set("count", `${count + 1}`);
        })),
    );
    await assertHolds(space, { count: "10" });
    assert(runs > 10, "some had to try again");
  });

  checkSpace(
    check,
    "what comes to lie in a list is a conflict",
    async (space) => {
      await space.batch().set("q/1", "").set("q/5", "").set("z", "").commit();
      const runs = async (change: (space: KeySpace) => Promise<unknown>) => {
        let count = 0;
        await space.transaction(async (tx) => {
          count++;
          const first = [...tx.list({ prefix: "q/", limit: 1 })];
          if (count === 1) await change(space);
          tx.set("seen", text(first[0]?.[0]) ?? "none");
        });
        return count;
      };
      assertEquals(await runs((space) => space.set("q/0", "")), 2);
      await assertHolds(space, { seen: "q/0" });
      assertEquals(await runs((space) => space.delete("q/0")), 2);
      await assertHolds(space, { seen: "q/1" });
      // What lies behind the one that was read is not.
      assertEquals(await runs((space) => space.set("q/2", "")), 1);
      assertEquals(await runs((space) => space.set("z", "x")), 1);
      // A list that read everything depends on everything.
      let count = 0;
      await space.transaction(async (tx) => {
        count++;
        const keys = [...tx.list({ prefix: "q/" })].length;
        if (count === 1) await space.set("q/9", "");
        tx.set("keys", `${keys}`);
      });
      assertEquals(count, 2);
      await assertHolds(space, { keys: "4" });
    },
  );

  checkSpace(check, "who only reads never has to try again", async (space) => {
    await space.set("a", "1");
    let runs = 0;
    const sum = await space.transaction(async (tx) => {
      runs++;
      const before = numberOf(tx.get("a"));
      await space.set("a", "5");
      return before + numberOf(tx.get("a"));
    });
    assertEquals([sum, runs], [2, 1]);
  });
}

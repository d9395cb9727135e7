/**
 * Keys: setting, getting, deleting, expiring, coming back after a reopen.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertHolds,
  assertSameBytes,
  pattern,
  sleep,
  text,
  until,
  utf8,
} from "./support.ts";
import type { Check } from "./suite.ts";

/** Registers the tests of this file. */
export function addKeyTests(check: Check): void {
  check("a key that was never set has no value", async ({ keys }) => {
    assertEquals(await keys.get("nothing"), undefined);
    assertEquals(await keys.has("nothing"), false);
    assertEquals(await keys.delete("nothing"), false);
  });

  check("a key has the value it was last set to", async ({ keys }) => {
    await keys.set("k", "one");
    await assertHolds(keys, { k: "one", K: undefined, kk: undefined });
    await keys.set("k", "two");
    await keys.set("other", "three");
    await assertHolds(keys, { k: "two", other: "three" });
  });

  check(
    "a write shows before its promise resolves",
    async ({ keys, isImmediate }) => {
      if (!isImmediate) return;
      const writes = [
        keys.set("a", "1"),
        keys.set("b", "2"),
        keys.set("a", "3"),
      ];
      await assertHolds(keys, { a: "3", b: "2" });
      await Promise.all(writes);
      await assertHolds(keys, { a: "3", b: "2" });
    },
  );

  check(
    "a deleted key has no value, and can be set again",
    async ({ keys }) => {
      await keys.set("k", "one");
      assertEquals(await keys.delete("k"), true);
      await assertHolds(keys, { k: undefined });
      assertEquals(await keys.delete("k"), false);
      await keys.set("k", "two");
      await assertHolds(keys, { k: "two" });
      assertEquals(await keys.delete("k"), true);
    },
  );

  check("text and its UTF-8 bytes are one key", async ({ keys }) => {
    for (const key of ["k", "grüße", "日本", "😀", "x".repeat(60) + "é"]) {
      await keys.set(key, "text");
      assertEquals(text(await keys.get(utf8(key))), "text");
      await keys.set(utf8(key), "bytes");
      assertEquals(text(await keys.get(key)), "bytes");
      assertEquals(await keys.delete(utf8(key)), true);
      assertEquals(await keys.has(key), false);
    }
  });

  check("keys that look alike are different keys", async ({ keys }) => {
    const alike = ["é", "e\u0301", "É", " é", "é ", "\u00e9\u0000", "\ufeffé"];
    for (const key of alike) await keys.set(key, `value of ${key}`);
    for (const key of alike) {
      assertEquals(text(await keys.get(key)), `value of ${key}`);
    }
  });

  check("keys of any bytes", async ({ keys }) => {
    for (let byte = 0; byte < 256; byte++) {
      await keys.set(Uint8Array.of(byte), `${byte}`);
      await keys.set(Uint8Array.of(byte, 0), `${byte} 0`);
      await keys.set(Uint8Array.of(0, byte, 0), `0 ${byte} 0`);
    }
    for (let byte = 1; byte < 256; byte++) {
      assertEquals(text(await keys.get(Uint8Array.of(byte))), `${byte}`);
      assertEquals(text(await keys.get(Uint8Array.of(byte, 0))), `${byte} 0`);
      const key = Uint8Array.of(0, byte, 0);
      assertEquals(text(await keys.get(key)), `0 ${byte} 0`);
    }
    assertEquals(await keys.get(Uint8Array.of(255, 255)), undefined);
  });

  check(
    "names that mean something elsewhere mean nothing here",
    async ({ keys }) => {
      const names = [
        "../x",
        "/",
        "__proto__",
        "constructor",
        "a,b",
        "CON",
        "*",
      ];
      for (const name of names) await keys.set(name, name);
      for (const name of names) assertEquals(text(await keys.get(name)), name);
    },
  );

  check("a key as long as can be", async ({ keys, keyBytesMax, reopen }) => {
    const long = pattern(keyBytesMax);
    const twin = long.with(keyBytesMax - 1, long[keyBytesMax - 1]! ^ 1);
    await keys.set(long, "long");
    await keys.set(twin, "twin");
    await keys.set("k".repeat(keyBytesMax), "text");
    await reopen?.();
    assertEquals(text(await keys.get(long)), "long");
    assertEquals(text(await keys.get(twin)), "twin");
    assertEquals(text(await keys.get("k".repeat(keyBytesMax))), "text");
    assertEquals(await keys.has(long.subarray(1)), false);
    assertEquals(await keys.delete(long), true);
    assertEquals(await keys.get(long), undefined);
  });

  check("a key is copied when it is given", async ({ keys }) => {
    const key = utf8("key");
    const write = keys.set(key, "v");
    key[0] = 0;
    await write;
    await assertHolds(keys, { key: "v" });
  });

  check("five thousand keys", async ({ keys, reopen }) => {
    const each = async (step: number, run: (i: number) => Promise<unknown>) => {
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 5000; i += step) calls.push(run(i));
      await Promise.all(calls);
    };
    await each(1, (i) => keys.set(`key ${i}`, `${i}`));
    await each(3, (i) => keys.delete(`key ${i}`));
    await each(7, (i) => keys.set(`key ${i}`, "new"));
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5000; i++) {
        const expected = i % 7 === 0 ? "new" : i % 3 === 0 ? undefined : `${i}`;
        assertEquals(text(await keys.get(`key ${i}`)), expected, `key ${i}`);
      }
      await reopen?.();
    }
  });

  check("a key expires", async ({ keys }) => {
    await keys.set("soon", "gone", { expireIn: 30 });
    await keys.set("later", "here", { expireIn: 60_000 });
    await keys.set("longest", "here", { expireIn: 2 ** 50 });
    assertEquals(text(await keys.get("later")), "here");
    await until(async () => !(await keys.has("soon")));
    assertEquals(await keys.get("soon"), undefined);
    assertEquals(await keys.delete("soon"), false);
    await assertHolds(keys, { later: "here", longest: "here" });
    await keys.set("soon", "back");
    await sleep(40);
    await assertHolds(keys, { soon: "back" });
  });

  check("setting a key anew sets its expiry anew", async ({ keys }) => {
    await keys.set("kept", "1", { expireIn: 30 });
    await keys.set("kept", "2");
    await keys.set("longer", "1", { expireIn: 30 });
    await keys.set("longer", "2", { expireIn: 60_000 });
    await keys.set("shorter", "1", { expireIn: 60_000 });
    await keys.set("shorter", "2", { expireIn: 30 });
    await until(async () => !(await keys.has("shorter")));
    await sleep(40);
    await assertHolds(keys, { kept: "2", longer: "2", shorter: undefined });
  });

  check("everything is there again after a reopen", async (subject) => {
    const { keys, reopen } = subject;
    if (reopen === undefined) return;
    await keys.set("text", "value");
    await keys.set("empty", "");
    await keys.set("large", pattern(400_000));
    await keys.set("overwritten", "old");
    await keys.set("overwritten", "new");
    await keys.set("deleted", "x");
    await keys.delete("deleted");
    await keys.set("expired", "x", { expireIn: 20 });
    await keys.set("expiring", "x", { expireIn: 60_000 });
    await sleep(30);
    for (let round = 0; round < 3; round++) {
      await reopen();
      await assertHolds(keys, {
        text: "value",
        empty: "",
        overwritten: "new",
        deleted: undefined,
        expired: undefined,
        expiring: "x",
      });
      assertSameBytes(await keys.get("large"), pattern(400_000), "large");
      await keys.set(`round ${round}`, "x");
      assert(await keys.has("round 0"));
    }
  });
}

/**
 * Listing: in the order of bytes, of one moment.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Key, KeySpace, ListOptions } from "../../mod.ts";
import { checkSpace } from "./space.ts";
import {
  assertFails,
  assertSameBytes,
  pattern,
  text,
  until,
  utf8,
} from "./support.ts";
import type { Check } from "./suite.ts";

/** The keys of a list as text. */
async function keysOf(
  space: KeySpace,
  options: ListOptions = {},
): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of space.list({ ...options, keysOnly: true })) {
    keys.push(text(key)!);
  }
  return keys;
}

async function setAll(space: KeySpace, keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => space.set(key, `value of ${key}`)));
}

/** The order of bytes, one by one. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** Registers the tests of this file. */
export function addListTests(check: Check): void {
  checkSpace(check, "an empty key space lists nothing", async (space) => {
    assertEquals(await keysOf(space), []);
  });

  checkSpace(
    check,
    "a list is in the order of bytes, with values",
    async (space) => {
      const keys = ["b", "a", "aa", "B", "é", "ab", "z", "😀", "\u0000", "~"];
      await setAll(space, keys);
      const entries: string[] = [];
      for await (const [key, value] of space.list()) {
        assertEquals(text(value), `value of ${text(key)}`);
        entries.push(text(key)!);
      }
      const sorted = keys.toSorted((a, b) => compare(utf8(a), utf8(b)));
      assertEquals(entries, sorted);
    },
  );

  checkSpace(check, "a list of random bytes is sorted", async (space) => {
    let state = 1;
    const next = () => state = (state * 48_271) % 2_147_483_647;
    const keys = new Map<string, Uint8Array>();
    for (let i = 0; i < 500; i++) {
      const length = 1 + next() % 6;
      const key = Uint8Array.from(
        { length },
        () => [0, 1, 127, 128, 255][next() % 5]!,
      );
      keys.set(key.join(), key);
      await space.set(key, key);
    }
    const expected = [...keys.values()].sort(compare);
    const found: Uint8Array[] = [];
    for await (const [key, value] of space.list()) {
      assertEquals(value, key);
      found.push(key);
    }
    assertEquals(found, expected);
  });

  checkSpace(check, "a prefix, as text or as bytes", async (space) => {
    await setAll(space, ["a", "a/1", "a/2", "a/10", "a0", "b/1", "A/1", "/"]);
    await space.set(Uint8Array.of(255, 1), "x");
    await space.set(Uint8Array.of(255), "x");
    for (const prefix of ["a/", utf8("a/")]) {
      assertEquals(await keysOf(space, { prefix }), ["a/1", "a/10", "a/2"]);
    }
    assertEquals(await keysOf(space, { prefix: "a/1" }), ["a/1", "a/10"]);
    assertEquals(await keysOf(space, { prefix: "a/100" }), []);
    assertEquals((await keysOf(space, { prefix: "" })).length, 10);
    const high = await keysOf(space, { prefix: Uint8Array.of(255) });
    assertEquals(high.length, 2);
    assertEquals(await keysOf(space, { prefix: "x".repeat(70_000) }), []);
  });

  checkSpace(check, "a limit takes the first in order", async (space) => {
    await setAll(space, ["d", "b", "a", "c"]);
    assertEquals(await keysOf(space, { limit: 0 }), []);
    assertEquals(await keysOf(space, { limit: 1 }), ["a"]);
    assertEquals(await keysOf(space, { limit: 3 }), ["a", "b", "c"]);
    assertEquals(await keysOf(space, { limit: 99 }), ["a", "b", "c", "d"]);
    assertEquals(await keysOf(space, { limit: 1, prefix: "c" }), ["c"]);
  });

  checkSpace(check, "keysOnly leaves values out", async (space) => {
    await setAll(space, ["a"]);
    for await (const [, value] of space.list({ keysOnly: true })) {
      assertEquals<unknown>(value, undefined);
    }
    for await (const [, value] of space.list({ keysOnly: false })) {
      assertEquals(text(value), "value of a");
    }
  });

  checkSpace(
    check,
    "values of every size are listed",
    async (space, { reopen }) => {
      const sizes = [0, 10, 5000, 70_000, 1_500_000];
      for (const size of sizes) await space.set(`${size}`, pattern(size, size));
      for (let round = 0; round < 2; round++) {
        let count = 0;
        for await (const [key, value] of space.list()) {
          const size = Number(text(key));
          assertSameBytes(value, pattern(size, size), `${size} bytes`);
          count++;
        }
        assertEquals(count, sizes.length);
        await reopen?.();
      }
    },
  );

  checkSpace(
    check,
    "what is deleted or expired is not listed",
    async (space) => {
      await setAll(space, ["a", "b", "c"]);
      await space.delete("b");
      await space.set("c", "x", { expireIn: 20 });
      await space.set("d", "x", { expireIn: 60_000 });
      await until(() => !space.has("c"));
      assertEquals(await keysOf(space), ["a", "d"]);
    },
  );

  checkSpace(
    check,
    "a list is of the moment of its first entry",
    async (space) => {
      const names = Array.from({ length: 600 }, (_, i) => `${1000 + i}`);
      await setAll(space, names);
      const seen: string[] = [];
      for await (const [key, value] of space.list()) {
        seen.push(text(key)!);
        assertEquals(text(value), `value of ${text(key)}`);
        if (seen.length !== 1) continue;
        await space.set("0", "before");
        await space.set("9999", "behind");
        for (const name of names) {
          if (Number(name) % 2 === 0) await space.delete(name);
          else await space.set(name, "changed");
        }
      }
      assertEquals(seen, names);
      assertEquals((await keysOf(space)).length, 302);
    },
  );

  checkSpace(
    check,
    "a list sees what was written but not awaited",
    async (space) => {
      const write = space.set("a", "1");
      assertEquals(await keysOf(space), ["a"]);
      await write;
    },
  );

  checkSpace(
    check,
    "keys and values of a list are the caller's",
    async (space) => {
      await setAll(space, ["a", "b"]);
      for await (const [key, value] of space.list()) {
        key.fill(0xee);
        value.fill(0xee);
      }
      assertEquals(await keysOf(space), ["a", "b"]);
      assertEquals(text(await space.get("a")), "value of a");
    },
  );

  checkSpace(
    check,
    "a list can be left early, and begun many times",
    async (space) => {
      await setAll(space, ["a", "b", "c"]);
      for (let i = 0; i < 50; i++) {
        for await (const [key] of space.list()) {
          assertEquals(text(key), "a");
          break;
        }
      }
      const lists = Array.from({ length: 5 }, () => keysOf(space));
      for (const keys of await Promise.all(lists)) {
        assertEquals(keys, ["a", "b", "c"]);
      }
    },
  );

  checkSpace(check, "a signal ends a list with its reason", async (space) => {
    await setAll(space, ["a", "b", "c"]);
    const reason = Object.assign(new Error("enough"), { name: "Enough" });
    const aborted = AbortSignal.abort(reason);
    await assertFails(() => keysOf(space, { signal: aborted }), {
      name: "Enough",
    });
    const controller = new AbortController();
    const seen: string[] = [];
    await assertFails(async () => {
      for await (const [key] of space.list({ signal: controller.signal })) {
        seen.push(text(key)!);
        if (seen.length === 2) controller.abort();
      }
    }, { name: "AbortError" });
    assertEquals(seen, ["a", "b"]);
    const { signal } = new AbortController();
    assertEquals(await keysOf(space, { signal }), ["a", "b", "c"]);
  });

  checkSpace(check, "wrong options of a list are refused", async (space) => {
    await setAll(space, ["a"]);
    for (const limit of [-1, 1.5, NaN, Infinity, "1", null]) {
      await assertFails(
        () => keysOf(space, { limit: limit as number }),
        { name: "RangeError", message: "limit" },
        String(limit),
      );
    }
    for (const prefix of [5, null, {}, ["a"], true]) {
      await assertFails(
        () => keysOf(space, { prefix: prefix as unknown as Key }),
        { name: "TypeError", message: "prefix" },
        String(prefix),
      );
    }
    await assertFails(() => keysOf(space, { prefix: "\ud800" }), {
      name: "TypeError",
      message: "surrogate",
    });
  });

  checkSpace(
    check,
    "a list that outlives its store ends with an error",
    async (space, subject) => {
      await setAll(space, ["a", "b"]);
      let count = 0;
      await assertFails(async () => {
        for await (const [key] of space.list()) {
          assert(key.length > 0);
          count++;
          await subject.close();
        }
      }, { name: "StoreClosedError", code: "CLOSED" });
      assertEquals(count, 1);
    },
  );
}

/**
 * Mistakes: every wrong argument is a clear error, and nothing is lost by it.
 *
 * @module
 */

import type { Key, SetOptions, Value } from "../../mod.ts";
import { assertFails, assertHolds, pattern, text } from "./support.ts";
import type { Check, Keys, Subject } from "./suite.ts";

const NOT_BYTES: unknown[] = [
  undefined,
  null,
  5,
  NaN,
  true,
  5n,
  Symbol("k"),
  {},
  ["k"],
  new ArrayBuffer(2),
  new Uint16Array(2),
  new DataView(new ArrayBuffer(2)),
  new Date(),
  () => "k",
];

/** Every call that takes a key, by name. */
function keyCalls(keys: Keys): Record<string, (key: Key) => unknown> {
  return {
    set: (key) => keys.set(key, "v"),
    get: (key) => keys.get(key),
    has: (key) => keys.has(key),
    delete: (key) => keys.delete(key),
  };
}

async function assertKeyRefused(
  { keys }: Subject,
  key: unknown,
  name: string,
  message: string,
): Promise<void> {
  for (const [call, run] of Object.entries(keyCalls(keys))) {
    await assertFails(() => run(key as Key), { name, message }, call);
  }
}

/** Registers the tests of this file. */
export function addMistakeTests(check: Check): void {
  check("a key that is neither text nor bytes is refused", async (subject) => {
    await subject.keys.set("k", "kept");
    for (const key of NOT_BYTES) {
      await assertKeyRefused(subject, key, "TypeError", "as a key");
    }
    await assertHolds(subject.keys, { k: "kept" });
  });

  check("an empty key is refused", async (subject) => {
    await subject.keys.set("k", "kept");
    for (const key of ["", new Uint8Array(0)]) {
      await assertKeyRefused(subject, key, "RangeError", "empty key");
    }
    await assertHolds(subject.keys, { k: "kept" });
  });

  check("a key that is too long is refused", async (subject) => {
    const { keyBytesMax } = subject;
    await subject.keys.set("k".repeat(keyBytesMax), "kept");
    const tooLong = [
      "k".repeat(keyBytesMax + 1),
      "k".repeat(keyBytesMax - 1) + "é",
      "€".repeat(keyBytesMax),
      new Uint8Array(keyBytesMax + 1),
      new Uint8Array(10 * 65_536),
    ];
    for (const key of tooLong) {
      await assertKeyRefused(
        subject,
        key,
        "RangeError",
        `${keyBytesMax} bytes`,
      );
    }
    await assertHolds(subject.keys, { ["k".repeat(keyBytesMax)]: "kept" });
  });

  check("a lone surrogate in a key or value is refused", async (subject) => {
    const { keys } = subject;
    await keys.set("k", "kept");
    for (const lone of ["\ud800", "a\udfff", "x".repeat(80) + "\ud800x"]) {
      await assertKeyRefused(subject, lone, "TypeError", "surrogate");
      await assertFails(
        () => keys.set("k", lone),
        { name: "TypeError" },
        "set",
      );
    }
    await assertHolds(keys, { k: "kept" });
  });

  check(
    "a value that is neither text nor bytes is refused",
    async ({ keys }) => {
      await keys.set("k", "kept");
      for (const value of NOT_BYTES) {
        const set = () => keys.set("k", value as Value);
        await assertFails(set, { name: "TypeError", message: "value" }, "set");
        const fresh = () => keys.set("fresh", value as Value);
        await assertFails(fresh, { name: "TypeError" }, "set");
      }
      await assertHolds(keys, { k: "kept", fresh: undefined });
    },
  );

  check("a value that is too large is refused", async (subject) => {
    const { keys, valueBytesMax } = subject;
    if (valueBytesMax === undefined) return;
    await keys.set("k", "kept");
    const set = () => keys.set("k", new Uint8Array(valueBytesMax + 1));
    await assertFails(set, { name: "RangeError", message: `${valueBytesMax}` });
    await assertHolds(keys, { k: "kept" });
    await keys.set("k", pattern(valueBytesMax));
    await keys.set("other", "also");
    await subject.reopen?.();
    await assertHolds(keys, {
      k: text(pattern(valueBytesMax)),
      other: "also",
    });
  });

  check("an expiry that makes no sense is refused", async ({ keys }) => {
    await keys.set("k", "kept");
    const ranges: unknown[] = [0, -0, -1, NaN, Infinity, -Infinity, 1e300];
    const types: unknown[] = ["5", null, true, 5n, {}, new Date(), []];
    for (
      const [name, values] of [["RangeError", ranges], [
        "TypeError",
        types,
      ]] as const
    ) {
      for (const expireIn of values) {
        const options = { expireIn } as SetOptions;
        await assertFails(
          () => keys.set("k", "lost", options),
          { name, message: "expireIn" },
          String(expireIn),
        );
      }
    }
    await assertHolds(keys, { k: "kept" });
    await keys.set("k", "set", { expireIn: 0.001 });
    await keys.set("k", "fraction", { expireIn: 59_999.5 });
    await assertHolds(keys, { k: "fraction" });
  });

  check(
    "a closed key space refuses everything, and closes again",
    async (subject) => {
      const { keys } = subject;
      await keys.set("k", "v");
      await subject.close();
      for (const [call, run] of Object.entries(keyCalls(keys))) {
        await assertFails(() => run("k"), {
          name: "StoreClosedError",
          code: "CLOSED",
        }, call);
      }
      await subject.close();
    },
  );

  check("a close waits for writes under way", async (subject) => {
    const { keys, isImmediate } = subject;
    if (!isImmediate) return;
    const write = keys.set("k", "v");
    const large = keys.set("large", pattern(300_000));
    await subject.close();
    await Promise.all([write, large]);
    if (subject.reopen === undefined) return;
    await subject.reopen();
    await assertHolds(keys, { k: "v", large: text(pattern(300_000)) });
  });
}

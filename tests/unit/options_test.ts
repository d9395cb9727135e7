/** The settings: defaults, ranges, and what a wrong one is told. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { nearestName } from "../../src/store/nearest_name.ts";
import {
  checkOption,
  describeRule,
  OPTION_RULES,
  type ResolvedOptions,
  resolveOptions,
  type StoreOptions,
} from "../../src/store/options.ts";
import { Store } from "../../src/store/store.ts";

/** Options that a caller without types might give. */
function resolve(options: unknown): ResolvedOptions {
  return resolveOptions(options as StoreOptions);
}

Deno.test("options: nothing given, every default", () => {
  const expected = Object.fromEntries(
    OPTION_RULES.map((rule) => [rule.name, rule.default]),
  );
  assertEquals<unknown>(resolveOptions({}), expected);
});

Deno.test("options: undefined stands for the default", () => {
  assertEquals(resolve({ memTableSize: undefined }).memTableSize, 10_485_760);
});

Deno.test("options: every default and both ends of every range are allowed", () => {
  for (const rule of OPTION_RULES) {
    assertEquals(checkOption(rule, rule.default), undefined, rule.name);
    if (rule.type !== "integer") continue;
    assertEquals(checkOption(rule, rule.min), undefined);
    assertEquals(checkOption(rule, rule.max), undefined);
  }
});

Deno.test("options: what is out of its range is a RangeError that tells the range", () => {
  for (const rule of OPTION_RULES) {
    const wrong = rule.type === "integer"
      ? [rule.min! - 1, rule.max! + 1, rule.min! + 0.5, NaN, Infinity, -1]
      : rule.type === "ratio"
      ? [0, 1, -0.5, 1.5, NaN]
      : rule.type === "choice"
      ? ["lax", "", "Tail"]
      : [];
    for (const value of wrong) {
      assertThrows(
        () => resolve({ [rule.name]: value }),
        RangeError,
        `Cannot use ${
          typeof value === "string" ? JSON.stringify(value) : value
        } as ${rule.name}: it must be ${describeRule(rule)}`,
      );
    }
  }
});

Deno.test("options: what is of the wrong type is a TypeError that names it", () => {
  for (const rule of OPTION_RULES) {
    const wrong = [{}, [], 5n, () => 1].concat(
      rule.type === "string" || rule.type === "choice" ? [] : ["12" as never],
      rule.type === "boolean" ? [1 as never] : [true as never],
    );
    for (const value of wrong) {
      assertThrows(
        () => resolve({ [rule.name]: value }),
        TypeError,
        `as ${rule.name}: it must be`,
      );
    }
  }
});

Deno.test("options: an unknown one is refused and the nearest known one named", () => {
  const cases: [string, string][] = [
    ["syncWrite", 'did you mean "syncWrites"?'],
    ["SyncWrites", 'did you mean "syncWrites"?'],
    ["value_log_file_size", 'did you mean "valueLogFileSize"?'],
    ["memtablesize", 'did you mean "memTableSize"?'],
    ["dir", 'unknown option "dir"'],
  ];
  for (const [name, message] of cases) {
    assertThrows(() => resolve({ [name]: true }), TypeError, message);
  }
  assertEquals(nearestName("zzzzzzzzzzzzzzz", ["path"]), undefined);
  assertEquals(nearestName("pathh", ["memoryMode", "path"]), "path");
});

Deno.test("options: stalling must come after starting", () => {
  for (const [start, stall] of [[2, 2], [5, 3]]) {
    assertThrows(
      () => resolve({ numLevel0Tables: start, numLevel0TablesStall: stall }),
      RangeError,
      `it must be greater than numLevel0Tables (${start})`,
    );
  }
  resolve({ numLevel0Tables: 2, numLevel0TablesStall: 3 });
});

Deno.test("options: what is no object is refused", async () => {
  for (const value of [null, 5, true, Symbol("x")]) {
    assertThrows(() => resolve(value), TypeError, "options must be");
    await assertRejects(() => Store.open(value as StoreOptions), TypeError);
  }
});

Deno.test("options: a wrong one touches no file and rejects, never throws", async () => {
  const promise = Store.open({ path: "./.tmp/never", memTableSize: 1 });
  assert(promise instanceof Promise);
  await assertRejects(() => promise, RangeError);
  await assertRejects(() => Deno.stat("./.tmp/never"), Deno.errors.NotFound);
});

Deno.test("options: a key is 32 bytes, and is copied", () => {
  const key = new Uint8Array(32).fill(1);
  const { encryption } = resolveOptions({ encryption: { key } });
  key.fill(2);
  assertEquals(encryption?.key, new Uint8Array(32).fill(1));
  assertEquals("encryption" in resolveOptions({}), false);
  for (const wrong of ["k".repeat(32), [..."x".repeat(32)], null, undefined]) {
    assertThrows(
      () => resolve({ encryption: { key: wrong } }),
      TypeError,
      "as encryption.key: it must be a Uint8Array of 32 bytes",
    );
  }
  for (const length of [0, 16, 31, 33]) {
    assertThrows(
      () => resolve({ encryption: { key: new Uint8Array(length) } }),
      RangeError,
      `Cannot use ${length} bytes as encryption.key`,
    );
  }
});

Deno.test("options: every part of encryption is checked", () => {
  const key = new Uint8Array(32);
  const wrong = (encryption: unknown, message: string) =>
    assertThrows(() => resolve({ encryption }), TypeError, message);
  wrong("secret", "as encryption");
  wrong(null, "as encryption");
  wrong({}, "encryption.key");
  wrong({ key, keys: [] }, 'unknown option "keys"');
  wrong({ key, previousKeys: key }, "encryption.previousKeys");
  wrong({ key, previousKeys: [key, "x"] }, "encryption.previousKeys[1]");
  assertThrows(
    () => resolve({ encryption: { key, previousKeys: [new Uint8Array(8)] } }),
    RangeError,
    "encryption.previousKeys[0]",
  );
});

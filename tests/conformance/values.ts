/**
 * Values: of any size and content, copied on their way in and out.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  assertHolds,
  assertSameBytes,
  pattern,
  text,
  utf8,
} from "./support.ts";
import type { Check } from "./suite.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Around every limit at which values take another way. */
const SIZES = [
  [0, 1, 2, 47, 48, 49, 100, 1000],
  [2 * KIB - 40, 2 * KIB, 4 * KIB - 40, 4 * KIB - 1, 4 * KIB, 4 * KIB + 1],
  [64 * KIB - 300, 64 * KIB - 1, 64 * KIB, 64 * KIB + 200, 64 * KIB + 300],
  [100 * KIB - 1, 100 * KIB, 512 * KIB, MIB - 1, MIB, MIB + 1],
  [3 * MIB + 17],
].flat();

/** Registers the tests of this file. */
export function addValueTests(check: Check): void {
  check("an empty value is a value", async ({ keys, reopen }) => {
    await keys.set("text", "");
    await keys.set("bytes", new Uint8Array(0));
    await keys.set("emptied", "full");
    await keys.set("emptied", "");
    await reopen?.();
    for (const key of ["text", "bytes", "emptied"]) {
      assertEquals((await keys.get(key))?.length, 0);
      assertEquals(await keys.has(key), true);
      assertEquals(await keys.delete(key), true);
      assertEquals(await keys.get(key), undefined);
    }
  });

  check("values of every size", async ({ keys, reopen }) => {
    for (const size of SIZES) await keys.set(`${size}`, pattern(size, size));
    for (let round = 0; round < 2; round++) {
      for (const size of SIZES) {
        const value = await keys.get(`${size}`);
        assertSameBytes(value, pattern(size, size), `${size} bytes`);
      }
      await reopen?.();
    }
  });

  check("values grow and shrink", async ({ keys }) => {
    for (const size of [10, MIB, 0, 70_000, 5, 300_000, 1]) {
      await keys.set("k", pattern(size, size));
      assertSameBytes(await keys.get("k"), pattern(size, size), `${size}`);
    }
  });

  check("text comes back as UTF-8", async ({ keys }) => {
    const texts = [
      "grüße",
      "日本語",
      "👩‍👩‍👧",
      "\u0000",
      "\ufeffx",
      "é".repeat(40_000),
      "x".repeat(70_000),
    ];
    for (const value of texts) {
      await keys.set("k", value);
      assertSameBytes(await keys.get("k"), utf8(value), value.slice(0, 9));
    }
  });

  check("every byte comes back", async ({ keys }) => {
    await keys.set("k", Uint8Array.from({ length: 256 }, (_, i) => i));
    const value = await keys.get("k");
    assertEquals([...value!], Array.from({ length: 256 }, (_, i) => i));
  });

  check("a value is copied when it is given", async ({ keys }) => {
    for (const size of [3, 100, 70_000, 1_500_000]) {
      const value = pattern(size);
      const write = keys.set("k", value);
      value.fill(0xee);
      await write;
      assertSameBytes(await keys.get("k"), pattern(size), `${size} bytes`);
    }
  });

  check(
    "a view as value is set without what surrounds it",
    async ({ keys }) => {
      const slab = pattern(200_000);
      for (const [start, end] of [[5, 5], [5, 60], [1000, 150_000]]) {
        await keys.set("k", slab.subarray(start, end));
        const expected = slab.slice(start, end);
        assertSameBytes(await keys.get("k"), expected, `${start} to ${end}`);
      }
    },
  );

  check("a value that was given out is the caller's", async ({ keys }) => {
    for (const size of [0, 3, 100, 5000, 70_000, 1_500_000]) {
      await keys.set("k", pattern(size));
      await keys.set("neighbour", "secret");
      const value = (await keys.get("k"))!;
      assertEquals(value.byteOffset, 0);
      assertEquals(value.buffer.byteLength, size, "nothing beside the value");
      value.fill(0xee);
      structuredClone(value, { transfer: [value.buffer as ArrayBuffer] });
      assertSameBytes(await keys.get("k"), pattern(size), `${size} bytes`);
      await assertHolds(keys, { neighbour: "secret" });
    }
  });

  check("many reads at once do not mix up", async ({ keys, reopen }) => {
    const sizes = [10, 90_000, 20, 1_200_000, 3000, 80_000, 1, 500_000];
    for (const size of sizes) await keys.set(`${size}`, pattern(size, size));
    await reopen?.();
    const reads = [...sizes, ...sizes].map((size) => keys.get(`${size}`));
    const values = await Promise.all(reads);
    for (const [i, size] of [...sizes, ...sizes].entries()) {
      assertSameBytes(values[i], pattern(size, size), `${size} bytes`);
    }
  });

  check(
    "a read is of the moment it was asked for",
    async ({ keys, reopen }) => {
      for (const size of [10, 200_000, 1_500_000]) {
        await keys.set("k", pattern(size));
        await reopen?.();
        const read = keys.get("k");
        await keys.set("k", "other");
        await keys.delete("k");
        assertSameBytes(await read, pattern(size), `${size} bytes`);
        assertEquals(text(await keys.get("k")), undefined);
      }
    },
  );
}

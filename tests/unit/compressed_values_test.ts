/** Values that the store compresses by itself. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError, type KeySpace, StoreError } from "../../mod.ts";
import { decodeValue, encodeValue } from "../../src/format/codec.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { tempDir } from "../support/temp.ts";

const TEXT = "All of this is said again and again. ".repeat(100);
const bytes = new TextEncoder().encode(TEXT);
const text = (value: Uint8Array | undefined) => new TextDecoder().decode(value);

for (const codec of ["deflate", "zstd"] as const) {
  Deno.test(`${codec}: every way to write and to read`, async () => {
    await using directory = tempDir();
    const options = {
      path: directory.path,
      compression: codec,
      memTableSize: 65_536,
      valueThreshold: 100_000,
    };
    let store = await Store.open(options);
    const large = TEXT.repeat(100);
    const random = crypto.getRandomValues(new Uint8Array(5000));
    await store.set("set", TEXT);
    store.setSync("setSync", bytes);
    await store.setIfAbsent("setIfAbsent", TEXT);
    await store.batch().set("batch", TEXT).set("b", TEXT, { bucket: "b" })
      .commit();
    await store.atomic().set("atomic", TEXT).commit();
    await store.transaction((tx) => void tx.set("transaction", TEXT));
    await store.merge("merge", TEXT, (_, operand) => operand);
    await store.set("large", large);
    await store.set("random", random);
    await store.set("short", "short");
    const stamps = new Map<string, string | null>();
    const check = async (space: KeySpace, keys: string[]) => {
      for (const key of keys) {
        assertEquals(text(space.getSync(key)), TEXT, key);
        assertEquals(text(await space.get(key)), TEXT, key);
        assertEquals(text(space.getView(key)), TEXT, key);
        const target = new Uint8Array(bytes.length);
        assertEquals(space.getInto(key, target), bytes.length);
        assertEquals(text(target), TEXT);
        const entry = space.getEntry(key);
        assertEquals(text(entry.value), TEXT);
        assertEquals(entry.value!.buffer.byteLength, bytes.length, "owned");
        assertEquals(
          entry.versionstamp,
          stamps.get(key) ?? entry.versionstamp,
        );
        stamps.set(key, entry.versionstamp);
      }
      for (const [key, value] of space.listSync()) {
        if (keys.includes(text(key))) assertEquals(text(value), TEXT);
      }
      using snapshot = space.snapshot();
      assertEquals(text(snapshot.getSync(keys[0]!)), TEXT);
    };
    const keys = [
      "set",
      "setSync",
      "setIfAbsent",
      "batch",
      "atomic",
      "transaction",
      "merge",
    ];
    const checkAll = async () => {
      await check(store, keys);
      await check(store.bucket("b"), ["b"]);
      assertEquals(text(store.getSync("large")), large);
      assertEquals(text(await store.get("large")), large);
      assertEquals(store.getSync("random"), random);
      assertEquals(text(store.getSync("short")), "short");
    };
    await checkAll();
    assert(store.stats().vlogSize < 60_000, `${store.stats().vlogSize}`);
    // Moved by the collector, and read by a store that does not compress.
    await store.set("gone", random);
    await store.delete("gone");
    await store.gc({ discardRatio: 0.01 });
    await checkAll();
    await store.close();
    store = await Store.open({ ...options, compression: "none" });
    await checkAll();
    await store.set("set", TEXT);
    const { vlogSize } = store.stats();
    await store.set("set", TEXT);
    assert(store.stats().vlogSize - vlogSize > bytes.length);
    await store.close();
  });
}

Deno.test("a bucket compresses as it says, whatever the store does", async () => {
  await using store = await Store.open({
    memoryMode: true,
    compression: "zstd",
    compressionThreshold: 100_000,
  });
  const stored = async (space: KeySpace) => {
    const before = store.stats().vlogSize;
    await space.set("k", TEXT);
    assertEquals(text(space.getSync("k")), TEXT);
    return store.stats().vlogSize - before;
  };
  assert(await stored(store) > bytes.length);
  assert(await stored(store.bucket("plain", {})) > bytes.length);
  const small = { compressionThreshold: 64 };
  assert(await stored(store.bucket("b", small)) < 200);
  assert(
    await stored(store.bucket("b", { ...small, compression: "none" })) >
      bytes.length,
  );
  assertThrows(
    () => store.bucket("b", { compressionThreshold: 1 }),
    RangeError,
    "compressionThreshold",
  );
  assertThrows(
    () => store.bucket("b", { compression: "lz4" as "zstd" }),
    RangeError,
  );
});

Deno.test("watches tell of values as they were given", async () => {
  await using store = await Store.open({
    memoryMode: true,
    compression: "deflate",
  });
  const reader = store.watch().getReader();
  await store.set("k", TEXT);
  const { value } = await reader.read();
  assertEquals(text(value!.changes[0]!.value), TEXT);
  await reader.cancel();
});

Deno.test("values come back as they were, of any length and content", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(200)), {
        maxLength: 20,
      }),
      fc.constantFrom(1, 2),
      (pieces, codec) => {
        const parts = pieces.flatMap(([piece, count]) =>
          Array<Uint8Array>(count).fill(piece)
        );
        const value = new Uint8Array(
          parts.reduce((sum, part) => sum + part.length, 0),
        );
        let at = 0;
        for (const part of parts) {
          value.set(part, at);
          at += part.length;
        }
        const coded = encodeValue(codec, value);
        if (coded === undefined) return;
        assert(coded.bytes.length <= value.length * 7 / 8);
        assertEquals(decodeValue(coded.codec, coded.bytes), value);
      },
    ),
  );
});

Deno.test("a coded value that lies is refused before it costs anything", () => {
  for (const codec of [1, 2]) {
    const coded = encodeValue(codec, bytes)!.bytes;
    const view = new DataView(coded.buffer);
    for (const length of [0, bytes.length - 1, bytes.length + 1, 0xffff_ffff]) {
      view.setUint32(0, length, true);
      assertThrows(() => decodeValue(codec, coded), Error);
    }
    for (let cut = 0; cut < coded.length; cut++) {
      view.setUint32(0, bytes.length, true);
      assertThrows(() => decodeValue(codec, coded.subarray(0, cut)), Error);
    }
    // A megabyte of zeros is nothing for zstd, and more than a length may claim.
    const zeros = encodeValue(codec, new Uint8Array(1 << 20))!;
    assertEquals(zeros.codec, 1);
    assertEquals(decodeValue(1, zeros.bytes), new Uint8Array(1 << 20));
  }
});

Deno.test("a forged record of a codec is corruption, or a codec unknown", async () => {
  for (
    const [codec, expected] of [
      [1, "CORRUPT"],
      [2, "CORRUPT"],
      [3, "UNSUPPORTED_CODEC"],
    ] as const
  ) {
    const engine = openEngine({ path: "/forged" }, new FixedHost());
    const store = new Store(engine);
    for (const key of ["k", "l"]) {
      engine.key.load(key, undefined);
      engine.put(new Uint8Array(key === "k" ? 50 : 200_000), 50, 0, codec);
    }
    assertEquals(
      assertThrows(() => store.getSync("k"), StoreError).code,
      expected,
    );
    const error = await assertRejects(() => store.get("l"), StoreError);
    assertEquals(error.code, expected);
    if (error instanceof CorruptionError) assert(error.offset > 0);
    await store.close();
  }
});

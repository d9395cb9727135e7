/** Compressed values on disk: what the records hold, and what damage to them does. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { CorruptionError, type KeySpace, StoreError } from "../../mod.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { salvage } from "../../src/engine/salvage.ts";
import { verify } from "../../src/engine/verify.ts";
import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import { segmentName } from "../../src/format/file_names.ts";
import { encodeValue } from "../../src/format/codec.ts";
import { RecordHead, sealRecord } from "../../src/format/record.ts";
import { joinPath, readFile } from "../../src/fs/file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";

const PATH = "/compressed";
const CODECS = { none: 0, deflate: 1, zstd: 2 } as const;
type Name = keyof typeof CODECS;

/** Compresses about to the half, at any length. */
function letters(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 97 + (state >>> 28);
  });
}

function open(
  host: FixedHost,
  options: StoreOptions = {},
): { engine: Engine; store: Store } {
  const engine = openEngine({
    path: PATH,
    valueLogGcEnabled: false,
    blockCacheSize: 0,
    compressionThreshold: 64,
    ...options,
  }, host);
  return { engine, store: new Store(engine) };
}

interface FoundRecord {
  key: string;
  codec: number;
  value: Uint8Array;
  offset: number;
  length: number;
}

/** The puts of a segment's file, in order. */
function recordsIn(host: FixedHost, id: number): FoundRecord[] {
  const bytes = readFile(host.files, joinPath(PATH, segmentName(id)));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const head = new RecordHead();
  const found: FoundRecord[] = [];
  for (let at = FILE_HEADER_BYTES; at < bytes.length; at += head.length) {
    assertEquals(head.read(view, at, bytes.length - at), undefined);
    const keyAt = at + head.headLength;
    const valueAt = keyAt + head.keyLength;
    found.push({
      key: new TextDecoder().decode(bytes.subarray(keyAt, valueAt)),
      codec: head.codec,
      value: bytes.slice(valueAt, at + head.length),
      offset: at,
      length: head.length,
    });
  }
  return found;
}

/** Changes a record in its file and makes its checksum right again. */
function forge(
  engine: Engine,
  host: FixedHost,
  { offset, length }: FoundRecord,
  change: (record: Uint8Array, view: DataView) => void,
): void {
  const { active } = engine.log;
  const file = host.files.open(active.file.path, "write");
  const record = new Uint8Array(length);
  file.read(record, 0, length, offset);
  const view = new DataView(record.buffer);
  change(record, view);
  sealRecord(record, view, 0, length, active.seed, offset);
  file.write(record, 0, length, offset);
  file.close();
}

/** Every way to read a value. */
const WAYS: Record<
  string,
  (store: KeySpace, key: string) => unknown
> = {
  get: (space, key) => space.get(key),
  getSync: (space, key) => space.getSync(key),
  getView: (space, key) => space.getView(key)?.slice(),
  getInto: (space, key) => {
    const target = new Uint8Array(500_000);
    return target.slice(0, space.getInto(key, target));
  },
  getEntry: (space, key) => space.getEntry(key).value,
  getMany: async (space, key) => (await space.getMany([key]))[0],
  list: async (space, key) =>
    (await Array.fromAsync(space.list({ start: key, limit: 1 })))[0]![1],
  listSync: (space, key) =>
    [...space.listSync({ start: key, limit: 1 })][0]![1],
  "snapshot's get": (space, key) => {
    using snapshot = space.snapshot();
    return snapshot.get(key);
  },
  "snapshot's getSync": (space, key) => {
    using snapshot = space.snapshot();
    return snapshot.getSync(key);
  },
  "snapshot's list": async (space, key) => {
    using snapshot = space.snapshot();
    const list = snapshot.list({ start: key, limit: 1 });
    return (await Array.fromAsync(list))[0]![1];
  },
  "transaction's get": (space, key) =>
    space.transaction((transaction) => transaction.get(key)),
  "transaction's list": (space, key) =>
    space.transaction((transaction) =>
      [...transaction.list({ start: key, limit: 1 })][0]![1]
    ),
  merge: async (space, key) => {
    let seen: Uint8Array | undefined;
    await assertRejects(
      () =>
        space.merge(key, "", (value) => {
          seen = value;
          throw new Error("seen");
        }),
      Error,
      "seen",
    );
    return seen;
  },
};

/** Lengths on both sides of every boundary between ways to read a record. */
const LENGTHS = [0, 63, 64, 65, 1000, 3900, 4400, 30_000, 40_000, 140_000];

for (const blockCacheSize of [0, 1_048_576]) {
  for (const codec of ["deflate", "zstd"] as const) {
    Deno.test(`${codec}: every way to read gives every length back (cache of ${blockCacheSize} bytes)`, async () => {
      const host = new FixedHost();
      let { engine, store } = open(host, {
        compression: codec,
        memTableSize: 1 << 24,
      });
      for (const length of LENGTHS) {
        await store.set(`${length}`, letters(length));
      }
      const check = async () => {
        for (const [way, read] of Object.entries(WAYS)) {
          for (const length of LENGTHS) {
            const value = await read(store, `${length}`);
            assertInstanceOf(value, Uint8Array, `${way} of ${length}`);
            assertEquals(value, letters(length), `${way} of ${length}`);
            assertEquals(value.buffer.byteLength, length, `${way} owns it`);
          }
        }
      };
      await check();
      await store.close();
      // Off the memtable, and not compressing any more.
      ({ engine, store } = open(host, { blockCacheSize }));
      await check();
      await check();
      checkBooks(engine);
      await store.close();
      const codecs = new Map(
        recordsIn(host, 1).map(({ key, codec }) => [key, codec]),
      );
      for (const length of LENGTHS) {
        // So short that letters hardly compress, above the threshold as below.
        if (length > 1000 || length < 64) {
          const expected = length < 64 ? 0 : CODECS[codec];
          assertEquals(codecs.get(`${length}`), expected, `${length}`);
        }
      }
    });
  }
}

Deno.test("the threshold is the shortest value that is compressed", async () => {
  for (const codec of ["deflate", "zstd"] as const) {
    for (const threshold of [64, 1024, 70_000]) {
      const host = new FixedHost();
      const { store } = open(host, {
        compression: codec,
        compressionThreshold: threshold,
      });
      const text = (length: number) => "a".repeat(length);
      await store.set("below", text(threshold - 1));
      await store.set("at", text(threshold));
      // Bytes count, not characters.
      await store.set("umlauts", "ä".repeat(threshold / 2));
      await store.set("random", crypto.getRandomValues(new Uint8Array(5000)));
      await store.set("empty", "");
      await store.close();
      // Where zstd does too well, it is deflate that is taken.
      const found = recordsIn(host, 1)
        .map(({ key, codec }) => [key, codec !== 0]);
      assertEquals(found, [
        ["below", false],
        ["at", true],
        ["umlauts", true],
        ["random", false],
        ["empty", false],
      ]);
    }
  }
});

Deno.test("a value is kept compressed only if that saves an eighth", () => {
  for (const codec of [1, 2]) {
    // A random part, which stays, and zeros, which go: the margin is in between.
    const random = crypto.getRandomValues(new Uint8Array(700));
    const lengths = [700, 720, 760, 790, 800, 830, 900];
    for (const length of lengths) {
      const value = new Uint8Array(length);
      value.set(random);
      const coded = encodeValue(codec, value);
      if (length < 790) assertEquals(coded, undefined, `${length}`);
      if (length > 830) assert(coded!.bytes.length <= length * 7 / 8);
    }
  }
});

Deno.test("a value too large for a segment is refused, however it compresses", async () => {
  const { store } = open(new FixedHost(), {
    compression: "deflate",
    valueLogFileSize: 1_048_576,
  });
  const large = new Uint8Array(1_048_577);
  await assertRejects(() => store.set("k", large), RangeError);
  const batch = store.batch().set("k", large);
  const error = await assertRejects(() => batch.commit(), StoreError);
  assertEquals(error.code, "BATCH_TOO_LARGE");
  await store.set("k", large.subarray(1));
  assertEquals(store.getSync("k")!.length, 1_048_576);
  await store.close();
});

Deno.test("the collector moves what is compressed, byte for byte", async () => {
  const host = new FixedHost();
  const { engine, store } = open(host, { valueLogMaxEntries: 12 });
  const spaces: Record<Name, KeySpace> = {
    none: store.bucket("n", { compression: "none" }),
    deflate: store.bucket("d", { compression: "deflate" }),
    zstd: store.bucket("z", { compression: "zstd" }),
  };
  const valued = (host: FixedHost, id: number) =>
    recordsIn(host, id).filter(({ value }) => value.length > 100)
      .map(({ key, codec, value }) => ({ key, codec, value }));
  for (const [name, space] of Object.entries(spaces)) {
    await space.set("kept", letters(2000));
    await space.set("large", letters(150_000), { expireIn: 1e9 });
    await space.set(`gone ${name}`, "1");
    await space.set(`gone ${name}`, "2");
  }
  for (const [name, space] of Object.entries(spaces)) {
    await space.delete(`gone ${name}`);
  }
  await store.set("next", "segment");
  const before = valued(host, 1);
  assertEquals(before.map(({ codec }) => codec), [0, 0, 1, 1, 2, 2]);
  const report = await store.gc({ discardRatio: 0.0001 });
  assert(report.segmentsRewritten > 0);
  const after = [...engine.log.segments.keys()].flatMap((id) =>
    valued(host, id)
  );
  assertEquals(after, before);
  for (const space of Object.values(spaces)) {
    assertEquals(space.getSync("kept"), letters(2000));
    assertEquals(await space.get("large"), letters(150_000));
  }
  checkBooks(engine);
  await store.close();
});

Deno.test("a flipped bit anywhere in a compressed record is corruption, in every way of reading", async () => {
  for (const codec of ["deflate", "zstd"] as const) {
    const host = new FixedHost();
    const { store } = open(host, { compression: codec });
    await store.set("1", letters(1500));
    await store.set("2", letters(140_000));
    await store.close();
    for (const { key, offset, length } of recordsIn(host, 1)) {
      // Its codec's byte, which is not to pass for a codec of a newer version; the
      // length of the value; the body.
      for (const at of [5, 12, 21, 22, 24, 25, 40, length >> 1, length - 1]) {
        const damaged = host.afterKill(PATH);
        const { engine, store } = open(damaged);
        const { path } = engine.log.active.file;
        const file = damaged.files.open(path, "write");
        const byte = new Uint8Array(1);
        file.read(byte, 0, 1, offset + at);
        byte[0]! ^= 4;
        file.write(byte, 0, 1, offset + at);
        for (const [way, read] of Object.entries(WAYS)) {
          if (way === "merge") continue;
          const error = await assertRejects(
            async () => await read(store, key),
            CorruptionError,
            "Cannot read a value",
            `${way} with byte ${at}`,
          );
          assertEquals([error.path, error.offset], [path, offset]);
        }
      }
    }
  }
});

Deno.test("a forged length is corruption, and takes no memory", async () => {
  for (const codec of ["deflate", "zstd"] as const) {
    const host = new FixedHost();
    const { store } = open(host, { compression: codec });
    await store.set("k", letters(2_000_000));
    await store.close();
    const [record] = recordsIn(host, 1);
    const { length } = record!;
    assert(length > 900_000);
    const lies: [name: string, length: number][] = [
      ["nothing", 0],
      ["one byte less", 1_999_999],
      ["one byte more", 2_000_001],
      ["all that deflate can do", 1032 * (length - 25)],
      ["more than deflate can do", 1032 * (length - 25) + 1],
      ["a store's largest value", 2 ** 31],
      ["more than that", 2 ** 31 + 1],
      ["as much as it can say", 2 ** 32 - 1],
    ];
    for (const [lie, claimed] of lies) {
      const forged = host.afterKill(PATH);
      const { engine, store } = open(forged);
      forge(engine, forged, record!, (_, view) => {
        view.setUint32(21, claimed, true);
      });
      const before = Deno.memoryUsage();
      for (const [way, read] of Object.entries(WAYS)) {
        if (way === "merge") continue;
        const error = await assertRejects(
          async () => await read(store, "k"),
          CorruptionError,
          "Cannot decompress a value",
          `${way}: ${lie}`,
        );
        assertEquals(error.offset, record!.offset);
      }
      // 2 MB come out before the lie is seen; a gigabyte would show.
      const after = Deno.memoryUsage();
      assertLess(after.rss - before.rss, 256 << 20, lie);
      assertLess(after.external - before.external, 256 << 20, lie);
      const report = await verify(PATH, forged.afterKill(PATH));
      assertEquals(report.isSound, false, lie);
      const [unreadable] = report.segments[0]!.unreadable;
      assertEquals(unreadable!.offset, record!.offset);
      assertEquals([report.tornBytes, report.keys], [0, 1]);
      await store.close();
    }
  }
});

Deno.test("a frame that asks for a large window is corruption", async () => {
  for (const [windowLog, isSound] of [[23, true], [24, false], [31, false]]) {
    const host = new FixedHost();
    const { engine, store } = open(host);
    // Magic, no content size, the window, and one raw block of five bytes.
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, (Number(windowLog) - 10) << 3];
    const block = [(5 << 3) | 1, 0, 0, 1, 2, 3, 4, 5];
    const coded = Uint8Array.of(5, 0, 0, 0, ...frame, ...block);
    engine.key.load("k", undefined);
    engine.put(coded, coded.length, 0, 2);
    if (isSound) {
      assertEquals(store.getSync("k"), Uint8Array.of(1, 2, 3, 4, 5));
    } else {
      assertThrows(() => store.getSync("k"), CorruptionError, "decompress");
    }
    await store.close();
  }
});

Deno.test("a codec that nobody knows is carried along and refused by number", async () => {
  const host = new FixedHost();
  const { engine, store } = open(host, { valueLogMaxEntries: 3 });
  for (const key of ["k", "gone", "gone", "next"]) {
    engine.key.load(key, undefined);
    engine.put(letters(100), 100, 0, key === "k" ? 7 : 0);
  }
  await store.gc({ discardRatio: 0.1 });
  for (const [way, read] of Object.entries(WAYS)) {
    if (way === "merge") continue;
    const error = await assertRejects(
      async () => await read(store, "k"),
      StoreError,
      "codec 7",
      way,
    );
    assertEquals(error.code, "UNSUPPORTED_CODEC");
  }
  assertEquals((await verify(PATH, host.afterKill(PATH))).isSound, true);
  const target = new FixedHost();
  await salvage(PATH, host.afterKill(PATH), () => open(target).engine);
  const copied = recordsIn(target, 1).find(({ key }) => key === "k")!;
  assertEquals([copied.codec, copied.value], [7, letters(100)]);
  await store.close();
});

Deno.test("salvage copies what is compressed as it is", async () => {
  const host = new FixedHost();
  const { engine, store } = open(host, { compression: "zstd" });
  for (let i = 0; i < 5; i++) await store.set(`${i}`, letters(3000, i));
  await store.set("large", letters(150_000));
  await store.close();
  const file = host.files.open(engine.log.active.file.path, "write");
  const records = recordsIn(host, 1);
  file.write(Uint8Array.of(1, 2, 3), 0, 3, records[2]!.offset + 100);
  const target = new FixedHost();
  const report = await salvage(PATH, host, () => open(target).engine);
  assertEquals(report.keys, 5);
  const copied = new Map(recordsIn(target, 1).map((one) => [one.key, one]));
  for (const [i, { key, codec, value }] of records.entries()) {
    if (i === 2) continue;
    assertEquals(copied.get(key)!.codec, codec);
    assertEquals(copied.get(key)!.value, value);
  }
  const salvaged = open(target).store;
  assertEquals(salvaged.getSync("4"), letters(3000, 4));
  assertEquals(salvaged.getSync("large"), letters(150_000));
  await salvaged.close();
});

Deno.test("largest counts the bytes that are stored", async () => {
  const { store } = open(new FixedHost(), { compression: "deflate" });
  await store.set("zeros", new Uint8Array(100_000));
  await store.set("random", crypto.getRandomValues(new Uint8Array(5000)));
  const [first, second] = await store.largest(2);
  assertEquals(new TextDecoder().decode(first!.key), "random");
  assertLess(second!.valueBytes, 300);
  await store.close();
});

Deno.test("a watch tells of damage to a compressed value", async () => {
  const host = new FixedHost();
  const { engine, store } = open(host, { compression: "deflate" });
  const reader = store.watch().getReader();
  await store.set("k", letters(2000));
  assertEquals(
    (await reader.read()).value!.changes[0]!.value,
    letters(2000),
  );
  engine.key.load("k", undefined);
  engine.put(new Uint8Array(50), 50, 0, 1);
  engine.writer.flush();
  await assertRejects(
    () => reader.read(),
    CorruptionError,
    "Cannot decompress a value",
  );
  await store.close();
});

/** The hash index against a Map, how it grows, and what it weighs. */
import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import {
  HashIndex,
  TABLE_SLOTS,
  TABLE_WORDS,
} from "../../src/engine/hash_index.ts";
import { TAG_EXPIRING } from "../../src/engine/key_arena.ts";
import { KeyBuffer } from "../../src/engine/key_buffer.ts";
import { seededRandom } from "../support/simulated_host.ts";

const SECRET = Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2);

function keyBuffer(): KeyBuffer {
  const key = new KeyBuffer();
  key.setSecret(SECRET);
  return key;
}

/** Checks the directory: every table stands where its entries' hashes point. */
function checkDirectory(index: HashIndex): void {
  assertEquals(index.directory.length, 2 ** index.depth);
  let entries = 0;
  let covered = 0;
  for (const table of index.tables()) {
    entries += index.usedOf(table);
    assertLess(index.usedOf(table), TABLE_SLOTS);
    covered += 2 ** (index.depth - index.depthOf(table));
  }
  assertEquals(entries, index.entryCount);
  assertEquals(covered, index.directory.length);
}

Deno.test("hash index: finds just what a Map holds, through 400,000 changes", () => {
  const index = new HashIndex();
  const key = keyBuffer();
  const model = new Map<string, number>();
  const random = seededRandom(1);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let step = 0; step < 400_000; step++) {
    // The first half grows, the second shrinks.
    const isGrowing = step < 200_000;
    const name = `key ${below(200_000)}`;
    key.load(name, undefined);
    const pointer = index.find(key);
    assertEquals(pointer, model.get(name) ?? 0);
    if (pointer === 0) {
      if (isGrowing || below(4) === 0) {
        model.set(name, index.insert(key, below(2) === 0));
      }
    } else if (!isGrowing || below(8) === 0) {
      index.remove(key, pointer);
      model.delete(name);
    } else if (below(4) === 0) {
      const isExpiring = below(2) === 0;
      const moved = index.resize(key, pointer, isExpiring);
      assertEquals(
        (index.arena.tag(moved) & TAG_EXPIRING) !== 0,
        isExpiring,
      );
      model.set(name, moved);
    }
    if (step % 50_000 === 0) checkDirectory(index);
  }
  assertEquals(index.entryCount, model.size);
  checkDirectory(index);
  const pointers = new Set<number>();
  index.forEach((pointer) => pointers.add(pointer));
  assertEquals(pointers, new Set(model.values()));
  const decoder = new TextDecoder();
  for (const [name, pointer] of model) {
    assertEquals(decoder.decode(index.arena.copyKey(pointer)), name);
  }
});

Deno.test("hash index: it empties as it filled", () => {
  const index = new HashIndex();
  const key = keyBuffer();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10_000; i++) {
      key.load(`${i}`, undefined);
      index.insert(key, false);
    }
    const { bytes } = index;
    for (let i = 0; i < 10_000; i++) {
      key.load(`${(i * 7919) % 10_000}`, undefined);
      index.remove(key, index.find(key));
    }
    assertEquals(index.entryCount, 0);
    index.forEach(() => {
      throw new Error("an entry was left");
    });
    // What was grown stays, and is used again.
    assertEquals(index.bytes, bytes);
  }
});

Deno.test("hash index: resizing keeps location, state and stale puts", () => {
  const index = new HashIndex();
  const { arena } = index;
  const key = keyBuffer();
  key.load("key", Uint8Array.of(1));
  const pointer = index.insert(key, false);
  arena.setLocation(pointer, 11, 22, 33);
  arena.setStalePuts(pointer, 44);
  let moved = pointer;
  for (const isExpiring of [true, false, true]) {
    moved = index.resize(key, moved, isExpiring);
    assertEquals(arena.segmentId(moved), 11);
    assertEquals(arena.offset(moved), 22);
    assertEquals(arena.recordLength(moved), 33);
    assertEquals(arena.stalePuts(moved), 44);
  }
  assertEquals(index.find(key), moved);
  assertEquals(index.resize(key, moved, true), moved);
  assertEquals(index.entryCount, 1);
});

Deno.test("hash index: keys alike in most of their bytes spread all the same", async (t) => {
  const COUNT = 60_000;
  const families: Record<string, (i: number, bytes: DataView) => void> = {
    "only the last word differs": (i, bytes) => bytes.setUint32(12, i),
    "only the first word differs": (i, bytes) => bytes.setUint32(0, i),
    "low bits of every word are equal": (i, bytes) => {
      bytes.setUint32(4, i << 12, true);
    },
    "multiples of 2^16": (i, bytes) => {
      bytes.setUint16(2, i, true);
    },
    "two words that cancel out in a xor": (i, bytes) => {
      bytes.setUint32(0, i, true);
      bytes.setUint32(4, i, true);
    },
  };
  for (const [name, fill] of Object.entries(families)) {
    await t.step(name, () => {
      const index = new HashIndex();
      const key = keyBuffer();
      const bytes = new Uint8Array(16);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < COUNT; i++) {
        fill(i, view);
        key.load(bytes, undefined);
        assertEquals(index.find(key), 0);
        index.insert(key, false);
      }
      assertEquals(index.entryCount, COUNT);
      let longest = 0;
      let total = 0;
      for (const table of index.tables()) {
        const slots = index.slotsOf(table);
        for (let slot = 0; slot < TABLE_SLOTS; slot++) {
          if (slots[slot * 2 + 1] === 0) continue;
          const home = slots[slot * 2]! & (TABLE_SLOTS - 1);
          const distance = (slot - home) & (TABLE_SLOTS - 1);
          longest = Math.max(longest, distance);
          total += distance;
        }
      }
      assertLess(total / COUNT, 3, "slots looked at in vain, on average");
      assertLess(longest, 300, "slots looked at in vain, at worst");
      assertLessOrEqual(index.depth, 10);
    });
  }
});

Deno.test("hash index: an entry that no table names is given back all the same", () => {
  const index = new HashIndex();
  const key = keyBuffer();
  key.load("in", undefined);
  const pointer = index.insert(key, false);
  key.load("out", undefined);
  const lost = index.arena.allocate(key, false);
  index.remove(key, lost);
  assertEquals(index.entryCount, 1);
  assertEquals(index.arena.allocate(key, false), lost);
  key.load("in", undefined);
  assertEquals(index.find(key), pointer);
  checkDirectory(index);
});

Deno.test("hash index: growth adds one table at a time and leaves the others alone", () => {
  const index = new HashIndex();
  const key = keyBuffer();
  let tables = 1;
  let before: Map<number, string> = new Map();
  const look = () =>
    new Map(
      [...index.tables()].map((table) => [table, index.slotsOf(table).join()]),
    );
  for (let i = 0; i < 50_000; i++) {
    const isWatched = i % 500 === 499;
    if (isWatched) before = look();
    key.load(`key ${i}`, undefined);
    index.insert(key, false);
    assertLessOrEqual(index.tableCount - tables, 1);
    tables = index.tableCount;
    if (!isWatched) continue;
    const changed = [...look()].filter(([table, slots]) =>
      before.get(table) !== slots
    );
    assertLessOrEqual(changed.length, 2);
  }
  assert(tables > 30);
});

Deno.test("hash index: tables that do not fit the directory are refused", () => {
  const restore = (depth: number, depths: number[], pointer = 1) => {
    const words = new Int32Array(TABLE_WORDS);
    words[7] = pointer;
    const index = new HashIndex();
    index.beginRestore(depth);
    return depths.every((own) => index.restoreTable(words, 0, own, 10)) &&
      index.isRestored;
  };
  assertEquals(restore(2, [1, 2, 2]), true);
  assertEquals(restore(1, [0]), true);
  for (
    const depths of [[1, 2], [1, 2, 2, 2], [3, 1], [-1, 1], [1, 1, 1], [
      2,
      1,
      2,
    ], []]
  ) {
    assertEquals(restore(2, depths), false, depths.join());
  }
  assertEquals(restore(1, [0], 10), false);
  assertEquals(restore(1, [0], -1), false);
});

Deno.test("hash index: a million keys of 16 bytes take at most 40 bytes each beside the key", () => {
  const COUNT = 1_000_000;
  const index = new HashIndex();
  const key = keyBuffer();
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < COUNT; i++) {
    view.setFloat64(0, i);
    view.setFloat64(8, i * Math.PI);
    key.load(bytes, undefined);
    index.insert(key, false);
  }
  const beside = index.bytes / COUNT - 16;
  console.log(`index: ${beside.toFixed(1)} bytes a key beside its 16 bytes`);
  assertLessOrEqual(beside, 40);
  for (let i = 0; i < COUNT; i += 997) {
    view.setFloat64(0, i);
    view.setFloat64(8, i * Math.PI);
    key.load(bytes, undefined);
    assert(index.find(key) !== 0);
  }
});

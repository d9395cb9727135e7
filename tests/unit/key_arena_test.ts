/** Entries: what they hold, and how their room is used again. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  BLOCK_WORDS,
  KeyArena,
  TAG_EXPIRING,
  TAG_FREED,
  TAG_SWEPT,
  TAG_TOMBSTONE,
} from "../../src/engine/key_arena.ts";
import { KeyBuffer, TAG_BUCKET } from "../../src/engine/key_buffer.ts";
import { seededRandom } from "../support/simulated_host.ts";

function keyOf(
  content: string | Uint8Array,
  prefix?: Uint8Array,
): KeyBuffer {
  const key = new KeyBuffer();
  key.setSecret(new Uint8Array(8));
  key.load(content, prefix);
  return key;
}

Deno.test("key arena: an entry holds what was put into it, up to the limits", () => {
  const arena = new KeyArena();
  const before = arena.allocate(keyOf("neighbour"), true);
  const pointer = arena.allocate(keyOf("key"), true);
  const after = arena.allocate(keyOf("neighbour"), true);
  arena.setLocation(pointer, 0xffff_ffff, 0x7fff_ffff, 0xffff_fffe);
  arena.setStalePuts(pointer, 3);
  arena.setExpiry(pointer, Number.MAX_SAFE_INTEGER, 2 ** 40 + 5);
  for (const neighbour of [before, after]) {
    arena.setLocation(neighbour, 1, 1, 1);
    arena.setExpiry(neighbour, 1, 1);
  }
  assertEquals(arena.segmentId(pointer), 0xffff_ffff);
  assertEquals(arena.offset(pointer), 0x7fff_ffff);
  assertEquals(arena.recordLength(pointer), 0xffff_fffe);
  assertEquals(arena.stalePuts(pointer), 3);
  assertEquals(arena.addStalePuts(pointer, -1), 2);
  assertEquals(arena.expiry(pointer), Number.MAX_SAFE_INTEGER);
  assertEquals(arena.queuedTime(pointer), 2 ** 40 + 5);
  assertEquals(arena.tag(pointer), 3 | TAG_EXPIRING);
  assert(arena.isAt(pointer, 0xffff_ffff, 0x7fff_ffff));
  assert(!arena.isAt(pointer, 0xffff_ffff, 0x7fff_fffe));
  assert(!arena.isAt(pointer, 1, 0x7fff_ffff));
  assertEquals(new TextDecoder().decode(arena.copyKey(pointer)), "key");
});

Deno.test("key arena: an entry without an expiry has none", () => {
  const arena = new KeyArena();
  assertEquals(arena.expiry(arena.allocate(keyOf("k"), false)), 0);
});

Deno.test("key arena: matching heeds every byte, the length and the key space", () => {
  const arena = new KeyArena();
  for (const length of [1, 2, 3, 4, 5, 16, 255, 65_535]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i + 1);
    const pointer = arena.allocate(keyOf(bytes), false);
    arena.setTag(pointer, arena.tag(pointer) | TAG_SWEPT | TAG_TOMBSTONE);
    assert(arena.matches(pointer, keyOf(bytes)), "state bits do not count");
    for (const at of new Set([0, length >> 1, length - 1])) {
      const other = bytes.with(at, bytes[at]! ^ 0x80);
      assert(!arena.matches(pointer, keyOf(other)));
    }
    if (length < 65_535) {
      assert(!arena.matches(pointer, keyOf(Uint8Array.of(...bytes, 0))));
      assert(!arena.matches(pointer, keyOf(bytes, new Uint8Array(0))));
    }
  }
});

Deno.test("key arena: a bucket's key is marked as one", () => {
  const arena = new KeyArena();
  const pointer = arena.allocate(keyOf("k", Uint8Array.of(0)), false);
  assertEquals(arena.tag(pointer), 2 | TAG_BUCKET);
  assertEquals([...arena.copyKey(pointer)], [0, 0x6b]);
});

Deno.test("key arena: no entry crosses two blocks, nor lies at pointer 0", () => {
  const arena = new KeyArena();
  const long = new Uint8Array(65_535).fill(7);
  const pointers = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const pointer = arena.allocate(keyOf(long), i % 2 === 0);
    const words = 5 + 16_384 + (i % 2 === 0 ? 4 : 0);
    assertNotEquals(pointer, 0);
    assert(pointer % BLOCK_WORDS + words <= BLOCK_WORDS);
    assertEquals(arena.copyKey(pointer).length, 65_535);
    pointers.add(pointer);
  }
  assertEquals(pointers.size, 200);
  for (const pointer of pointers) assertEquals(arena.copyKey(pointer), long);
});

Deno.test("key arena: churn does not grow it", () => {
  const arena = new KeyArena();
  const random = seededRandom(3);
  const live: number[] = [];
  const key = new KeyBuffer();
  key.setSecret(new Uint8Array(8));
  const churn = (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      if (live.length >= 5000) {
        const at = Math.floor(random() * live.length);
        arena.release(live[at]!);
        live[at] = live.at(-1)!;
        live.pop();
      }
      const length = 1 + Math.floor(random() * 32);
      key.load("k".repeat(length), undefined);
      live.push(arena.allocate(key, random() < 0.3));
    }
  };
  churn(100_000);
  const { bytes, end } = arena;
  churn(500_000);
  assertEquals(arena.bytes, bytes);
  // Sizes come and go at random; each keeps the most it ever needed.
  assert(arena.end < end * 1.1, `${arena.end} against ${end}`);
});

Deno.test("key arena: an entry given back is marked, and the next of its size takes it", () => {
  const arena = new KeyArena();
  const first = arena.allocate(keyOf("abcd"), false);
  const second = arena.allocate(keyOf("efgh"), false);
  arena.release(first);
  arena.release(second);
  assert((arena.tag(second) & TAG_FREED) !== 0);
  // Five to eight bytes need a word more.
  assertNotEquals(arena.allocate(keyOf("abcde"), false), first);
  assertEquals(arena.allocate(keyOf("i"), false), second);
  assertEquals(arena.allocate(keyOf("jkl"), false), first);
  assertEquals(arena.tag(first) & TAG_FREED, 0);
  assertEquals(arena.stalePuts(first), 0);
});

Deno.test("key arena: a walk finds every entry, and free ones are used again", () => {
  const arena = new KeyArena();
  const random = seededRandom(5);
  const expected = new Set<number>();
  const free: number[] = [];
  for (let i = 0; i < 3000; i++) {
    const length = 1 + Math.floor(random() * 3000);
    const pointer = arena.allocate(keyOf("k".repeat(length)), random() < 0.5);
    if (random() < 0.3) free.push(pointer);
    else expected.add(pointer);
  }
  for (const pointer of free) arena.release(pointer);
  const copy = new KeyArena();
  copy.restore(arena.blocks, arena.end);
  const found = new Set<number>();
  const inUse = copy.walk(() => Infinity, (pointer) => found.add(pointer));
  assertEquals(inUse, expected.size);
  const isExpiring = (pointer: number) =>
    (copy.tag(pointer) & TAG_EXPIRING) !== 0;
  assertEquals(found, new Set([...expected].filter(isExpiring)));
  const { end } = copy;
  for (const pointer of free) {
    const length = copy.tag(pointer) & 0xffff;
    copy.allocate(keyOf("k".repeat(length)), isExpiring(pointer));
  }
  assertEquals(copy.end, end, "no new room was taken");
});

Deno.test("key arena: a walk refuses entries that point too far or are not whole", () => {
  const arena = new KeyArena();
  const first = arena.allocate(keyOf("a"), false);
  const second = arena.allocate(keyOf("b"), false);
  arena.setLocation(first, 1, 64, 36);
  arena.setLocation(second, 2, 500, 500);
  const walk = (lengths: Record<number, number>) =>
    arena.walk((id) => lengths[id] ?? -1, () => {});
  assertEquals(walk({ 1: 100, 2: 1000 }), 2);
  assertEquals(walk({ 1: 99, 2: 1000 }), -1);
  assertEquals(walk({ 1: 100, 2: 999 }), -1);
  assertEquals(walk({ 1: 100 }), -1);
  arena.setTag(first, 60_000);
  assertEquals(walk({ 1: 100, 2: 1000 }), -1);
});

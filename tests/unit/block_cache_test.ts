/** The block cache: right bytes, bounded room, the longest unused going first. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BlockCache, CACHE_BLOCK_BYTES } from "../../src/engine/block_cache.ts";
import { StoreError } from "../../src/errors.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { Segment } from "../../src/log/segment.ts";
import { seededRandom } from "../support/simulated_host.ts";

const WAYS = 8;
const SECRET = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A segment of `blocks` blocks; every byte tells its segment and block. */
function segmentOf(id: number, blocks: number): Segment {
  const file = new MemoryFileSystem().open("/segment", "create");
  for (let block = 0; block < blocks; block++) {
    const bytes = new Uint8Array(CACHE_BLOCK_BYTES).fill(content(id, block));
    file.write(bytes, 0, bytes.length, block * CACHE_BLOCK_BYTES);
  }
  return new Segment(id, file, 0, 1, 0);
}

function content(id: number, block: number): number {
  return (id * 31 + block * 7) & 0xff;
}

/** The block as the cache gives it, read into it if it is not there. */
function get(cache: BlockCache, segment: Segment, block: number): boolean {
  let slot = cache.find(segment.id, block);
  const isHit = slot >= 0;
  if (!isHit) slot = cache.load(segment, block);
  const place = cache.placeOf(slot);
  const slab = cache.slabs[cache.slabOf(slot)]!;
  const bytes = slab.subarray(place, place + CACHE_BLOCK_BYTES);
  const expected = content(segment.id, block);
  assert(bytes.every((byte) => byte === expected), `block ${block}`);
  return isHit;
}

Deno.test("block cache: without room it is off", () => {
  for (const bytes of [0, CACHE_BLOCK_BYTES * WAYS - 1]) {
    assertEquals(new BlockCache(bytes, SECRET).isEnabled, false);
  }
  assertEquals(
    new BlockCache(CACHE_BLOCK_BYTES * WAYS, SECRET).isEnabled,
    true,
  );
});

Deno.test("block cache: gives the bytes of the block asked for, whatever the order", () => {
  const segments = [1, 2, 77].map((id) => segmentOf(id, 60));
  const cache = new BlockCache(64 * CACHE_BLOCK_BYTES, SECRET);
  const random = seededRandom(7);
  let hits = 0;
  for (let i = 0; i < 6000; i++) {
    const segment = segments[Math.floor(random() * 3)]!;
    if (get(cache, segment, Math.floor(random() * 60))) hits++;
  }
  // 64 of 180 blocks fit.
  assert(hits > 1500 && hits < 2700, `${hits} hits`);
});

Deno.test("block cache: what fits is read once", () => {
  const segment = segmentOf(1, 16);
  const cache = new BlockCache(1024 * CACHE_BLOCK_BYTES, SECRET);
  for (let block = 0; block < 16; block++) {
    assertEquals(get(cache, segment, block), false);
  }
  for (let block = 0; block < 16; block++) {
    assertEquals(get(cache, segment, block), true);
  }
});

Deno.test("block cache: the block longest unused makes room", () => {
  const segment = segmentOf(1, 20);
  // One set: every block competes with every other.
  const cache = new BlockCache(WAYS * CACHE_BLOCK_BYTES, SECRET);
  for (let block = 0; block < WAYS; block++) get(cache, segment, block);
  get(cache, segment, 0);
  get(cache, segment, 10);
  assertEquals(cache.find(1, 1), -1, "block 1 was the longest unused");
  for (const block of [0, 2, 3, 4, 5, 6, 7, 10]) {
    assert(cache.find(1, block) >= 0, `block ${block}`);
  }
});

Deno.test("block cache: takes no more room than it was given", () => {
  const segment = segmentOf(1, 400);
  const given = 100 * CACHE_BLOCK_BYTES;
  const cache = new BlockCache(given, SECRET);
  assert(cache.bytes < given / 10, "nothing is taken before it is used");
  for (let block = 0; block < 400; block++) get(cache, segment, block);
  assert(cache.bytes <= given, `${cache.bytes} of ${given}`);
  assert(cache.bytes >= given / 2);
});

Deno.test("block cache: a block that could not be read is not there", () => {
  const segment = segmentOf(1, WAYS);
  const cache = new BlockCache(WAYS * CACHE_BLOCK_BYTES, SECRET);
  for (let block = 0; block < WAYS; block++) get(cache, segment, block);
  segment.file.truncate(3 * CACHE_BLOCK_BYTES + 100);
  const short = segmentOf(2, 0);
  assertThrows(() => cache.load(short, 0), StoreError);
  assertEquals(cache.find(2, 0), -1);
  // Its room held block 0, which was half overwritten perhaps.
  assertEquals(cache.find(1, 0), -1);
  assertEquals(get(cache, segment, 0), false);
  assertThrows(() => get(cache, segment, 9), StoreError);
});

Deno.test("block cache: of little use it takes only a sample, until it is of use again", () => {
  const segment = segmentOf(1, 200);
  const cache = new BlockCache(64 * CACHE_BLOCK_BYTES, SECRET);
  let hits = 0;
  const admitted = (hitsEach: number, misses: number) => {
    let count = 0;
    for (let i = 0; i < misses; i++) {
      if (cache.admits(hits += hitsEach)) count++;
    }
    return count;
  };
  assertEquals(admitted(0, 5000), 5000, "there is room");
  for (let block = 0; block < 200; block++) get(cache, segment, block);
  admitted(0, 2048);
  assertEquals(admitted(0, 8000), 1000);
  admitted(3, 2048);
  assertEquals(admitted(3, 8000), 8000);
});

/** Where records lie in a memtable, gaps and all. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Memtable } from "../../src/engine/memtable.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { Segment } from "../../src/log/segment.ts";
import { slowCrc32 } from "../support/reference.ts";

function segmentOf(id: number, length: number): Segment {
  const file = new MemoryFileSystem().open("/segment", "create");
  const segment = new Segment(id, file, 0, 1, 0);
  segment.length = length;
  return segment;
}

/** A record of the image; `skipped` bytes of its value are left out of it. */
interface Appended {
  bytes: number;
  skipped: number;
}

const anyRecord: fc.Arbitrary<Appended> = fc.record({
  bytes: fc.integer({ min: 20, max: 60 }),
  skipped: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }) },
  ),
});

Deno.test("memtable: every record is found where it lies, or known to be left out", () => {
  const start = fc.integer({ min: 64, max: 2 ** 31 });
  fc.assert(fc.property(fc.array(anyRecord), start, (records, from) => {
    const segment = segmentOf(5, from);
    const memtable = new Memtable(segment, new Uint8Array(10_000));
    const expected: [offset: number, at: number][] = [];
    let offset = from;
    for (const { bytes, skipped } of records) {
      expected.push([offset, skipped > 0 ? -1 : memtable.used]);
      memtable.used += bytes;
      if (skipped > 0) memtable.addGap(offset, skipped);
      offset += bytes + skipped;
    }
    assertEquals(memtable.end, offset);
    for (const [place, at] of expected) {
      assertEquals(memtable.locate(5, place), at);
      assertEquals(memtable.locate(4, place), -1);
      assertEquals(memtable.locate(6, place), -1);
    }
    assertEquals(memtable.locate(5, from - 1), -1);
    assertEquals(memtable.locate(5, offset), -1);
  }));
});

Deno.test("memtable: growing keeps the bytes", () => {
  const memtable = new Memtable(segmentOf(1, 64), new Uint8Array(8));
  memtable.image.set([1, 2, 3, 4, 5, 6, 7, 8]);
  memtable.used = 6;
  memtable.grow(32);
  assertEquals(memtable.image.length, 32);
  assertEquals([...memtable.image.subarray(0, 8)], [1, 2, 3, 4, 5, 6, 0, 0]);
  memtable.view.setUint8(6, 9);
  assertEquals(memtable.image[6], 9);
});

Deno.test("memtable: the view is of the image, wherever that lies in its buffer", () => {
  const slab = new Uint8Array(64);
  const memtable = new Memtable(segmentOf(1, 64), slab.subarray(16, 48));
  memtable.view.setUint8(0, 7);
  assertEquals(slab[16], 7);
  assertEquals(memtable.view.byteLength, 32);
});

Deno.test("memtable: the checksum of flushed bytes goes on from flush to flush", () => {
  const memtable = new Memtable(segmentOf(1, 64), new Uint8Array(64));
  memtable.noteFlushed(Uint8Array.of(1, 2, 3));
  memtable.noteFlushed(new Uint8Array(0));
  memtable.noteFlushed(Uint8Array.of(4));
  assertEquals(memtable.dataChecksum, slowCrc32([1, 2, 3, 4]));
});

/** Torn tails told from rot by the sync marks of later records. */
import { assertEquals, assertLess } from "@std/assert";
import { findSyncedAfter } from "../../src/engine/torn_tail.ts";
import { put, RawSegment } from "../support/raw_segment.ts";

const MIB = 1 << 20;
/** Versions that had been given out, at most. */
const VERSION_MAX = 100;

function search(raw: RawSegment, bad: number): number {
  return findSyncedAfter(raw.segment, bad, raw.size, VERSION_MAX);
}

Deno.test("torn tail: no later record, no mark", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.addBytes(new Uint8Array(500));
  assertEquals(search(raw, bad), 0);
  raw.addBytes(crypto.getRandomValues(new Uint8Array(5000)));
  assertEquals(search(raw, bad), 0);
  assertEquals(findSyncedAfter(raw.segment, bad, bad + 1, VERSION_MAX), 0);
});

Deno.test("torn tail: a later record without a mark proves nothing", () => {
  const raw = new RawSegment().add(put("a", "1")).add(put("b", "2"));
  raw.flip(raw.offsets[0]! + 22);
  assertEquals(search(raw, raw.offsets[0]!), 0);
});

Deno.test("torn tail: a mark beyond the bad record proves that it was synced", () => {
  for (const gap of [0, 1, 3, 1000, MIB - 60, MIB - 30, MIB, 2 * MIB + 17]) {
    const raw = new RawSegment().add(put("a", "1"));
    const bad = raw.size;
    raw.add(put("b", new Uint8Array(gap)));
    const synced = raw.size;
    raw.add(put("c", "3", { syncMark: synced }));
    raw.flip(bad + 4);
    assertEquals(search(raw, bad), synced, `after ${gap} bytes`);
  }
});

Deno.test("torn tail: a mark up to the bad record says nothing about it", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.add(put("b", "2")).add(put("c", "3", { syncMark: bad }));
  raw.flip(bad + 4);
  assertEquals(search(raw, bad), 0);
});

Deno.test("torn tail: a compressed record is a witness, one in no known codec is not", () => {
  for (const codec of [0, 1, 2, 3, 255]) {
    const raw = new RawSegment().add(put("a", "1"));
    const bad = raw.size;
    raw.add(put("b", "2"));
    const synced = raw.size;
    raw.add(put("c", "3", { codec, syncMark: synced }));
    raw.flip(bad + 4);
    assertEquals(search(raw, bad), codec <= 2 ? synced : 0, `codec ${codec}`);
  }
});

Deno.test("torn tail: a marked record that is damaged itself is no witness", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.add(put("b", "2"));
  raw.add(put("c", "3", { syncMark: raw.size }));
  raw.flip(bad + 4).flip(raw.size - 1);
  assertEquals(search(raw, bad), 0);
});

Deno.test("torn tail: a marked record that is cut off is no witness", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.add(put("b", "2"));
  raw.add(put("c", "3", { syncMark: raw.size }));
  raw.flip(bad + 4);
  raw.segment.file.truncate(raw.size - 1);
  assertEquals(search(raw, bad), 0);
});

Deno.test("torn tail: a copy of a log inside a value is no witness", () => {
  const other = new RawSegment().add(put("x", "1"));
  other.add(put("y", "2", { syncMark: other.size }));
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.add(put("b", Uint8Array.of(...new Uint8Array(200), ...other.bytes(64))));
  raw.flip(bad + 4);
  assertEquals(search(raw, bad), 0);
});

Deno.test("torn tail: a marked record larger than the window is a witness too", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  raw.add(put("b", "2"));
  const synced = raw.size;
  raw.add(put("c", new Uint8Array(2 * MIB).fill(3), { syncMark: synced }));
  raw.flip(bad + 4);
  assertEquals(search(raw, bad), synced);
  raw.flip(raw.size - 1);
  assertEquals(search(raw, bad), 0);
});

Deno.test("torn tail: a record of a version that was never given out is no witness", () => {
  for (
    const [version, isWitness] of [[VERSION_MAX, true], [1000, false]] as const
  ) {
    const raw = new RawSegment().add(put("a", "1"));
    const bad = raw.size;
    raw.add(put("b", "2"));
    const synced = raw.size;
    raw.add(put("c", "3", { version, syncMark: synced }));
    raw.flip(bad + 4);
    assertEquals(search(raw, bad), isWitness ? synced : 0);
  }
});

Deno.test("torn tail: the search ends, however much like records the bytes look", () => {
  const raw = new RawSegment().add(put("a", "1"));
  const bad = raw.size;
  // Nothing but heads of marked records, each as long as half of the rest.
  const tail = new Uint8Array(MIB / 4);
  const view = new DataView(tail.buffer);
  for (let at = 0; at + 24 <= tail.length; at += 24) {
    view.setUint8(at + 4, 0x21);
    view.setUint16(at + 6, 1, true);
    view.setUint32(at + 8, MIB / 8, true);
    view.setUint32(at + 12, 1, true);
    view.setUint32(at + 20, bad + 1, true);
  }
  raw.addBytes(tail);
  const start = performance.now();
  assertEquals(search(raw, bad), 0);
  assertLess(performance.now() - start, 20_000);
});

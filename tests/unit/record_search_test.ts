/** The search for the next sound record behind bytes that make no sense. */
import { assertEquals } from "@std/assert";
import { findRecord } from "../../src/log/record_search.ts";
import { put, RawSegment } from "../support/raw_segment.ts";

const MIB = 1 << 20;
const ANY = () => true;

function find(raw: RawSegment, from: number, effortMax?: number): number {
  return findRecord(raw.segment, from, raw.size, 0, ANY, effortMax);
}

Deno.test("record search: finds the first sound record, from any byte on", () => {
  const raw = new RawSegment();
  for (let i = 0; i < 20; i++) raw.add(put(`key ${i}`, "v".repeat(i * 3)));
  for (let from = 64; from <= raw.size; from++) {
    const expected = raw.offsets.find((offset) => offset >= from) ?? -1;
    assertEquals(find(raw, from), expected, `from ${from}`);
  }
});

Deno.test("record search: passes over records that are damaged", () => {
  const raw = new RawSegment();
  for (let i = 0; i < 5; i++) raw.add(put(`key ${i}`, "value"));
  for (let i = 0; i < 4; i++) {
    raw.flip(raw.offsets[i]! + 26, 1);
    assertEquals(find(raw, 64), raw.offsets[i + 1]);
  }
  raw.flip(raw.offsets[4]! + 26, 1);
  assertEquals(find(raw, 64), -1);
});

Deno.test("record search: a record that is cut off is none", () => {
  const raw = new RawSegment().add(put("a", "1")).add(put("b", "2"));
  assertEquals(findRecord(raw.segment, 65, raw.size - 1, 0, ANY), -1);
  assertEquals(findRecord(raw.segment, 64, raw.size - 1, 0, ANY), 64);
});

Deno.test("record search: over more than a window, at its edges too", () => {
  for (const gap of [MIB - 70, MIB - 64, MIB - 33, MIB - 1, MIB, 2 * MIB + 5]) {
    const raw = new RawSegment().addBytes(new Uint8Array(gap));
    raw.add(put("found", "at last"));
    assertEquals(find(raw, 64), 64 + gap, `behind ${gap} zeros`);
  }
});

Deno.test("record search: only records that have the flags and are accepted", () => {
  const raw = new RawSegment()
    .add(put("plain", "1"))
    .add(put("expiring", "2", { expiry: 5 }))
    .add(put("later", "3", { expiry: 9, version: 7 }));
  const [plain, expiring, later] = raw.offsets;
  const search = (flags: number, accepts: (version: number) => boolean) =>
    findRecord(
      raw.segment,
      64,
      raw.size,
      flags,
      (head) => accepts(head.version),
    );
  assertEquals(search(0, ANY), plain);
  assertEquals(search(4, ANY), expiring);
  assertEquals(search(4, (version) => version === 7), later);
  assertEquals(search(8, ANY), -1);
});

Deno.test("record search: gives up when it takes too long", () => {
  const raw = new RawSegment();
  for (let i = 0; i < 50; i++) {
    raw.add(put(`key ${i}`, "v".repeat(1000)));
    raw.flip(raw.offsets[i]! + 100, 1);
  }
  raw.add(put("sound", "value"));
  assertEquals(find(raw, 64, 10_000), -1);
  assertEquals(find(raw, 64), raw.offsets[50]);
});

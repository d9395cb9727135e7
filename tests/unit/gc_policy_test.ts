/** Which segment is collected next. */
import { assertEquals } from "@std/assert";
import {
  pickVictim,
  shouldSealActive,
  triggerBytes,
} from "../../src/engine/gc_policy.ts";
import type { Segment } from "../../src/log/segment.ts";
import { RawSegment } from "../support/raw_segment.ts";

/** A segment with this many bytes of records, so many of them dead. */
function segment(id: number, recordBytes: number, deadBytes: number): Segment {
  const { segment } = new RawSegment(id);
  segment.length += recordBytes;
  segment.deadBytes = deadBytes;
  return segment;
}

function pick(segments: Segment[], ratio: number): number | undefined {
  return pickVictim(segments, segments.at(-1)!.id - 1, ratio)?.id;
}

Deno.test("gc policy: the segment with the highest discard ratio, not the most dead bytes", () => {
  const segments = [
    segment(1, 1000, 500),
    segment(2, 100, 90),
    segment(3, 10_000, 8000),
    segment(4, 100, 100),
  ];
  assertEquals(pick(segments, 0.5), 2);
});

Deno.test("gc policy: a ratio is reached when it is equalled", () => {
  const segments = [segment(1, 100, 50), segment(2, 0, 0)];
  assertEquals(pick(segments, 0.5), 1);
  assertEquals(pick(segments, 0.51), undefined);
});

Deno.test("gc policy: of equals, the oldest", () => {
  const segments = [1, 2, 3].map((id) => segment(id, 100, 70));
  assertEquals(pick([...segments, segment(4, 0, 0)], 0.5), 1);
});

Deno.test("gc policy: never the active segment, however dead", () => {
  assertEquals(
    pick([segment(1, 100, 10), segment(2, 100, 100)], 0.5),
    undefined,
  );
});

Deno.test("gc policy: the active segment's garbage stops no other from being taken", () => {
  const segments = [segment(1, 100, 60), segment(2, 100, 100)];
  assertEquals(pick(segments, 0.5), 1);
});

Deno.test("gc policy: an empty sealed segment goes", () => {
  assertEquals(pick([segment(1, 0, 0), segment(2, 0, 0)], 0.99), 1);
});

Deno.test("gc policy: a damaged segment is left alone", () => {
  const damaged = segment(1, 100, 100);
  damaged.isDamaged = true;
  const segments = [damaged, segment(2, 100, 60), segment(3, 0, 0)];
  assertEquals(pick(segments, 0.5), 2);
});

Deno.test("gc policy: the active segment is sealed when enough of it is dead", () => {
  assertEquals(shouldSealActive(segment(1, 100, 60), 0.5, 0), true);
  assertEquals(shouldSealActive(segment(1, 100, 60), 0.7, 0), false);
  assertEquals(shouldSealActive(segment(1, 100, 60), 0.5, 61), false);
  assertEquals(shouldSealActive(segment(1, 100, 60), 0.5, 60), true);
  assertEquals(shouldSealActive(segment(1, 0, 0), 0.5, 0), false);
});

Deno.test("gc policy: dead bytes that start a run follow the segment's size, up to a limit", () => {
  assertEquals(triggerBytes(1_048_576, 0.5), 524_288);
  assertEquals(triggerBytes(2 ** 31 - 1, 0.5), 32 * 2 ** 20);
});

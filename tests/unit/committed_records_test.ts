/** Which records of a segment count: single ones, and batches that are whole. */
import { assertEquals } from "@std/assert";
import {
  CommittedRecords,
  isInBucket,
  kindOf,
} from "../../src/log/committed_records.ts";
import { put, RawSegment } from "../support/raw_segment.ts";

/** A record of a letter; a batch of version `version` if that is given. */
function add(
  raw: RawSegment,
  key: string,
  version?: number,
  batch: "member" | "end" = "member",
): void {
  raw.add(
    version === undefined ? put(key, "v") : put(key, "v", { version, batch }),
  );
}

function walk(raw: RawSegment, isAfterGap = false) {
  const records = new CommittedRecords(raw.segment, 64, raw.size, isAfterGap);
  const keys: string[] = [];
  const offsets: number[] = [];
  while (records.next()) {
    const { source, keyStart, keyLength, offset } = records.current;
    keys.push(
      new TextDecoder().decode(source.subarray(keyStart, keyStart + keyLength)),
    );
    offsets.push(offset);
  }
  return { keys: keys.join(""), offsets, records };
}

Deno.test("committed records: single records, each at its place", () => {
  const raw = new RawSegment();
  for (const key of "abc") add(raw, key);
  const { keys, offsets, records } = walk(raw);
  assertEquals(keys, "abc");
  assertEquals(offsets, raw.offsets);
  assertEquals(records.position, raw.size);
  assertEquals([records.problem, records.count], [undefined, 3]);
});

Deno.test("committed records: a batch counts from its end on", () => {
  const raw = new RawSegment();
  add(raw, "a");
  add(raw, "b", 5);
  add(raw, "c", 5);
  add(raw, "d", 5, "end");
  add(raw, "e", 6);
  add(raw, "f", 6, "end");
  add(raw, "g");
  const { keys, offsets } = walk(raw);
  assertEquals(keys, "abcdefg");
  assertEquals(offsets, raw.offsets);
});

Deno.test("committed records: of a batch without an end nothing counts", () => {
  for (const after of ["nothing", "a single record", "another batch"]) {
    const raw = new RawSegment();
    add(raw, "a");
    add(raw, "b", 5);
    add(raw, "c", 5);
    const bad = raw.offsets[1]!;
    if (after === "a single record") add(raw, "d");
    if (after === "another batch") add(raw, "d", 6, "end");
    const { keys, records } = walk(raw);
    assertEquals(keys, "a", after);
    assertEquals(records.problem, "a batch has no end");
    assertEquals([records.position, records.problemOffset], [bad, bad]);
    assertEquals(records.unfinished, 2);
  }
});

Deno.test("committed records: damage in a batch takes all of it", () => {
  for (const damaged of [1, 2, 3]) {
    const raw = new RawSegment();
    add(raw, "a");
    add(raw, "b", 5);
    add(raw, "c", 5);
    add(raw, "d", 5, "end");
    add(raw, "e");
    raw.flip(raw.offsets[damaged]! + 20, 1);
    const { keys, records } = walk(raw);
    assertEquals(keys, "a");
    assertEquals(records.position, raw.offsets[1]);
    assertEquals(records.problemOffset, raw.offsets[damaged]);
  }
});

Deno.test("committed records: after a gap the rest of a batch does not count", () => {
  const raw = new RawSegment();
  add(raw, "b", 5);
  add(raw, "c", 5, "end");
  add(raw, "d");
  add(raw, "e", 6);
  add(raw, "f", 6, "end");
  assertEquals(walk(raw, false).keys, "bcdef");
  const { keys, records } = walk(raw, true);
  assertEquals(keys, "def");
  assertEquals(records.skipped, 2);
  const single = new RawSegment();
  add(single, "a");
  add(single, "b", 5);
  add(single, "c", 5, "end");
  assertEquals(walk(single, true).keys, "abc");
});

Deno.test("committed records: the highest version, sync mark and horizon are noted", () => {
  const raw = new RawSegment();
  raw.add(put("a", "v", { version: 9, syncMark: 64 }));
  raw.add({
    kind: "control",
    version: 4,
    key: [],
    value: [1, 7, 0, 0, 0, 0, 0, 0, 0],
  });
  raw.add(put("b", "v", { version: 2, syncMark: 80 }));
  const { records } = walk(raw);
  assertEquals(
    [records.versionMax, records.syncMarkMax, records.horizonMax],
    [9, 80, 7],
  );
});

Deno.test("committed records: fields of every record, in and out of a batch", () => {
  const raw = new RawSegment();
  raw.add(put("a", "value", { codec: 3, expiry: 99, isBucket: true }));
  raw.add({
    kind: "tombstone",
    version: 5,
    key: [7],
    value: [],
    batch: "member",
  });
  raw.add(put("b", "x", { version: 5, batch: "end" }));
  const records = new CommittedRecords(raw.segment, 64, raw.size);
  const found: unknown[] = [];
  while (records.next()) {
    const { codec, expiry, version, valueLength, length } = records.current;
    const kind = kindOf(records.current);
    found.push([
      kind,
      isInBucket(records.current),
      codec,
      expiry,
      version,
      valueLength,
      length,
    ]);
  }
  assertEquals(found, [
    [1, true, 3, 99, 1, 5, 34],
    [2, false, 0, 0, 5, 0, 21],
    [1, false, 0, 0, 5, 1, 22],
  ]);
});

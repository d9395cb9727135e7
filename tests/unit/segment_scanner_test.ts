/** Scans of segments: what is believed, and how much memory it takes. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { FILE_HEADER_BYTES } from "../../src/format/file_header.ts";
import { SegmentScanner } from "../../src/log/segment_scanner.ts";
import { put, RawSegment } from "../support/raw_segment.ts";
import { littleEndian } from "../support/reference.ts";

const MIB = 1 << 20;

function scan(raw: RawSegment, end: number = raw.size): SegmentScanner {
  return new SegmentScanner(raw.segment, FILE_HEADER_BYTES, end);
}

/** Key and value of every record, and how the scan ended. */
function readAll(raw: RawSegment): { records: string[]; problem?: string } {
  const scanner = scan(raw);
  const decoder = new TextDecoder();
  const records: string[] = [];
  while (scanner.next()) {
    const { keyStart, window, head } = scanner;
    const key = window.subarray(keyStart, keyStart + head.keyLength);
    const value = scanner.value();
    records.push(`${decoder.decode(key)}=${decoder.decode(value)}`);
  }
  return scanner.problem === undefined
    ? { records }
    : { records, problem: scanner.problem };
}

Deno.test("scanner: reads every record with its key, value and place", () => {
  const raw = new RawSegment();
  for (let i = 0; i < 50; i++) raw.add(put(`k${i}`, "v".repeat(i)));
  const scanner = scan(raw);
  for (const [i, offset] of raw.offsets.entries()) {
    assert(scanner.next());
    assertEquals(scanner.offset, offset);
    assertEquals(scanner.value().length, i);
  }
  assertEquals(scanner.next(), false);
  assertEquals(scanner.problem, undefined);
  assertEquals(scanner.position, raw.size);
});

Deno.test("scanner: an empty segment has no records and no problem", () => {
  assertEquals(readAll(new RawSegment()), { records: [] });
});

Deno.test("scanner: can start at any record and end before the file does", () => {
  const raw = new RawSegment();
  for (let i = 0; i < 5; i++) raw.add(put(`k${i}`, `${i}`));
  const scanner = new SegmentScanner(
    raw.segment,
    raw.offsets[1]!,
    raw.offsets[4]!,
  );
  const offsets: number[] = [];
  while (scanner.next()) offsets.push(scanner.offset);
  assertEquals(offsets, raw.offsets.slice(1, 4));
});

Deno.test("scanner: records across and beyond its window are read whole", () => {
  const raw = new RawSegment();
  const sizes = [
    MIB - 200,
    500,
    3 * MIB,
    10,
    MIB,
    MIB + 1,
    0,
    700_000,
    700_000,
  ];
  for (const [i, size] of sizes.entries()) {
    raw.add(put(`key ${i}`, new Uint8Array(size).fill(i + 1)));
  }
  const scanner = scan(raw);
  for (const [i, size] of sizes.entries()) {
    assert(scanner.next(), scanner.problem);
    assertEquals(scanner.isWhole, size < MIB - 100);
    const value = scanner.value();
    assertEquals(value.length, size);
    assert(value.every((byte) => byte === i + 1));
    assertLessOrEqual(scanner.window.length, MIB);
  }
  assertEquals(scanner.next(), false);
  assertEquals(scanner.problem, undefined);
});

Deno.test("scanner: a key of 65,535 bytes at the edge of a small window", () => {
  const raw = new RawSegment();
  raw.add({
    kind: "tombstone",
    version: 1,
    key: new Uint8Array(65_535).fill(1),
    value: [],
  });
  raw.add(put("after", "x"));
  assertEquals(readAll(raw).records.length, 2);
});

Deno.test("scanner: damage in a record beyond the window is seen", () => {
  for (const at of [5, MIB / 2, MIB + 5, 2 * MIB + 20]) {
    const raw = new RawSegment();
    raw.add(put("k", new Uint8Array(2 * MIB)));
    raw.flip(raw.offsets[0]! + at, 1);
    assertEquals(readAll(raw).records, []);
    assert(readAll(raw).problem !== undefined);
  }
});

Deno.test("scanner: stops before the first bad record and says why", async (t) => {
  const make = () =>
    new RawSegment().add(put("a", "1")).add(put("b", "2")).add(put("c", "3"));
  const steps: [string, (raw: RawSegment) => void, string][] = [
    [
      "a flipped bit in a value",
      (raw) => raw.flip(raw.offsets[2]! - 1, 1),
      "the record's checksum does not match",
    ],
    [
      "a flipped bit in a key",
      (raw) => raw.flip(raw.offsets[2]! - 2, 1),
      "the record's checksum does not match",
    ],
    [
      "a length that is too long",
      (raw) => raw.flip(raw.offsets[1]! + 11, 0x7f),
      "the record is longer than the rest of the file",
    ],
    [
      "no kind",
      (raw) => raw.flip(raw.offsets[1]! + 4, 1),
      "no record starts here",
    ],
  ];
  for (const [name, damage, problem] of steps) {
    await t.step(name, () => {
      const raw = make();
      damage(raw);
      assertEquals(readAll(raw), { records: ["a=1"], problem });
      const scanner = scan(raw);
      while (scanner.next());
      assertEquals(scanner.position, raw.offsets[1]);
    });
  }
  await t.step("a file that is cut anywhere", () => {
    const raw = make();
    for (let size = raw.size - 1; size > FILE_HEADER_BYTES; size--) {
      raw.segment.file.truncate(size);
      const { records, problem } = readAll(raw);
      const whole = raw.offsets.filter((_, i) =>
        (raw.offsets[i + 1] ?? Infinity) <= size
      );
      assertEquals(records.length, whole.length);
      const isCutBetween = raw.offsets.includes(size);
      assertEquals(problem === undefined, isCutBetween, `cut at ${size}`);
    }
  });
});

Deno.test("scanner: a record from elsewhere is not one here", () => {
  const other = new RawSegment(2).add(put("a", "1"));
  const stolen = other.bytes(FILE_HEADER_BYTES);
  const raw = new RawSegment(1).addBytes(stolen);
  assertEquals(readAll(raw).problem, "the record's checksum does not match");
  // Its own first record, once more, at another offset.
  const twice = new RawSegment().add(put("a", "1"));
  twice.addBytes(twice.bytes(FILE_HEADER_BYTES));
  assertEquals(readAll(twice), {
    records: ["a=1"],
    problem: "the record's checksum does not match",
  });
});

Deno.test("scanner: lengths in the file do not decide how much memory is taken", () => {
  const raw = new RawSegment();
  const bytes = new Uint8Array(3 * MIB);
  bytes.set([0, 0, 0, 0, 1, 0, 1, 0, ...littleEndian(3 * MIB - 30, 4)]);
  raw.addBytes(bytes);
  const scanner = scan(raw);
  assertEquals(scanner.next(), false);
  assertEquals(scanner.problem, "the record's checksum does not match");
  assertLessOrEqual(scanner.window.length, MIB);
});

Deno.test("scanner: horizons come from control records of the right shape only", () => {
  const raw = new RawSegment();
  const control = (value: number[]) =>
    raw.add({ kind: "control", version: 1, key: [], value });
  control([1, ...littleEndian(123_456_789_012, 8)]);
  control([2, ...littleEndian(5, 8)]);
  control([1, 5]);
  control([]);
  raw.add(put("k", Uint8Array.of(1, ...littleEndian(7, 8))));
  const scanner = scan(raw);
  const horizons: number[] = [];
  while (scanner.next()) horizons.push(scanner.horizon());
  assertEquals(horizons, [123_456_789_012, 0, 0, 0, 0]);
});

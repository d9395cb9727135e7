/**
 * A second reader of backups, written from FORMAT.md alone.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { crc32, FieldReader, requireSum } from "./format_reader.ts";

const KINDS = ["", "full", "incremental", "incremental with keys"];
const CHUNKS = ["", "rows", "keys", "end"];

/** Reads a whole backup; returns a line for each field. */
export function readBackup(bytes: Uint8Array): string[] {
  const file = new FieldReader(bytes);
  file.bytes(8, "magic");
  file.number(2, "format version");
  file.number(2, "header length");
  file.number(4, "needed features");
  file.bytes(16, "lineage");
  file.number(8, "created");
  file.number(8, "since");
  file.number(8, "version");
  file.number(8, "expiry horizon");
  file.number(4, "kind", (kind) => KINDS[kind]!);
  const computed = crc32(file.since(0));
  const seed = file.checksum();
  requireSum(seed, computed, "the header");
  const counts = { puts: 0, tombstones: 0, keys: 0 };
  for (let number = 0;; number++) {
    const start = file.at;
    file.heading(`chunk at ${start}`);
    const sum = file.number(4, "head checksum", (value) => value.toString(16));
    const kind = file.number(4, "kind", (kind) => CHUNKS[kind]!);
    if (file.number(4, "number") !== number) throw new Error("Out of order");
    const rows = file.number(4, "rows");
    const length = file.number(4, "body length");
    const bodySum = file.number(
      4,
      "body checksum",
      (value) => value.toString(16),
    );
    requireSum(sum, crc32(file.since(start + 4), seed), "a chunk's head");
    const body = file.at;
    for (let row = 0; row < rows; row++) {
      if (kind === 1) readRow(file, counts);
      else {
        counts.keys++;
        file.number(1, "flags", (flags) => flags === 64 ? "bucket" : "none");
        file.bytes(file.number(2, "key length"), "key");
      }
    }
    if (kind === 3) readEnd(file, bytes, start, counts);
    if (file.at !== body + length) throw new Error("The length is wrong");
    requireSum(bodySum, crc32(file.since(body)), "a chunk's body");
    if (kind === 3) break;
  }
  if (!file.isAtEnd) throw new Error("Something follows");
  return file.lines;
}

function readRow(
  file: FieldReader,
  counts: { puts: number; tombstones: number },
): void {
  const flags = file.number(1, "flags", (flags) => {
    const names = [(flags & 3) === 1 ? "put" : "tombstone"];
    if ((flags & 4) !== 0) names.push("expiring");
    if ((flags & 64) !== 0) names.push("bucket");
    return names.join(", ");
  });
  if ((flags & 3) === 1) counts.puts++;
  else counts.tombstones++;
  file.number(1, "codec");
  const keyLength = file.number(2, "key length");
  const valueLength = file.number(4, "value length");
  file.number(8, "version");
  if ((flags & 4) !== 0) file.number(8, "expiry");
  file.bytes(keyLength, "key");
  if (valueLength > 0) file.bytes(valueLength, "value");
}

function readEnd(
  file: FieldReader,
  bytes: Uint8Array,
  start: number,
  { puts, tombstones, keys }: {
    puts: number;
    tombstones: number;
    keys: number;
  },
): void {
  const totals = file.at;
  const counts = [
    file.number(8, "puts"),
    file.number(8, "tombstones"),
    file.number(8, "keys"),
    file.number(8, "bytes"),
  ];
  if (counts.join() !== [puts, tombstones, keys, bytes.length].join()) {
    throw new Error("The counts are wrong");
  }
  const computed = createHash("sha256").update(bytes.subarray(0, start))
    .update(file.since(totals)).digest("hex");
  const stored = file.bytes(32, "digest");
  const hex = [...stored].map((byte) => byte.toString(16).padStart(2, "0"));
  if (hex.join("") !== computed) throw new Error("The digest is wrong");
}

/**
 * What the runtime and the machine charge for the steps of a read and a write,
 * without any store: system calls, checksums, fresh arrays, copies, and syncs. No
 * store on this runtime can be faster than the sum of the steps it needs.
 *
 * `--reads` (200000), `--syncs` (2000), `--scale`
 *
 * @module
 */

import fs from "node:fs";
import { crc32 } from "node:zlib";
import { emptyDirectory } from "./data_directory.ts";
import { scaled } from "./flags.ts";
import { emit, fixed, heading, paragraph, table } from "./report.ts";
import { Random } from "./workload.ts";

const FILE_BYTES = 256 << 20;
const ROUNDS = 3;
const RECORD_HEAD_BYTES = 36;
/** Records of values of 100 bytes, 4 KiB and 64 KiB, with a key of 16. */
const LENGTHS = [136, 4132, 65_572] as const;
const LENGTH_MAX = Math.max(...LENGTHS);
/** How far ahead of the appends zeros are written, or a length is set. */
const AHEAD_BYTES = 65_536;

/** One step and its time. */
interface Floor {
  step: string;
  microseconds: number[];
}

/** Where nothing is thrown away by the compiler. */
let sink = 0;

/** The best of the rounds, in microseconds a call. */
function time(count: number, step: (i: number) => number): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) sink += step(i);
    best = Math.min(best, (performance.now() - start) * 1000 / count);
  }
  return best;
}

function makeFile(path: string): number {
  const file = fs.openSync(path, "w+");
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  for (let at = 0; at < FILE_BYTES; at += piece.length) {
    fs.writeSync(file, piece, 0, piece.length, at);
  }
  return file;
}

/** The file mapped into memory, where the system has `mmap` under this name. */
function mapFile(file: number): Uint8Array | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const { symbols } = Deno.dlopen("libc.so.6", {
    mmap: {
      parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"],
      result: "pointer",
    },
  });
  const READABLE = 1;
  const SHARED = 1;
  const pointer = symbols.mmap(
    null,
    BigInt(FILE_BYTES),
    READABLE,
    SHARED,
    file,
    0n,
  );
  return pointer === null ? undefined : new Uint8Array(
    Deno.UnsafePointerView.getArrayBuffer(pointer, FILE_BYTES),
  );
}

function readSteps(file: number): Floor[] {
  const count = scaled("reads", 200_000);
  const random = new Random(1);
  const offsets = Float64Array.from(
    { length: count },
    () => Math.floor(random.fraction() * (FILE_BYTES - LENGTH_MAX)),
  );
  const shared = new Uint8Array(LENGTH_MAX);
  const map = mapFile(file);
  const floors: Floor[] = [];
  const measure = (
    step: string,
    run: (length: number) => (i: number) => number,
  ) => {
    const microseconds = LENGTHS.map((length) => {
      const calls = length > 60_000 ? Math.ceil(count / 10) : count;
      return time(calls, run(length));
    });
    floors.push({ step, microseconds });
  };
  measure("a fresh array", (length) => () => new Uint8Array(length).length);
  measure(
    "a copy into a fresh array (`slice`)",
    (length) => () => shared.slice(RECORD_HEAD_BYTES, length).length,
  );
  measure(
    "a view (`subarray`)",
    (length) => () => shared.subarray(RECORD_HEAD_BYTES, length).length,
  );
  measure("the checksum", (length) => {
    const bytes = shared.subarray(4, length);
    return (i) => crc32(bytes, i) & 1;
  });
  const read = (target: Uint8Array, length: number, i: number) =>
    fs.readSync(file, target, 0, length, offsets[i]!);
  measure(
    "`readSync` into one buffer",
    (length) => (i) => read(shared, length, i),
  );
  measure(
    "`readSync` into a fresh array",
    (length) => (i) => read(new Uint8Array(length), length, i),
  );
  measure("all of a read: `readSync`, checksum, copy", (length) => (i) => {
    read(shared, length, i);
    return crc32(shared.subarray(4, length), i) +
      shared.slice(RECORD_HEAD_BYTES, length).length;
  });
  measure("the same without the copy", (length) => (i) => {
    read(shared, length, i);
    return crc32(shared.subarray(4, length), i) & 1;
  });
  if (map === undefined) return floors;
  const sum = (length: number, i: number) =>
    crc32(map.subarray(offsets[i]! + 4, offsets[i]! + length), i);
  measure(
    "from mapped memory: checksum, copy",
    (length) => (i) =>
      sum(length, i) +
      map.slice(offsets[i]! + RECORD_HEAD_BYTES, offsets[i]! + length).length,
  );
  measure("the same without the copy", (length) => (i) => sum(length, i) & 1);
  return floors;
}

/** Milliseconds of a small append and its sync, the best of the rounds. */
async function syncSteps(path: string): Promise<[string, number][]> {
  const count = scaled("syncs", 2000);
  const record = new Uint8Array(LENGTHS[0]);
  const ahead = new Uint8Array(AHEAD_BYTES);
  let file = -1;
  let at = 0;
  /** Where the file ends. */
  let end = 0;
  const append = () => {
    fs.writeSync(file, record, 0, record.length, at);
    at += record.length;
  };
  const steps: Record<string, () => Promise<unknown> | void> = {
    "append and `fdatasync`, the file grows": () => {
      append();
      fs.fdatasyncSync(file);
    },
    "the same into zeros that were written before": () => {
      if (at + record.length > end) {
        fs.writeSync(file, ahead, 0, ahead.length, end);
        end += ahead.length;
      }
      append();
      fs.fdatasyncSync(file);
    },
    "the same below a length that was set before": () => {
      if (at + record.length > end) {
        end += ahead.length;
        fs.ftruncateSync(file, end);
      }
      append();
      fs.fdatasyncSync(file);
    },
    "the file grows, `fdatasync` off the event loop": () => {
      append();
      return new Promise((resolve) => fs.fdatasync(file, resolve));
    },
  };
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(steps)) {
      file = fs.openSync(path, "w");
      at = end = 0;
      const start = performance.now();
      for (let i = 0; i < count; i++) {
        const done = step();
        if (done !== undefined) await done;
      }
      const milliseconds = (performance.now() - start) / count;
      best.set(name, Math.min(best.get(name) ?? Infinity, milliseconds));
      fs.closeSync(file);
    }
  }
  return [...best];
}

const directory = emptyDirectory("floors");
const file = makeFile(`${directory}/read`);
const reads = readSteps(file);
fs.closeSync(file);
const syncs = await syncSteps(`${directory}/sync`);
for (const { step, microseconds } of reads) emit({ step, microseconds });
for (const [step, milliseconds] of syncs) emit({ step, milliseconds });
heading("Floors");
paragraph(
  "Microseconds a call, the best of three rounds, for records of values of " +
    "100 bytes, 4 KiB and 64 KiB at random places of a file that is in the page cache.",
);
table(
  ["step", ...LENGTHS.map((length) => `${length} bytes`)],
  reads.map(({ step, microseconds }) => [
    step,
    ...microseconds.map((value) => fixed(value, 2)),
  ]),
);
paragraph("Milliseconds a call, records of 136 bytes:");
table(
  ["step", "ms"],
  syncs.map(([step, milliseconds]) => [step, fixed(milliseconds, 3)]),
);
if (sink === 0) console.error("Nothing was done");

/**
 * The ways in which the machine can stop during a history: after every operation of
 * the disk, with every subset of what was not safe by then lost where that is few,
 * and the last write torn at every byte where it is small.
 *
 * @module
 */

import { FILE_HEADER_BYTES } from "../../../src/format/file_header.ts";
import {
  FRAME_EXTRA_BYTES,
  HEAD_BYTES,
  lengthOf,
} from "../../../src/fs/frame.ts";
import { KEYS_NAME } from "../../../src/fs/key_ring.ts";
import { RecordHead } from "../../../src/format/record.ts";
import type {
  CrashChoice,
  DiskLog,
  DiskOperation,
  TornWrite,
} from "../../support/disk_log.ts";

/** How thorough the choices are. */
export interface Thoroughness {
  /** Unsafe operations up to which every subset is tried. */
  allSubsetsOf: number;
  /** Subsets drawn at random where there are more. */
  samples: number;
  /** Bytes of a write up to which it is torn at every byte. */
  everyByteOf: number;
}

/** What a full run does. */
export const FULL: Thoroughness = {
  allSubsetsOf: 6,
  samples: 24,
  everyByteOf: 64,
};

const FILLS = ["cut", "zeros", "garbage"] as const;

/** Every choice for a history on a disk with this log. */
export function* crashChoices(
  log: DiskLog,
  random: () => number,
  thoroughness: Thoroughness,
): Generator<CrashChoice> {
  for (let prefix = 0; prefix <= log.length; prefix++) {
    yield { prefix, isKill: true, lost: [] };
    const unsafe = log.unsafe(prefix);
    for (const lost of lostSets(unsafe, random, thoroughness)) {
      yield { prefix, lost };
    }
    yield* tornChoices(log, prefix, unsafe, random, thoroughness);
  }
}

/** Which of the unsafe operations are lost. */
function lostSets(
  unsafe: number[],
  random: () => number,
  { allSubsetsOf, samples }: Thoroughness,
): number[][] {
  const { length } = unsafe;
  if (length <= allSubsetsOf) {
    return Array.from(
      { length: 2 ** length },
      (_, bits) => unsafe.filter((_, i) => (bits >> i & 1) === 1),
    );
  }
  const sets: number[][] = [[], unsafe];
  for (const index of unsafe) {
    sets.push([index], unsafe.filter((other) => other !== index));
  }
  for (let i = 1; i < length; i++) sets.push(unsafe.slice(i));
  for (let i = 0; i < samples; i++) {
    const share = random();
    sets.push(unsafe.filter(() => random() < share));
  }
  return sets;
}

/** The last write torn, with all else kept, all else lost, or some of it. */
function* tornChoices(
  log: DiskLog,
  prefix: number,
  unsafe: number[],
  random: () => number,
  thoroughness: Thoroughness,
): Generator<CrashChoice> {
  const index = unsafe.findLast((i) => log.operations[i]!.kind === "write");
  if (index === undefined) return;
  const others = unsafe.filter((other) => other !== index);
  const isNew = index === prefix - 1;
  for (const torn of tornWrites(log, index, random, thoroughness)) {
    // That an operation came after it makes no difference to most; a few will do.
    if (!isNew && random() < 0.95) continue;
    yield { prefix, lost: [], torn };
    if (others.length === 0 || random() < 0.8) continue;
    const share = random();
    yield {
      prefix,
      lost: random() < 0.3 ? others : others.filter(() => random() < share),
      torn,
    };
  }
  const writes = unsafe.filter((i) => log.operations[i]!.kind === "write");
  const other = writes[Math.floor(random() * writes.length)]!;
  const bytes = writtenBytes(log.operations[other]!).length;
  for (const fill of FILLS) {
    const cut = Math.floor(random() * bytes);
    yield { prefix, lost: [], torn: { index: other, bytes: cut, fill } };
  }
}

function* tornWrites(
  log: DiskLog,
  index: number,
  random: () => number,
  { everyByteOf }: Thoroughness,
): Generator<TornWrite> {
  const operation = log.operations[index]!;
  const { length } = writtenBytes(operation);
  let cuts: number[];
  const isOfLog = operation.kind === "write" &&
    operation.name.endsWith(".vlog");
  const isFramed = isEncryptedLog(log);
  if (isOfLog && length <= everyByteOf + (isFramed ? FRAME_EXTRA_BYTES : 0)) {
    cuts = Array.from({ length }, (_, i) => i);
  } else {
    const borders = isFramed ? frameBorders : recordBorders;
    cuts = borders(operation).flatMap((at) => [
      at - 1,
      at,
      at + 1,
      at + 4,
      at + 5,
      at + 20,
      at + Math.floor(random() * 60),
    ]);
    cuts.push(Math.floor(random() * length), length - 1);
  }
  const chosen = new Set(cuts.filter((at) => at >= 0 && at < length));
  for (const bytes of chosen) {
    for (const fill of FILLS) yield { index, bytes, fill };
  }
}

function writtenBytes(operation: DiskOperation): Uint8Array {
  return operation.kind === "write" ? operation.bytes : new Uint8Array(0);
}

/** True if the disk is that of an encrypted store. */
function isEncryptedLog(log: DiskLog): boolean {
  return log.operations.some((operation) =>
    operation.kind === "rename" && operation.to.endsWith(`/${KEYS_NAME}`)
  );
}

/** Where frames begin in what was written to an encrypted file. */
function frameBorders(operation: DiskOperation): number[] {
  if (operation.kind !== "write") return [];
  const { bytes, position } = operation;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const borders = [0];
  let at = position === 0 ? HEAD_BYTES : 0;
  while (at + FRAME_EXTRA_BYTES < bytes.length) {
    borders.push(at);
    at += FRAME_EXTRA_BYTES + lengthOf(view, at);
  }
  return borders.length <= 10
    ? borders
    : [...borders.slice(0, 5), ...borders.slice(-5)];
}

/** Where records begin in what was written, or else a few places. */
function recordBorders(operation: DiskOperation): number[] {
  if (operation.kind !== "write") return [];
  const { bytes, name, position } = operation;
  if (!name.endsWith(".vlog") || position < FILE_HEADER_BYTES) {
    return [0, FILE_HEADER_BYTES, bytes.length >> 1];
  }
  const borders = [0];
  const head = new RecordHead();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += head.length) {
    if (head.read(view, at, bytes.length - at) !== undefined) break;
    borders.push(at + head.length);
  }
  // Of a long batch the first and the last few records will do.
  return borders.length <= 10
    ? borders
    : [...borders.slice(0, 5), ...borders.slice(-5)];
}

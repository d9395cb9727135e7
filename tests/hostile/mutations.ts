/**
 * Changes inside one file: of bits, bytes, numbers and blocks.
 *
 * @module
 */

import type { Dice } from "./dice.ts";
import { type Block, blocksOf, fieldsOf, viewOf } from "./layout.ts";

/** Changes a file's bytes, or gives back others in their place. */
type Change = (
  bytes: Uint8Array,
  dice: Dice,
  name: string,
  others: () => Uint8Array,
) => Uint8Array;

/** No file grows beyond this. */
const FILE_BYTES_MAX = 300_000;

function concat(...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A place in the file; structures are few and values are many, so more often there. */
function placeIn(bytes: Uint8Array, dice: Dice, name: string): number {
  if (dice.chance(0.5)) {
    const { offset, bytes: size } = dice.pick(fieldsOf(name, bytes));
    return offset + dice.below(size);
  }
  return dice.below(bytes.length);
}

/** A record or chunk, or any stretch. */
function blockIn(bytes: Uint8Array, dice: Dice, name: string): Block {
  const blocks = blocksOf(name, bytes);
  if (blocks.length > 0 && dice.chance(0.7)) return dice.pick(blocks);
  const start = dice.below(bytes.length);
  return { start, end: Math.min(bytes.length, start + dice.small(4096)) };
}

/** Where a block begins or ends, or anywhere. */
function borderIn(bytes: Uint8Array, dice: Dice, name: string): number {
  const blocks = blocksOf(name, bytes);
  if (blocks.length === 0 || dice.chance(0.3)) {
    return dice.below(bytes.length + 1);
  }
  const { start, end } = dice.pick(blocks);
  return dice.chance(0.5) ? start : end;
}

function setField(bytes: Uint8Array, dice: Dice, name: string): void {
  const { offset, bytes: size } = dice.pick(fieldsOf(name, bytes));
  const view = viewOf(bytes);
  const limit = 256 ** size;
  const low = size === 8
    ? view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32
    : size === 4
    ? view.getUint32(offset, true)
    : size === 2
    ? view.getUint16(offset, true)
    : view.getUint8(offset);
  const { length } = bytes;
  const value = dice.pick([
    0,
    1,
    limit - 1,
    limit / 2,
    limit / 2 - 1,
    low + 1,
    Math.max(0, low - 1),
    low * 2,
    low * 256,
    length,
    length + 1,
    length - offset,
    length - offset + 1,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 32 - 1,
    0x7fff_ffff,
    dice.below(limit),
  ]);
  for (let i = 0; i < size; i++) {
    bytes[offset + i] = Math.floor(value / 256 ** i) % 256;
  }
}

/** The changes by name. */
export const CHANGES: Record<string, Change> = {
  "bits flipped": (bytes, dice, name) => {
    for (let count = dice.small(6); count > 0; count--) {
      bytes[placeIn(bytes, dice, name)]! ^= 1 << dice.below(8);
    }
    return bytes;
  },
  "bytes set": (bytes, dice, name) => {
    const start = placeIn(bytes, dice, name);
    const value = dice.pick([0, 0xff, 0x7f, 0x80, dice.below(256)]);
    return bytes.fill(value, start, start + dice.small(600));
  },
  "garbage inside": (bytes, dice, name) => {
    const { start, end } = blockIn(bytes, dice, name);
    bytes.set(dice.bytes(Math.min(end - start, 512)), start);
    return bytes;
  },
  "number changed": (bytes, dice, name) => {
    for (let count = dice.small(3); count > 0; count--) {
      setField(bytes, dice, name);
    }
    return bytes;
  },
  "block removed": (bytes, dice, name) => {
    const { start, end } = blockIn(bytes, dice, name);
    return concat(bytes.subarray(0, start), bytes.subarray(end));
  },
  "block duplicated": (bytes, dice, name) => {
    const { start, end } = blockIn(bytes, dice, name);
    const at = dice.chance(0.5) ? end : borderIn(bytes, dice, name);
    const block = bytes.subarray(start, end);
    return concat(bytes.subarray(0, at), block, bytes.subarray(at));
  },
  "blocks swapped": (bytes, dice, name) => {
    const [a, b] = [blockIn(bytes, dice, name), blockIn(bytes, dice, name)]
      .sort((one, two) => one.start - two.start);
    if (a!.end > b!.start) return bytes;
    return concat(
      bytes.subarray(0, a!.start),
      bytes.subarray(b!.start, b!.end),
      bytes.subarray(a!.end, b!.start),
      bytes.subarray(a!.start, a!.end),
      bytes.subarray(b!.end),
    );
  },
  "block overwritten by another": (bytes, dice, name) => {
    const from = blockIn(bytes, dice, name);
    const to = blockIn(bytes, dice, name);
    bytes.copyWithin(to.start, from.start, from.end);
    return bytes;
  },
  "tail of another file": (bytes, dice, name, others) => {
    const other = others();
    const at = borderIn(bytes, dice, name);
    const from = dice.chance(0.5) ? at : borderIn(other, dice, name);
    return concat(bytes.subarray(0, at), other.subarray(from));
  },
  "piece of another file": (bytes, dice, name, others) => {
    const other = others();
    if (other.length === 0) return bytes;
    const { start, end } = blockIn(other, dice, name);
    const at = dice.chance(0.5) ? start : borderIn(bytes, dice, name);
    const piece = other.subarray(start, end);
    return concat(
      bytes.subarray(0, at),
      piece,
      bytes.subarray(dice.chance(0.5) ? at : at + piece.length),
    );
  },
  "cut short": (bytes, dice, name) =>
    bytes.slice(0, borderIn(bytes, dice, name)),
  "cut by a little": (bytes, dice) =>
    bytes.slice(0, Math.max(0, bytes.length - dice.small(80))),
  "zeros at the end": (bytes, dice) =>
    concat(bytes, new Uint8Array(dice.small(9000))),
  "garbage at the end": (bytes, dice) =>
    concat(bytes, dice.bytes(dice.small(900))),
  "own bytes at the end": (bytes, dice, name) =>
    concat(bytes, bytes.subarray(borderIn(bytes, dice, name))),
  "another file at the end": (bytes, _dice, _name, others) =>
    concat(bytes, others()),
};

/** Changes that make a file shorter in a way that may look like its end. */
export const SHORTENING: ReadonlySet<string> = new Set([
  "block removed",
  "tail of another file",
  "piece of another file",
  "cut short",
  "cut by a little",
]);

/** Applies a change to a copy of the bytes. */
export function change(
  kind: string,
  bytes: Uint8Array,
  dice: Dice,
  name: string,
  others: () => Uint8Array,
): Uint8Array {
  if (bytes.length < 64) {
    return CHANGES["garbage at the end"]!(bytes, dice, name, others);
  }
  const changed = CHANGES[kind]!(bytes.slice(), dice, name, others);
  return changed.length > FILE_BYTES_MAX
    ? changed.slice(0, FILE_BYTES_MAX)
    : changed;
}

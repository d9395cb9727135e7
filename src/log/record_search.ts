/**
 * Finds the next sound record after bytes that make no sense. Records are bound to
 * their segment and offset by their checksum, so a copy of a log inside a value is
 * not taken for one.
 *
 * @module
 */

import { recordSeed } from "../format/checksum.ts";
import { FLAGS_OFFSET, isSealed, RecordHead } from "../format/record.ts";
import type { Segment } from "./segment.ts";

const WINDOW_BYTES = 1 << 20;
/** The flags and, in front of them, the checksum must be in the window. */
const OVERLAP_BYTES = 64;
const FLAG_RESERVED = 1 << 7;

/**
 * The offset of the first sound record at or after `from` whose head `accepts`; -1 if
 * there is none before `size`, or if more than `effortMax` bytes would have to be
 * summed to tell.
 */
export function findRecord(
  segment: Segment,
  from: number,
  size: number,
  neededFlags: number,
  accepts: (head: RecordHead, offset: number) => boolean,
  effortMax: number = Infinity,
): number {
  if (from >= size) return -1;
  const head = new RecordHead();
  const window = new Uint8Array(Math.min(WINDOW_BYTES, size - from));
  const view = new DataView(window.buffer);
  const mask = neededFlags | FLAG_RESERVED;
  let effort = 0;
  for (let start = from;;) {
    const length = Math.min(window.length, size - start);
    segment.read(window, 0, length, start);
    const isLast = start + length === size;
    // The last bytes of a window are looked at again as the first of the next, so
    // that no head is missed.
    const end = isLast ? length : length - OVERLAP_BYTES;
    for (let at = 0; at < end; at++) {
      if ((window[at + FLAGS_OFFSET]! & mask) !== neededFlags) continue;
      if (head.read(view, at, length - at) !== undefined) continue;
      const offset = start + at;
      if (offset + head.length > size || !accepts(head, offset)) continue;
      effort += head.length;
      if (effort > effortMax) return -1;
      const isSound = at + head.length <= length
        ? isSealed(window, view, at, head.length, segment.seed, offset)
        : isSealedInFile(segment, offset, head.length);
      if (isSound) return offset;
    }
    if (isLast) return -1;
    start += end;
  }
}

function isSealedInFile(
  segment: Segment,
  offset: number,
  length: number,
): boolean {
  const expected = new Uint8Array(4);
  segment.read(expected, 0, 4, offset);
  const seed = recordSeed(segment.seed, offset);
  return segment.checksumRange(offset + 4, offset + length, seed) ===
    new DataView(expected.buffer).getUint32(0, true);
}

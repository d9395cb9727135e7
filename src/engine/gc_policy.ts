/**
 * Which segment the garbage collector takes next: a pure choice, apart from how the
 * segment is rewritten and from what is reported about it.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";

/** Dead bytes below which the active segment is left alone by background runs. */
export const ACTIVE_DEAD_BYTES_MIN = 64 * 1024;
/** Dead bytes that start a run before its time, at most. */
const TRIGGER_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The segment up to `newestId`, all of which are sealed, with the highest discard
 * ratio of at least `discardRatio`, the oldest of equals; `undefined` if there is none.
 *
 * At a ratio r the rewriting of one byte frees r / (1 - r) bytes, and in the long
 * run each byte written costs 1 / r bytes of writing in all (1 + (1 - r) + (1 - r)²
 * and so on), which is 2 at 0.5.
 */
export function pickVictim(
  segments: Iterable<Segment>,
  newestId: number,
  discardRatio: number,
): Segment | undefined {
  let victim: Segment | undefined;
  for (const segment of segments) {
    if (segment.id > newestId || segment.isDamaged) continue;
    if (segment.holds > 0) continue;
    if (segment.discardRatio < discardRatio) continue;
    if (victim === undefined || segment.discardRatio > victim.discardRatio) {
      victim = segment;
    }
  }
  return victim;
}

/** True if the active segment should be sealed so that it can be rewritten. */
export function shouldSealActive(
  active: Segment,
  discardRatio: number,
  deadBytesMin: number,
): boolean {
  return active.holds === 0 && active.deadBytes > 0 &&
    active.deadBytes >= deadBytesMin &&
    active.discardRatio >= discardRatio;
}

/** Bytes that must have died since the last run for the next to start by itself. */
export function triggerBytes(
  segmentBytes: number,
  discardRatio: number,
): number {
  return Math.min(segmentBytes, TRIGGER_BYTES_MAX) * discardRatio;
}

/**
 * From frames to plain text, with noise in place of what is not authentic.
 *
 * @module
 */

import type { FrameWalker } from "./frame_walker.ts";

/**
 * Opens frames and puts their plain text where it belongs in `plain`, which begins at
 * `position`. What no frame has is filled from the page of noise.
 */
export function decipher(
  frames: FrameWalker | undefined,
  plain: Uint8Array,
  position: number,
  noise: () => Uint8Array,
): void {
  const end = position + plain.length;
  let done = position;
  const fill = (to: number) => {
    if (done >= to) return;
    const page = noise();
    for (; done < to; done++) {
      plain[done - position] = page[done % page.length]!;
    }
  };
  while (frames?.next()) {
    const { offset, length } = frames;
    if (length === 0) {
      // What the frame before had behind the cut is not there any more.
      done = Math.min(done, Math.max(offset, position));
      continue;
    }
    if (offset >= end) break;
    if (offset + length <= position) continue;
    const opened = frames.open();
    if (opened === undefined) continue;
    const start = Math.max(offset, position);
    const stop = Math.min(offset + length, end);
    fill(start);
    plain.set(
      opened.subarray(start - offset, stop - offset),
      start - position,
    );
    done = stop;
  }
  fill(end);
}

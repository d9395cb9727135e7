/**
 * Writes that an adapter is given as a list.
 *
 * @module
 */

import type { Batch } from "../store/batch.ts";
import type { KeySpace } from "../store/key_space.ts";

/** Commits what `fill` adds to a batch; nothing of it if that throws. */
export function commitTogether(
  space: KeySpace,
  fill: (batch: Batch) => void,
): Promise<void> {
  const batch = space.batch();
  try {
    fill(batch);
  } catch (error) {
    batch.clear();
    throw error;
  }
  return batch.commit();
}

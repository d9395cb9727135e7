/**
 * How callers say when a key expires.
 *
 * @module
 */

import { describe } from "../engine/key_buffer.ts";
import type { SetOptions } from "./types.ts";

/** Checks `expireIn` and returns it; 0 stands for none. */
export function readExpireIn(options: SetOptions | undefined): number {
  const expireIn = options?.expireIn;
  if (expireIn === undefined) return 0;
  if (typeof expireIn !== "number") {
    throw new TypeError(
      `Cannot use ${
        describe(expireIn)
      } as expireIn: it must be a number of milliseconds`,
    );
  }
  if (!(expireIn > 0) || expireIn > Number.MAX_SAFE_INTEGER / 2) {
    throw new RangeError(
      `Cannot use ${expireIn} as expireIn: it must be a finite number of milliseconds greater than 0`,
    );
  }
  return Math.ceil(expireIn);
}

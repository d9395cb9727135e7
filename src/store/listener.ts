/**
 * The check of a listener that a caller gave.
 *
 * @module
 */

import type { StoreListener } from "../log/store_event.ts";

/** @throws {TypeError} If it is not a function. */
export function checkListener<Listener = StoreListener>(
  onEvent: Listener,
): Listener {
  if (typeof onEvent === "function") return onEvent;
  throw new TypeError(
    `Cannot use ${onEvent} as onEvent: it must be a function. ` +
      `For a logger, give logTapeEvents(logger) or pinoEvents(logger)`,
  );
}

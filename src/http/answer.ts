/**
 * What handlers of the store have in common: errors become answers that say why, and
 * searches over all keys go one after the other.
 *
 * @module
 */

import type { Context } from "hono";
import { StoreError } from "../errors.ts";
import { BadQueryError } from "./stats_report.ts";

/** Answers with what `make` makes, or with the reason why it cannot. */
export async function answerJson(
  context: Context,
  make: () => Promise<object>,
): Promise<Response> {
  context.header("cache-control", "no-store");
  try {
    return context.json(await make());
  } catch (error) {
    if (error instanceof BadQueryError) {
      return context.json({ error: error.message }, 400);
    }
    if (error instanceof StoreError) {
      return context.json({ error: error.message, code: error.code }, 503);
    }
    if (context.req.raw.signal.aborted) return context.body(null, 499 as 500);
    throw error;
  }
}

/**
 * The routes of the dashboard: the page, its data, and the button.
 *
 * @module
 */

import type { Context, Hono, Next } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import type { GcReport } from "../../engine/gc_totals.ts";
import { oneAfterTheOther } from "../../plugin/turns.ts";
import { answerJson } from "../answer.ts";
import { type EmbeddedSource, isEmbedded, type Source } from "../source.ts";
import { parseQuery, snakeCase } from "../stats_report.ts";
import { PAGE, SCRIPT_HASH, STYLE_HASH } from "./page.ts";
import { findShownKeys, makeDashboardReport } from "./report.ts";

/** A header that no form and no link of another site can send. */
export const ACTION_HEADER = "x-badger-action";

/**
 * Adds the dashboard to an app.
 *
 * @param app The app.
 * @param path The path of the page; data and actions are below it.
 * @param source The instance, or a store by itself.
 * @param isGcAllowed Whether the page may collect garbage.
 */
export function addDashboard(
  app: Hono,
  path: string,
  source: Source,
  isGcAllowed: boolean,
): void {
  const base = path.replace(/\/$/, "");
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [`'${SCRIPT_HASH}'`],
      styleSrc: [`'${STYLE_HASH}'`],
      connectSrc: ["'self'"],
      imgSrc: ["data:"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: ["'none'"],
    },
    xFrameOptions: "DENY",
    // What is known of the transport is the host's, not ours.
    strictTransportSecurity: false,
  });
  const inTurn = oneAfterTheOther();
  let run: Promise<GcReport> | undefined;

  app.get(path, headers, (context) => {
    context.header("cache-control", "no-cache");
    return context.html(PAGE);
  });

  app.get(
    `${base}/dashboard.json`,
    (context) =>
      answerJson(context, () => makeDashboardReport(source, isGcAllowed)),
  );

  app.get(`${base}/largest.json`, (context) =>
    answerJson(context, async () => {
      const query = parseQuery(context.req.query("size") ?? "20", undefined)!;
      const { signal } = context.req.raw;
      const find = () => findShownKeys(source, query.size, signal);
      return { largest: await inTurn(find) };
    }));

  app.post(
    `${base}/gc`,
    async (context: Context, next: Next) => {
      const refusal = !isEmbedded(source)
        ? "the servers need none"
        : !isGcAllowed
        ? "it is not permitted. Mount the app with { gc: true }"
        : context.req.header(ACTION_HEADER) !== "gc"
        ? `the header ${ACTION_HEADER}: gc is missing`
        : undefined;
      if (refusal === undefined) return await next();
      return context.json(
        { error: `Cannot collect garbage: ${refusal}` },
        403,
      );
    },
    csrf(),
    (context) =>
      answerJson(context, async () => {
        // Who asks while a run is under way gets the report of that one.
        run ??= (source as EmbeddedSource).gc().finally(() => run = undefined);
        return snakeCase(await run);
      }),
  );
}

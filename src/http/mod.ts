/**
 * [Hono](https://hono.dev) handlers: statistics at `/badger/stats`, metrics at
 * `/badger/metrics`, a page that draws them at `/badger`, keys and values at
 * `/badger/kv`, and an instance's store, key-value store and filter in `c.var`.
 *
 * @example Usage
 * ```ts
 * import { Hono } from "hono";
 * import { Badger } from "@sett/badger/plugin";
 * import { badgerApp, badgerStore } from "@sett/badger/hono";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start({ memory_mode: true });
 *
 * const app = new Hono()
 *   .route("/", badgerApp(badger))
 *   .use(badgerStore(badger))
 *   .get("/hits", async (c) => {
 *     await c.var.kv.addValue("hits", crypto.randomUUID(), "1");
 *     return c.json({ keys: c.var.store.size });
 *   });
 *
 * const response = await app.request("/badger/stats");
 * assertEquals((await response.json()).num_writes, 0);
 * ```
 *
 * @module
 */

import { type Handler, Hono, type MiddlewareHandler } from "hono";
import type { Badger } from "../plugin/badger.ts";
import type { Filter } from "../plugin/filter.ts";
import type { KvStore } from "../plugin/kv.ts";
import type { KeySpace } from "../store/key_space.ts";
import type { Store } from "../store/store.ts";
import { oneAfterTheOther } from "../plugin/turns.ts";
import { answerJson } from "./answer.ts";
import { addDashboard } from "./dashboard/routes.ts";
import { badgerMetrics } from "./metrics.ts";
import type { EmbeddedSource, Source } from "./source.ts";
import { makeReport, parseQuery } from "./stats_report.ts";

export type { EmbeddedSource, Filter, KvStore, Source };
export { badgerKv, type BadgerKvOptions } from "./kv_app.ts";
export { badgerMetrics };

/** How {@linkcode badgerApp} is mounted. */
export interface BadgerAppOptions {
  /**
   * The path of the statistics within the app.
   *
   * @default {"/badger/stats"}
   */
  path?: string;
  /**
   * The path of the metrics within the app.
   *
   * @default {"/badger/metrics"}
   */
  metricsPath?: string;
  /**
   * The path of the dashboard within the app; its data is below it. `false` leaves the
   * dashboard out.
   *
   * @default {"/badger"}
   */
  dashboard?: string | false;
  /**
   * Whether the dashboard has a button that collects garbage. Whoever can open the
   * page can then use it.
   *
   * @default {false}
   */
  gc?: boolean;
}

/** How {@linkcode badgerStore} chooses what `c.var.store` is. */
export interface BadgerStoreOptions {
  /** The bucket that `c.var.store` is; without one it is the store of all buckets. */
  bucket: string;
}

/** What {@linkcode badgerStore} puts into `c.var`. */
export interface BadgerVariables<Space extends KeySpace = Store> {
  /** The instance. */
  badger: Badger;
  /** The store of all buckets, or the bucket that was asked for. */
  store: Space;
  /** The instance as a key-value store. */
  kv: KvStore;
  /** The instance as a filter. */
  filter: Filter;
}

/** The environment of handlers behind {@linkcode badgerStore}. */
export interface BadgerEnv<Space extends KeySpace = Store> {
  /** What is in `c.var`. */
  Variables: BadgerVariables<Space>;
}

/**
 * Makes the handler of the statistics.
 *
 * It answers with `lsm_size`, `vlog_size`, `pending_writes`, `num_reads` and
 * `num_writes`, more about the stores, and the buckets. With `?size=N` (1 to 1000) or
 * `?sort=size|count` it adds `total`, the number of keys, and `top_hits`, for which it
 * looks at every key, one request at a time, until the client goes away. A question
 * it does not understand is a 400, a closed instance a 503.
 *
 * @param source The instance, a store by itself, or a backend of
 * `@sett/badger/redis`.
 * @returns A handler for `app.get`.
 *
 * @example Usage
 * ```ts
 * import { Hono } from "hono";
 * import { Store } from "@sett/badger";
 * import { badgerStats } from "@sett/badger/hono";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * const app = new Hono().get("/badger/stats", badgerStats(store));
 * assertEquals((await app.request("/badger/stats?size=3")).status, 200);
 * ```
 */
// deno-doc-ignore private-type-ref -- Handler is documented by Hono
export function badgerStats(source: Source): Handler {
  const inTurn = oneAfterTheOther();
  return (context) =>
    answerJson(context, () => {
      const query = parseQuery(
        context.req.query("size"),
        context.req.query("sort"),
      );
      if (query === undefined) return makeReport(source);
      // Deno warns of whoever looks at the signal, so only those do who need it.
      const { signal } = context.req.raw;
      return inTurn(() => makeReport(source, query, signal));
    });
}

/**
 * Makes an app with the statistics, the metrics and the dashboard, to be mounted with
 * `app.route`.
 *
 * The statistics and the dashboard tell of keys and sizes to whoever may ask, so mount
 * the app behind the authentication of yours.
 *
 * @param source The instance, a store by itself, or a backend of
 * `@sett/badger/redis`.
 * @param options Where they are, and whether the dashboard may collect garbage.
 * @returns The app.
 *
 * @example Usage
 * ```ts
 * import { Hono } from "hono";
 * import { Badger } from "@sett/badger/plugin";
 * import { badgerApp } from "@sett/badger/hono";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start({ memory_mode: true });
 * const app = new Hono().route("/", badgerApp(badger));
 * assertEquals((await app.request("/badger/stats")).ok, true);
 * assertEquals((await app.request("/badger")).ok, true);
 * assertEquals((await app.request("/badger/metrics")).ok, true);
 * ```
 */
// deno-doc-ignore private-type-ref -- Hono is documented by Hono
export function badgerApp(
  source: Source,
  options: BadgerAppOptions = {},
): Hono {
  const app = new Hono();
  const {
    path = "/badger/stats",
    metricsPath = "/badger/metrics",
    dashboard = "/badger",
    gc = false,
  } = options;
  app.get(path, badgerStats(source));
  app.get(metricsPath, badgerMetrics(source));
  if (dashboard !== false) addDashboard(app, dashboard, source, gc);
  return app;
}

/**
 * Makes middleware that puts an instance into `c.var`: `badger`, `kv`, `filter`, and
 * as `store` the store of all buckets.
 *
 * @param badger The instance.
 * @returns Middleware for `app.use`.
 * @throws {TypeError} If each bucket has a store of its own; name the bucket then.
 */
// deno-doc-ignore private-type-ref -- MiddlewareHandler is documented by Hono
export function badgerStore(badger: Badger): MiddlewareHandler<BadgerEnv>;
/**
 * Makes middleware that puts an instance into `c.var`: `badger`, `kv`, `filter`, and
 * as `store` one bucket.
 *
 * @param badger The instance.
 * @param options The bucket.
 * @returns Middleware for `app.use`.
 */
// deno-doc-ignore private-type-ref -- MiddlewareHandler is documented by Hono
export function badgerStore(
  badger: Badger,
  options: BadgerStoreOptions,
): MiddlewareHandler<BadgerEnv<KeySpace>>;
export function badgerStore(
  badger: Badger,
  options?: BadgerStoreOptions,
): MiddlewareHandler {
  if (options === undefined && !badger.settings.singleBucketMode) {
    throw new TypeError(
      "Cannot put the store into c.var: each bucket has its own. " +
        "Name one: badgerStore(badger, { bucket })",
    );
  }
  return async (context, next) => {
    context.set("badger", badger);
    context.set("kv", badger.kvStore);
    context.set("filter", badger.filter);
    context.set(
      "store",
      options === undefined
        ? badger.store
        : await badger.bucket(options.bucket),
    );
    await next();
  };
}

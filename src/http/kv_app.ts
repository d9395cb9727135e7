/**
 * The key-value store over HTTP. What its answers look like is in `openapi.ts` and in
 * docs/server.md.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Badger } from "../plugin/badger.ts";
import type { KeySpace } from "../store/key_space.ts";
import type { Store } from "../store/store.ts";
import type { ListOptions } from "../store/types.ts";
import { fillBatch } from "./kv_batch.ts";
import { readAddress, readText } from "./kv_bytes.ts";
import { checkConditions, hasConditions, writeTag } from "./kv_conditions.ts";
import {
  answer,
  formOf,
  pathParts,
  readBody,
  readExpiry,
  readFlag,
  readLimit,
  readObject,
  readQuery,
  TYPES,
} from "./kv_message.ts";
import { answerWatch } from "./kv_watch.ts";
import { answerError, RequestError } from "./request_error.ts";

/** How {@linkcode badgerKv} is mounted, and what it allows. */
export interface BadgerKvOptions {
  /**
   * The path of the buckets within the app.
   *
   * @default {"/badger/kv"}
   */
  path?: string;
  /**
   * Bytes of the longest body that is taken; a longer one is a 413.
   *
   * @default {16777216}
   */
  bodyBytesMax?: number;
  /**
   * Refuse whatever would write.
   *
   * @default {false}
   */
  readOnly?: boolean;
  /**
   * Watches at a time; one more is a 503.
   *
   * @default {100}
   */
  watchersMax?: number;
  /** Ends all watches; their clients are told. */
  signal?: AbortSignal;
}

/** A page ends when its keys and values have come to this. */
const PAGE_BYTES = 4_194_304;
const LIST_FIELDS = [
  "prefix",
  "start",
  "end",
  "reverse",
  "limit",
  "cursor",
  "keysOnly",
];
const WATCH_FIELDS = ["watch", "prefix", "since"];
const TYPE_OF_EVENTS = "text/event-stream";

/** The routes over one source. */
class KvRoutes {
  readonly #source: Badger | Store;
  readonly #options: BadgerKvOptions;
  readonly #ends = new Set<() => void>();
  #watchers = 0;

  constructor(source: Badger | Store, options: BadgerKvOptions) {
    this.#source = source;
    this.#options = options;
    // Node takes more than ten listeners of a signal for a leak, and says so.
    options.signal?.addEventListener("abort", () => {
      for (const end of this.#ends) end();
    }, { once: true });
  }

  /** The bucket `part`; where nothing was ever written it need not be there. */
  async #space(
    part: string,
    isWrite: boolean,
  ): Promise<KeySpace | undefined> {
    const source = this.#source;
    if (isWrite && this.#options.readOnly === true) {
      throw new RequestError(403, "this server only reads");
    }
    const name = readText(readAddress(part, false), "a bucket's name");
    if (!("kvStore" in source)) return source.bucket(name);
    return isWrite ? await source.bucket(name) : await source.findBucket(name);
  }

  async get(context: Context): Promise<Response> {
    const [bucket, name] = pathParts(context).slice(-2);
    const key = readAddress(name!, false);
    const space = await this.#space(bucket!, false);
    const entry = space?.getEntry(key);
    const form = formOf(context, ["bytes", "json", "cbor"]);
    context.header("cache-control", "no-cache");
    const stamp = entry?.versionstamp ?? null;
    const isKnown = checkConditions(context, stamp, form);
    if (entry?.value === undefined) {
      throw new RequestError(404, "the key has no value");
    }
    const { value, versionstamp, expiresAt } = entry;
    context.header("etag", writeTag(versionstamp!, form));
    if (expiresAt !== undefined) {
      context.header("badger-expires-at", String(expiresAt));
    }
    if (isKnown) return context.body(null, 304);
    if (form === "bytes") {
      // What it is, nobody knows: no browser must guess.
      context.header("x-content-type-options", "nosniff");
      context.header("content-length", String(value.length));
      context.header("content-type", TYPES.bytes);
      return context.body(value as Uint8Array<ArrayBuffer>);
    }
    return answer(context, form, (show) => ({
      key: show(key),
      value: show(value),
      versionstamp,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }));
  }

  async put(context: Context): Promise<Response> {
    const [bucket, name] = pathParts(context).slice(-2);
    const key = readAddress(name!, false);
    const expiry = readExpiry(context);
    const value = await readBody(context);
    const space = (await this.#space(bucket!, true))!;
    // From here to the commit nothing else has a turn.
    if (hasConditions(context)) {
      checkConditions(context, space.getEntry(key).versionstamp);
    }
    const isNew = !space.has(key);
    const result = await space.atomic().set(key, value, expiry).commit();
    if (result.ok) context.header("etag", writeTag(result.versionstamp));
    return context.body(null, isNew ? 201 : 204);
  }

  async delete(context: Context): Promise<Response> {
    const [bucket, name] = pathParts(context).slice(-2);
    const key = readAddress(name!, false);
    if (this.#options.readOnly !== true) {
      const space = await this.#space(bucket!, false);
      if (hasConditions(context)) {
        checkConditions(context, space?.getEntry(key).versionstamp ?? null);
      }
      if (space === undefined || !await space.delete(key)) {
        throw new RequestError(404, "the key has no value");
      }
      return context.body(null, 204);
    }
    throw new RequestError(403, "this server only reads");
  }

  async list(context: Context): Promise<Response> {
    if (context.req.query("watch") !== undefined) return this.#watch(context);
    const query = readQuery(context, LIST_FIELDS);
    const limit = readLimit(query);
    const cursor = query.get("cursor");
    const options: ListOptions = { limit };
    for (const name of ["prefix", "start", "end"] as const) {
      const bound = query.get(name);
      if (bound !== undefined) options[name] = bound;
    }
    if (cursor !== undefined) options.cursor = readText(cursor, "cursor");
    if (readFlag(query, "reverse")) options.reverse = true;
    if (readFlag(query, "keysOnly")) options.keysOnly = true;
    const space = await this.#space(pathParts(context).at(-1)!, false);
    const entries: (readonly [Uint8Array, Uint8Array | undefined])[] = [];
    let bytes = 0;
    let next: string | null = null;
    const iterator = space?.list(options);
    for await (const entry of iterator ?? []) {
      entries.push(entry);
      bytes += entry[0].length + (entry[1]?.length ?? 0);
      if (entries.length < limit && bytes < PAGE_BYTES) continue;
      next = iterator!.cursor;
      break;
    }
    context.header("cache-control", "no-store");
    const form = formOf(context, ["json", "cbor"]);
    return answer(context, form, (show) => ({
      entries: entries.map(([key, value]) => ({
        key: show(key),
        ...(value === undefined ? {} : { value: show(value) }),
      })),
      cursor: next,
    }));
  }

  async #watch(context: Context): Promise<Response> {
    const query = readQuery(context, WATCH_FIELDS);
    if (!readFlag(query, "watch")) {
      throw new RequestError(400, "to list, leave watch out");
    }
    const prefix = query.get("prefix");
    const asked = query.get("since");
    const since = context.req.header("last-event-id") ??
      (asked && readText(asked, "since"));
    const space = await this.#space(pathParts(context).at(-1)!, false);
    if (space === undefined) {
      throw new RequestError(404, "nothing was ever written to the bucket");
    }
    if (this.#watchers >= (this.#options.watchersMax ?? 100)) {
      throw new RequestError(503, "too many others watch; try again later");
    }
    if (context.req.method === "HEAD") {
      // Nobody would ever read the stream, or end it.
      context.header("content-type", TYPE_OF_EVENTS);
      context.header("cache-control", "no-cache");
      return context.body(null);
    }
    this.#watchers++;
    const onOver = () => void this.#watchers--;
    try {
      return await answerWatch(context, space, {
        ...(prefix === undefined ? {} : { prefix }),
        ...(since === undefined ? {} : { since }),
      }, { signal: this.#options.signal, ends: this.#ends, onOver });
    } catch (error) {
      onOver();
      throw error;
    }
  }

  async batch(context: Context): Promise<Response> {
    const [type] = (context.req.header("content-type") ?? "").toLowerCase()
      .split(/\s*;/);
    if (type !== TYPES.json && type !== TYPES.cbor) {
      throw new RequestError(
        415,
        `a batch must be ${TYPES.json} or ${TYPES.cbor}`,
      );
    }
    const body = readObject(await readBody(context), type);
    const space = (await this.#space(pathParts(context).at(-1)!, true))!;
    const atomic = space.atomic();
    fillBatch(atomic, body);
    const result = await atomic.commit();
    if (!result.ok) throw new RequestError(409, "a check did not hold");
    const form = formOf(context, ["json", "cbor"]);
    return answer(context, form, () => ({ ...result }));
  }
}

/** Refuses bodies that are too long; to find out it may have to read them. */
function limitBody(maxSize: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new RequestError(413, `the body has over ${maxSize} bytes`);
    },
  });
  return async (context, next) => {
    let isRead = false;
    try {
      return await limit(context, () => {
        isRead = true;
        return next();
      });
    } catch (error) {
      if (isRead || error instanceof RequestError) throw error;
      throw new RequestError(400, "the body broke off");
    }
  };
}

/**
 * Makes an app with the keys and values of every bucket, to be mounted with
 * `app.route`: `GET`, `PUT` and `DELETE` of `/badger/kv/:bucket/:key`, and `GET`
 * (lists, watches) and `POST` (batches) of `/badger/kv/:bucket`.
 *
 * It lets everybody in who reaches it: put middleware for authentication before it.
 *
 * @param source The instance, or a store by itself.
 * @param options Where it is, and what it allows.
 * @returns The app.
 *
 * @example Usage
 * ```ts
 * import { Hono } from "hono";
 * import { Store } from "@sett/badger";
 * import { badgerKv } from "@sett/badger/hono";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * const app = new Hono().route("/", badgerKv(store));
 * const path = "/badger/kv/users/ada";
 * await app.request(path, { method: "PUT", body: "Ada Lovelace" });
 * const response = await app.request(path);
 * assertEquals(await response.text(), "Ada Lovelace");
 * ```
 */
// deno-doc-ignore private-type-ref -- Hono is documented by Hono
export function badgerKv(
  source: Badger | Store,
  options: BadgerKvOptions = {},
): Hono {
  const { path = "/badger/kv", bodyBytesMax = 16_777_216 } = options;
  const routes = new KvRoutes(source, options);
  const limit = limitBody(bodyBytesMax);
  const app = new Hono();
  app.onError(answerError);
  app.get(`${path}/:bucket`, (context) => routes.list(context));
  app.post(`${path}/:bucket`, limit, (context) => routes.batch(context));
  app.get(`${path}/:bucket/:key`, (context) => routes.get(context));
  app.put(`${path}/:bucket/:key`, limit, (context) => routes.put(context));
  app.delete(`${path}/:bucket/:key`, (context) => routes.delete(context));
  return app;
}

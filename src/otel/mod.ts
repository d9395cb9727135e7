/**
 * Spans of [OpenTelemetry](https://opentelemetry.io): of what a store does by itself,
 * from its events, and of single calls. They are named by OpenTelemetry's conventions
 * for databases, and hold no key, no value and no message of an error, which could name
 * a key.
 *
 * Only `@opentelemetry/api` is used. Where a program has set up no SDK, it makes no
 * spans.
 *
 * @example Usage
 * ```ts
 * import { eventSpans, traceCall, traceKv } from "@sett/badger/otel";
 * import { Badger, kv } from "@sett/badger/plugin";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start(
 *   { memory_mode: true },
 *   { onEvent: eventSpans() },
 * );
 * const store = traceKv(kv.getStore("badger"));
 * await store.addValue("users", "ada", "Ada Lovelace");
 * assertEquals(await store.existsKey("users", "ada"), true);
 *
 * const commit = () => badger.store.batch().set("a", "1").set("b", "2").commit();
 * await traceCall("commit", commit);
 * ```
 *
 * @module
 */

export type { BadgerEvent, BadgerListener } from "../plugin/badger_event.ts";
export type { KvStore } from "../plugin/kv.ts";
export { type CallOptions, traceCall, type TraceOptions } from "./call_span.ts";
export { eventSpans } from "./event_spans.ts";
export { traceKv } from "./traced_kv.ts";

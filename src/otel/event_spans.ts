/**
 * Spans of what a store does by itself, made of its events.
 *
 * @module
 */

import { type Attributes, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { StoreEvent } from "../log/store_event.ts";
import type { BadgerEvent, BadgerListener } from "../plugin/badger_event.ts";
import { errorAttributes, spanAttributes, spanName } from "./attributes.ts";
import { type TraceOptions, tracerOf } from "./call_span.ts";

/** The operation of each kind of event that tells a duration. */
const OPERATIONS: Partial<Record<StoreEvent["type"], string>> = {
  open: "open",
  rotation: "rotation",
  "gc-end": "gc",
  stall: "stall",
  refresh: "refresh",
  close: "close",
};
/** Fields that have places of their own in a span, or none. */
const OTHER_FIELDS = ["type", "level", "path", "at", "bucket", "code", "error"];

/**
 * Makes a listener that turns events with a duration into spans: `open`, `close`, `gc`,
 * `rotation`, `stall` and `refresh`, each with the fields of its event as attributes
 * (`sett.bytes_reclaimed`). The span of a stall lasts as long as the longest wait in it.
 *
 * `open` and `close` belong to the span that is active then. The others are traces of
 * their own: what happens to start a run of the garbage collector has no part in it.
 *
 * @param options Where the spans go; without a `namespace` it is the store's path.
 * @returns A listener for `onEvent`.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { eventSpans } from "@sett/badger/otel";
 *
 * const onEvent = eventSpans();
 * await using store = await Store.open({ memoryMode: true, onEvent });
 * await store.gc();
 * ```
 */
export function eventSpans(options: TraceOptions = {}): BadgerListener {
  const tracer = tracerOf(options);
  return (event) => {
    const operation = OPERATIONS[event.type];
    if (operation === undefined) return;
    const { bucket, path, at } = event;
    const { namespace = path } = options;
    const subject = { operation, bucket, namespace };
    const span = tracer.startSpan(spanName(subject), {
      kind: SpanKind.INTERNAL,
      attributes: { ...spanAttributes(subject), ...fieldsOf(event) },
      startTime: at - millisecondsOf(event),
      root: operation !== "open" && operation !== "close",
    });
    if ("code" in event) {
      span.setAttributes(errorAttributes(event.code));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(at);
  };
}

function millisecondsOf(event: StoreEvent): number {
  if (event.type === "stall") return event.longestMilliseconds;
  return "milliseconds" in event ? event.milliseconds : 0;
}

/** The event's own fields, in the spelling of attributes. */
function fieldsOf(event: BadgerEvent): Attributes {
  const fields: Attributes = {};
  for (const [name, field] of Object.entries(event)) {
    if (OTHER_FIELDS.includes(name)) continue;
    const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`);
    fields[`sett.${words.toLowerCase()}`] = field;
  }
  return fields;
}

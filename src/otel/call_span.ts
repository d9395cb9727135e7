/**
 * The span of a single call.
 *
 * @module
 */

import {
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { StoreError } from "../errors.ts";
import {
  errorAttributes,
  spanAttributes,
  spanName,
  TRACER_NAME,
} from "./attributes.ts";

/** Where spans go. */
export interface TraceOptions {
  /** The tracer that makes them; by default one of the program's own provider. */
  // deno-doc-ignore private-type-ref -- Tracer is documented by OpenTelemetry
  tracer?: Tracer;
  /** The store, as `db.namespace`: its path, or the name of an instance. */
  namespace?: string;
}

/** What a call is about, and where its span goes. */
export interface CallOptions extends TraceOptions {
  /** The bucket, as `db.collection.name`. */
  bucket?: string;
}

/** The tracer that was given, or the program's own. */
export function tracerOf({ tracer }: TraceOptions): Tracer {
  return tracer ?? trace.getTracer(TRACER_NAME);
}

/**
 * Makes a call within a span, which is the active one meanwhile and ends when the call
 * returns or its promise is settled. A failure sets the span's status and `error.type`,
 * to the code of a {@linkcode StoreError} or the name of another error.
 *
 * @param operation What the call does, as `db.operation.name`.
 * @param call Makes the call.
 * @param options What it is about, and where the span goes.
 * @returns What the call returned.
 * @throws What the call threw.
 *
 * @example Usage
 * ```ts
 * import { Store } from "@sett/badger";
 * import { traceCall } from "@sett/badger/otel";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 * const users = store.bucket("users");
 * const bucket = users.name;
 * await traceCall("set", () => users.set("ada", "Ada Lovelace"), { bucket });
 * assertEquals(traceCall("has", () => users.has("ada"), { bucket }), true);
 * ```
 */
export function traceCall<T>(
  operation: string,
  call: () => T,
  options: CallOptions = {},
): T {
  const { bucket, namespace } = options;
  const subject = { operation, bucket, namespace };
  return tracerOf(options).startActiveSpan(
    spanName(subject),
    { kind: SpanKind.CLIENT, attributes: spanAttributes(subject) },
    (span) => endWith(span, call),
  );
}

/** Ends the span with the call, now or when its promise is settled. */
function endWith<T>(span: Span, call: () => T): T {
  let result: T;
  try {
    result = call();
  } catch (error) {
    fail(span, error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then((value) => {
    span.end();
    return value;
  }, (error) => {
    fail(span, error);
    throw error;
  }) as T;
}

/** The message stays out, for it may name a key. */
function fail(span: Span, error: unknown): void {
  const type = error instanceof StoreError
    ? error.code
    : error instanceof Error
    ? error.name
    : "_OTHER";
  span.setAttributes(errorAttributes(type));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/**
 * The names and attributes of spans, after OpenTelemetry's conventions for databases.
 *
 * @module
 */

import type { Attributes } from "@opentelemetry/api";

/** The name of the tracer, and of the library among the spans of others. */
export const TRACER_NAME = "@sett/badger";
/** The name of the database system. */
const SYSTEM_NAME = "sett";

/** What a span is about. */
export interface SpanSubject {
  /** What is done. */
  operation: string;
  /** In which bucket, if in one. */
  bucket?: string | undefined;
  /** In which store, if known. */
  namespace?: string | undefined;
}

/** The name of a span: the operation and what it is done to, if known. */
export function spanName(
  { operation, bucket, namespace }: SpanSubject,
): string {
  const target = bucket ?? namespace;
  return target === undefined ? operation : `${operation} ${target}`;
}

/** The attributes that every span has. */
export function spanAttributes(
  { operation, bucket, namespace }: SpanSubject,
): Attributes {
  return {
    "db.system.name": SYSTEM_NAME,
    "db.operation.name": operation,
    ...(bucket === undefined ? {} : { "db.collection.name": bucket }),
    ...(namespace === undefined ? {} : { "db.namespace": namespace }),
  };
}

/** The attribute of a span whose operation failed. */
export function errorAttributes(type: string): Attributes {
  return { "error.type": type };
}

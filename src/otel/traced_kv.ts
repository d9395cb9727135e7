/**
 * A key-value store whose calls have spans.
 *
 * @module
 */

import type { KvStore } from "../plugin/kv.ts";
import { traceCall, type TraceOptions } from "./call_span.ts";

/**
 * Wraps a key-value store, so that each call makes a span named after the method and
 * the bucket (`getValue users`). The store itself goes on without.
 *
 * @param store The store; {@linkcode Badger.kvStore}, or another.
 * @param options Where the spans go.
 * @returns The store with spans.
 *
 * @example Usage
 * ```ts
 * import { Badger } from "@sett/badger/plugin";
 * import { traceKv } from "@sett/badger/otel";
 * import { assertEquals } from "@std/assert";
 *
 * await using badger = await Badger.start({ memory_mode: true });
 * const store = traceKv(badger.kvStore, { namespace: badger.name });
 * await store.addValue("users", "ada", "Ada Lovelace");
 * assertEquals(await store.deleteKey("users", "ada"), true);
 * ```
 */
export function traceKv(
  store: KvStore,
  options: TraceOptions = {},
): KvStore {
  const inBucket = <T>(
    operation: keyof KvStore,
    bucket: string,
    call: () => Promise<T>,
  ) => traceCall(operation, call, { ...options, bucket });
  return {
    open: () => traceCall("open", () => store.open(), options),
    close: () => traceCall("close", () => store.close(), options),
    getValue: (bucket, key) =>
      inBucket("getValue", bucket, () => store.getValue(bucket, key)),
    getCompressedValue: (bucket, key) =>
      inBucket(
        "getCompressedValue",
        bucket,
        () => store.getCompressedValue(bucket, key),
      ),
    addValue: (bucket, ...rest) =>
      inBucket("addValue", bucket, () => store.addValue(bucket, ...rest)),
    addValueCompress: (bucket, ...rest) =>
      inBucket(
        "addValueCompress",
        bucket,
        () => store.addValueCompress(bucket, ...rest),
      ),
    existsKey: (bucket, key) =>
      inBucket("existsKey", bucket, () => store.existsKey(bucket, key)),
    deleteKey: (bucket, key) =>
      inBucket("deleteKey", bucket, () => store.deleteKey(bucket, key)),
  };
}

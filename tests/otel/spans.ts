/** Spans through the real SDK. It reads more variables than a store may. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
} from "@opentelemetry/semantic-conventions";
import {
  Store,
  StoreClosedError,
  type StoreEvent,
  StoreReader,
} from "../../mod.ts";
import { eventSpans, traceCall, traceKv } from "../../src/otel/mod.ts";
import { Badger, type KvStore } from "../../src/plugin/mod.ts";
import { openEngine } from "../../src/store/store.ts";
import { FixedHost, START_TIME } from "../support/fixed_host.ts";
import { settle } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";

const PRIVATE = "private";
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(exporter)],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(provider);

/** The spans since the last call, none of which holds what is private. */
function takeSpans(): ReadableSpan[] {
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  for (const { name, attributes, status, events } of spans) {
    const told = JSON.stringify([name, attributes, status, events]);
    assert(!told.includes(PRIVATE), told);
  }
  return spans;
}

function namesOf(spans: ReadableSpan[]): string[] {
  return spans.map(({ name }) => name);
}

function milliseconds([seconds, nanoseconds]: [number, number]): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

async function startPlugin(): Promise<Badger> {
  return await Badger.start({ memory_mode: true }, { env: () => undefined });
}

Deno.test("spans: each call of a key-value store has one, named by the conventions", async () => {
  await using badger = await startPlugin();
  const store = traceKv(badger.kvStore, { namespace: "badger" });
  const key = `${PRIVATE} key`;
  const value = `${PRIVATE} value`;
  await store.addValue("users", key, value, { expireIn: 60_000 });
  await store.addValueCompress("users", `${key} 2`, value);
  const read = await store.getValue("users", key);
  assertEquals(new TextDecoder().decode(read), value);
  const inflated = await store.getCompressedValue("users", `${key} 2`);
  assertEquals(new TextDecoder().decode(inflated), value);
  assertEquals(await store.existsKey("users", key), true);
  assertEquals(await store.deleteKey("users", key), true);
  assertEquals(await store.getValue("users", key), undefined);
  const spans = takeSpans();
  assertEquals(namesOf(spans), [
    "addValue users",
    "addValueCompress users",
    "getValue users",
    "getCompressedValue users",
    "existsKey users",
    "deleteKey users",
    "getValue users",
  ]);
  const [first] = spans;
  assertEquals(first!.attributes, {
    [ATTR_DB_SYSTEM_NAME]: "sett",
    [ATTR_DB_OPERATION_NAME]: "addValue",
    [ATTR_DB_COLLECTION_NAME]: "users",
    [ATTR_DB_NAMESPACE]: "badger",
  });
  assertEquals(first!.kind, SpanKind.CLIENT);
  assertEquals(first!.status, { code: SpanStatusCode.UNSET });
  assertEquals(first!.instrumentationScope.name, "@sett/badger");
  assert(spans.every(({ ended }) => ended));
});

Deno.test("spans: opening and closing through the store have them too", async () => {
  await using badger = await startPlugin();
  const store = traceKv(badger.kvStore);
  await store.close();
  assertEquals(badger.isOpen, false);
  await store.open();
  assertEquals(badger.isOpen, true);
  assertEquals(namesOf(takeSpans()), ["close", "open"]);
});

Deno.test("spans: a failure sets status and type, and not the message, which names the key", async () => {
  await using badger = await startPlugin();
  const store: KvStore = traceKv(badger.kvStore);
  await store.addValue("users", PRIVATE, "plain");
  takeSpans();
  const error = await assertRejects(
    () => store.getCompressedValue("users", PRIVATE),
    Error,
  );
  assert(error.message.includes(PRIVATE));
  await badger.close();
  await assertRejects(() => store.getValue("users", "k"), StoreClosedError);
  await badger.open();
  await assertRejects(() => store.addValue("users", "", "empty key"), Error);
  const found = takeSpans().map(({ attributes, status, events }) => [
    attributes[ATTR_ERROR_TYPE],
    status.code,
    status.message,
    events.length,
  ]);
  const { ERROR } = SpanStatusCode;
  assertEquals(found, [
    ["NOT_COMPRESSED", ERROR, undefined, 0],
    ["CLOSED", ERROR, undefined, 0],
    ["RangeError", ERROR, undefined, 0],
  ]);
});

Deno.test("spans: a call returns and throws as without, at once or later", async () => {
  assertEquals(traceCall("has", () => 5), 5);
  const mistake = new TypeError("x");
  assertThrows(
    () =>
      traceCall("has", () => {
        throw mistake;
      }),
    TypeError,
  );
  await assertRejects(
    () => traceCall("set", () => Promise.reject("no error")),
  );
  const types = takeSpans().map(({ attributes }) =>
    attributes[ATTR_ERROR_TYPE]
  );
  assertEquals(types, [undefined, "TypeError", "_OTHER"]);
});

Deno.test("spans: calls act before they return, so they keep their order", async () => {
  await using badger = await startPlugin();
  const store = traceKv(badger.kvStore);
  await store.addValue("users", "k", "0");
  const bytes = Uint8Array.of(49);
  const written = store.addValue("users", "k", bytes);
  bytes[0] = 50;
  const read = store.getValue("users", "k");
  assertEquals(await read, Uint8Array.of(49));
  await written;
  takeSpans();
});

Deno.test("spans: commits and backups are traced as calls, and calls may hold calls", async () => {
  await using store = await Store.open({ memoryMode: true });
  const { readable, writable } = new TransformStream<Uint8Array>();
  await traceCall("backup all", async () => {
    await traceCall("commit", () => store.batch().set("a", PRIVATE).commit(), {
      bucket: "users",
    });
    await Promise.all([
      traceCall("backup", () => store.backup(writable)),
      Array.fromAsync(readable),
    ]);
  });
  const spans = takeSpans();
  assertEquals(namesOf(spans), ["commit users", "backup", "backup all"]);
  const outer = spans[2]!.spanContext();
  for (const { parentSpanContext } of spans.slice(0, 2)) {
    assertEquals(parentSpanContext?.spanId, outer.spanId);
  }
});

Deno.test("spans: a tracer of the caller's own is used", async () => {
  const own = new InMemorySpanExporter();
  const tracer = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(own)],
  }).getTracer("own");
  await using badger = await startPlugin();
  await traceKv(badger.kvStore, { tracer }).existsKey("users", "k");
  const host = new FixedHost();
  const store = new Store(
    openEngine({ path: "/own", onEvent: eventSpans({ tracer }) }, host),
  );
  await store.close();
  assertEquals(namesOf(own.getFinishedSpans()), [
    "existsKey users",
    "open /own",
    "close /own",
  ]);
  assertEquals(takeSpans(), []);
});

Deno.test("spans: what a store does by itself becomes spans as long as it took", async () => {
  const events: StoreEvent[] = [];
  const toSpan = eventSpans();
  const host = new FixedHost();
  const engine = openEngine({
    path: "/events",
    valueLogMaxEntries: 10,
    valueLogGcEnabled: false,
    memTableSize: 65_536,
    onEvent: (event) => {
      events.push(event);
      toSpan(event);
    },
  }, host);
  const store = new Store(engine);
  for (let i = 0; i < 25; i++) await store.set(PRIVATE, `${PRIVATE} ${i}`);
  const report = await store.gc();
  await store.close();
  const spans = takeSpans();
  assertEquals(namesOf(spans), [
    "open /events",
    "rotation /events",
    "rotation /events",
    "rotation /events",
    "gc /events",
    "close /events",
  ]);
  const timed = events.filter((event) => event.type !== "gc-begin");
  for (const [i, event] of timed.entries()) {
    const span = spans[i]!;
    assertEquals(span.kind, SpanKind.INTERNAL);
    assertEquals(milliseconds(span.endTime), START_TIME);
    const took = (event as { milliseconds?: number }).milliseconds!;
    const start = milliseconds(span.startTime);
    assert(Math.abs(start - (START_TIME - took)) < 0.01, span.name);
  }
  assertEquals(spans[4]!.attributes, {
    [ATTR_DB_SYSTEM_NAME]: "sett",
    [ATTR_DB_OPERATION_NAME]: "gc",
    [ATTR_DB_NAMESPACE]: "/events",
    "sett.segments_rewritten": report.segmentsRewritten,
    "sett.bytes_reclaimed": report.bytesReclaimed,
    "sett.bytes_rewritten": report.bytesRewritten,
    "sett.reason": report.reason,
    "sett.milliseconds": report.milliseconds,
  });
});

Deno.test("spans: a run that fails and a stall, as long as the longest wait", async () => {
  const host = new FixedHost();
  const events: StoreEvent[] = [];
  const toSpan = eventSpans({ namespace: "named" });
  const engine = openEngine({
    path: "/failing",
    valueLogMaxEntries: 1000,
    valueLogGcEnabled: false,
    memTableSize: 65_536,
    onEvent: (event) => {
      events.push(event);
      toSpan(event);
    },
  }, host);
  const store = new Store(engine);
  const value = new Uint8Array(1000);
  for (let i = 0; i < 300; i++) await store.set(PRIVATE, value);
  engine.log.active.file.write(new Uint8Array(9), 0, 9, 70);
  await assertRejects(() => store.gc());
  await settle();
  const spans = takeSpans();
  const gc = spans.find(({ name }) => name === "gc named")!;
  assertEquals(gc.status, { code: SpanStatusCode.ERROR });
  assertEquals(gc.attributes[ATTR_ERROR_TYPE], "CORRUPT");
  const stall = spans.find(({ name }) => name === "stall named")!;
  const event = events.find(({ type }) => type === "stall")!;
  assert(event.type === "stall");
  assertEquals(stall.attributes["sett.reason"], "level0");
  const took = milliseconds(stall.duration);
  assert(Math.abs(took - event.longestMilliseconds) < 0.01);
  await store.close();
  takeSpans();
});

Deno.test("spans: opening belongs to who opened, the collector to nobody", async () => {
  await using directory = tempDir();
  const onEvent = eventSpans();
  const { path } = directory;
  const store = await traceCall("start", () => Store.open({ path, onEvent }));
  const [opened, start] = takeSpans();
  assertEquals(namesOf([opened!, start!]), [`open ${path}`, "start"]);
  assertEquals(opened!.parentSpanContext?.spanId, start!.spanContext().spanId);
  await traceCall("request", async () => {
    await store.gc();
    const reader = await StoreReader.open({ path, onEvent });
    await reader.refresh();
    await reader.close();
  });
  await traceCall("stop", () => store.close());
  const spans = takeSpans();
  const nameOf = new Map(
    spans.map((span) => [span.spanContext().spanId, span.name]),
  );
  const parents = spans.map(({ name, parentSpanContext }) => [
    name.split(" ")[0],
    nameOf.get(parentSpanContext?.spanId ?? ""),
  ]);
  assertEquals(parents, [
    ["gc", undefined],
    ["open", "request"],
    ["refresh", undefined],
    ["close", "request"],
    ["request", undefined],
    ["close", "stop"],
    ["stop", undefined],
  ]);
});

Deno.test("spans: with a store a bucket, its name is the collection", async () => {
  const badger = await Badger.start(
    { memory_mode: true, single_bucket_mode: false },
    { env: () => undefined, onEvent: eventSpans() },
  );
  await badger.kvStore.addValue("users", "k", "v");
  await badger.close();
  const spans = takeSpans();
  assertEquals(namesOf(spans), ["open users", "close users"]);
  assertEquals(spans[0]!.attributes[ATTR_DB_COLLECTION_NAME], "users");
  assertEquals("sett.bucket" in spans[0]!.attributes, false);
});

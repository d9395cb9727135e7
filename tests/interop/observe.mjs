/**
 * What a store tells of itself, on whatever runtime this is.
 */
import assert from "node:assert/strict";
import { logTapeEvents, pinoEvents, Store, StoreReader } from "@sett/badger";
import { eventSpans, traceKv } from "@sett/badger/otel";
import { Badger } from "@sett/badger/plugin";
import { check } from "./checks.mjs";

/** Runs every check on a fresh directory. */
export async function runObservers(directory) {
  await check("events come in order, as JSON", async () => {
    const types = [];
    const onEvent = (event) => {
      assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
      types.push(event.type);
    };
    const store = await Store.open({
      path: directory,
      valueLogMaxEntries: 10,
      onEvent,
    });
    for (let i = 0; i < 15; i++) await store.set("key", `value ${i}`);
    await store.gc();
    const reader = await StoreReader.open({ path: directory, onEvent });
    await reader.refresh();
    await reader.close();
    await store.close();
    assert.deepEqual([...new Set(types)], [
      "open",
      "rotation",
      "gc-begin",
      "gc-end",
      "refresh",
      "close",
    ]);
  });

  await check("a listener that throws does not end the program", async () => {
    const { error } = console;
    const reports = [];
    console.error = (...args) => reports.push(args);
    try {
      for (const isAsync of [false, true]) {
        const onEvent = () => {
          const mistake = new Error("the listener's own");
          if (!isAsync) throw mistake;
          return Promise.reject(mistake);
        };
        const store = await Store.open({ memoryMode: true, onEvent });
        await store.set("key", "value");
        await store.close();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } finally {
      console.error = error;
    }
    assert.equal(reports.length, 2);
  });

  await check(
    "events reach loggers of both kinds, from a bucket's store",
    async () => {
      const lines = [];
      const log = (...args) =>
        lines.push(args.find((arg) => typeof arg === "string"));
      const logger = { debug: log, info: log, warn: log, error: log };
      for (const onEvent of [logTapeEvents(logger), pinoEvents(logger)]) {
        const badger = await Badger.start(
          { memory_mode: true, single_bucket_mode: false },
          { name: "observed", onEvent },
        );
        await badger.kvStore.addValue("users", "ada", "lovelace");
        await badger.close();
      }
      assert.equal(lines.length, 4);
      assert.match(lines[1], /^Closed \{path\} in/);
      assert.match(lines[3], /^Closed \S+ in [\d.]+ ms$/);
    },
  );

  await check(
    "spans of calls and events reach the SDK, if there is one",
    async () => {
      // The SDK reads variables that the sources may not read in Deno.
      const spans = globalThis.Deno === undefined
        ? await setUpSdk()
        : undefined;
      const badger = await Badger.start(
        { memory_mode: true },
        { name: "traced", onEvent: eventSpans() },
      );
      const store = traceKv(badger.kvStore);
      await store.addValue("users", "ada", "lovelace");
      assert.equal(await store.existsKey("users", "ada"), true);
      await badger.close();
      if (spans === undefined) return;
      assert.deepEqual(spans().map(({ name }) => name.split(" ")[0]), [
        "open",
        "addValue",
        "existsKey",
        "close",
      ]);
    },
  );
}

/** Registers the real SDK; returns what tells the spans. */
async function setUpSdk() {
  const { trace } = await import("@opentelemetry/api");
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } =
    await import("@opentelemetry/sdk-trace-base");
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  const provider = new BasicTracerProvider({ spanProcessors });
  trace.setGlobalTracerProvider(provider);
  return () => exporter.getFinishedSpans();
}

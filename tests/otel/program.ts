/** A program that traces a store and sets up no SDK: its runtime may have one. */
import { eventSpans, traceKv } from "@sett/badger/otel";
import { Badger } from "@sett/badger/plugin";

await using badger = await Badger.start(
  { memory_mode: true },
  { env: () => undefined, onEvent: eventSpans() },
);
const store = traceKv(badger.kvStore, { namespace: "badger" });
await store.addValue("users", "private key", "private value");
await store.getCompressedValue("users", "private key").catch(() => {});

/** The events of an instance: those of its stores, with the bucket named. */
import { assertEquals, assertRejects } from "@std/assert";
import type { BadgerEvent, BadgerOptions } from "../../src/plugin/mod.ts";
import { tempDir } from "../support/temp.ts";
import { IN_MEMORY, start } from "./support.ts";

function listen() {
  const events: BadgerEvent[] = [];
  const told = () =>
    events.map(({ type, bucket }) =>
      bucket === undefined ? type : `${type} ${bucket}`
    );
  return {
    events,
    told,
    onEvent: (event: BadgerEvent) => void events.push(event),
  };
}

Deno.test("plugin events: one store has no bucket's name, and tells of each opening", async () => {
  const { events, told, onEvent } = listen();
  const badger = await start(IN_MEMORY, { onEvent });
  await badger.kvStore.addValue("users", "a", "1");
  await badger.gc();
  await badger.close();
  await badger.open();
  await badger.close();
  assertEquals(told(), [
    "open",
    "gc-begin",
    "gc-end",
    "close",
    "open",
    "close",
  ]);
  assertEquals("bucket" in events[0]!, false);
});

Deno.test("plugin events: a store of its own has its bucket's name", async () => {
  await using directory = tempDir();
  const { events, told, onEvent } = listen();
  const badger = await start({
    path: directory.path,
    single_bucket_mode: false,
  }, { onEvent });
  assertEquals(told(), []);
  await badger.kvStore.addValue("users", "a", "1");
  await badger.kvStore.addValue("orders", "a", "1");
  assertEquals(told(), ["open users", "open orders"]);
  assertEquals(events[0]!.path.startsWith(`${directory.path}/`), true);
  await badger.close();
  assertEquals(told().slice(2).toSorted(), ["close orders", "close users"]);
});

Deno.test("plugin events: disabled is silent, and a listener is a function", async () => {
  const { told, onEvent } = listen();
  await using _badger = await start({ enabled: false }, { onEvent });
  assertEquals(told(), []);
  await assertRejects(
    () => start(IN_MEMORY, { onEvent: "log" } as unknown as BadgerOptions),
    TypeError,
    "as onEvent: it must be a function",
  );
});

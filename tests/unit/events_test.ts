/** Events: each comes of its real cause, in order, and no listener harms the store. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  CorruptionError,
  type OpenEvent,
  pinoEvents,
  Store,
  StoreError,
  type StoreEvent,
  type StoreOptions,
  StoreReader,
} from "../../mod.ts";
import { segmentName } from "../../src/format/file_names.ts";
import { type Host, joinPath } from "../../src/fs/file_system.ts";
import { openEngine } from "../../src/store/store.ts";
import { openReaderEngine } from "../../src/store/store_reader.ts";
import { FixedHost, START_TIME } from "../support/fixed_host.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { settle, SimulatedHost } from "../support/simulated_host.ts";
import { StoppedHost } from "../support/stopped_host.ts";
import { tempDir } from "../support/temp.ts";

const PATH = "/events";
const OPTIONS: StoreOptions = {
  path: PATH,
  valueLogGcEnabled: false,
  valueLogMaxEntries: 10,
};
/** In every key, value and bucket that these tests write. */
const PRIVATE = "private";

/** The events of `type` among `events`. */
function only<Type extends StoreEvent["type"]>(
  events: StoreEvent[],
  type: Type,
): Extract<StoreEvent, { type: Type }>[] {
  return events.filter((event) => event.type === type) as Extract<
    StoreEvent,
    { type: Type }
  >[];
}

function typesOf(events: StoreEvent[]): string[] {
  return events.map(({ type }) => type);
}

/** Opens the store of a host and notes what it tells. */
function open(host: Host, options: StoreOptions = {}) {
  const events: StoreEvent[] = [];
  const onEvent = (event: StoreEvent) => void events.push(event);
  const engine = openEngine({ ...OPTIONS, onEvent, ...options }, host);
  return { engine, store: new Store(engine), events };
}

async function setMany(store: Store, count: number, size = 10): Promise<void> {
  const value = PRIVATE.padEnd(size, ".");
  for (let i = 0; i < count; i++) await store.set(`${PRIVATE} ${i % 7}`, value);
}

/** What a logger says of an event. */
function messageOf(event: StoreEvent): string {
  let text = "";
  const log = (_: Record<string, unknown>, message: string) =>
    void (text = message);
  pinoEvents({ debug: log, info: log, warn: log, error: log })(event);
  return text;
}

/** What an event must be, whatever it tells. */
function checkForm(events: StoreEvent[]): void {
  assertGreater(events.length, 0);
  for (const event of events) {
    assertEquals(JSON.parse(JSON.stringify(event)), event);
    assert(!JSON.stringify(event).includes(PRIVATE), JSON.stringify(event));
    assertEquals(Object.keys(event).slice(0, 4), [
      "type",
      "level",
      "path",
      "at",
    ]);
    assertEquals(event.path, PATH);
    const message = messageOf(event);
    assert(!/undefined|[{}]/.test(message) && message.includes(PATH), message);
    for (const [name, field] of Object.entries(event)) {
      assert(["string", "number", "boolean"].includes(typeof field), name);
    }
  }
}

/** Without what depends on how fast this machine is. */
function timeless(event: StoreEvent | undefined): Record<string, unknown> {
  const { milliseconds, ...rest } = event as OpenEvent;
  assert(milliseconds >= 0);
  return rest;
}

Deno.test("events: opening tells where the index came from, closing ends it", async () => {
  const host = new FixedHost();
  const first = open(host);
  await setMany(first.store, 5);
  host.time += 1000;
  await first.store.close();
  assertEquals(first.events.map(timeless), [{
    type: "open",
    level: "info",
    path: PATH,
    at: START_TIME,
    isReader: false,
    source: "new",
    segments: 1,
    valueLogBytes: 64,
    keys: 0,
    rowsFromHints: 0,
    recordsReplayed: 0,
    bytesCut: 0,
  }, {
    type: "close",
    level: "info",
    path: PATH,
    at: START_TIME + 1000,
    isReader: false,
    isClean: true,
  }]);
  checkForm(first.events);
  const second = open(host);
  await settle();
  const [opened] = only(second.events, "open");
  assertEquals([opened?.source, opened?.keys], ["snapshot", 5]);
  assertEquals(opened?.valueLogBytes, second.store.stats().vlogSize);
  await setMany(second.store, 3);
  const third = open(host.afterKill(PATH));
  await settle();
  assertEquals(typesOf(third.events), ["open"]);
  assertEquals(only(third.events, "open")[0]?.recordsReplayed, 3);
  await second.store.close();
});

Deno.test("events: they are told when open and close resolve", async () => {
  await using directory = tempDir();
  const events: StoreEvent[] = [];
  const onEvent = (event: StoreEvent) => void events.push(event);
  const { path } = directory;
  const store = await Store.open({ path, onEvent });
  assertEquals(typesOf(events), ["open"]);
  const reader = await StoreReader.open({ path, onEvent });
  assertEquals(typesOf(events), ["open", "open"]);
  await reader.close();
  await store.close();
  assertEquals(typesOf(events), ["open", "open", "close", "close"]);
  assert(Math.abs(events[0]!.at - Date.now()) < 600_000);
});

Deno.test("events: a torn tail is told as a recovery, before the opening", async () => {
  const host = new FixedHost();
  const { store } = open(host);
  await setMany(store, 3);
  const killed = host.afterKill(PATH);
  const file = killed.files.open(joinPath(PATH, segmentName(1)), "write");
  file.write(new Uint8Array(33).fill(7), 0, 33, file.size());
  const { events, engine } = open(killed);
  await settle();
  assertEquals(typesOf(events), ["recovery", "open"]);
  assertEquals(only(events, "recovery"), [{
    type: "recovery",
    level: "warn",
    path: PATH,
    at: START_TIME,
    bytesCut: 33,
    lostFile: engine.recovery.lostFile!,
    lostRanges: 0,
    lostBytes: 0,
    segmentsRemade: 0,
  }]);
  assertEquals(only(events, "open")[0]?.bytesCut, 33);
  checkForm(events);
});

Deno.test("events: salvage and a segment that a crash left half made are recoveries", async () => {
  const host = new FixedHost();
  const { store } = open(host);
  await setMany(store, 15);
  await store.close();
  const damaged = host.afterKill(PATH);
  const file = damaged.files.open(joinPath(PATH, segmentName(1)), "write");
  file.write(new Uint8Array(5), 0, 5, 100);
  const salvaged = open(damaged, { recovery: "salvage" });
  await settle();
  const [told] = only(salvaged.events, "recovery");
  const { lost } = salvaged.engine.recovery;
  assertEquals(told?.lostRanges, lost.length);
  assertEquals(
    told?.lostBytes,
    lost.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  assertGreater(told!.lostBytes, 0);
  const halfMade = host.afterKill(PATH);
  halfMade.files.open(joinPath(PATH, segmentName(3)), "create");
  const { events } = open(halfMade);
  await settle();
  assertEquals(only(events, "recovery")[0]?.segmentsRemade, 1);
  checkForm([...salvaged.events, ...events]);
});

Deno.test("events: each segment that is sealed is told with what is in it", async () => {
  const { store, events } = open(new FixedHost());
  await setMany(store, 25);
  await settle();
  const [, first, second] = events;
  const segments = store.segments();
  for (const [i, event] of [first, second].entries()) {
    assertEquals(timeless(event), {
      type: "rotation",
      level: "debug",
      path: PATH,
      at: START_TIME,
      segmentId: i + 1,
      bytes: segments[i]!.bytes,
      records: 10,
    });
  }
  assertEquals(events.length, 3);
  await store.close();
  checkForm(events);
});

Deno.test("events: a run of the collector is told when it begins and when it ends", async () => {
  const { store, events } = open(new FixedHost());
  await setMany(store, 25);
  const { vlogSize, deadBytes } = store.stats();
  const report = await store.gc();
  await settle();
  const [begin] = only(events, "gc-begin");
  assertEquals(begin, {
    type: "gc-begin",
    level: "debug",
    path: PATH,
    at: START_TIME,
    discardRatio: 0.5,
    segments: 3,
    valueLogBytes: vlogSize,
    deadBytes,
  });
  const [end] = only(events, "gc-end");
  assertGreater(report.segmentsRewritten, 0);
  assertEquals(end, {
    type: "gc-end",
    level: "info",
    path: PATH,
    at: START_TIME,
    ...report,
  });
  await store.gc();
  assertEquals(only(events, "gc-end")[1]?.level, "debug");
  await store.close();
  checkForm(events);
});

Deno.test("events: the collector's own timetable tells too", async () => {
  const host = new FixedHost();
  const { store, events } = open(host, {
    valueLogGcEnabled: true,
    valueLogGcIntervalInSeconds: 60,
  });
  await host.advance(60_000);
  await settle();
  assertEquals(typesOf(events), ["open", "gc-begin", "gc-end"]);
  await store.close();
});

Deno.test("events: a run that fails says why", async () => {
  const host = new FixedHost();
  const { store, engine, events } = open(host);
  await setMany(store, 25);
  engine.log.get(1).file.write(new Uint8Array(8), 0, 8, 100);
  await assertRejects(() => store.gc(), CorruptionError);
  const [end] = only(events, "gc-end");
  assertEquals([end?.level, end?.code], ["error", "CORRUPT"]);
  assertEquals(end?.reason, "the run failed");
  assertEquals(end?.error, store.stats().gc.lastError);
  await store.close();
  checkForm(events);
});

Deno.test("events: writers that wait for level-0 tables are told", async () => {
  const { store, engine, events } = open(new FixedHost(), {
    memTableSize: 65_536,
    valueLogMaxEntries: 1_000_000,
    numLevel0TablesStall: 2,
  });
  await setMany(store, 300, 1000);
  const stalls = only(events, "stall");
  assertGreater(stalls.length, 0);
  assertEquals(stalls.length, engine.counters.stalls);
  for (const { reason, groups, milliseconds, longestMilliseconds } of stalls) {
    assertEquals([reason, groups], ["level0", 1]);
    assertEquals(milliseconds, longestMilliseconds);
  }
  await store.close();
  checkForm(events);
});

Deno.test("events: writers that wait for the disk before a rotation are told", async () => {
  const { store, events } = open(new FixedHost(), {
    valueLogFileSize: 3 << 20,
    valueLogMaxEntries: 1_000_000,
  });
  await setMany(store, 70, 100_000);
  const stalls = only(events, "stall");
  assertGreater(stalls.length, 0);
  assertEquals(new Set(stalls.map(({ reason }) => reason)), new Set(["sync"]));
  assertEquals(only(events, "rotation").length, 2);
  for (const { groups, milliseconds, longestMilliseconds } of stalls) {
    assertGreater(groups, 0);
    assert(longestMilliseconds <= milliseconds);
    assert(milliseconds <= groups * longestMilliseconds + 0.001);
  }
  await store.close();
  checkForm(events);
});

Deno.test("events: writers that wait for the collector are told when the run ends", async () => {
  const host = new StoppedHost();
  const { store, events } = open(host, {
    valueLogGcEnabled: true,
    valueLogMaxEntries: 1_000_000,
    valueLogFileSize: 1 << 20,
  });
  const value = new Uint8Array(10_000);
  for (let i = 0; i < 3000; i++) {
    await store.set(i % 100 === 0 ? `${PRIVATE} ${i}` : "dead", value);
  }
  await host.advance(0);
  let isDone = false;
  const held = (async () => {
    while (!isDone) await store.set("dead", value.slice(0, 100));
  })();
  for (let i = 0; i < 1000; i++) await settle();
  isDone = true;
  const ofGc = () =>
    only(events, "stall").filter(({ reason }) => reason === "gc");
  assertEquals(ofGc(), []);
  await host.letGo();
  await held;
  const [stall] = ofGc();
  const { stalls, stallMilliseconds } = store.stats().gc;
  assertEquals(stall?.groups, stalls);
  assertGreater(stalls, 0);
  assert(Math.abs(stall!.milliseconds - stallMilliseconds) < 0.001);
  assert(stall!.longestMilliseconds <= stall!.milliseconds + 0.001);
  const types = typesOf(events);
  assertEquals(types[types.lastIndexOf("stall") + 1], "gc-end");
  await store.close();
  checkForm(events);
});

Deno.test("events: a sync that fails poisons once, and the close is not clean", async () => {
  const host = new FixedHost();
  const { store, events } = open(host);
  await setMany(store, 3);
  host.files.failsSync = true;
  await assertRejects(() => store.sync(), StoreError, "EIO");
  await assertRejects(() => store.set("later", "x"), StoreError);
  await assertRejects(() => store.sync(), StoreError);
  await store.close();
  assertEquals(typesOf(events), ["open", "poison", "close"]);
  assertEquals(only(events, "poison"), [{
    type: "poison",
    level: "error",
    path: PATH,
    at: START_TIME,
    code: "IO",
    error: `Cannot sync ${joinPath(PATH, segmentName(1))}: EIO`,
  }]);
  const [close] = only(events, "close");
  assertEquals([close?.level, close?.isClean], ["warn", false]);
  checkForm(events);
});

Deno.test("events: a write that fails on a real fault of the disk poisons", async () => {
  const disk = new SimulatedDisk();
  const host = new SimulatedHost(1, disk);
  const { store, events } = open(host);
  await store.set(`${PRIVATE} 1`, PRIVATE);
  disk.fault = { at: disk.count + 1, kind: "EIO" };
  await assertRejects(() => store.set(`${PRIVATE} 2`, PRIVATE), StoreError);
  assertEquals(disk.failed?.action, "write");
  await settle();
  const [poison] = only(events, "poison");
  assertEquals(poison?.code, "IO");
  await store.close();
  checkForm(events);
});

Deno.test("events: a full disk is no poison", async () => {
  const host = new FixedHost();
  const { store, events } = open(host);
  host.files.freeBytes = 0;
  await assertRejects(() => store.set("k", "v"), StoreError, "full");
  host.files.freeBytes = Infinity;
  await store.close();
  assertEquals(typesOf(events), ["open", "close"]);
});

Deno.test("events: a reader tells of its opening, its refreshes and its closing", async () => {
  const host = new FixedHost();
  const { store } = open(host);
  await setMany(store, 8);
  const events: StoreEvent[] = [];
  const onEvent = (event: StoreEvent) => void events.push(event);
  const reader = new StoreReader(
    openReaderEngine({ path: PATH, onEvent }, host),
  );
  await setMany(store, 12);
  const report = await reader.refresh();
  assertEquals(report.segmentsAdded, 1);
  await reader.close();
  await settle();
  assertEquals(typesOf(events), ["open", "refresh", "close"]);
  const [opened] = only(events, "open");
  assertEquals([opened?.isReader, opened?.source, opened?.keys], [
    true,
    "log",
    7,
  ]);
  assertEquals(opened?.recordsReplayed, 8);
  assertEquals(only(events, "refresh"), [{
    type: "refresh",
    level: "debug",
    path: PATH,
    at: START_TIME,
    ...report,
  }]);
  assertEquals(only(events, "close")[0]?.isReader, true);
  checkForm(events);
  await store.close();
});

Deno.test("events: a refresh that fails by itself is told, and not lost in statistics", async () => {
  const host = new FixedHost();
  const { store } = open(host);
  await setMany(store, 8);
  await store.close();
  const events: StoreEvent[] = [];
  const onEvent = (event: StoreEvent) => void events.push(event);
  const reader = new StoreReader(
    openReaderEngine({ path: PATH, refreshInterval: 50, onEvent }, host),
  );
  for (const name of host.files.list(PATH)) {
    host.files.remove(joinPath(PATH, name));
  }
  await host.advance(50);
  await settle();
  const [refresh] = only(events, "refresh");
  assertEquals([refresh?.level, refresh?.code], ["warn", "BAD_PATH"]);
  assertEquals(refresh?.error, reader.stats().refreshes.lastError);
  await reader.close();
  checkForm(events);
});

Deno.test("events: without a listener there is nobody to tell", async () => {
  const engine = openEngine(OPTIONS, new FixedHost());
  const store = new Store(engine);
  assertEquals(engine.log.announcer, undefined);
  await setMany(store, 25);
  await store.gc();
  await store.close();
});

Deno.test("events: a listener may use the store, for it is called between its steps", async () => {
  const host = new FixedHost();
  const found: (string | undefined)[] = [];
  const store = new Store(openEngine({
    ...OPTIONS,
    onEvent: ({ type }) => {
      if (type !== "rotation") return;
      // In the middle of the append this would change the key that is being written.
      found.push(new TextDecoder().decode(store.getSync("first")));
      void store.set("from the listener", "x");
    },
  }, host));
  await store.set("first", "kept");
  for (let i = 0; i < 25; i++) await store.set(`key ${i}`, `value ${i}`);
  assertEquals(new Set(found), new Set(["kept"]));
  for (let i = 0; i < 25; i++) {
    const value = new TextDecoder().decode(store.getSync(`key ${i}`));
    assertEquals(value, `value ${i}`);
  }
  assertEquals(store.has("from the listener"), true);
  await store.close();
});

Deno.test("events: a listener that throws harms nothing and is reported once", async () => {
  const { error } = console;
  const reports: unknown[][] = [];
  console.error = (...args: unknown[]) => void reports.push(args);
  try {
    for (const isAsync of [false, true]) {
      reports.length = 0;
      let calls = 0;
      const mistake = new Error("the listener's own");
      const onEvent = isAsync
        ? async () => {
          calls++;
          await Promise.resolve();
          throw mistake;
        }
        : () => {
          calls++;
          throw mistake;
        };
      const host = new FixedHost();
      const store = new Store(openEngine({ ...OPTIONS, onEvent }, host));
      await setMany(store, 25);
      assertGreater((await store.gc()).segmentsRewritten, 0);
      await store.sync();
      await store.close();
      await settle();
      assertGreater(calls, 5);
      assertEquals(reports.length, 1);
      assertEquals(reports[0]![1], mistake);
      assertEquals(open(host).store.size, 7);
    }
  } finally {
    console.error = error;
  }
});

Deno.test("events: a listener is a function", () => {
  for (const onEvent of [{}, "log", null, console]) {
    assertThrows(
      () => openEngine({ onEvent } as unknown as StoreOptions),
      TypeError,
      "as onEvent: it must be a function",
    );
    assertThrows(
      () => openReaderEngine({ onEvent } as unknown as StoreOptions),
      TypeError,
      "as onEvent: it must be a function",
    );
  }
});

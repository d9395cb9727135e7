/**
 * Interleavings of calls: whatever goes on first, the answers are those of a store
 * that does one thing at a time, none is left out, and nothing is lost.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { openEngine, Store } from "../../src/store/store.ts";
import type { TransactionSpace } from "../../src/store/transaction.ts";
import { checkBooks } from "../support/check_books.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import {
  type Action,
  anyAction,
  COUNTER,
  KEYS,
  nameOf,
  Observer,
  type Used,
} from "./clients.ts";
import { isLinearizable } from "./linearizability.ts";
import { letAllGo, ScheduledHost } from "./scheduled_host.ts";

const OPTIONS = {
  path: "/concurrency",
  memTableSize: 65_536,
  valueLogMaxEntries: 40,
  valueThreshold: 1000,
  valueLogGcEnabled: false,
  blockCacheSize: 0,
};
const FILLER = 90;
const decoder = new TextDecoder();

interface Plan {
  clients: Action[][];
  syncWrites: boolean;
  /** The step at which one more client closes the store; none if it is far off. */
  closeAfter: number;
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  clients: fc.array(fc.array(anyAction, { minLength: 1, maxLength: 7 }), {
    minLength: 2,
    maxLength: 4,
  }),
  syncWrites: fc.boolean(),
  closeAfter: fc.nat({ max: 40 }),
});

/** Opens a store in which the garbage collector finds something to do. */
function openStore(disk: SimulatedDisk, s: fc.Scheduler, syncWrites: boolean) {
  const engine = openEngine(
    { ...OPTIONS, syncWrites },
    new ScheduledHost(disk, s),
  );
  const store = new Store(engine);
  for (let i = 0; i < FILLER; i++) store.setSync(`filler ${i % 7}`, `${i}`);
  return { engine, store };
}

async function check(
  plan: Plan,
  s: fc.Scheduler,
  use: (store: Store, s: fc.Scheduler) => Used = (store) => store,
): Promise<void> {
  const disk = new SimulatedDisk();
  const { engine, store } = openStore(disk, s, plan.syncWrites);
  const observer = new Observer(
    use(store, s),
    engine,
    () => s.schedule(Promise.resolve(), "pause"),
  );
  const failures: unknown[] = [];
  let steps = 0;
  const run = async (actions: Action[]): Promise<void> => {
    try {
      for (const action of actions) {
        await s.schedule(Promise.resolve(), action.kind);
        if (steps++ === plan.closeAfter) {
          await observer.run({ kind: "close" });
        }
        await observer.run(action);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  const running = plan.clients.map(run);
  await letAllGo(s);
  if (failures.length > 0) throw failures[0];
  assertEquals(observer.open, 0, "a promise is pending for ever");
  await Promise.all(running);
  if (observer.closedAt === Infinity) {
    assertEquals(engine.collector.totals.unknownPuts, 0);
    checkBooks(engine);
  }
  const closing = observer.run({ kind: "close" });
  await letAllGo(s);
  await closing;
  await checkClosed(store);
  checkReopened(observer, disk, s);
  assertEquals(observer.overlooked, []);
  for (const listed of observer.listed) {
    assert(
      observer.isOfOneMoment(listed),
      `list: ${JSON.stringify(listed)} of ${JSON.stringify(observer.moments)}`,
    );
  }
  for (const [key, seen] of observer.seen) {
    assert(isLinearizable(seen), `${key}: ${JSON.stringify(seen)}`);
  }
}

/** Nothing is lost, and the books are right. */
function checkReopened(
  observer: Observer,
  disk: SimulatedDisk,
  s: fc.Scheduler,
): void {
  const engine = openEngine(OPTIONS, new ScheduledHost(disk, s));
  const store = new Store(engine);
  for (const key of [...KEYS, COUNTER]) {
    const value = nameOf(key, store.getSync(key));
    assertEquals(value, observer.contents.get(key), key);
    observer.seeFinal(key, value);
  }
  for (let i = 0; i < 7; i++) {
    const last = FILLER - 1 - (FILLER - 1 - i) % 7;
    const bytes = store.getSync(`filler ${i}`);
    assertEquals(bytes && decoder.decode(bytes), `${last}`);
  }
  checkBooks(engine);
}

/** Every method of a closed store says that it is closed. */
async function checkClosed(store: Store): Promise<void> {
  const calls: Record<string, () => unknown> = {
    set: () => store.set("a", "1"),
    setSync: () => store.setSync("a", "1"),
    setIfAbsent: () => store.setIfAbsent("a", "1"),
    get: () => store.get("a"),
    getSync: () => store.getSync("a"),
    getMany: () => store.getMany(["a"]),
    getView: () => store.getView("a"),
    getInto: () => store.getInto("a", new Uint8Array(1)),
    has: () => store.has("a"),
    delete: () => store.delete("a"),
    deleteSync: () => store.deleteSync("a"),
    batch: () => store.batch().set("a", "1").commit(),
    list: () => store.list().next(),
    listSync: () => store.listSync().next(),
    count: () => store.count(),
    deleteRange: () => store.deleteRange({}),
    snapshot: () => store.snapshot(),
    getEntry: () => store.getEntry("a"),
    atomic: () => store.atomic(),
    increment: () => store.increment("n"),
    transaction: () => store.transaction(() => 1),
    watch: () => store.watch(),
    flush: () => store.flush(),
    sync: () => store.sync(),
    gc: () => store.gc(),
    largest: () => store.largest(1),
    bucket: () => store.bucket("b"),
    stats: () => store.stats(),
    segments: () => store.segments(),
    size: () => store.size,
  };
  for (const [name, call] of Object.entries(calls)) {
    let code: unknown;
    try {
      await call();
    } catch (error) {
      code = (error as { code?: unknown }).code;
    }
    assertEquals(code, "CLOSED", name);
  }
}

for (const seed of [1, undefined]) {
  const name = seed === undefined ? "a fresh seed" : `the seed ${seed}`;
  Deno.test(`interleavings of calls from ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, fc.scheduler(), (plan, s) => check(plan, s)),
      { numRuns: 150, ...(seed === undefined ? {} : { seed }) },
    );
  });
}

/** Stores that do in two steps what must be done in one. */
const CARELESS: Record<
  string,
  (store: Store, s: fc.Scheduler) => Partial<Used>
> = {
  "sets what is absent after a look": (store, s) => ({
    setIfAbsent: async (key, value) => {
      const isAbsent = await store.get(key) === undefined;
      await s.schedule(Promise.resolve(), "look");
      if (isAbsent) await store.set(key, value);
      return isAbsent;
    },
  }),
  "commits a batch one by one": (store, s) => ({
    batch: () => {
      const batch = store.batch();
      const calls: (() => Promise<unknown>)[] = [];
      batch.set = (key, value) => {
        calls.push(() => store.set(key, value));
        return batch;
      };
      batch.delete = (key) => {
        calls.push(() => store.delete(key));
        return batch;
      };
      batch.commit = async () => {
        for (const call of calls) {
          await call();
          await s.schedule(Promise.resolve(), "batch");
        }
      };
      return batch;
    },
  }),
  "counts after a look": (store, s) => ({
    increment: async (key) => {
      const count = (store.getCounter(key) ?? 0n) + 1n;
      await s.schedule(Promise.resolve(), "look");
      await store.atomic().max(key, count).commit();
      return count;
    },
  }),
  "forgets to check": (store) => ({
    atomic: () => {
      const operation = store.atomic();
      operation.check = () => operation;
      return operation;
    },
  }),
  "runs transactions without looking for conflicts": (store) => ({
    transaction: async (work) => {
      using snapshot = store.snapshot();
      const batch = store.batch();
      const result = await work({
        get: snapshot.getSync.bind(snapshot),
        set: batch.set.bind(batch),
      } as unknown as TransactionSpace);
      await batch.commit();
      return result;
    },
  }),
  "forgets a set": (store) => ({
    set: (key, value) => key === "c" ? store.sync() : store.set(key, value),
  }),
};

for (const [what, faults] of Object.entries(CARELESS)) {
  Deno.test(`interleavings tell a store that ${what}`, async () => {
    const careless = (store: Store, s: fc.Scheduler): Used => ({
      set: store.set.bind(store),
      setIfAbsent: store.setIfAbsent.bind(store),
      delete: store.delete.bind(store),
      get: store.get.bind(store),
      batch: store.batch.bind(store),
      getEntry: store.getEntry.bind(store),
      atomic: store.atomic.bind(store),
      increment: store.increment.bind(store),
      transaction: store.transaction.bind(store),
      list: store.list.bind(store),
      gc: store.gc.bind(store),
      sync: store.sync.bind(store),
      close: store.close.bind(store),
      ...faults(store, s),
    });
    const { failed } = await fc.check(
      fc.asyncProperty(
        anyPlan,
        fc.scheduler(),
        (plan, s) => check({ ...plan, closeAfter: Infinity }, s, careless),
      ),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );
    assert(failed);
  });
}

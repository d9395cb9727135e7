import { assertEquals, assertThrows } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { TAG_SWEPT } from "../../src/engine/key_arena.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { seededRandom } from "../support/simulated_host.ts";

const OPTIONS = {
  path: "/books",
  valueLogMaxEntries: 40,
  valueLogGcEnabled: false,
};

/** Random work on a handful of keys, with checks all the way. */
async function work(seed: number, steps: number): Promise<Engine> {
  const host = new FixedHost();
  const random = seededRandom(seed);
  const next = (limit: number) => Math.floor(random() * limit);
  let engine = openEngine(OPTIONS, host);
  let store = new Store(engine);
  for (let step = 0; step < steps; step++) {
    const key = `key ${next(24)}`;
    const target = next(3) === 0 ? store.bucket("b") : store;
    const choice = next(100);
    if (choice < 45) await target.set(key, `value ${step}`);
    else if (choice < 60) {
      await target.set(key, "soon gone", { expireIn: 1 + next(500) });
    } else if (choice < 75) await target.delete(key);
    else if (choice < 85) {
      const batch = target.batch();
      for (let i = next(6); i >= 0; i--) {
        if (next(3) === 0) batch.delete(`key ${next(24)}`);
        else batch.set(`key ${next(24)}`, "b", { expireIn: 1 + next(900) });
      }
      await batch.commit();
    } else if (choice < 93) await host.advance(next(300));
    else if (choice < 97) await store.gc({ discardRatio: 0.3 });
    else {
      await store.close();
      engine = openEngine(OPTIONS, host);
      store = new Store(engine);
    }
    checkBooks(engine);
    assertEquals(engine.collector.totals.unknownPuts, 0);
  }
  return engine;
}

Deno.test("the books agree with the files after random work", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const engine = await work(seed, 200);
    await engine.close();
  }
});

Deno.test("a key is swept each time it expires", async () => {
  const host = new FixedHost();
  const engine = openEngine(OPTIONS, host);
  const store = new Store(engine);
  for (let round = 1; round <= 3; round++) {
    await store.set("session", `${round}`, { expireIn: 1000 });
    assertEquals(store.size, 1);
    await host.advance(2000);
    assertEquals(store.size, 0, `keys after the end of round ${round}`);
    checkBooks(engine);
  }
  await store.close();
});

Deno.test("checkBooks notices every kind of wrong entry", async (t) => {
  const tampering: Record<string, (engine: Engine, pointer: number) => void> = {
    "dead bytes": (engine) => void engine.log.active.deadBytes++,
    "record count": (engine) => void engine.log.active.recordCount++,
    "live keys": (engine) => void engine.ledger.liveKeys--,
    "expiring entries": (engine) => void engine.ledger.expiringEntries++,
    "stale puts": ({ ledger }, pointer) =>
      void ledger.index.arena.addStalePuts(pointer, 1),
    "location": ({ ledger: { index: { arena } } }, pointer) =>
      arena.setLocation(
        pointer,
        arena.segmentId(pointer),
        arena.offset(pointer) + 1,
        arena.recordLength(pointer),
      ),
    "a lost entry": ({ ledger, key }, pointer) =>
      ledger.index.remove(key, pointer),
    "a lost expiry": ({ ledger }) => ledger.expiries.keep(() => false),
    "a sweep before its time": ({ ledger: { index: { arena } } }, pointer) =>
      arena.setTag(pointer, arena.tag(pointer) | TAG_SWEPT),
  };
  for (const [name, tamper] of Object.entries(tampering)) {
    await t.step(name, async () => {
      const engine = openEngine(OPTIONS, new FixedHost());
      const store = new Store(engine);
      await store.set("a", "1");
      await store.set("a", "2");
      await store.set("b", "3", { expireIn: 60_000 });
      checkBooks(engine);
      engine.key.load("a", undefined);
      tamper(engine, engine.ledger.index.find(engine.key));
      assertThrows(() => checkBooks(engine), Error, "The books are wrong");
      await engine.close();
    });
  }
});

/**
 * The model of capacity against real stores. The tolerances are those that
 * docs/capacity.md names; a model that is further off is wrong.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Store } from "@sett/badger";
import { formatPlan, plan, type PlanInput } from "@sett/badger/plan";
import { tempDir } from "../support/temp.ts";

/** How far off the model may be, as parts of what was measured. */
const TOLERANCE = { index: 0.02, order: 0.2, live: 0.01, log: 0.05 };

function assertWithin(
  what: string,
  modelled: number,
  measured: number,
  tolerance: number,
): void {
  assert(
    Math.abs(modelled / measured - 1) <= tolerance,
    `${what}: modelled ${modelled}, measured ${measured}`,
  );
}

const keyOf = (i: number, length: number) => String(i).padStart(length, "0");

/** Numbers from 0 up to `limit` that look like chance and are the same each time. */
function scatter(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

// Counts at which no table is about to split: the hash is keyed at random, and one
// table more may bring a slab for itself.
for (
  const [keys, keySize, isExpiring] of [
    [40_000, 16, false],
    [90_000, 16, false],
    [250_000, 16, false],
    [250_000, 40, false],
    [120_000, 16, true],
  ] as const
) {
  const kind = isExpiring ? ", expiring" : "";
  Deno.test(`plan: the index of ${keys} keys of ${keySize} bytes${kind}`, async () => {
    await using store = await Store.open({
      memoryMode: true,
      valueLogGcEnabled: false,
    });
    const options = isExpiring ? { expireIn: 3_600_000 } : {};
    for (let i = 0; i < keys; i++) {
      void store.set(keyOf(i, keySize), "", options);
    }
    await store.flush();
    await store.list({ limit: 1 }).next();
    const { memory } = store.stats();
    const model = plan({ keys, keySize, valueSize: 0, isExpiring }).memory;
    assertWithin("index", model.index, memory.indexBytes, TOLERANCE.index);
    assertWithin("order", model.order, memory.orderBytes, TOLERANCE.order);
  });
}

for (
  const [keys, valueSize, ratio] of [
    [20_000, 400, 0.5],
    [60_000, 100, 0.5],
    [20_000, 400, 0.3],
    [20_000, 400, 0.7],
  ] as const
) {
  Deno.test(`plan: disk and writes of ${keys} keys, values of ${valueSize}, ratio ${ratio}`, async () => {
    await using directory = tempDir();
    const settings = {
      valueLogFileSize: 1 << 20,
      memTableSize: 1 << 16,
    };
    const input: PlanInput = {
      keys,
      valueSize,
      discardRatio: ratio,
      ...settings,
    };
    await using store = await Store.open({
      path: directory.path,
      valueLogGcEnabled: false,
      ...settings,
    });
    const value = new Uint8Array(valueSize);
    const put = (i: number) => store.set(keyOf(i, 16), value);
    for (let i = 0; i < keys; i++) void put(i);
    await store.flush();
    const idle = plan(input).disk;
    assertWithin("live", idle.live, store.stats().liveBytes, TOLERANCE.live);
    assertWithin("log", idle.steady, store.stats().vlogSize, TOLERANCE.live);

    // The collector keeps up: it runs after every hundredth part of the keys.
    const random = scatter(1);
    const round = keys / 100;
    const sizes: number[] = [];
    let before = { rewritten: 0, puts: 0 };
    const rewritten = () => store.stats().gc.bytesRewritten;
    const rounds = 500;
    for (let i = 0; i < rounds; i++) {
      // What is first overwritten was written at once and dies alike.
      if (i === rounds - 300) before = { rewritten: rewritten(), puts: i };
      for (let j = 0; j < round; j++) void put(random(keys));
      await store.flush();
      await store.gc({ discardRatio: ratio });
      if (i >= rounds - 300) sizes.push(store.stats().vlogSize);
    }
    const busy = plan({ ...input, updateRate: 1e-6 });
    const mean = sizes.reduce((sum, size) => sum + size) / sizes.length;
    assertWithin("steady", busy.disk.steady, mean, TOLERANCE.log);
    assert(Math.max(...sizes) <= busy.disk.peak);

    const appended = 300 * round * busy.load.recordBytes;
    const amplification = 1 + (rewritten() - before.rewritten) / appended;
    assertWithin(
      "write amplification",
      busy.writes.writeAmplification,
      amplification,
      TOLERANCE.log,
    );
  });
}

Deno.test("plan: hint files and the index snapshot", async () => {
  await using directory = tempDir();
  const keys = 30_000;
  {
    await using store = await Store.open({ path: directory.path });
    for (let i = 0; i < keys; i++) void store.set(keyOf(i, 16), "value");
  }
  const model = plan({ keys, valueSize: 5 }).disk;
  await using store = await Store.open({ path: directory.path });
  const { lsmSize } = store.stats();
  assertWithin("beside the log", model.hints + model.snapshot, lsmSize, 0.05);
});

Deno.test("plan: more memory is given to what is larger, and none to what is off", () => {
  const off = plan({
    keys: 1e6,
    valueSize: 100,
    blockCacheSize: 0,
    isListed: false,
  });
  assertEquals(off.memory.blockCache, 0);
  assertEquals(off.memory.order, 0);
  assertEquals(off.writes.gcBytesPerSecond, 0);
  assertEquals(off.memory.memtables, 2 * 10_485_760);
  const none = plan({ keys: 0, valueSize: 100 });
  assertEquals(none.disk.live, 0);
  assertEquals(none.memory.indexPerKey, 0);
});

Deno.test("plan: what cannot be planned is refused", () => {
  const good = { keys: 1, valueSize: 1 };
  assertThrows(() => plan({ ...good, keys: -1 }), RangeError, "keys");
  assertThrows(() => plan({ ...good, keys: NaN }), RangeError, "keys");
  assertThrows(() => plan({ ...good, keySize: 70_000 }), RangeError, "keySize");
  assertThrows(
    () => plan({ ...good, discardRatio: 1 }),
    RangeError,
    "greater than 0 and less than 1",
  );
  assertThrows(
    () => plan({ keys: 1 } as PlanInput),
    TypeError,
    "Cannot plan with undefined as valueSize",
  );
});

Deno.test("plan: the text has every part with its unit", () => {
  const text = formatPlan(
    plan({ keys: 1_000_000, valueSize: 100, updateRate: 1000 }),
  );
  assert(text.includes("  keys                  1,000,000\n"), text);
  assert(/ index +\d+\.\d MiB \(5\d\.\d B a key\)\n/.test(text), text);
  assert(/ write amplification +2\.00\n/.test(text), text);
  assert(/ a GC run every +\d+\.\d s\n/.test(text), text);
});

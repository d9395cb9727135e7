/** Backups: full, incremental, chains of them, and what is done to them on the way. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import fc from "fast-check";
import { InputError, StoreError } from "../../mod.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { SimulatedHost } from "../support/simulated_host.ts";
import { tempDir } from "../support/temp.ts";
import { backUp, collect, contentsOf, streamOf } from "./support.ts";

const OPTIONS = {
  path: "/store",
  memTableSize: 65_536,
  valueLogMaxEntries: 40,
  valueThreshold: 3000,
  valueLogGcEnabled: false,
  blockCacheSize: 0,
};
const BUCKETS = ["a", ""];

/** One thing that happens to a store. */
type Step =
  | { kind: "set"; key: number; size: number; bucket: number }
  | { kind: "expiring"; key: number; after: number; bucket: number }
  | { kind: "delete"; key: number; bucket: number }
  | { kind: "batch"; keys: number[] }
  | { kind: "gc"; ratio: number }
  | { kind: "wait"; milliseconds: number }
  | { kind: "reopen" }
  | { kind: "backup"; full: boolean };

const key = fc.nat({ max: 25 });
const bucket = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      key,
      size: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 5000 })),
      bucket,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("expiring" as const),
      key,
      after: fc.integer({ min: 1, max: 400 }),
      bucket,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      key,
      bucket,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      keys: fc.array(key, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("gc" as const),
      ratio: fc.constantFrom(0.01, 0.3, 0.7),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      milliseconds: fc.nat({ max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("backup" as const),
      full: fc.boolean(),
    }),
  },
);

/** Two stores on two machines: one is written to, the other is restored. */
class Pair {
  host = new FixedHost();
  store = new Store(openEngine(OPTIONS, this.host));
  copyHost = new FixedHost();
  copyEngine = openEngine(OPTIONS, this.copyHost);
  copy = new Store(this.copyEngine);
  since: string | undefined;
  #count = 0;

  #space(bucket: number) {
    return bucket === 2 ? this.store : this.store.bucket(BUCKETS[bucket]!);
  }

  async do(step: Step): Promise<void> {
    const { store, host } = this;
    switch (step.kind) {
      case "set":
        await this.#space(step.bucket)
          .set(`k${step.key}`, `${this.#count++} `.padEnd(step.size, "x"));
        break;
      case "expiring":
        await this.#space(step.bucket)
          .set(`k${step.key}`, `${this.#count++}`, { expireIn: step.after });
        break;
      case "delete":
        await this.#space(step.bucket).delete(`k${step.key}`);
        break;
      case "batch": {
        const batch = store.batch();
        for (const key of step.keys) {
          if (this.#count++ % 4 === 3) batch.delete(`k${key}`);
          else batch.set(`k${key}`, `${this.#count}`);
        }
        await batch.commit();
        break;
      }
      case "gc":
        await store.gc({ discardRatio: step.ratio });
        break;
      case "wait":
        // The other machine's clock stands, and yet nothing may come back there.
        await host.advance(step.milliseconds);
        break;
      case "reopen":
        await store.close();
        this.store = new Store(openEngine(OPTIONS, host));
        await this.copy.close();
        this.copyEngine = openEngine(OPTIONS, this.copyHost);
        this.copy = new Store(this.copyEngine);
        break;
      case "backup":
        await this.backup(step.full);
    }
  }

  async backup(full: boolean): Promise<void> {
    const options = full || this.since === undefined
      ? {}
      : { since: this.since };
    const { bytes, report } = await backUp(this.store, options);
    this.since = report.versionstamp;
    assertEquals(report.bytes, bytes.length);
    assertEquals(await this.copy.restore(streamOf(bytes)), report);
    assertEquals(
      contentsOf(this.copy, BUCKETS),
      contentsOf(this.store, BUCKETS),
    );
    assertEquals(this.copy.size, this.store.size);
    checkBooks(this.copyEngine);
    if (!full) return;
    assertEquals(report.entries, this.store.size);
    assertEquals(report.deletes, 0);
  }
}

Deno.test("backups: chains of them make the store again, whatever was done to it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 150, size: "max" }),
      async (steps) => {
        const pair = new Pair();
        for (const step of steps) await pair.do(step);
        await pair.backup(false);
        await pair.store.close();
        await pair.copy.close();
      },
    ),
    { numRuns: 150 },
  );
});

/** A stream that takes its time. */
function slowly(): ReturnType<typeof collect> {
  const { writable, bytes } = collect();
  const inner = writable.getWriter();
  const slow = new WritableStream<Uint8Array>({
    write: async (piece) => {
      await inner.write(piece);
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve));
      }
    },
  });
  return { writable: slow, bytes };
}

Deno.test("backups: one moment is kept while others write, delete and collect", async () => {
  const options = {
    memoryMode: true,
    memTableSize: 65_536,
    valueLogMaxEntries: 300,
    valueLogGcEnabled: false,
  };
  await using store = await Store.open(options);
  await using copy = await Store.open(options);
  let count = 0;
  let seed = 1;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * limit);
  };
  const change = async () => {
    const key = `${random(3000)}`;
    const space = random(2) === 0 ? store : store.bucket("a");
    if (random(4) === 0) await space.delete(key);
    else await space.set(key, `${count++} `.padEnd(random(900), "y"));
  };
  let since: string | undefined;
  let changes = 0;
  let collected = 0;
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 4000; i++) await change();
    if (round % 2 === 0) await store.gc({ discardRatio: 0.4 });
    const expected = contentsOf(store, ["a"]);
    const { writable, bytes } = slowly();
    let isDone = false;
    const backup = store.backup(
      writable,
      since === undefined || round === 3 ? {} : { since },
    ).finally(() => isDone = true);
    while (!isDone) {
      for (let i = 0; i < 200; i++) await change();
      changes += 200;
      const { segmentsRewritten } = await store.gc({ discardRatio: 0.3 });
      collected += segmentsRewritten;
      await new Promise((resolve) => setTimeout(resolve));
    }
    const report = await backup;
    since = report.versionstamp;
    await copy.restore(streamOf(bytes(), 100_000));
    assertEquals(contentsOf(copy, ["a"]), expected, `round ${round}`);
  }
  assert(changes > 5000 && collected > 20, `${changes} ${collected}`);
  assertEquals(store.stats().snapshots.count, 0);
  // Nothing is held any more.
  const before = store.segments().length;
  await store.clear();
  await store.bucket("a").clear();
  await store.gc({ discardRatio: 0.01 });
  assert(store.segments().length < before / 4);
});

Deno.test("backups: one that begins while a segment is rewritten misses nothing", async () => {
  for (let turns = 0; turns < 40; turns++) {
    const host = new SimulatedHost(turns);
    const engine = openEngine(
      { ...OPTIONS, valueLogMaxEntries: 400 },
      host,
    );
    const store = new Store(engine);
    for (let i = 0; i < 600; i++) store.setSync(`${i % 350}`, `${i}`);
    let isCollected = false;
    const gc = store.gc({ discardRatio: 0.2 }).then(() => isCollected = true);
    for (let i = 0; i < turns; i++) await host.letBreathe();
    const expected = contentsOf(store);
    let isDone = false;
    const backup = backUp(store).finally(() => isDone = true);
    while (!isDone || !isCollected) {
      if (!await host.letBreathe()) {
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    await gc;
    await using copy = await Store.open({ memoryMode: true });
    await copy.restore(streamOf((await backup).bytes));
    assertEquals(contentsOf(copy), expected, `after ${turns} turns`);
  }
});

Deno.test("backups: deletions that were collected are known by the keys that are left", async () => {
  await using store = await Store.open({ memoryMode: true });
  await using copy = await Store.open({ memoryMode: true });
  for (let i = 0; i < 100; i++) await store.set(`${i}`, "x".repeat(100));
  const full = await backUp(store);
  await copy.restore(streamOf(full.bytes));
  for (let i = 0; i < 90; i++) await store.delete(`${i}`);
  while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
  const { bytes, report } = await backUp(store, {
    since: full.report.versionstamp,
  });
  assertEquals([report.listed, report.deletes], [10, 0]);
  await copy.restore(streamOf(bytes));
  assertEquals(contentsOf(copy), contentsOf(store));
  // With nothing left there is nothing to list, and all goes.
  await store.clear();
  while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
  const last = await backUp(store, { since: report.versionstamp });
  assertEquals(last.report.listed + last.report.entries, 0);
  await copy.restore(streamOf(last.bytes));
  assertEquals(copy.size, 0);
});

Deno.test("backups: an incremental is applied only to what it builds on", async () => {
  await using store = await Store.open({ memoryMode: true });
  await using copy = await Store.open({ memoryMode: true });
  const rejects = async (bytes: Uint8Array, words: string, target = copy) => {
    const before = contentsOf(target);
    const error = await assertRejects(
      () => target.restore(streamOf(bytes)),
      StoreError,
      words,
    );
    assertEquals(error.code, "WRONG_BASE");
    assertEquals(contentsOf(target), before);
  };
  const backups: Awaited<ReturnType<typeof backUp>>[] = [];
  for (let i = 0; i < 4; i++) {
    await store.set(`${i}`, "x");
    const since = backups.at(-1)?.report.versionstamp;
    backups.push(await backUp(store, since === undefined ? {} : { since }));
  }
  const [full, first, second, third] = backups.map(({ bytes }) => bytes);
  await rejects(first!, "not restored from a backup");
  await copy.restore(streamOf(full!));
  await rejects(second!, "a backup in between is missing");
  await copy.restore(streamOf(first!));
  await copy.restore(streamOf(first!));
  await copy.restore(streamOf(second!));
  await rejects(first!, "the store is at version 3 already");
  // One that goes further back will do.
  const { bytes } = await backUp(store, {
    since: backups[1]!.report.versionstamp,
  });
  await copy.restore(streamOf(bytes));
  assertEquals(contentsOf(copy), contentsOf(store));

  await using other = await Store.open({ memoryMode: true });
  await other.restore(streamOf((await backUp(copy)).bytes));
  await rejects(third!, "of another store", other);
  await copy.set("own", "x");
  await rejects(third!, "was written to");
  await copy.restore(streamOf(full!));
  assertEquals(copy.size, 1);

  const error = await assertRejects(
    () => backUp(store, { since: "0".repeat(16) + "ffff" }),
    StoreError,
  );
  assertEquals(error.code, "WRONG_BASE");
  await assertRejects(() => backUp(store, { since: "7" }), TypeError);
});

Deno.test("backups: what expired at a restored store is no change of it", async () => {
  const host = new FixedHost();
  await using copy = new Store(openEngine(OPTIONS, host));
  await using store = await Store.open({ memoryMode: true });
  const expiry = Date.now() + 3_600_000;
  await store.set("key", "x", { expireIn: expiry - Date.now() });
  await store.set("other", "x");
  const full = await backUp(store);
  await copy.restore(streamOf(full.bytes));
  assertEquals(copy.size, 2);
  await host.advance(expiry + 10_000 - host.time);
  assertEquals(copy.size, 1);
  await store.delete("other");
  const { bytes } = await backUp(store, { since: full.report.versionstamp });
  await copy.restore(streamOf(bytes));
  assertEquals(copy.size, 0);
});

Deno.test("backups: versionstamps of a restored store are its own and greater", async () => {
  await using store = await Store.open({ memoryMode: true });
  for (let i = 0; i < 10; i++) await store.set("key", `${i}`);
  await using copy = await Store.open({ memoryMode: true });
  const { bytes, report } = await backUp(store);
  await copy.restore(streamOf(bytes));
  assert(copy.getEntry("key").versionstamp! > report.versionstamp);
});

Deno.test("backups: large values pass through", async () => {
  await using store = await Store.open({ memoryMode: true });
  const sizes = [0, 1, 131_071, 131_072, 300_000, 2_000_000];
  for (const size of sizes) {
    await store.set(`${size}`, new Uint8Array(size).fill(7));
  }
  await using directory = tempDir();
  const { bytes, report } = await backUp(store);
  assertEquals(report.entries, sizes.length);
  assertEquals(
    await Store.restore(streamOf(bytes, 1000), directory.path),
    report,
  );
  await using copy = await Store.open(directory.path);
  for (const size of sizes) {
    assertEquals(copy.getSync(`${size}`), new Uint8Array(size).fill(7));
  }
  // One that would not fit is refused before anything is changed.
  await using small = await Store.open({
    memoryMode: true,
    valueLogFileSize: 1_048_576,
  });
  await small.set("key", "kept");
  await assertRejects(() => small.restore(streamOf(bytes)), RangeError);
  assertEquals(contentsOf(small).get("key"), "kept @0");
});

Deno.test("backups: signals, failing streams and a close end them", async () => {
  await using store = await Store.open({ memoryMode: true });
  for (let i = 0; i < 40; i++) await store.set(`${i}`, "x".repeat(60_000));
  // A stream that takes nothing any more.
  const controller = new AbortController();
  let aborted: unknown;
  const stuck = new WritableStream<Uint8Array>({
    write: () => new Promise(() => {}),
    abort: (reason) => void (aborted = reason),
  });
  const backup = store.backup(stuck, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 5);
  await assertRejects(() => backup, Error, "enough");
  assertEquals(stuck.locked, false);
  assertInstanceOf(controller.signal.reason, Error);
  void aborted;
  // One that fails.
  const failing = new WritableStream<Uint8Array>({
    write: () => Promise.reject(new Error("no room")),
  });
  await assertRejects(() => store.backup(failing), Error, "no room");
  // Neither leaves anything behind.
  assertEquals(store.stats().snapshots.count, 0);
  assertNotEquals(store.status, "closed");

  const { bytes } = await backUp(store);
  const source = new ReadableStream<Uint8Array>({
    start: (stream) => stream.enqueue(bytes.slice(0, 200_000)),
    pull: (stream) => stream.error(new Error("cut off")),
  });
  await using directory = tempDir();
  await assertRejects(
    () => Store.restore(source, directory.path),
    Error,
    "cut off",
  );
  const signal = AbortSignal.abort(new Error("not now"));
  await assertRejects(
    () => Store.restore(streamOf(bytes), directory.path, { signal }),
    Error,
    "not now",
  );
  await Store.restore(streamOf(bytes), directory.path);

  const { writable } = slowly();
  const last = store.backup(writable);
  await store.close();
  const error = await assertRejects(() => last, StoreError);
  assertEquals(error.code, "CLOSED");
});

Deno.test("restoring: a store that is there is left alone", async () => {
  await using directory = tempDir();
  const store = await Store.open(directory.path);
  await store.set("key", "value");
  const { bytes } = await backUp(store);
  await store.close();
  const error = await assertRejects(
    () => Store.restore(streamOf(bytes), directory.path),
    StoreError,
  );
  assertEquals(error.code, "BAD_PATH");
  await using again = await Store.open(directory.path);
  assertEquals(again.size, 1);
});

Deno.test("restoring: every cut and every flip of a byte is found, and changes nothing", async () => {
  await using store = await Store.open({ memoryMode: true });
  await store.set("a", "first", { expireIn: 1e9 });
  await store.bucket("b").set("k", "second");
  const full = await backUp(store);
  await store.delete("a");
  await store.set("c", "third");
  while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
  const since = full.report.versionstamp;
  const incremental = await backUp(store, { since });
  assertEquals(incremental.report.listed, 2);

  await using copy = await Store.open({ memoryMode: true });
  await copy.restore(streamOf(full.bytes));
  const before = contentsOf(copy, ["b"]);
  await using directory = tempDir();
  const check = async (bytes: Uint8Array, what: string) => {
    const error = await assertRejects(
      () => copy.restore(streamOf(bytes)),
      InputError,
      "Cannot restore the backup: offset ",
      what,
    );
    assertEquals(error.code, "BACKUP_DAMAGED");
    assert(error.offset <= bytes.length);
    assertEquals(contentsOf(copy, ["b"]), before, what);
    assertEquals(copy.stats().pendingWrites, 0);
  };
  for (const { bytes } of [full, incremental]) {
    for (let at = 0; at < bytes.length; at++) {
      await check(bytes.slice(0, at), `cut at ${at}`);
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      await check(flipped, `flipped at ${at}`);
      if (bytes !== full.bytes || at % 5 !== 0) continue;
      for (const bad of [bytes.slice(0, at), flipped]) {
        await assertRejects(
          () => Store.restore(streamOf(bad), directory.path),
          InputError,
        );
        const left = [...Deno.readDirSync(directory.path)].map((f) => f.name);
        assertEquals(left.filter((name) => name !== "LOCK.os"), []);
      }
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    await check(longer, "one byte more");
  }
});

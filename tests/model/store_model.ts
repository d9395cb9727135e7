/**
 * Random histories against a Map: every operation of a store, with the garbage
 * collector in between its slices, disks that run full, clocks that go back, kills
 * and reopens. After each step the store must say what the model says, and its books
 * must be what a full scan of the log finds.
 */

import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import type { GcReport } from "../../src/engine/garbage_collector.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import {
  seededRandom,
  settle,
  SimulatedHost,
} from "../support/simulated_host.ts";

interface Known {
  value: string;
  expiry: number;
}

const DIRECTORY = "/model";

/** Runs one history; everything in it follows from the seed. */
export async function runHistory(seed: number, steps: number): Promise<void> {
  const history = new History(seed);
  try {
    await history.open();
    await history.prepare();
    for (let step = 0; step < steps; step++) await history.step();
    await history.finish();
  } catch (error) {
    console.error(`seed ${seed}: ${history.trace.slice(-30).join("\n  ")}`);
    throw error;
  }
}

class History {
  readonly trace: string[] = [];
  readonly #random: () => number;
  readonly #options: StoreOptions;
  #host: SimulatedHost;
  #engine!: Engine;
  #store!: Store;
  #model = new Map<string, Known>();
  #count = 0;
  #gc: Promise<GcReport | Error> | undefined;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#host = new SimulatedHost(seed);
    this.#options = {
      path: DIRECTORY,
      valueLogGcEnabled: this.#chance(0.3),
      valueLogMaxEntries: 2 + this.#below(this.#chance(0.5) ? 40 : 300),
      memTableSize: 65_536,
      numMemTables: 1 + this.#below(2),
      valueThreshold: this.#chance(0.5) ? 200 : 1_000_000,
      syncWrites: this.#chance(0.5),
      blockCacheSize: this.#chance(0.5) ? 0 : 65_536,
    };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(part: number): boolean {
    return this.#random() < part;
  }

  #key(): string {
    return `key ${this.#below(this.#chance(0.5) ? 6 : 40)}`;
  }

  #value(): string {
    const length = this.#chance(0.2) ? this.#below(2000) : this.#below(20);
    return `${this.#count++} ${"x".repeat(length)}`;
  }

  #now(): number {
    return this.#engine.now();
  }

  #expected(key: string): string | undefined {
    const known = this.#model.get(key);
    if (known === undefined) return undefined;
    return known.expiry !== 0 && known.expiry <= this.#now()
      ? undefined
      : known.value;
  }

  /** Fills some stores with enough for the collector to need many slices. */
  async prepare(): Promise<void> {
    if (this.#chance(0.5)) return;
    for (let i = 0; i < 300; i++) await this.#set();
  }

  open(): Promise<void> {
    this.#engine = openEngine(this.#options, this.#host);
    this.#store = new Store(this.#engine);
    this.#check();
    return Promise.resolve();
  }

  async step(): Promise<void> {
    const choice = this.#below(100);
    if (choice < 35) await this.#set();
    else if (choice < 45) await this.#delete();
    else if (choice < 53) await this.#batch();
    else if (choice < 63) this.#get();
    else if (choice < 68) await this.#list();
    else if (choice < 74) await this.#startGc();
    else if (choice < 84) await this.#host.letBreathe();
    else if (choice < 89) await this.#advance();
    else if (choice < 92) await this.#fillDisk();
    else if (choice < 94) await this.#store.sync();
    else if (choice < 97) await this.#reopen();
    else await this.#kill();
    await settle();
    this.#check();
  }

  async #set(): Promise<void> {
    const key = this.#key();
    const value = this.#value();
    const expireIn = this.#chance(0.3) ? 1 + this.#below(5000) : 0;
    this.trace.push(`set ${key} ${value.slice(0, 9)} ${expireIn}`);
    const expiry = expireIn === 0 ? 0 : this.#now() + expireIn;
    await this.#finish(
      this.#store.set(key, value, expireIn === 0 ? {} : { expireIn }),
    );
    this.#model.set(key, { value, expiry });
  }

  /** Waits for a write, giving the collector its slices meanwhile. */
  async #finish<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    promise.finally(() => isDone = true).catch(() => {});
    for (let i = 0; !isDone && i < 10_000; i++) {
      await settle();
      if (!isDone) await this.#host.letBreathe();
    }
    return await promise;
  }

  async #delete(): Promise<void> {
    const key = this.#key();
    this.trace.push(`delete ${key}`);
    const existed = this.#expected(key) !== undefined;
    assertEquals(await this.#finish(this.#store.delete(key)), existed);
    this.#model.delete(key);
  }

  async #batch(): Promise<void> {
    const batch = this.#store.batch();
    const changes: [string, Known | undefined][] = [];
    const count = 1 + this.#below(this.#options.valueLogMaxEntries!);
    for (let i = 0; i < Math.min(count, 8); i++) {
      const key = this.#key();
      if (this.#chance(0.3)) {
        batch.delete(key);
        changes.push([key, undefined]);
      } else {
        const value = this.#value();
        const expireIn = this.#chance(0.2) ? 1 + this.#below(5000) : 0;
        batch.set(key, value, expireIn === 0 ? {} : { expireIn });
        const expiry = expireIn === 0 ? 0 : this.#now() + expireIn;
        changes.push([key, { value, expiry }]);
      }
    }
    this.trace.push(`batch ${changes.map(([key]) => key).join(", ")}`);
    await this.#finish(batch.commit());
    for (const [key, known] of changes) {
      if (known === undefined) this.#model.delete(key);
      else this.#model.set(key, known);
    }
  }

  #get(): void {
    const key = this.#key();
    this.trace.push(`get ${key}`);
    const bytes = this.#store.getSync(key);
    const text = bytes && new TextDecoder().decode(bytes);
    assertEquals(text, this.#expected(key));
    assertEquals(this.#store.has(key), text !== undefined);
  }

  async #list(): Promise<void> {
    this.trace.push("list");
    const expected = [...this.#model.keys()]
      .map((key) => [key, this.#expected(key)])
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => a! < b! ? -1 : 1);
    const listed: string[][] = [];
    const decoder = new TextDecoder();
    const list = this.#store.list();
    // Changes after the first entry must not show.
    for (;;) {
      const next = await this.#finish(list.next());
      if (next.done) break;
      listed.push(next.value.map((bytes) => decoder.decode(bytes)));
      if (listed.length % 3 === 1 && this.#chance(0.3)) await this.#set();
    }
    assertEquals(listed, expected as string[][]);
  }

  async #startGc(): Promise<void> {
    if (this.#gc !== undefined) return;
    const discardRatio = this.#chance(0.5) ? 0.5 : 0.1;
    this.trace.push(`start gc ${discardRatio}`);
    const run = this.#store.gc({ discardRatio }).catch((error) => error);
    this.#gc = run.finally(() => this.#gc = undefined);
    await settle();
  }

  async #advance(): Promise<void> {
    // Once in a while the machine's clock is set back.
    const step = this.#chance(0.2) ? -this.#below(10_000) : this.#below(3000);
    this.trace.push(`advance ${step}`);
    await this.#host.advance(step);
  }

  async #fillDisk(): Promise<void> {
    const key = this.#key();
    this.trace.push(`set ${key} on a full disk`);
    await this.#endGc();
    this.#host.files.freeBytes = this.#below(60);
    let failure: unknown;
    await this.#finish(this.#store.set(key, "y".repeat(300))).catch((error) =>
      failure = error
    );
    this.#host.files.freeBytes = Infinity;
    assertEquals((failure as { code?: string })?.code, "DISK_FULL");
  }

  async #endGc(): Promise<void> {
    for (let i = 0; this.#gc !== undefined && i < 10_000; i++) {
      await this.#host.letBreathe();
    }
    assertEquals(this.#gc, undefined);
  }

  async #reopen(): Promise<void> {
    this.trace.push("close, open");
    await this.#finish(this.#store.close());
    this.#gc = undefined;
    this.#host = new SimulatedHost(
      this.#below(2 ** 31),
      this.#host.files,
      this.#host.time - (this.#chance(0.2) ? this.#below(10_000) : 0),
    );
    if (this.#chance(0.3)) this.#damageHelpers();
    await this.open();
  }

  /** Hints and snapshots may be lost at any time. */
  #damageHelpers(): void {
    const { files } = this.#host;
    for (const name of files.list(DIRECTORY)) {
      const isHelper = name.endsWith(".hint") || name.endsWith(".snapshot");
      if (isHelper && this.#chance(0.5)) {
        this.trace.push(`remove ${name}`);
        files.remove(`${DIRECTORY}/${name}`);
      }
    }
  }

  async #kill(): Promise<void> {
    this.trace.push("kill, open");
    await settle();
    this.#gc = undefined;
    this.#host = new SimulatedHost(
      this.#below(2 ** 31),
      this.#host.files.afterKill(DIRECTORY),
      this.#host.time,
    );
    await this.open();
  }

  #check(): void {
    // While a segment that is gone is being settled, the books lag behind.
    if (this.#gc === undefined) checkBooks(this.#engine);
    const now = this.#now();
    for (const [key, { expiry }] of this.#model) {
      if (expiry !== 0 && expiry <= now) this.#model.delete(key);
    }
    assertEquals(this.#store.size, this.#model.size);
    assertEquals(this.#engine.collector.totals.unknownPuts, 0);
  }

  /** At the end every key is read, then all are deleted and little must remain. */
  async finish(): Promise<void> {
    await this.#endGc();
    for (let i = 0; i < 40; i++) {
      const key = `key ${i}`;
      const bytes = this.#store.getSync(key);
      const text = bytes && new TextDecoder().decode(bytes);
      assertEquals(text, this.#expected(key), key);
      await this.#finish(this.#store.delete(key));
    }
    let reports = 0;
    for (; reports < 5; reports++) {
      const report = await this.#finish(this.#store.gc({ discardRatio: 0.1 }));
      if (report.segmentsRewritten === 0) break;
    }
    assert(reports < 5, "the collector never came to an end");
    const { vlogSize } = this.#store.stats();
    assert(vlogSize <= 200, `${vlogSize} bytes remain of an empty store`);
    await this.#finish(this.#store.close());
  }
}

/**
 * Readers beside a writer that commits, lets keys expire, rotates, collects, fails,
 * is closed and is killed: after each refresh a reader shows exactly the commits up to
 * its versionstamp, and in between it stays as it is.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Store, StoreError, StoreReader } from "../../mod.ts";
import type { Engine } from "../../src/engine/engine.ts";
import {
  type DirectoryLock,
  type FileHandle,
  joinPath,
  type OpenMode,
} from "../../src/fs/file_system.ts";
import { segmentIds } from "../../src/engine/segment_files.ts";
import { segmentName } from "../../src/format/file_names.ts";
import { openEngine } from "../../src/store/store.ts";
import { openReaderEngine } from "../../src/store/store_reader.ts";
import { FixedHost, START_TIME } from "../support/fixed_host.ts";
import { FailingFileSystem, seededRandom } from "../support/simulated_host.ts";

const PATH = "/readers";
const SETTINGS = {
  path: PATH,
  memTableSize: 65_536,
  valueLogMaxEntries: 12,
  valueLogGcEnabled: false,
};
const BUCKET = "b";
const ENCRYPTION = { encryption: { key: new Uint8Array(32).fill(5) } };

/** Files that several engines share; those of a killed writer do nothing more. */
class SharedFiles extends FailingFileSystem {
  /** Called before bytes are taken back. */
  beforeCut: () => void = () => {};
  #generation = 0;

  /** Stops the writer; returns the file that it was writing. */
  kill(): FileHandle {
    this.#generation++;
    const newest = segmentIds(this.list(PATH)).at(-1)!;
    return this.inner.open(joinPath(PATH, segmentName(newest)), "write");
  }

  /** The writer that held the lock may have been killed. */
  override lock(): DirectoryLock {
    return { release: () => {} };
  }

  override open(path: string, mode: OpenMode): FileHandle {
    const handle = super.open(path, mode);
    if (mode === "read") return handle;
    const generation = this.#generation;
    const { truncate, write } = handle;
    const check = () => {
      if (generation === this.#generation) return;
      throw new StoreError("IO", "Cannot write: the process is dead");
    };
    return Object.assign(handle, {
      truncate: (length: number) => {
        check();
        this.beforeCut();
        truncate(length);
      },
      write: (...args: Parameters<FileHandle["write"]>) => {
        check();
        return write(...args);
      },
    });
  }
}

/** A host whose slices end at random, and that lets others look then. */
class LookedAtHost extends FixedHost {
  /** Called between two slices. */
  look: () => void = () => {};
  readonly #random: () => number;

  constructor(files: FailingFileSystem, time: number, seed: number) {
    super(files, time);
    this.#random = seededRandom(seed);
  }

  override shouldBreathe(): boolean {
    return this.#random() < 0.3;
  }

  override breathe(): Promise<void> {
    this.look();
    return Promise.resolve();
  }
}

type State = ReadonlyMap<string, { value: string; expiresAt: number }>;

const anyKey = fc.nat(9).map((n) => n < 7 ? `${n}` : `${BUCKET}/${n}`);
const anyCommit = fc.record({
  keys: fc.array(anyKey, { minLength: 1, maxLength: 4 }),
  kind: fc.constantFrom("set", "set", "delete", "expire"),
});
type Commit = typeof anyCommit extends fc.Arbitrary<infer T> ? T : never;

const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      commit: anyCommit,
      isAwaited: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("collect" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      milliseconds: fc.constantFrom(1, 40, 2000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("kill" as const),
      torn: fc.uint8Array({ maxLength: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      freeBytes: fc.nat(300),
      isSeen: fc.boolean(),
      commits: fc.array(anyCommit, { minLength: 1, maxLength: 4 }),
      isRepeated: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("refresh" as const),
      isSync: fc.boolean(),
      meanwhile: fc.oneof(anyCommit, fc.constantFrom("look", "look in")),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("open" as const) }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** What a state shows at a time, sorted. */
function shown(state: State, time: number): string[] {
  const lines: string[] = [];
  for (const [key, { value, expiresAt }] of state) {
    if (expiresAt === 0 || expiresAt > time) lines.push(`${key}=${value}`);
  }
  return lines.sort();
}

const decoder = new TextDecoder();

type Lists = Pick<StoreReader, "listSync"> & {
  bucket(name: string): Pick<StoreReader, "listSync">;
};

/** What a reader or a snapshot shows, sorted. */
function contentsOf(reader: Lists): string[] {
  const lines: string[] = [];
  for (const [key, value] of reader.listSync()) {
    lines.push(`${decoder.decode(key)}=${decoder.decode(value)}`);
  }
  for (const [key, value] of reader.bucket(BUCKET).listSync()) {
    lines.push(`${BUCKET}/${decoder.decode(key)}=${decoder.decode(value)}`);
  }
  return lines.sort();
}

/** One history of a writer with a reader beside it. */
class Trial {
  looks = 0;
  rebuilds = 0;
  healed = 0;
  readonly #files = new SharedFiles();
  readonly #seed: number;
  /** The reader's; its clock is the writer's. */
  readonly #readerHost: LookedAtHost;
  #writerHost!: LookedAtHost;
  #opened = 0;
  #engine!: Engine;
  #store!: Store;
  /** What had been committed when a version was the newest. */
  readonly #states = new Map<number, State>();
  #state: State = new Map();
  #reader: StoreReader;
  /** What the reader is to show. */
  #seen: State = new Map();
  /** The reader saw a write that was taken back, and was not refreshed since. */
  #isStale = false;
  #snapshots: { snapshot: Lists; lines: string[] }[] = [];
  #number = 0;

  /** Adds the keys, where the files are encrypted. */
  readonly #encryption: typeof ENCRYPTION | Record<never, never>;

  constructor(seed: number, isEncrypted: boolean) {
    this.#seed = seed;
    this.#encryption = isEncrypted ? ENCRYPTION : {};
    this.#readerHost = new LookedAtHost(this.#files, START_TIME, seed);
    this.#openStore();
    this.#reader = this.#openReader();
  }

  get #time(): number {
    return this.#readerHost.time;
  }

  #openStore(): void {
    const seed = this.#seed + ++this.#opened;
    this.#writerHost = new LookedAtHost(this.#files, this.#time, seed);
    const settings = { ...SETTINGS, ...this.#encryption };
    this.#engine = openEngine(settings, this.#writerHost);
    this.#store = new Store(this.#engine);
    this.#forgetUndone();
  }

  #openReader(): StoreReader {
    const options = {
      path: PATH,
      blockCacheSize: 1 << 20,
      ...this.#encryption,
    };
    const reader = new StoreReader(openReaderEngine(options, this.#readerHost));
    this.#snapshots = [];
    this.#isStale = false;
    this.#seen = this.#stateAt(reader);
    return reader;
  }

  /** What was not written, or was taken back, gives its versions to others. */
  #forgetUndone(): void {
    const { nextVersion } = this.#engine.writer;
    for (const version of this.#states.keys()) {
      if (version >= nextVersion) this.#states.delete(version);
    }
    this.#state = this.#stateBefore(nextVersion);
  }

  #stateBefore(version: number): State {
    while (--version > 0) {
      const state = this.#states.get(version);
      if (state !== undefined) return state;
    }
    return new Map();
  }

  #stateAt(reader: StoreReader): State {
    return this.#stateBefore(Number.parseInt(reader.versionstamp, 16) + 1);
  }

  #commit({ keys, kind }: Commit, number: number): Promise<void> {
    const batch = this.#store.batch();
    const state = new Map(this.#state);
    for (const key of new Set(keys)) {
      const isInBucket = key.startsWith(`${BUCKET}/`);
      const name = isInBucket ? key.slice(BUCKET.length + 1) : key;
      const target = isInBucket ? { bucket: BUCKET } : {};
      if (kind === "delete") {
        batch.delete(name, target);
        state.delete(key);
        continue;
      }
      const expiry = kind === "expire" ? { expireIn: 50 } : {};
      batch.set(name, `${number}`, { ...target, ...expiry });
      const expiresAt = kind === "expire" ? this.#time + 50 : 0;
      state.set(key, { value: `${number}`, expiresAt });
    }
    const { nextVersion } = this.#engine.writer;
    const done = batch.commit();
    // Not so where there was no room: what was pending may even be undone then.
    if (this.#engine.writer.nextVersion <= nextVersion) this.#forgetUndone();
    else {
      this.#state = state;
      this.#states.set(this.#engine.writer.nextVersion - 1, state);
    }
    return done;
  }

  /** Checks that the reader shows what it has to. */
  check(): void {
    if (this.#isStale) return this.#checkStale();
    this.looks++;
    const expected = shown(this.#seen, this.#time);
    assertEquals(contentsOf(this.#reader), expected);
    assertEquals(this.#reader.size, expected.length);
    for (const line of expected) {
      const [key, value] = line.split("=") as [string, string];
      const isInBucket = key.startsWith(`${BUCKET}/`);
      const found = isInBucket
        ? this.#reader.bucket(BUCKET).getSync(key.slice(BUCKET.length + 1))
        : this.#reader.getSync(key);
      assertEquals(decoder.decode(found), value);
    }
    for (const { snapshot, lines } of this.#snapshots) {
      assertEquals(contentsOf(snapshot), lines);
    }
  }

  /** A read either gives what was read then, or what there is now; it never fails. */
  #checkStale(): void {
    const then = shown(this.#seen, this.#time);
    for (let n = 0; n < 7; n++) {
      const value = this.#reader.getSync(`${n}`);
      const now = shown(this.#stateAt(this.#reader), this.#time);
      const line = `${n}=${decoder.decode(value)}`;
      const isAbsent = (lines: string[]) =>
        !lines.some((one) => one.startsWith(`${n}=`));
      const isRight = value === undefined
        ? isAbsent(then) || isAbsent(now)
        : then.includes(line) || now.includes(line);
      assert(isRight, `${line} is neither of ${then} nor of ${now}`);
    }
    if (this.#reader.stats().refreshes.rebuilds > this.rebuilds) this.healed++;
  }

  #noteRefresh(): void {
    const { rebuilds } = this.#reader.stats().refreshes;
    if (rebuilds > this.rebuilds) {
      this.rebuilds = rebuilds;
      this.#snapshots = [];
    }
    this.#isStale = false;
    this.#seen = this.#stateAt(this.#reader);
    this.check();
  }

  #lookIn(): void {
    this.check();
    this.#reader.refreshSync();
    this.#noteRefresh();
  }

  async take(step: Step): Promise<void> {
    const number = ++this.#number;
    switch (step.do) {
      case "commit": {
        const done = this.#commit(step.commit, number);
        done.catch(() => {});
        if (step.isAwaited) await done;
        break;
      }
      case "collect":
        this.#writerHost.look = () => this.#lookIn();
        await this.#store.gc({ discardRatio: 0.05 });
        this.#writerHost.look = () => {};
        break;
      case "wait":
        this.#readerHost.time += step.milliseconds;
        await this.#writerHost.advance(step.milliseconds);
        break;
      case "reopen":
        await this.#store.close();
        this.#openStore();
        break;
      case "kill": {
        const file = this.#files.kill();
        file.write(step.torn, 0, step.torn.length, file.size());
        this.#lookIn();
        this.#openStore();
        break;
      }
      case "fail":
        await this.#fail(step, number);
        break;
      case "refresh": {
        if (step.isSync) this.#reader.refreshSync();
        else {
          const { meanwhile } = step;
          this.#readerHost.look = () => {
            if (meanwhile === "look") this.check();
            else if (typeof meanwhile === "string") this.#lookIn();
            else this.#commit(meanwhile, number).catch(() => {});
          };
          await this.#reader.refresh();
          this.#readerHost.look = () => {};
        }
        this.#noteRefresh();
        break;
      }
      case "snapshot": {
        if (this.#isStale) break;
        const lines = shown(this.#seen, this.#time);
        this.#snapshots.push({ snapshot: this.#reader.snapshot(), lines });
        break;
      }
      case "open":
        await this.#reader.close();
        this.#reader = this.#openReader();
        this.rebuilds = 0;
        break;
    }
    this.check();
  }

  /** Commits for which there is no room, seen before they are taken back. */
  async #fail(
    step: Extract<Step, { do: "fail" }>,
    number: number,
  ): Promise<void> {
    await this.#store.flush();
    this.#files.freeBytes = step.freeBytes;
    if (step.isSeen) {
      this.#files.beforeCut = () => {
        try {
          this.#lookIn();
        } catch (error) {
          // The writer takes an error for one of the disk.
          problem = error;
        }
        this.#isStale = true;
      };
    }
    let problem: unknown;
    const commits: Promise<void>[] = [];
    try {
      for (const commit of step.commits) {
        commits.push(this.#commit(commit, number));
      }
    } catch (error) {
      // A segment could not be made, or hints were in the way.
      assert(error instanceof StoreError, `${error}`);
    }
    await Promise.allSettled(commits);
    this.#files.freeBytes = Infinity;
    this.#files.beforeCut = () => {};
    if (problem !== undefined) throw problem;
    this.#forgetUndone();
    this.check();
    if (!step.isRepeated) return;
    // The same lengths in the same places, but for the first one another value.
    for (const commit of step.commits) {
      await this.#commit(commit, number + (commit === step.commits[0] ? 1 : 0));
    }
    this.#number++;
  }

  async end(): Promise<void> {
    await this.#store.flush();
    this.#lookIn();
    assertEquals(this.#seen, this.#state);
    await this.#reader.close();
    await this.#store.close();
  }
}

Deno.test("a reader shows whole commits up to one, whatever the writer does", async () => {
  let looks = 0;
  let rebuilds = 0;
  let healed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 5, maxLength: 80, size: "max" }),
      fc.integer(),
      fc.boolean(),
      async (steps, seed, isEncrypted) => {
        const trial = new Trial(seed, isEncrypted);
        for (const step of steps) await trial.take(step);
        await trial.end();
        looks += trial.looks;
        rebuilds += trial.rebuilds;
        healed += trial.healed;
      },
    ),
    { numRuns: 150 },
  );
  console.log({ looks, rebuilds, healed });
  assert(looks > 1000 && rebuilds > 0);
});

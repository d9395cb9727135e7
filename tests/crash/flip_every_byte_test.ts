/**
 * Every byte of every file flipped, one at a time: the store refuses with an error
 * that names the place, or holds what it may hold. It never gives a wrong value.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { CorruptionError, StoreError } from "../../src/errors.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import type { FixedHost } from "../support/fixed_host.ts";
import { tempDir } from "../support/temp.ts";
import {
  assertOpens,
  BUCKET,
  bytesOf,
  type Contents,
  DIRECTORY,
  History,
  namesOf,
  open,
  readAll,
  removeFile,
  replaceFile,
  sorted,
} from "./history.ts";

const SEALED = "0000000001.vlog";

/** What became of an open with one byte flipped. */
interface Outcome {
  /** The store did not open. */
  refusal?: StoreError;
  /** It opened. */
  engine?: Engine;
}

/** The tables of a snapshot are mostly empty slots: of those a few will do. */
function isWorthFlipping(offset: number, size: number): boolean {
  return size < 4000 || offset < 140 || offset > size - 400 ||
    offset % 99 === 0;
}

/** Flips every byte of a file in turn, or every `step`-th, wholly or in a single bit. */
async function flipEach(
  history: History,
  name: string,
  without: string[],
  check: (offset: number, outcome: Outcome, host: FixedHost) => Promise<void>,
  step: number = 1,
): Promise<void> {
  const whole = bytesOf(history.crashed(), name);
  for (let offset = 0; offset < whole.length; offset += step) {
    if (!isWorthFlipping(offset, whole.length)) continue;
    const mask = offset % 3 === 0 ? 0xff : 1 << (offset & 7);
    const host = history.crashed();
    replaceFile(host, name, whole.with(offset, whole[offset]! ^ mask));
    for (const other of namesOf(host)) {
      if (without.some((ending) => other.endsWith(ending))) {
        removeFile(host, other);
      }
    }
    await check(offset, tryOpen(history, host), host);
  }
}

function tryOpen(history: History, host: FixedHost): Outcome {
  try {
    return { engine: open(history, host) };
  } catch (error) {
    assertInstanceOf(error, StoreError);
    return { refusal: error };
  }
}

/** An error that says what is wrong with which file, and where. */
function assertNames(error: unknown, name: string, offset: number): void {
  assertInstanceOf(error, CorruptionError);
  assertEquals(error.path, `${DIRECTORY}/${name}`);
  assert(error.offset <= offset, `${error.offset} for a flip at ${offset}`);
}

/** Reads every key by itself; returns how many could not be read. */
async function readEach(
  engine: Engine,
  expected: Contents,
  name: string,
  offset: number,
): Promise<number> {
  const store = new Store(engine);
  let failures = 0;
  for (const [path, value] of expected) {
    const isInBucket = path.startsWith(`${BUCKET}/`);
    const space = isInBucket ? store.bucket(BUCKET) : store;
    const key = isInBucket ? path.slice(BUCKET.length + 1) : path;
    try {
      const found = await space.get(key);
      assertEquals(new TextDecoder().decode(found), value, path);
    } catch (error) {
      assertNames(error, name, offset);
      failures++;
    }
  }
  return failures;
}

Deno.test("a flipped byte of a sealed segment, with nothing else to go by, is refused", async () => {
  const history = await History.make();
  await flipEach(history, SEALED, [".hint"], (offset, { refusal }) => {
    assertNames(refusal, SEALED, offset);
    return Promise.resolve();
  });
});

Deno.test("a flipped byte of a sealed segment behind a hint or snapshot is met when it is read", async () => {
  for (const isClosed of [false, true]) {
    const history = await History.make({ isClosed });
    let unread = 0;
    await flipEach(history, SEALED, [], async (offset, { refusal, engine }) => {
      if (offset < 64) {
        assertNames(refusal, SEALED, offset);
        return;
      }
      if (engine === undefined) throw refusal;
      const failures = await readEach(engine, history.contents, SEALED, offset);
      assert(failures <= 1, "one record holds one value");
      unread += failures;
    }, isClosed ? 4 : 1);
    assert(unread > 50, `${unread} values were found damaged`);
  }
});

Deno.test("a flipped byte of a damaged segment stops its collection, not the rest", async () => {
  const history = await History.make();
  await flipEach(history, SEALED, [], async (offset, { engine }) => {
    if (engine === undefined || offset % 9 !== 0) return;
    const store = new Store(engine);
    try {
      await store.gc({ discardRatio: 0.01 });
      throw new Error("the damage was overlooked");
    } catch (error) {
      assertNames(error, SEALED, offset);
    }
    assert(engine.log.segments.has(1), "it is left for salvage");
    const failures = await readEach(engine, history.contents, SEALED, offset);
    assert(failures <= 1);
  });
});

Deno.test("a flipped byte of the newest segment is a torn tail or an error, never a wrong value", async () => {
  const history = await History.make();
  const { newest } = history;
  const length = bytesOf(history.crashed(), newest).length;
  let cut = 0;
  await flipEach(history, newest, [], async (offset, { refusal, engine }) => {
    if (refusal !== undefined) {
      assertNames(refusal, newest, offset);
      assert(offset < 64, "nothing says that the records were synced");
      return;
    }
    const { contents } = history.momentAt(offset);
    assertEquals(sorted(await readAll(engine!)), sorted(contents));
    assert(engine!.recovery.bytesCut >= length - offset);
    cut++;
  });
  assert(cut > 300);
});

Deno.test("a flipped byte before what a later record says was synced is an error", async () => {
  const history = await History.make({ syncWrites: true });
  const { newest, moments } = history;
  // The last commit alone has no later record to speak for it.
  const last = moments.at(-2)!.length;
  await flipEach(
    history,
    newest,
    [],
    async (offset, { refusal, engine }, host) => {
      if (offset < last) {
        assertNames(refusal, newest, offset);
        assertEquals(bytesOf(host, newest).length, moments.at(-1)!.length);
        return;
      }
      if (engine === undefined) throw refusal;
      assertEquals(
        sorted(await readAll(engine)),
        sorted(history.momentAt(offset).contents),
      );
    },
  );
});

Deno.test("a flipped byte of a hint file or of the snapshot only costs time", async () => {
  const kinds = [
    { isClosed: false, ending: ".hint", without: [], step: 1 },
    { isClosed: true, ending: ".hint", without: ["snapshot"], step: 3 },
    { isClosed: true, ending: "snapshot", without: [], step: 1 },
    { isClosed: true, ending: "snapshot", without: [".hint"], step: 3 },
  ];
  for (const { isClosed, ending, without, step } of kinds) {
    const history = await History.make({ isClosed, isReopened: true });
    const names = namesOf(history.crashed()).filter((name) =>
      name.endsWith(ending)
    );
    assert(names.length > 0);
    for (const name of names) {
      await flipEach(history, name, without, async (offset, outcome, host) => {
        if (outcome.engine === undefined) throw outcome.refusal;
        const contents = await readAll(outcome.engine);
        assertEquals(
          sorted(contents),
          sorted(history.contents),
          `${name} ${offset}`,
        );
        if (offset % 31 !== 0) return;
        const again = host.afterKill(DIRECTORY);
        await assertOpens(
          history,
          again,
          history.contents,
          `${name} ${offset}`,
        );
      }, step);
    }
  }
});

Deno.test("a flipped byte of LOCK is refused or overcome, and nothing is lost", async () => {
  await using directory = tempDir();
  const options = { path: directory.path };
  const first = openEngine(options);
  await new Store(first).set("k", "v");
  const text = Deno.readFileSync(`${directory.path}/LOCK`);
  await first.close();
  let refused = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const damaged = text.with(offset, text[offset]! ^ (1 << (offset & 7)));
    Deno.writeFileSync(`${directory.path}/LOCK`, damaged);
    try {
      await using store = await Store.open(options);
      assertEquals(new TextDecoder().decode(await store.get("k")), "v");
    } catch (error) {
      assertInstanceOf(error, StoreError);
      assertEquals(error.code, "LOCKED");
      assertEquals(Deno.readFileSync(`${directory.path}/LOCK`), damaged);
      refused++;
    }
  }
  assert(refused > 10 && refused < text.length, `${refused} were refused`);
});

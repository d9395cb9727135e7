/**
 * Every byte of every file of an encrypted store flipped, and every file cut at every
 * byte: the store refuses with an error that says where, or holds what it may hold. It
 * never gives a wrong value.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { Engine } from "../../src/engine/engine.ts";
import { CorruptionError, StoreError } from "../../src/errors.ts";
import { Store } from "../../src/store/store.ts";
import type { FixedHost } from "../support/fixed_host.ts";
import {
  assertRecovers,
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

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 3 * i + 1);
const SEALED = "0000000001.vlog";

/** What became of an open. */
interface Outcome {
  refusal?: StoreError;
  engine?: Engine;
}

function tryOpen(history: History, host: FixedHost): Outcome {
  try {
    return { engine: open(history, host) };
  } catch (error) {
    assertInstanceOf(error, StoreError);
    return { refusal: error };
  }
}

function isRebuilt(name: string): boolean {
  return name.endsWith(".hint") || name === "index.snapshot";
}

/** Every key reads right, or as damage of `name`; returns how many of the latter. */
async function readEach(
  engine: Engine,
  expected: Contents,
  name: string,
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
      assertInstanceOf(error, CorruptionError);
      assertEquals(error.path, `${DIRECTORY}/${name}`);
      failures++;
    }
  }
  return failures;
}

/** The newest segment was hurt: the store refuses, or holds what some prefix says. */
async function checkNewest(
  history: History,
  host: FixedHost,
  { refusal, engine }: Outcome,
  what: string,
): Promise<"refused" | "prefix"> {
  if (engine === undefined) {
    assertInstanceOf(refusal, CorruptionError, what);
    assertEquals(refusal.path, `${DIRECTORY}/${history.newest}`, what);
    return "refused";
  }
  const found = JSON.stringify(sorted(await readAll(engine)));
  const moment = history.moments.findLast(({ contents }) =>
    JSON.stringify(sorted(contents)) === found
  );
  assert(moment !== undefined, `${what}: ${found}`);
  await assertRecovers(
    history,
    host.afterKill(DIRECTORY),
    moment.contents,
    what,
  );
  return "prefix";
}

Deno.test("encrypted: a flipped byte is never a wrong value", async () => {
  const met = { refused: 0, prefix: 0, unread: 0 };
  for (const isClosed of [false, true]) {
    const history = await History.make({ key: KEY, isClosed });
    for (const name of namesOf(history.crashed())) {
      const whole = bytesOf(history.crashed(), name);
      for (let at = 0; at < whole.length; at++) {
        // Of the tables of a snapshot a few places will do, and of what was read before.
        if (whole.length > 5000 && at > 200 && at % 97 !== 0) continue;
        if (isClosed && name !== "index.snapshot" && at % 4 !== 0) continue;
        const what = `${name} flipped at ${at}`;
        const host = history.crashed();
        const mask = at % 3 === 0 ? 0xff : 1 << (at & 7);
        replaceFile(host, name, whole.with(at, whole[at]! ^ mask));
        const outcome = tryOpen(history, host);
        const { refusal, engine } = outcome;
        if (name === "KEYS") {
          assertEquals(refusal?.code, "CORRUPT", what);
          assertEquals(refusal?.path, `${DIRECTORY}/KEYS`);
        } else if (isRebuilt(name)) {
          assert(engine !== undefined, `${what}: ${refusal}`);
          const found = sorted(await readAll(engine));
          assertEquals(found, sorted(history.contents), what);
        } else if (name === history.newest && !isClosed) {
          met[await checkNewest(history, host, outcome, what)]++;
        } else if (engine === undefined) {
          assertInstanceOf(refusal, CorruptionError, what);
          assertEquals(refusal.path, `${DIRECTORY}/${name}`, what);
          met.refused++;
        } else {
          met.unread += await readEach(engine, history.contents, name);
        }
      }
    }
  }
  assert(met.refused > 100 && met.prefix > 100 && met.unread > 500);
});

Deno.test("encrypted: a flipped byte of a sealed segment without hints is refused", async () => {
  const history = await History.make({ key: KEY });
  const whole = bytesOf(history.crashed(), SEALED);
  for (let at = 0; at < whole.length; at++) {
    const host = history.crashed();
    replaceFile(host, SEALED, whole.with(at, whole[at]! ^ 1));
    removeFile(host, "0000000001.hint");
    const { refusal } = tryOpen(history, host);
    assertInstanceOf(refusal, CorruptionError, `flip at ${at}`);
    assertEquals(refusal.path, `${DIRECTORY}/${SEALED}`);
  }
});

Deno.test("encrypted: cut at every byte, the newest segment has a torn tail", async () => {
  const history = await History.make({ key: KEY });
  const whole = bytesOf(history.crashed(), history.newest);
  const lengths = new Set<number>();
  for (let length = 164; length <= whole.length; length++) {
    const host = history.crashed();
    replaceFile(host, history.newest, whole.slice(0, length));
    const outcome = tryOpen(history, host);
    const what = `cut at ${length}`;
    assert(outcome.engine !== undefined, `${what}: ${outcome.refusal}`);
    const { recovery } = outcome.engine;
    assertEquals(
      recovery.lostFile !== undefined,
      recovery.bytesCut > 0,
      what,
    );
    lengths.add(outcome.engine.log.active.length);
    await checkNewest(history, host, outcome, what);
  }
  assert(lengths.size > 8, `${lengths.size} different ends`);
});

Deno.test("encrypted: cut below what was synced, the newest segment is corrupt", async () => {
  const history = await History.make({ key: KEY, isReopened: true });
  const whole = bytesOf(history.crashed(), history.newest);
  let refused = 0;
  for (let length = 0; length < whole.length; length++) {
    const host = history.crashed();
    replaceFile(host, history.newest, whole.slice(0, length));
    const outcome = tryOpen(history, host);
    const what = `cut at ${length}`;
    if (outcome.engine === undefined) {
      assertInstanceOf(outcome.refusal, CorruptionError, what);
      assertEquals(bytesOf(host, history.newest).length, length, what);
      refused++;
    } else {
      assert(outcome.engine.log.active.length >= history.reopenedAt, what);
    }
  }
  assert(refused > history.reopenedAt, `${refused} cuts were refused`);
});

Deno.test("encrypted: cut at every byte, sealed segments are corrupt and the rest is made again", async () => {
  for (const isClosed of [false, true]) {
    const history = await History.make({ key: KEY, isClosed });
    for (const name of namesOf(history.crashed())) {
      if (name === history.newest && !isClosed) continue;
      const whole = bytesOf(history.crashed(), name);
      for (let length = 0; length < whole.length; length++) {
        if (whole.length > 5000 && length % 97 !== 0) continue;
        const what = `${name} cut at ${length}`;
        const host = history.crashed();
        replaceFile(host, name, whole.slice(0, length));
        const { refusal, engine } = tryOpen(history, host);
        if (isRebuilt(name)) {
          assert(engine !== undefined, `${what}: ${refusal}`);
          const found = sorted(await readAll(engine));
          assertEquals(found, sorted(history.contents), what);
        } else {
          assertInstanceOf(refusal, CorruptionError, what);
          assertEquals(refusal.path, `${DIRECTORY}/${name}`, what);
        }
      }
    }
  }
});

Deno.test("encrypted: zeros or garbage behind the last frame are cut off", async () => {
  const history = await History.make({ key: KEY });
  const whole = bytesOf(history.crashed(), history.newest);
  const tails = [
    new Uint8Array(1),
    new Uint8Array(4096),
    new Uint8Array(300_000),
    crypto.getRandomValues(new Uint8Array(3000)),
    new Uint8Array(777).fill(0xff),
    whole.slice(64), // frames that stand further on than they were written
  ];
  for (const [i, tail] of tails.entries()) {
    const host = history.crashed();
    const bytes = new Uint8Array(whole.length + tail.length);
    bytes.set(whole);
    bytes.set(tail, whole.length);
    replaceFile(host, history.newest, bytes);
    const engine = await assertRecovers(
      history,
      host,
      history.contents,
      `tail ${i}`,
    );
    assert(engine.recovery.bytesCut > 0);
    assertEquals(bytesOf(host, history.newest), whole, `tail ${i}`);
  }
});

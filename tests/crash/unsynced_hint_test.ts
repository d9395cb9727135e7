/**
 * A hint file can reach the medium before the bytes that it speaks of. It is believed
 * only as far as those bytes are what they were.
 */
import { assert, assertEquals } from "@std/assert";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { bytesOf, DIRECTORY, replaceFile } from "./history.ts";

const SEGMENT = "0000000001.vlog";
const OPTIONS = {
  path: DIRECTORY,
  memTableSize: 65_536,
  valueLogGcEnabled: false,
};
const COUNT = 200;

/** A store of records that were never synced, most of them in the hint file. */
async function unsyncedStore(): Promise<{ host: FixedHost; ends: number[] }> {
  const host = new FixedHost();
  const engine = openEngine(OPTIONS, host);
  const store = new Store(engine);
  const ends: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    await store.set(`key ${i}`, new Uint8Array(1000).fill(i));
    ends.push(engine.log.active.length);
  }
  await host.advance(1);
  assertEquals(engine.log.active.syncedLength, 64);
  assert(engine.log.active.hintBytes > 2000);
  return { host: host.afterKill(DIRECTORY), ends };
}

async function assertHoldsFirst(host: FixedHost, count: number): Promise<void> {
  const engine = openEngine(OPTIONS, host);
  checkBooks(engine);
  const store = new Store(engine);
  assertEquals(store.size, count);
  for (let i = 0; i < COUNT; i++) {
    const value = await store.get(`key ${i}`);
    assertEquals(value?.length, i < count ? 1000 : undefined, `key ${i}`);
    assert(value?.every((byte) => byte === i) ?? true);
  }
}

Deno.test("with its bytes whole, an unsynced hint file is used", async () => {
  const { host } = await unsyncedStore();
  const engine = openEngine(OPTIONS, host.afterKill(DIRECTORY));
  assert(engine.recovery.rowsFromHints > 100);
  await assertHoldsFirst(host, COUNT);
});

Deno.test("with a byte lost that a hint file speaks of, what comes after is cut", async () => {
  const { host, ends } = await unsyncedStore();
  const whole = bytesOf(host, SEGMENT);
  for (let offset = 70; offset < whole.length; offset += 7919) {
    const copy = host.afterKill(DIRECTORY);
    replaceFile(copy, SEGMENT, whole.with(offset, whole[offset]! ^ 0x10));
    await assertHoldsFirst(copy, ends.filter((end) => end <= offset).length);
  }
});

Deno.test("with a block lost that a hint file speaks of, what comes after is cut", async () => {
  const { host, ends } = await unsyncedStore();
  const whole = bytesOf(host, SEGMENT);
  for (let start = 4096; start < whole.length; start += 5 * 4096) {
    const zeroed = host.afterKill(DIRECTORY);
    replaceFile(zeroed, SEGMENT, whole.slice().fill(0, start, start + 4096));
    const count = ends.filter((end) => end <= start).length;
    await assertHoldsFirst(zeroed, count);
    const cut = host.afterKill(DIRECTORY);
    replaceFile(cut, SEGMENT, whole.slice(0, start));
    await assertHoldsFirst(cut, count);
  }
});

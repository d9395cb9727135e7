/** Views on values: what a caller may do with one in the next call. */
import { assert, assertEquals } from "@std/assert";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";

Deno.test("a view can be set under another key, though its memtable leaves memory for that", async () => {
  const engine = openEngine({
    path: "/views",
    memTableSize: 65_536,
    valueLogGcEnabled: false,
  }, new FixedHost());
  const store = new Store(engine);
  let sealedForCopy = 0;
  for (let i = 0; i < 3000; i++) {
    await store.set(`key ${i}`, new Uint8Array(300).fill(i));
    // The value that lies first in the oldest memtable is the first to be overwritten
    // when its room is used again.
    const oldest = engine.writer.memtables.sealed[0];
    if (oldest === undefined) continue;
    const { headLength, keyLength } = headOf(oldest.view);
    const key = oldest.image.slice(headLength, headLength + keyLength);
    const view = store.getView(key)!;
    assertEquals(view.buffer, oldest.image.buffer);
    const expected = view.slice();
    const { memtablesSealed } = engine.counters;
    const copy = `${"a copy under a longer name ".repeat(2)} ${i}`;
    store.setSync(copy, view);
    if (engine.counters.memtablesSealed > memtablesSealed) sealedForCopy++;
    const copied = store.getSync(copy)!;
    assert(copied.every((byte, at) => byte === expected[at]), `copy ${i}`);
  }
  assert(sealedForCopy > 10, `${sealedForCopy} copies had a memtable sealed`);
  await store.close();
});

function headOf(view: DataView): { headLength: number; keyLength: number } {
  const flags = view.getUint8(4);
  const headLength = 20 + ((flags & 4) !== 0 ? 8 : 0) +
    ((flags & 32) !== 0 ? 4 : 0);
  return { headLength, keyLength: view.getUint16(6, true) };
}

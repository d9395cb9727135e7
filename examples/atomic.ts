/** Atomic operations: compare and set, counters, and a rate limit. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/atomic";
await emptyDir(path);
await using store = await Store.open(path);

// Two editors read the same page; the second to save is told.
await store.set("page", "first draft");
const seenByAda = store.getEntry("page");
const seenByGrace = store.getEntry("page");
const ada = await store.atomic().check(seenByAda)
  .set("page", "by Ada").sum("edits", 1n).commit();
const grace = await store.atomic().check(seenByGrace)
  .set("page", "by Grace").sum("edits", 1n).commit();
console.log(`Ada ${ada.ok}, Grace ${grace.ok}`);
assertEquals([ada.ok, grace.ok], [true, false]);
assertEquals(store.getCounter("edits"), 1n);

// Claiming a name: nobody may have it yet.
const claim = (owner: string) =>
  store.atomic().check({ key: "name/sett", versionstamp: null })
    .set("name/sett", owner).commit();
const claims = await Promise.all(["a", "b", "c"].map(claim));
assertEquals(claims.filter(({ ok }) => ok).length, 1);

// Five requests a minute: the counter expires a minute after its first.
async function mayPass(client: string): Promise<boolean> {
  const options = { expireIn: 60_000 };
  return await store.increment(`requests/${client}`, 1n, options) <= 5n;
}
const passed = [];
for (let i = 0; i < 7; i++) passed.push(await mayPass("203.0.113.7"));
console.log(`passed: ${passed.join(" ")}`);
assertEquals(passed.filter(Boolean).length, 5);

// Any other change in one step.
const longest = (value: Uint8Array | undefined, operand: Uint8Array) =>
  value === undefined || operand.length > value.length ? operand : value;
for (const word of ["sett", "badger", "log"]) {
  await store.merge("longest", word, longest);
}
assertEquals(new TextDecoder().decode(await store.get("longest")), "badger");

/**
 * The figures in README and ARCHITECTURE that a command can show.
 */
import { assert } from "@std/assert";
import { Store } from "@sett/badger";

/** Bytes of index a key of 16 bytes takes when there are `count` of them. */
async function indexBytesPerKey(
  count: number,
  expireIn?: number,
): Promise<number> {
  await using store = await Store.open({
    memoryMode: true,
    valueLogGcEnabled: false,
  });
  const options = expireIn === undefined ? {} : { expireIn };
  for (let i = 0; i < count; i++) {
    void store.set(String(i).padStart(16, "0"), "", options);
  }
  await store.flush();
  return Math.round(store.stats().memory.indexBytes / count);
}

/** The hash is keyed at random, so a figure is the next one's neighbour. */
function assertNear(measured: number, documented: number): void {
  assert(
    Math.abs(measured - documented) <= 2,
    `measured ${measured} bytes, documented ${documented}`,
  );
}

Deno.test("documents: the bytes of index a key takes are the measured ones", async () => {
  // From 100,000 on a table may split, and bring a slab for itself.
  const few = await indexBytesPerKey(96_000);
  const more = await indexBytesPerKey(250_000);
  const expiring = await indexBytesPerKey(500_000, 3_600_000);
  for (const path of ["README.md", "ARCHITECTURE.md"]) {
    const words = (await Deno.readTextFile(path)).replace(/\s+/g, " ");
    const figures = /16 bytes takes (\d+) to (\d+) bytes/.exec(words)!;
    assertNear(few, Number(figures[1]));
    assertNear(more, Number(figures[2]));
  }
  const words = (await Deno.readTextFile("README.md")).replace(/\s+/g, " ");
  assertNear(expiring, Number(/one with an expiry (\d+) \(/.exec(words)![1]));
});

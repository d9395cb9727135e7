/** Garbage collection: overwritten and deleted records leave the disk. */
import { Store } from "@sett/badger";
import { assert, assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/gc";
await emptyDir(path);
await using store = await Store.open({
  path,
  valueLogMaxEntries: 1000, // small segments, so that there are several
  valueLogGcEnabled: false, // only when this example says so
});

function show(title: string) {
  const { vlogSize, liveBytes, deadBytes, segments } = store.stats();
  console.log(
    `${title}: ${vlogSize} bytes in ${segments} segments, ` +
      `${liveBytes} live, ${deadBytes} dead`,
  );
}

const value = new Uint8Array(100).fill(7);
for (let round = 0; round < 5; round++) {
  for (let i = 0; i < 1000; i++) store.setSync(`key/${i}`, value);
}
show("written five times");

let report = await store.gc();
console.log(
  `gc: ${report.segmentsRewritten} segments, ${report.bytesReclaimed} bytes ` +
    `removed, ${report.bytesRewritten} written again`,
);
show("collected");
assert(report.bytesReclaimed > 4 * 100_000);
assertEquals(store.getSync("key/999"), value);

// Deletes are records too (tombstones), and GC gets rid of those as well.
for (let i = 0; i < 1000; i++) store.deleteSync(`key/${i}`);
show("all deleted");
for (let run = 0; run < 3; run++) report = await store.gc();
show("collected");
assertEquals(report.reason, "no segment has reached the discard ratio");
assert(store.stats().vlogSize < 1000);
assertEquals(store.size, 0);

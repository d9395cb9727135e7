/** Backups: a full one, an incremental one, and both restored; and a checkpoint. */
import { type BackupReport, Store, StoreError } from "@sett/badger";
import { assertEquals, assertRejects } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/backup";
await emptyDir(path);
await using store = await Store.open(`${path}/store`);

async function backUp(name: string, since?: string): Promise<BackupReport> {
  const file = await Deno.create(`${path}/${name}`);
  return await store.backup(
    file.writable,
    since === undefined ? {} : { since },
  );
}

for (let i = 0; i < 1000; i++) await store.set(`order/${i}`, `open ${i}`);
const full = await backUp("monday");
console.log(`monday: ${full.entries} entries, ${full.bytes} bytes`);

await store.set("order/1", "paid");
await store.delete("order/2");
await store.bucket("users").set("ada", "1815");
const since = full.versionstamp;
const incremental = await backUp("tuesday", since);
console.log(
  `tuesday: ${incremental.entries} entries, ${incremental.deletes} deleted, ` +
    `${incremental.bytes} bytes`,
);
assertEquals([incremental.entries, incremental.deletes], [2, 1]);

// The disaster: a new store of the full backup, then what changed since.
const open = async (name: string) =>
  (await Deno.open(`${path}/${name}`)).readable;
await Store.restore(await open("monday"), `${path}/restored`);
await using restored = await Store.open(`${path}/restored`);
await restored.restore(await open("tuesday"));
assertEquals(restored.size, store.size);
assertEquals(restored.has("order/2"), false);
console.log(`restored: ${restored.size} keys`);

// What is not whole is refused, and changes nothing.
const bytes = (await Deno.readFile(`${path}/tuesday`)).slice(0, -1);
const error = await assertRejects(
  () => restored.restore(new Blob([bytes]).stream()),
  StoreError,
);
console.log(`${error.code}: ${error.message}`);

// On the same disk a copy takes no time: the files get second names.
const { linked } = await store.checkpoint(`${path}/checkpoint`);
await using twin = await Store.open(`${path}/checkpoint`);
assertEquals(twin.size, store.size);
console.log(`checkpoint: ${linked} segments linked`);

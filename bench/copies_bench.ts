/**
 * 100,000 rows at once: loaded in several ways, backed up, restored, exported and
 * imported; and a checkpoint of them. 16-byte keys, 100-byte values.
 */
import { Store } from "@sett/badger";
import { emptyDirSync } from "@std/fs";
import {
  emptyPath,
  KEY_COUNT,
  keys,
  openEmpty,
  openFull,
  value,
} from "./support.ts";

const BATCH = 1000;
/** Bytes of a record. */
const RECORD_BYTES = 20 + 16 + 100;

function* rows(): Generator<[string, Uint8Array]> {
  for (const key of keys) yield [key, value];
}

const floor = Deno.openSync(`${emptyPath("floor")}/file`, {
  write: true,
  create: true,
});
Deno.bench(
  "write: as many bytes in pieces of 256 KiB",
  { group: "load" },
  () => {
    const piece = new Uint8Array(256 * 1024);
    for (let at = 0; at < KEY_COUNT * RECORD_BYTES; at += piece.length) {
      floor.writeSync(piece);
    }
  },
);

const loaded = await openEmpty("load");
Deno.bench("load", { group: "load", baseline: true }, async () => {
  await loaded.load(rows());
});

const batched = await openEmpty("load_batch");
Deno.bench(`batch: ${BATCH} sets, committed`, { group: "load" }, async () => {
  for (let i = 0; i < KEY_COUNT; i += BATCH) {
    const batch = batched.batch();
    for (const key of keys.slice(i, i + BATCH)) batch.set(key, value);
    await batch.commit();
  }
});

const inTurns = await openEmpty("load_turns");
Deno.bench(`set: ${BATCH} in one turn`, { group: "load" }, async () => {
  for (let i = 0; i < KEY_COUNT; i += BATCH) {
    await Promise.all(
      keys.slice(i, i + BATCH).map((key) => inTurns.set(key, value)),
    );
  }
});

const single = await openEmpty("load_single");
Deno.bench("set: one by one, awaited", { group: "load" }, async () => {
  for (const key of keys) await single.set(key, value);
});

const durable = await openEmpty("load_durable", { syncWrites: true });
Deno.bench("load, syncWrites", { group: "load durable" }, async () => {
  await durable.load(rows());
});

const durableBatch = await openEmpty("load_batch_durable", {
  syncWrites: true,
});
Deno.bench(
  `batch: ${BATCH} sets, syncWrites`,
  { group: "load durable" },
  async () => {
    for (let i = 0; i < KEY_COUNT; i += BATCH) {
      const batch = durableBatch.batch();
      for (const key of keys.slice(i, i + BATCH)) batch.set(key, value);
      await batch.commit();
    }
  },
);

/** Takes everything and keeps nothing. */
const nowhere = () => new WritableStream<Uint8Array>();

async function kept(
  write: (writable: WritableStream<Uint8Array>) => Promise<unknown>,
): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  await write(
    new WritableStream<Uint8Array>({
      write: (piece) => void pieces.push(piece.slice()),
    }),
  );
  return new Blob(pieces);
}

const full = await openFull("copies");
Deno.bench("backup: full", { group: "copies" }, async () => {
  await full.backup(nowhere());
});

const { versionstamp } = await full.backup(nowhere());
for (const key of keys.slice(0, 1000)) full.setSync(key, value);
Deno.bench(
  "backup: incremental, 1000 rows changed",
  { group: "copies" },
  async () => {
    await full.backup(nowhere(), { since: versionstamp });
  },
);

const backup = await kept((writable) => full.backup(writable));
Deno.bench("restore: to a new store", { group: "copies" }, async (b) => {
  const path = emptyPath("restored");
  b.start();
  await Store.restore(backup.stream(), path);
  b.end();
});

Deno.bench("checkpoint", { group: "copies" }, async (b) => {
  const path = emptyPath("checkpoint");
  full.setSync("key", value);
  emptyDirSync(path);
  b.start();
  await full.checkpoint(path);
  b.end();
});

for (const format of ["ndjson", "cbor"] as const) {
  Deno.bench(`export: ${format}`, { group: "copies" }, async () => {
    await full.export(nowhere(), { format });
  });
  const rows = await kept((writable) => full.export(writable, { format }));
  const target = await openEmpty(`import_${format}`);
  Deno.bench(`import: ${format}`, { group: "copies" }, async () => {
    await target.import(rows.stream(), { format });
  });
}

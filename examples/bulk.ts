/** Bulk: many rows loaded, exported as lines of JSON, and imported elsewhere. */
import { type LoadRow, Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/bulk";
await emptyDir(path);
await using store = await Store.open(`${path}/store`);

function* rows(): Generator<LoadRow> {
  for (let i = 0; i < 100_000; i++) {
    yield [`reading/${String(i).padStart(6, "0")}`, `${i % 40}`];
  }
  yield { key: "session", value: "x", expireIn: 60_000 };
}

let batches = 0;
const start = performance.now();
const loaded = await store.load(rows(), { onProgress: () => batches++ });
const milliseconds = Math.round(performance.now() - start);
console.log(`${loaded.rows} rows in ${batches} batches, ${milliseconds} ms`);
assertEquals(loaded.rows, 100_001);

// A range as text that any program reads; keys that expire say when.
const file = await Deno.create(`${path}/rows.ndjson`);
const exported = await store.export(file.writable, {
  format: "ndjson",
  start: "reading/099990",
});
const text = await Deno.readTextFile(`${path}/rows.ndjson`);
console.log(text.split("\n")[0], `and ${exported.rows - 1} more`);
assertEquals(exported.rows, 11);

await using other = await Store.open(`${path}/other`);
const { readable } = await Deno.open(`${path}/rows.ndjson`);
const imported = await other.import(readable, { format: "ndjson" });
console.log(`${imported.rows} rows imported`);
assertEquals(
  other.getEntry("session").expiresAt,
  store.getEntry("session").expiresAt,
);

// A CBOR sequence is smaller, and made without text and Base64.
const { writable, readable: items } = new TransformStream<
  Uint8Array,
  Uint8Array
>();
const written = store.export(writable, { format: "cbor" });
await other.import(items, { format: "cbor" });
console.log(`${(await written).bytes} bytes as CBOR`);
assertEquals(other.size, store.size);

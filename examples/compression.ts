/** Compression: documents that take a fraction of their room, and read as ever. */
import { Store } from "@sett/badger";
import { assert, assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/compression";
await emptyDir(path);

const page = (n: number) =>
  JSON.stringify({
    url: `https://example.org/pages/${n}`,
    title: `Page ${n}`,
    body: "The quick brown fox jumps over the lazy dog. ".repeat(40),
  });

async function fill(compression: "none" | "deflate"): Promise<number> {
  await using store = await Store.open({
    path: `${path}/${compression}`,
    compression,
    compressionThreshold: 256,
  });
  for (let i = 0; i < 1000; i++) await store.set(`page/${i}`, page(i));
  assertEquals(new TextDecoder().decode(await store.get("page/7")), page(7));
  return store.stats().vlogSize;
}

const plain = await fill("none");
const small = await fill("deflate");
console.log(`${plain} bytes, compressed ${small}`);
assert(small < plain / 5);

// A bucket can differ, and what is stored either way is read either way.
await using store = await Store.open(`${path}/none`);
const archive = store.bucket("archive", {
  compression: "deflate",
  compressionThreshold: 64,
});
const before = store.stats().vlogSize;
await archive.set("report", page(1));
await store.bucket("archive").set("plain", page(2));
console.log(`${store.stats().vlogSize - before} bytes for two pages`);
assertEquals(
  new TextDecoder().decode(store.bucket("archive").getSync("report")),
  page(1),
);

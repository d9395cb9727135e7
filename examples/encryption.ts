/** Encryption at rest: a key to open with, and new keys without a rewrite. */
import { Store, StoreError } from "@sett/badger";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/encryption";
await emptyDir(path);
// From a secret manager in a real program: without it the data is gone.
const key = crypto.getRandomValues(new Uint8Array(32));

const store = await Store.open({ path, encryption: { key } });
await store.bucket("patients").set("ada", "blood group A+");
await store.close();

let bytes = 0;
for (const { name } of Deno.readDirSync(path)) {
  const text = new TextDecoder("latin1").decode(
    Deno.readFileSync(`${path}/${name}`),
  );
  assert(!/patients|ada|blood/.test(text), `${name} tells something`);
  bytes += text.length;
}
console.log(`${bytes} bytes on disk, and none of them in clear`);

const wrongKey = crypto.getRandomValues(new Uint8Array(32));
for (const encryption of [undefined, { key: wrongKey }]) {
  const options = encryption === undefined ? { path } : { path, encryption };
  const error = await assertRejects(() => Store.open(options), StoreError);
  console.log(`${error.code}: ${error.message.split(":")[1]!.trim()}`);
}

// A new key takes the place of the old one as the store opens; one file changes.
const newKey = crypto.getRandomValues(new Uint8Array(32));
await using again = await Store.open({
  path,
  encryption: { key: newKey, previousKeys: [key] },
});
const value = await again.bucket("patients").get("ada");
assertEquals(new TextDecoder().decode(value), "blood group A+");

// And a new data key for what is written from now on.
await again.rotateDataKey();
await again.set("written", "under the new data key");
console.log(`${again.segments().length} segments, each under its own data key`);

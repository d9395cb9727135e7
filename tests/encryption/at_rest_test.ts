/**
 * What lies on the disk of an encrypted store: no key, no value and no bucket's name, in
 * whatever file and whatever was done.
 */
import { assert, assertEquals } from "@std/assert";
import { Store, type StoreOptions } from "../../mod.ts";
import { tempDir } from "../support/temp.ts";

const KEY = crypto.getRandomValues(new Uint8Array(32));
/** Stands in every key, value and name; no two ever run together in a file by chance. */
const SECRETS = ["secret-key", "secret-value", "secret-bucket"] as const;

const options = (path: string, isEncrypted: boolean): StoreOptions => ({
  path,
  valueLogMaxEntries: 60,
  memTableSize: 65_536,
  valueThreshold: 30_000,
  valueLogGcEnabled: false,
  ...isEncrypted ? { encryption: { key: KEY } } : {},
});

/** The bytes of a file; of a retired segment none may be left. */
function readIfPresent(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    assert(path.endsWith(".retired.tmp"), path);
    return new Uint8Array(0);
  }
}

/** The names of the files that have one of the secrets, or the user's key, in clear. */
function filesWithSecrets(path: string): string[] {
  const needles = SECRETS.map((text) => new TextEncoder().encode(text));
  needles.push(KEY.subarray(0, 8));
  const found: string[] = [];
  for (const { name } of Deno.readDirSync(path)) {
    const bytes = readIfPresent(`${path}/${name}`);
    const text = new TextDecoder("latin1").decode(bytes);
    const hasOne = needles.some((needle) =>
      text.includes(new TextDecoder("latin1").decode(needle))
    );
    if (hasOne) found.push(name);
  }
  return found.sort();
}

/** Does everything that writes files, and looks at them after each step. */
async function live(
  path: string,
  isEncrypted: boolean,
): Promise<{ found: Set<string>; endings: Set<string> }> {
  const found = new Set<string>();
  const endings = new Set<string>();
  const look = () => {
    for (const name of filesWithSecrets(path)) found.add(name);
    for (const { name } of Deno.readDirSync(path)) {
      endings.add(name.replace(/^.*\./, ""));
    }
  };
  let store = await Store.open(options(path, isEncrypted));
  const [key, value, bucket] = SECRETS;
  for (let i = 0; i < 100; i++) {
    await store.set(`${key} ${i}`, `${value} `.repeat(i));
  }
  await store.set(`${key} large`, value.repeat(5000));
  await store.set(`${key} short lived`, value, { expireIn: 1 });
  for (let i = 0; i < 100; i++) {
    await store.bucket(bucket).set(`${key} ${i}`, value);
  }
  look();
  await store.batch().set(key, value).delete(`${key} 1`).commit();
  for (let i = 0; i < 90; i++) await store.set(`${key} ${i}`, value);
  await store.sync();
  look();
  assert((await store.gc({ discardRatio: 0.1 })).segmentsRewritten > 0);
  look();
  await store.close();
  look();
  store = await Store.open(options(path, isEncrypted));
  await store.set(`${key} more`, value);
  await store.close();
  // A torn tail, which is kept aside.
  const newest = [...Deno.readDirSync(path)].map(({ name }) => name)
    .filter((name) => name.endsWith(".vlog")).sort().at(-1)!;
  const segment = `${path}/${newest}`;
  for (const { name } of Deno.readDirSync(path)) {
    if (/hint$|snapshot$/.test(name)) Deno.removeSync(`${path}/${name}`);
  }
  const bytes = Deno.readFileSync(segment);
  Deno.writeFileSync(segment, bytes.subarray(0, bytes.length - 3));
  store = await Store.open(options(path, isEncrypted));
  assert(store.recovery.bytesCut > 0);
  look();
  await store.close();
  look();
  return { found, endings };
}

Deno.test("encryption: no key, value or bucket's name is on disk, whatever was done", async () => {
  await using directory = tempDir();
  const { found, endings } = await live(directory.path, true);
  assertEquals([...found], []);
  for (const ending of ["vlog", "hint", "snapshot", "lost", "KEYS"]) {
    assert(endings.has(ending), `there was no ${ending}`);
  }
});

Deno.test("encryption: the same search finds them in a store that is not encrypted", async () => {
  await using directory = tempDir();
  const { found } = await live(directory.path, false);
  for (const ending of ["vlog", "hint", "snapshot", "lost"]) {
    assert([...found].some((name) => name.endsWith(ending)), ending);
  }
});

Deno.test("encryption: equal values leave no equal bytes", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const store = await Store.open(options(path, true));
  const value = new Uint8Array(4096);
  for (let i = 0; i < 50; i++) await store.set("k", value);
  await store.close();
  const seen = new Set<string>();
  let count = 0;
  const bytes = Deno.readFileSync(`${path}/0000000001.vlog`);
  for (let at = 64; at + 16 <= bytes.length; at += 16) {
    seen.add(bytes.subarray(at, at + 16).join());
    count++;
  }
  assert(count > 10_000);
  // But for the zeros at the end of a sector.
  assert(count - seen.size < 30, `${count - seen.size} of ${count} come twice`);
});

/** Opening a store of 100,000 keys, by what its index is read from. */
import { Store } from "@sett/badger";
import { keys, openFull } from "./support.ts";

async function makeStore(name: string): Promise<string> {
  const store = await openFull(name);
  const { path } = store;
  await store.close();
  return path;
}

const RUNS = { n: 5, warmup: 1 };

const clean = await makeStore("snapshot");
Deno.bench(`open: ${keys.length} keys, index snapshot`, RUNS, async (bench) => {
  bench.start();
  const store = await Store.open(clean);
  bench.end();
  await store.close();
});

const hinted = await makeStore("hints");
Deno.bench(`open: ${keys.length} keys, hint files`, RUNS, async (bench) => {
  Deno.removeSync(`${hinted}/index.snapshot`);
  bench.start();
  const store = await Store.open(hinted);
  bench.end();
  await store.close();
});

const bare = await makeStore("scan");
Deno.bench(`open: ${keys.length} keys, records alone`, RUNS, async (bench) => {
  for (const { name } of Deno.readDirSync(bare)) {
    if (/\.(hint|snapshot)$/.test(name)) Deno.removeSync(`${bare}/${name}`);
  }
  bench.start();
  const store = await Store.open(bare);
  bench.end();
  await store.close();
});

/** What encryption costs: each call on a plain store and on an encrypted one. */
import { Store, type StoreOptions } from "@sett/badger";
import { keys, openEmpty, openFull, scattered, value } from "./support.ts";

const TURN = 1000;
const RUNS = { n: 5, warmup: 1 };
const next = scattered();
const KINDS: Record<string, StoreOptions> = {
  plain: {},
  encrypted: {
    encryption: { key: crypto.getRandomValues(new Uint8Array(32)) },
  },
};

/** Registers the benchmark of one call for both kinds of store. */
function compare(
  group: string,
  run: (store: Store) => void | Promise<void>,
  stores: Record<string, Store>,
): void {
  for (const [kind, store] of Object.entries(stores)) {
    const baseline = kind === "plain";
    Deno.bench(`${group}: ${kind}`, { group, baseline }, () => run(store));
  }
}

/** A store of each kind. */
async function each(
  open: (kind: string, options: StoreOptions) => Promise<Store>,
): Promise<Record<string, Store>> {
  const stores: Record<string, Store> = {};
  for (const [kind, options] of Object.entries(KINDS)) {
    stores[kind] = await open(kind, options);
  }
  return stores;
}

const written = await each((kind, options) =>
  openEmpty(`set_${kind}`, options)
);
compare(`set: ${TURN} in one turn`, async (store) => {
  const writes: Promise<void>[] = [];
  for (let i = 0; i < TURN; i++) writes.push(store.set(keys[next()]!, value));
  await Promise.all(writes);
}, written);
compare(
  "setSync: one, handed to the system",
  (store) => store.setSync(keys[next()]!, value),
  written,
);

const large = new Uint8Array(1 << 20).fill(7);
compare("setSync: 1 MiB", (store) => store.setSync("large", large), written);

const cached = await each((kind, options) =>
  openFull(`cached_${kind}`, { memTableSize: 65_536, ...options })
);
for (const store of Object.values(cached)) store.setSync("large", large);
compare(
  "getSync: block cache",
  (store) => void store.getSync(keys[next()]!),
  cached,
);
compare("getSync: 1 MiB", (store) => void store.getSync("large"), cached);

const cold = await each((kind, options) =>
  openFull(`cold_${kind}`, {
    memTableSize: 65_536,
    blockCacheSize: 0,
    ...options,
  })
);
compare("getSync: file", (store) => void store.getSync(keys[next()]!), cold);

const closed = await each((kind, options) => openFull(`open_${kind}`, options));
for (const store of Object.values(closed)) await store.close();
for (const [kind, { path }] of Object.entries(closed)) {
  const group = `open: ${keys.length} keys, index snapshot`;
  const baseline = kind === "plain";
  Deno.bench(
    `${group}: ${kind}`,
    { group, baseline, ...RUNS },
    async (bench) => {
      bench.start();
      const store = await Store.open({ path, ...KINDS[kind] });
      bench.end();
      await store.close();
    },
  );
}

/** What Keyv asks of a storage adapter, on disk and in a bucket of a store in memory. */
import { rmSync } from "node:fs";
import { Store } from "@sett/badger";
import { KeyvSett } from "@sett/badger/keyv";

// These are installed beside the packed artefact, and nowhere else.
const load = (name) => import(name);
const { default: keyvTestSuite, keyvIteratorTests } = await load(
  "@keyv/test-suite",
);
const { default: Keyv } = await load("keyv");
const vitest = await load("vitest");

const path = "data/keyv";
rmSync(path, { recursive: true, force: true });
const disk = await Store.open(path);
const memory = await Store.open({ memoryMode: true });

// An adapter has one namespace, so each Keyv needs its own.
for (
  const [name, target] of [["on disk", disk], [
    "in a bucket",
    memory.bucket("b"),
  ]]
) {
  vitest.describe(name, () => {
    keyvTestSuite(vitest, Keyv, () => new KeyvSett(target));
    keyvIteratorTests(vitest, Keyv, () => new KeyvSett(target));
  });
}

vitest.it(
  "clear keeps to its namespace; what it opened it closes",
  async () => {
    await disk.close();
    const one = new Keyv({ store: new KeyvSett(path), namespace: "one" });
    await one.set("key", 1);
    await one.disconnect();
    const store = await Store.open(path);
    const two = new Keyv({ store: new KeyvSett(store), namespace: "two" });
    await two.set("key", 2);
    await two.clear();
    vitest.expect(await two.get("key")).toBeUndefined();
    await two.disconnect();
    vitest.expect(store.status).toBe("open");
    await store.close();
    const again = new Keyv({ store: new KeyvSett(path), namespace: "one" });
    vitest.expect(await again.get("key")).toBe(1);
    await again.disconnect();
  },
);

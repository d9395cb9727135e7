/**
 * What unstorage does through a driver. Its own driver tests are not published with
 * the package, so these are ours, through its front.
 */
import { rmSync } from "node:fs";
import { Store } from "@sett/badger";
import settDriver from "@sett/badger/unstorage";

// These are installed beside the packed artefact, and nowhere else.
const load = (name) => import(name);
const { createStorage, prefixStorage, restoreSnapshot, snapshot } = await load(
  "unstorage",
);
const { afterAll, beforeEach, describe, expect, it } = await load("vitest");

const path = "data/unstorage";
rmSync(path, { recursive: true, force: true });
const memory = await Store.open({ memoryMode: true });

for (
  const [name, target] of [["on disk", path], [
    "in a bucket",
    memory.bucket("u"),
  ]]
) {
  describe(name, () => {
    const driver = settDriver(target);
    const storage = createStorage({ driver });
    beforeEach(() => storage.clear());
    afterAll(() => storage.dispose());

    it("sets, has, gets and removes", async () => {
      await storage.setItem("s1:a", "text");
      await storage.setItem("s2:a", { json: [1, null, true] });
      expect(await storage.hasItem("s1:a")).toBe(true);
      expect(await storage.getItem("s1:a")).toBe("text");
      expect(await storage.getItem("s2:a")).toEqual({ json: [1, null, true] });
      expect(await storage.getItem("none")).toBe(null);
      await storage.removeItem("s1:a");
      expect(await storage.hasItem("s1:a")).toBe(false);
    });

    it("lists and clears by base", async () => {
      for (const key of ["s1:a", "s1:b", "s2:a", "s10"]) {
        await storage.setItem(key, key);
      }
      expect((await storage.getKeys()).sort()).toEqual([
        "s10",
        "s1:a",
        "s1:b",
        "s2:a",
      ]);
      expect((await storage.getKeys("s1")).sort()).toEqual(["s1:a", "s1:b"]);
      await driver.clear("s1:"); // as for a mount below, or of a prefix
      expect((await storage.getKeys()).sort()).toEqual(["s10", "s2:a"]);
    });

    it("keeps raw bytes as they are", async () => {
      const bytes = new Uint8Array([0, 1, 254, 255]);
      await storage.setItemRaw("raw", bytes);
      expect(new Uint8Array(await storage.getItemRaw("raw"))).toEqual(bytes);
    });

    it("sets and gets many", async () => {
      await storage.setItems([{ key: "a", value: "1" }, {
        key: "b",
        value: "2",
      }]);
      expect(await storage.getItems(["a", "b", "c"])).toEqual([
        { key: "a", value: 1 },
        { key: "b", value: 2 },
        { key: "c", value: null },
      ]);
    });

    it("lets items expire", async () => {
      await storage.setItem("brief", "x", { ttl: 0.02 });
      await storage.setItem("long", "x", { ttl: 60 });
      const meta = await storage.getMeta("long");
      expect([meta.size, meta.ttl]).toEqual([1, 60]);
      while (await storage.hasItem("brief")) {
        await new Promise((r) => setTimeout(r, 5));
      }
      expect(await storage.getKeys()).toEqual(["long"]);
      expect(await storage.getMeta("brief")).toEqual({});
    });

    it("tells of changes until it is to stop", async () => {
      const events = [];
      const unwatch = await storage.watch((event, key) =>
        events.push(`${event} ${key}`)
      );
      await storage.setItem("a", "1");
      await storage.setItem("a", "2");
      await storage.removeItem("a");
      while (events.length < 3) await new Promise((r) => setTimeout(r, 5));
      expect(events).toEqual(["update a", "update a", "remove a"]);
      await unwatch();
      await storage.setItem("b", "1");
      expect(events.length).toBe(3);
    });

    it("works under prefixes, and as snapshots", async () => {
      const inner = prefixStorage(storage, "inner");
      await inner.setItem("k", "v");
      expect(await storage.getItem("inner:k")).toBe("v");
      const saved = await snapshot(storage, "");
      await storage.clear();
      await restoreSnapshot(storage, saved);
      expect(await inner.getItem("k")).toBe("v");
    });
  });
}

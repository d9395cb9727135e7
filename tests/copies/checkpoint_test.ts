/** Checkpoints: twins that share bytes, and do not meddle with each other. */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { Store, StoreError, StoreReader } from "../../mod.ts";
import { NodeFileSystem, systemHost } from "../../src/fs/node_file_system.ts";
import { openEngine, Store as FullStore } from "../../src/store/store.ts";
import { fromSystemError } from "../../src/errors.ts";
import { checkBooks } from "../support/check_books.ts";
import { tempDir } from "../support/temp.ts";
import { backUp, contentsOf, streamOf } from "./support.ts";

const OPTIONS = {
  memTableSize: 65_536,
  valueLogMaxEntries: 50,
  valueLogGcEnabled: false,
};

async function fill(store: Store, what: string): Promise<void> {
  for (let i = 0; i < 220; i++) {
    await store.set(
      `${i}`,
      `${what} ${i}`,
      i % 9 === 0 ? { expireIn: 1e9 } : {},
    );
    if (i % 7 === 0) await store.bucket("b").set(`${i}`, what);
    if (i % 5 === 0) await store.delete(`${i / 5}`);
  }
}

/** A disk that cannot link. */
class Unlinkable extends NodeFileSystem {
  override link(from: string, to: string): void {
    const cause = Object.assign(new Error("cross-device"), { code: "EXDEV" });
    throw fromSystemError(`link ${to} to`, from, cause);
  }
}

for (const canLink of [true, false]) {
  Deno.test(`checkpoints: a twin by ${canLink ? "links" : "copies"} is a store of its own`, async () => {
    await using directory = tempDir();
    const path = `${directory.path}/store`;
    const twinPath = `${directory.path}/twin/of/it`;
    const files = canLink ? new NodeFileSystem() : new Unlinkable();
    await using store = new FullStore(
      openEngine({ ...OPTIONS, path }, systemHost(files)),
    );
    await fill(store, "first");
    const expected = contentsOf(store, ["b"]);
    const report = await store.checkpoint(twinPath);
    assertEquals(report.versionstamp, store.snapshot().versionstamp);
    assertEquals(report.linked > 4, canLink);
    assertEquals(report.copied > 4, !canLink);
    const sizes = [...Deno.readDirSync(twinPath)]
      .filter(({ name }) => name.endsWith(".vlog"))
      .map(({ name }) => Deno.statSync(`${twinPath}/${name}`).size);
    assertEquals(sizes.reduce((a, b) => a + b), report.bytes);

    // The store goes on and collects all that it shares with its twin.
    await fill(store, "second");
    while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
    const ours = contentsOf(store, ["b"]);
    let engine = openEngine({ ...OPTIONS, path: twinPath });
    let twin = new FullStore(engine);
    assertEquals(twin.recovery.recordsReplayed, 0);
    assert(twin.recovery.rowsFromHints > 0);
    assertEquals(contentsOf(twin, ["b"]), expected);
    checkBooks(engine);
    // And the twin does, without any harm to the store.
    await fill(twin, "third");
    await twin.gc({ discardRatio: 0.01 });
    const theirs = contentsOf(twin, ["b"]);
    await twin.close();
    assertEquals(contentsOf(store, ["b"]), ours);
    await store.close();
    assert((await Store.verify(path)).isSound);
    assert((await Store.verify(twinPath)).isSound);
    engine = openEngine({ ...OPTIONS, path: twinPath });
    twin = new FullStore(engine);
    assertEquals(contentsOf(twin, ["b"]), theirs);
    checkBooks(engine);
    await twin.close();
    await using again = await Store.open(path);
    assertEquals(contentsOf(again as FullStore, ["b"]), ours);
  });
}

Deno.test("checkpoints: of an empty store, of one in memory, and over something", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await using store = await Store.open({ memoryMode: true });
  assertEquals((await store.checkpoint(`${path}/empty`)).bytes, 64);
  await fill(store, "x");
  const report = await store.checkpoint(`${path}/saved`);
  assert(report.copied > 0 && report.linked === 0);
  {
    await using saved = await Store.open(`${path}/saved`);
    assertEquals(
      contentsOf(saved as FullStore),
      contentsOf(store as FullStore),
    );
    await using empty = await Store.open(`${path}/empty`);
    assertEquals(empty.size, 0);
    await empty.set("key", "value");
  }
  for (const taken of ["saved", "empty", "."]) {
    const error = await assertRejects(
      () => store.checkpoint(`${path}/${taken}`),
      StoreError,
      "Cannot make a checkpoint in ",
    );
    assertEquals(error.code, "BAD_PATH");
  }
  await assertRejects(() => store.checkpoint(""), TypeError);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await assertRejects(
    () => store.checkpoint(`${path}/aborted`, { signal }),
    Error,
    "enough",
  );
});

Deno.test("checkpoints: one that was not finished is refused", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/twin`;
  await using store = await Store.open({ memoryMode: true });
  await store.set("key", "value");
  await store.checkpoint(path);
  Deno.writeTextFileSync(`${path}/UNFINISHED`, "");
  for (const recovery of ["strict", "tail", "salvage"] as const) {
    const error = await assertRejects(
      () => Store.open({ path, recovery }),
      StoreError,
      "did not come to its end",
    );
    assertEquals(error.code, "UNFINISHED");
  }
  for (
    const use of [
      () => store.checkpoint(path),
      () => Store.verify(path),
      () => StoreReader.open(path),
      () => Store.salvage(path, `${path}-salvaged`),
    ]
  ) {
    const error = await assertRejects(use, StoreError);
    assertEquals(error.code, "UNFINISHED");
  }
});

Deno.test("checkpoints: incrementals go on from one, and the twin's are another's", async () => {
  await using directory = tempDir();
  await using store = await Store.open({ memoryMode: true });
  await store.set("key", "value");
  const { versionstamp } = await store.checkpoint(directory.path + "/a");
  await using twin = await Store.open(directory.path + "/a");
  await store.set("key", "second");
  await store.set("more", "x");
  const { bytes } = await backUp(store as FullStore, { since: versionstamp });
  await twin.restore(streamOf(bytes));
  assertEquals(contentsOf(twin as FullStore), contentsOf(store as FullStore));

  // A twin's versions are its own though its store id is the same.
  await using copy = await Store.open({ memoryMode: true });
  const full = await backUp(store as FullStore);
  await copy.restore(streamOf(full.bytes));
  await twin.set("key", "third");
  const other = await backUp(twin as FullStore, {
    since: full.report.versionstamp,
  });
  const error = await assertRejects(
    () => copy.restore(streamOf(other.bytes)),
    StoreError,
  );
  assertEquals(error.code, "WRONG_BASE");
  assertNotEquals(contentsOf(copy as FullStore).get("key"), "third @0");
});

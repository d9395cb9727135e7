/**
 * One store, written by one runtime after the other: each link reads all that the
 * links before it wrote, changes some of it and leaves more.
 *
 * What must be in the store after a number of links is computed, not remembered, so
 * every link can check it alone.
 */
import assert from "node:assert/strict";
import { Store } from "@sett/badger";
import { bytesOf, check, RUNTIME, text } from "./checks.mjs";
import { linkCollection } from "./collections.mjs";

const KEYS_PER_LINK = 200;
const MIB = 1_048_576;

/** The size of a value: empty, small, and a few that pass the memtable by. */
function sizeOf(i) {
  return i % 50 === 49 ? 1_200_000 : i % 7 * 100;
}

/** Every key and value after `links` links, in a Map. */
function expected(links) {
  const pairs = new Map();
  for (let link = 0; link < links; link++) {
    for (const [key, value] of changesOf(link)) {
      if (value === undefined) pairs.delete(key);
      else pairs.set(key, value);
    }
  }
  return pairs;
}

/** What a link does: its own keys, one overwrite and one delete a link before. */
function* changesOf(link) {
  for (let i = 0; i < KEYS_PER_LINK; i++) {
    yield [`link-${link}-${i}`, bytesOf(link * KEYS_PER_LINK + i, sizeOf(i))];
  }
  for (let before = 0; before < link; before++) {
    yield [`link-${before}-${link}`, bytesOf(link, 33)];
    yield [`link-${before}-${100 + link}`, undefined];
  }
}

/** The keys of a link: one of its own, and that of the link before it. */
function encryptionOf(link) {
  const key = (n) => new Uint8Array(32).fill(n + 1);
  return { key: key(link), previousKeys: link === 0 ? [] : [key(link - 1)] };
}

/** Checks what `link` links left in `directory` and adds another one. */
export async function runLink(directory, link, isEncrypted) {
  const options = {
    path: directory,
    valueLogFileSize: 2 * MIB,
    memTableSize: 65_536,
    valueLogGcEnabled: false,
    ...isEncrypted ? { encryption: encryptionOf(link) } : {},
  };
  const store = await Store.open(options);
  try {
    await check(`reads what ${link} links before it wrote`, async () => {
      assert.equal(store.recovery.source === "new", link === 0);
      await compare(store, link);
    });
    await check(`writes link ${link}`, async () => {
      for (const [key, value] of changesOf(link)) {
        if (value === undefined) await store.delete(key);
        else await store.set(key, value);
      }
      if (isEncrypted) await store.rotateDataKey();
      await store.batch().set("batch", RUNTIME).commit();
      await store.bucket("links").set(String(link), RUNTIME);
      await store.gc({ discardRatio: 0.2 });
      await compare(store, link + 1);
    });
    await linkCollection(store, link);
  } finally {
    await store.close();
  }
}

/** Asserts that the store holds exactly what that many links leave. */
async function compare(store, links) {
  const pairs = expected(links);
  const found = new Map();
  for await (const [key, value] of store.list({ prefix: "link-" })) {
    found.set(text(key), value);
  }
  assert.deepEqual([...found.keys()].sort(), [...pairs.keys()].sort());
  for (const [key, value] of pairs) {
    assert.deepEqual(found.get(key), value, key);
  }
  for (let link = 0; link < links; link++) {
    const name = text(await store.bucket("links").get(String(link)));
    assert.match(name ?? "", /^(?:deno|bun|node) \d/);
  }
}

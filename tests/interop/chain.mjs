/**
 * One store, written by one runtime after the other: each link reads all that the
 * links before it wrote, changes some of it and leaves more.
 *
 * What must be in the store after a number of links is computed, not remembered, so
 * every link can check it alone.
 */
import assert from "node:assert/strict";
import * as zlib from "node:zlib";
import { Store, StoreError } from "@sett/badger";
import { bytesOf, check, RUNTIME, text } from "./checks.mjs";
import { linkCollection } from "./collections.mjs";

const HAS_ZSTD = "zstdCompressSync" in zlib;
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
      await compress(store, link);
      await store.gc({ discardRatio: 0.2 });
      await compare(store, link + 1);
    });
    await check("reads what each runtime compressed", async () => {
      await compareCompressed(store, link + 1);
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

/** A value that compresses: one that is read in one piece, and a large one. */
function textOf(link, length) {
  return `link ${link} says it again; `.repeat(length / 20);
}

/** Half as many bits as bytes have, so that it is large when it is compressed. */
function lettersOf(link) {
  return bytesOf(link, 200_000).map((byte) => 97 + (byte >> 4));
}

/** Adds values in each codec that this runtime can write. */
async function compress(store, link) {
  for (const compression of ["deflate", "zstd"]) {
    if (compression === "zstd" && !HAS_ZSTD) {
      const refused = (error) => {
        assert.ok(error instanceof StoreError);
        assert.equal(error.code, "UNSUPPORTED_CODEC");
        assert.match(error.message, /Use "deflate", or Node 22\.15/);
        return true;
      };
      assert.throws(() => store.bucket("c", { compression }), refused);
      await assert.rejects(Store.open({ path: "x", compression }), refused);
      continue;
    }
    const bucket = store.bucket(compression, { compression });
    await bucket.set(`${link}`, textOf(link, 3000));
    await bucket.set(`large ${link}`, lettersOf(link));
    await bucket.set(`zeros ${link}`, new Uint8Array(1_000_000));
  }
}

/** Asserts that what was compressed is read, or named by a runtime that cannot. */
async function compareCompressed(store, links) {
  for (const compression of ["deflate", "zstd"]) {
    const bucket = store.bucket(compression);
    for (let link = 0; link < links; link++) {
      if (!bucket.has(`${link}`)) {
        const writer = text(await store.bucket("links").get(`${link}`));
        assert.match(writer, /^node 20/);
        assert.equal(compression, "zstd");
        continue;
      }
      // Zeros compress so well that it is deflate that is taken.
      assert.deepEqual(
        await bucket.get(`zeros ${link}`),
        new Uint8Array(1_000_000),
      );
      if (compression === "zstd" && !HAS_ZSTD) {
        for (const key of [`${link}`, `large ${link}`]) {
          await assert.rejects(bucket.get(key), (error) => {
            assert.equal(error.code, "UNSUPPORTED_CODEC");
            assert.match(error.message, /zstd.* Node 22\.15, Bun 1\.2\.14/);
            return true;
          });
        }
        continue;
      }
      assert.equal(text(await bucket.get(`${link}`)), textOf(link, 3000));
      assert.deepEqual(bucket.getSync(`large ${link}`), lettersOf(link));
      assert.deepEqual(await bucket.get(`large ${link}`), lettersOf(link));
    }
  }
}

/**
 * The conformance suite over stores and buckets, on whatever runtime this is.
 *
 * @module
 */

import { type KeySpace, Store, type StoreOptions } from "../../mod.ts";
import { tempDir } from "../support/temp.ts";
import { addConformanceTests, type Register } from "./suite.ts";

const MIB = 1_048_576;
const KEY_BYTES_MAX = 65_535;
const BUCKET = "a bucket: ü/..";
/** One byte says how long the name is. */
const BUCKET_PREFIX_BYTES = 1 + new TextEncoder().encode(BUCKET).length;

/** Small in every respect, so that every way through the code is taken. */
const SMALL: StoreOptions = {
  memTableSize: 65_536,
  valueLogFileSize: 4 * MIB,
  valueThreshold: 100_000,
  blockCacheSize: 65_536,
};

/** Methods of one store after the other, as its reopening goes on. */
function following(current: () => KeySpace): KeySpace {
  return new Proxy({} as KeySpace, {
    get: (_, name) => {
      const space = current();
      const member: unknown = Reflect.get(space, name, space);
      return typeof member === "function" ? member.bind(space) : member;
    },
  });
}

function addDiskTests(
  register: Register,
  kind: string,
  options: StoreOptions,
  choose: (store: Store) => KeySpace,
  keyBytesMax: number,
): void {
  addConformanceTests(kind, register, async () => {
    const directory = tempDir();
    const settings = { ...options, path: directory.path };
    let store = await Store.open(settings);
    let current = choose(store);
    const space = following(() => current);
    return {
      keys: space,
      space,
      isImmediate: true,
      keyBytesMax,
      ...(options.valueLogFileSize === undefined
        ? {}
        : { valueBytesMax: options.valueLogFileSize }),
      reopen: async () => {
        await store.close();
        store = await Store.open(settings);
        current = choose(store);
      },
      close: () => store.close(),
      discard: () => directory[Symbol.asyncDispose](),
    };
  });
}

/** Registers the suite for every kind of store. */
export function addStoreTests(register: Register): void {
  addDiskTests(register, "disk store", SMALL, (store) => store, KEY_BYTES_MAX);
  addDiskTests(
    register,
    "disk store with sync writes",
    { syncWrites: true },
    (store) => store,
    KEY_BYTES_MAX,
  );
  addDiskTests(
    register,
    "encrypted disk store",
    { ...SMALL, encryption: { key: new Uint8Array(32).fill(7) } },
    (store) => store,
    KEY_BYTES_MAX,
  );
  addDiskTests(
    register,
    "bucket of a disk store",
    { ...SMALL, blockCacheSize: 0 },
    (store) => store.bucket(BUCKET),
    KEY_BYTES_MAX - BUCKET_PREFIX_BYTES,
  );

  addDiskTests(
    register,
    "compressing bucket of a disk store",
    SMALL,
    (store) =>
      store.bucket(BUCKET, {
        compression: "deflate",
        compressionThreshold: 64,
      }),
    KEY_BYTES_MAX - BUCKET_PREFIX_BYTES,
  );

  addConformanceTests("memory store", register, async () => {
    const store = await Store.open({ ...SMALL, memoryMode: true });
    return {
      keys: store,
      space: store,
      isImmediate: true,
      keyBytesMax: KEY_BYTES_MAX,
      valueBytesMax: 4 * MIB,
      close: () => store.close(),
    };
  });
}

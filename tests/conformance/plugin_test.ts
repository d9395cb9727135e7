/** The conformance suite through the plugin's key-value store, in all its modes. */
import {
  Badger,
  type BadgerConfig,
  type KvStore,
} from "../../src/plugin/mod.ts";
import { tempDir } from "../support/temp.ts";
import { addConformanceTests, type Keys } from "./suite.ts";

const KEY_BYTES_MAX = 65_535;
const BUCKET = "bucket";
const BUCKET_PREFIX_BYTES = 1 + BUCKET.length;

/** Small, so that values take every way. */
const SMALL: BadgerConfig = {
  mem_table_size: 65_536,
  value_log_file_size: 4 * 1_048_576,
  value_threshold: 100_000,
};

/** One bucket as plain keys. */
function plain(kv: () => KvStore): Keys {
  return {
    set: (key, value, options) => kv().addValue(BUCKET, key, value, options),
    get: (key) => kv().getValue(BUCKET, key),
    has: (key) => kv().existsKey(BUCKET, key),
    delete: (key) => kv().deleteKey(BUCKET, key),
  };
}

/** One bucket whose values are compressed. */
function compressed(kv: () => KvStore): Keys {
  return {
    ...plain(kv),
    set: (key, value, options) =>
      kv().addValueCompress(BUCKET, key, value, options),
    get: (key) => kv().getCompressedValue(BUCKET, key),
  };
}

function addPluginTests(
  kind: string,
  config: BadgerConfig,
  choose: (kv: () => KvStore) => Keys,
): void {
  const isSingle = config.single_bucket_mode !== false;
  addConformanceTests(kind, Deno.test, async () => {
    const directory = tempDir();
    const start = () =>
      Badger.start({ ...SMALL, ...config, path: `${directory.path}/data` }, {
        env: () => undefined,
      });
    let badger = await start();
    return {
      keys: choose(() => badger.kvStore),
      isImmediate: choose !== compressed,
      keyBytesMax: KEY_BYTES_MAX - (isSingle ? BUCKET_PREFIX_BYTES : 0),
      ...(config.memory_mode === true ? {} : {
        reopen: async () => {
          await badger.close();
          badger = await start();
        },
      }),
      close: () => badger.close(),
      discard: () => directory[Symbol.asyncDispose](),
    };
  }, false);
}

addPluginTests("one store for all buckets", {}, plain);
addPluginTests("a store a bucket", { single_bucket_mode: false }, plain);
addPluginTests("compressed values", {}, compressed);
addPluginTests(
  "a store a bucket in memory",
  { single_bucket_mode: false, memory_mode: true },
  plain,
);

/**
 * Opens what the settings ask for, after a look at what the directory holds.
 *
 * @module
 */

import { isNotFound, StoreError } from "../errors.ts";
import { type FileSystem, joinPath } from "../fs/file_system.ts";
import { NodeFileSystem } from "../fs/node_file_system.ts";
import { parseFileName } from "../format/file_names.ts";
import { Store } from "../store/store.ts";
import type { BadgerListener } from "./badger_event.ts";
import { isBucketDirectoryName } from "./bucket_directory.ts";
import type { BucketStores } from "./bucket_stores.ts";
import { ConfigError } from "./config_error.ts";
import { type BadgerSettings, storeOptions } from "./settings.ts";
import { SingleStore } from "./single_store.ts";
import { StorePerBucket } from "./store_per_bucket.ts";

/**
 * Opens the buckets of an instance.
 *
 * @throws {ConfigError} If the directory was written in the other mode.
 * @throws {StoreError} If the directory cannot be opened.
 */
export async function openStores(
  settings: BadgerSettings,
  onEvent: BadgerListener | undefined,
): Promise<BucketStores> {
  const options = storeOptions(settings);
  const files = settings.memoryMode ? undefined : new NodeFileSystem();
  if (files !== undefined) refuseOtherMode(settings, files);
  if (!settings.singleBucketMode) {
    files?.createDirectory(options.path);
    return new StorePerBucket(options, files, onEvent);
  }
  const store = await Store.open({ ...options, ...(onEvent && { onEvent }) });
  try {
    return await SingleStore.over(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A directory of the other mode would look empty, and then hold both. */
function refuseOtherMode(settings: BadgerSettings, files: FileSystem): void {
  const { path, singleBucketMode } = settings;
  const witness = namesIn(files, path).find((name) => {
    if (singleBucketMode) return isBucketDirectoryName(name);
    const file = parseFileName(name);
    return file !== undefined && file.kind !== "temporary";
  });
  if (witness === undefined) return;
  throw new ConfigError(
    `${joinPath(path, witness)} was written with single_bucket_mode: ` +
      `${!singleBucketMode}, and it is ${singleBucketMode} now; ` +
      "set it back, or choose another path",
    { key: "single_bucket_mode" },
  );
}

function namesIn(files: FileSystem, path: string): string[] {
  try {
    return files.list(path);
  } catch (error) {
    if (error instanceof StoreError && isNotFound(error.cause)) return [];
    throw error;
  }
}

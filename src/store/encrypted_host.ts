/**
 * The machine with its files encrypted, and a new data key for them.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { StoreError } from "../errors.ts";
import { EncryptedFileSystem } from "../fs/encrypted_file_system.ts";
import type { Host } from "../fs/file_system.ts";
import type { UserKeys } from "../fs/key_ring.ts";
import { checkEncryption, type OfflineOptions } from "./encryption_options.ts";

/** The machine with its files encrypted; read-only for one who only looks. */
export function encryptedHost(
  host: Host,
  userKeys: UserKeys,
  isReadOnly: boolean = false,
): Host {
  const randomBytes = (length: number) => host.randomBytes(length);
  return {
    files: new EncryptedFileSystem(
      host.files,
      randomBytes,
      userKeys,
      isReadOnly,
    ),
    now: () => host.now(),
    elapsed: () => host.elapsed(),
    randomBytes,
    setTimer: (callback, milliseconds) => host.setTimer(callback, milliseconds),
    shouldBreathe: () => host.shouldBreathe(),
    breathe: () => host.breathe(),
    isStarving: () => host.isStarving?.() ?? false,
  };
}

/** The machine as one sees it who looks at a store that is not open. */
export function offlineHost(host: Host, options: OfflineOptions): Host {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot use ${options} as options: give an object`);
  }
  for (const name of Object.keys(options)) {
    if (!["encryption", "signal", "onProgress"].includes(name)) {
      throw new TypeError(`Cannot use options: unknown option "${name}"`);
    }
  }
  const { encryption } = options;
  return encryption === undefined
    ? host
    : encryptedHost(host, checkEncryption(encryption), true);
}

/** Encrypts what is written from now on with a new data key. */
export function rotateDataKey({ log, writer }: Engine): void {
  const { files, directory } = log;
  if (files.rotateDataKey === undefined) {
    throw new StoreError(
      "NOT_ENCRYPTED",
      `Cannot rotate the data key of ${directory}: the store is not encrypted`,
      { path: directory },
    );
  }
  writer.syncer.check();
  files.rotateDataKey();
  // A file keeps the key it was made with, and so would the active segment.
  writer.rotate();
}

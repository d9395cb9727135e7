/**
 * The option `encryption`: its check, and the machine whose files it encrypts.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { StoreError } from "../errors.ts";
import { EncryptedFileSystem } from "../fs/encrypted_file_system.ts";
import type { Host } from "../fs/file_system.ts";
import { KEY_BYTES, type UserKeys } from "../fs/key_ring.ts";

/** The keys of an encrypted store. */
export interface EncryptionOptions {
  /**
   * The key: 32 bytes that nobody can guess, as `crypto.getRandomValues` makes them.
   * The store keeps a copy while it is open and writes it nowhere.
   */
  key: Uint8Array;
  /**
   * Keys that the store may have been opened with before. If one of them is the
   * store's, opening puts `key` in its place, which rewrites one small file.
   *
   * @default {[]}
   */
  previousKeys?: readonly Uint8Array[];
}

/** How a store that is not open is looked at. */
export interface OfflineOptions {
  /** The keys of an encrypted store. */
  encryption?: EncryptionOptions;
}

function checkKey(key: unknown, name: string): void {
  if (!(key instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot use ${typeof key} as ${name}: it must be a Uint8Array of ${KEY_BYTES} bytes`,
    );
  }
  if (key.length !== KEY_BYTES) {
    throw new RangeError(
      `Cannot use ${key.length} bytes as ${name}: a key has ${KEY_BYTES} bytes`,
    );
  }
}

/**
 * Checks the option and copies its keys.
 *
 * @throws {TypeError} If a part of it is unknown or of the wrong type.
 * @throws {RangeError} If a key is not 32 bytes long.
 */
export function checkEncryption(
  options: EncryptionOptions,
): Required<EncryptionOptions> {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use ${options} as encryption: it must be an object with a key`,
    );
  }
  for (const name of Object.keys(options)) {
    if (name === "key" || name === "previousKeys") continue;
    throw new TypeError(`Cannot use encryption: unknown option "${name}"`);
  }
  const { key, previousKeys = [] } = options;
  checkKey(key, "encryption.key");
  if (!Array.isArray(previousKeys)) {
    throw new TypeError(
      `Cannot use ${typeof previousKeys} as encryption.previousKeys: it must be an array of keys`,
    );
  }
  for (const [i, previous] of previousKeys.entries()) {
    checkKey(previous, `encryption.previousKeys[${i}]`);
  }
  return {
    key: key.slice(),
    previousKeys: previousKeys.map((previous) => previous.slice()),
  };
}

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
    if (name !== "encryption") {
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

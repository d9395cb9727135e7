/**
 * The option `encryption`, and its check.
 *
 * @module
 */

import type { OfflineProgress } from "../engine/offline_work.ts";
import { KEY_BYTES } from "../fs/key_ring.ts";

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
  /** Ends it with the signal's reason; a store that was being made is incomplete then. */
  signal?: AbortSignal;
  /** Called now and then with how far it is; must not throw. */
  onProgress?: (progress: OfflineProgress) => void;
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

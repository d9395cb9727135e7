/**
 * The data keys of an encrypted store, and the file that keeps them: `KEYS`.
 *
 * ```text
 * keys  := magic "SETTKEYS", format version u16, head length u16, count u32,
 *          ring id (16 bytes), entry*, checksum u32
 * entry := data key id u32, nonce (12 bytes), wrapped key (32 bytes), tag (16 bytes)
 * ```
 *
 * A data key is random and wrapped with AES-256-GCM under the user's key; its id and the
 * ring's are authenticated with it. The newest, the one with the highest id, is that of
 * new files. A new user's key changes this file alone, a new data key no file but it.
 *
 * The file is written aside, synced and renamed, and its name is synced before a file is
 * made under a key that is new in it: at every moment the keys of all files are there.
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { crc32 } from "node:zlib";
import { CorruptionError, StoreError } from "../errors.ts";
import {
  type FileSystem,
  joinPath,
  readFile,
  replaceFile,
} from "./file_system.ts";
import type { RandomBytes } from "./frame.ts";

/** The name of the file of keys. */
export const KEYS_NAME = "KEYS";
/** The name it has until it is whole. */
export const KEYS_TEMPORARY_NAME = "KEYS.tmp";
/** Bytes of a user's key and of a data key. */
export const KEY_BYTES = 32;

const MAGIC = "SETTKEYS";
const FORMAT_VERSION = 1;
const HEAD_BYTES = 32;
const RING_ID_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENTRY_BYTES = 4 + NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const CIPHER = "aes-256-gcm";
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** The user's keys. */
export interface UserKeys {
  /** The key under which the data keys are, or come to be, wrapped. */
  readonly key: Uint8Array;
  /** Keys under which they may be wrapped still. */
  readonly previousKeys?: readonly Uint8Array[];
}

/** The data keys of a store. */
export class KeyRing {
  readonly #ringId: Uint8Array;
  readonly #dataKeys: Map<number, Uint8Array>;

  private constructor(ringId: Uint8Array, dataKeys: Map<number, Uint8Array>) {
    this.#ringId = ringId;
    this.#dataKeys = dataKeys;
  }

  /** A ring with one new data key. */
  static create(randomBytes: RandomBytes): KeyRing {
    const ring = new KeyRing(randomBytes(RING_ID_BYTES), new Map());
    ring.add(randomBytes);
    return ring;
  }

  /** The id of the key of new files. */
  get newestId(): number {
    return Math.max(0, ...this.#dataKeys.keys());
  }

  /** The data key of that id. */
  get(id: number): Uint8Array | undefined {
    return this.#dataKeys.get(id);
  }

  /** Adds a new data key. */
  add(randomBytes: RandomBytes): void {
    this.#dataKeys.set(this.newestId + 1, randomBytes(KEY_BYTES));
  }

  /** Takes back the newest data key, under which there is no file. */
  dropNewest(): void {
    this.#dataKeys.delete(this.newestId);
  }

  /** The ring as bytes, its keys wrapped under `key`. */
  encode(key: Uint8Array, randomBytes: RandomBytes): Uint8Array {
    const count = this.#dataKeys.size;
    const bytes = new Uint8Array(HEAD_BYTES + count * ENTRY_BYTES + 4);
    const view = new DataView(bytes.buffer);
    new TextEncoder().encodeInto(MAGIC, bytes);
    view.setUint16(8, FORMAT_VERSION, true);
    view.setUint16(10, HEAD_BYTES, true);
    view.setUint32(12, count, true);
    bytes.set(this.#ringId, 16);
    let at = HEAD_BYTES;
    for (const [id, dataKey] of this.#dataKeys) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
      cipher.setAAD(wrappingContext(this.#ringId, id));
      view.setUint32(at, id, true);
      bytes.set(nonce, at + 4);
      bytes.set(cipher.update(dataKey), at + 4 + NONCE_BYTES);
      cipher.final();
      at += ENTRY_BYTES;
      bytes.set(cipher.getAuthTag(), at - TAG_BYTES);
    }
    view.setUint32(at, crc32(bytes.subarray(0, at)), true);
    return bytes;
  }

  /** Reads a ring that was wrapped under `key`; `undefined` if it was under another. */
  static decode(
    bytes: Uint8Array,
    key: Uint8Array,
    path: string,
  ): KeyRing | undefined {
    const view = checkRing(bytes, path);
    const ringId = bytes.slice(16, 16 + RING_ID_BYTES);
    const dataKeys = new Map<number, Uint8Array>();
    for (let at = HEAD_BYTES; at < bytes.length - 4; at += ENTRY_BYTES) {
      const id = view.getUint32(at, true);
      const start = at + 4 + NONCE_BYTES;
      const nonce = bytes.subarray(at + 4, start);
      const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
      decipher.setAAD(wrappingContext(ringId, id));
      const end = start + KEY_BYTES;
      decipher.setAuthTag(bytes.subarray(end, end + TAG_BYTES));
      const dataKey = new Uint8Array(
        decipher.update(bytes.subarray(start, end)),
      );
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      dataKeys.set(id, dataKey);
    }
    return new KeyRing(ringId, dataKeys);
  }
}

/** What is authenticated with a wrapped key: whose it is, and which. */
function wrappingContext(ringId: Uint8Array, id: number): Uint8Array {
  const context = new Uint8Array(MAGIC.length + RING_ID_BYTES + 4);
  new TextEncoder().encodeInto(MAGIC, context);
  context.set(ringId, MAGIC.length);
  new DataView(context.buffer).setUint32(context.length - 4, id, true);
  return context;
}

/** Checks all that can be checked without a key. */
function checkRing(bytes: Uint8Array, path: string): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (offset: number, reason: string) =>
    new CorruptionError("read the keys", { path, offset }, reason);
  if (bytes.length < HEAD_BYTES + 4) {
    throw damaged(bytes.length, "the file is cut off");
  }
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== MAGIC) {
    throw damaged(0, `it does not begin with ${MAGIC}`);
  }
  const end = bytes.length - 4;
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) {
    throw damaged(0, "the checksum does not match");
  }
  const version = view.getUint16(8, true);
  if (version > FORMAT_VERSION) {
    throw new StoreError(
      "UNSUPPORTED_FORMAT",
      `Cannot read ${path}: it is of format version ${version} and this version reads ${FORMAT_VERSION}. ` +
        `Open the store with a newer @sett/badger`,
      { path },
    );
  }
  const count = view.getUint32(12, true);
  if (count === 0 || end !== HEAD_BYTES + count * ENTRY_BYTES) {
    throw damaged(12, "the number of keys is not that of the file's length");
  }
  return view;
}

/** Writes the ring, wrapped under `key`, in place of the one that is there. */
export function writeKeyRing(
  files: FileSystem,
  directory: string,
  ring: KeyRing,
  key: Uint8Array,
  randomBytes: RandomBytes,
): void {
  // A crash must leave the old keys or the new ones, whole.
  replaceFile(
    files,
    joinPath(directory, KEYS_NAME),
    joinPath(directory, KEYS_TEMPORARY_NAME),
    ring.encode(key, randomBytes),
  );
  files.syncDirectory(directory);
}

/**
 * Reads the ring of a directory that has one.
 *
 * @throws {StoreError} `WRONG_KEY` if none of the keys opens it.
 * @throws {CorruptionError} If the file is damaged.
 */
export function readKeyRing(
  files: FileSystem,
  directory: string,
  { key, previousKeys = [] }: UserKeys,
): { ring: KeyRing; isUnderPreviousKey: boolean } {
  const path = joinPath(directory, KEYS_NAME);
  const bytes = readFile(files, path);
  for (const [i, candidate] of [key, ...previousKeys].entries()) {
    const ring = KeyRing.decode(bytes, candidate, path);
    if (ring !== undefined) return { ring, isUnderPreviousKey: i > 0 };
  }
  throw new StoreError(
    "WRONG_KEY",
    `Cannot open ${directory}: the key is not the one of this store` +
      (previousKeys.length > 0 ? ", nor is a previous key" : "") +
      `. Give the key that the store was last opened with, as encryption.key ` +
      `or, to replace it, among encryption.previousKeys`,
    { path },
  );
}

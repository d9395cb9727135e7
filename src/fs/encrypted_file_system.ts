/**
 * A file system whose files are encrypted at rest, over another one. Names, sizes and
 * times are in clear; what is written to a file is not, in whatever file.
 *
 * The keys are read, made or wrapped anew when the directory is locked, which is the
 * first thing that is done with it. `LOCK` and its like are the other file system's own
 * and hold no secrets.
 *
 * @module
 */

import { CorruptionError, StoreError } from "../errors.ts";
import { EncryptedContent, type Tools } from "./encrypted_content.ts";
import { EncryptedFile } from "./encrypted_file.ts";
import {
  type DirectoryLock,
  type FileHandle,
  type FileSystem,
  joinPath,
  type OpenMode,
  readFully,
  removeIfPresent,
} from "./file_system.ts";
import {
  dataKeyIdOf,
  FileCipher,
  FRAME_EXTRA_BYTES,
  HEAD_BYTES,
  isEncrypted,
  isOfNewerFormat,
  NonceSource,
  PAGE_BYTES,
  type RandomBytes,
} from "./frame.ts";
import {
  KeyRing,
  KEYS_NAME,
  KEYS_TEMPORARY_NAME,
  readKeyRing,
  type UserKeys,
  writeKeyRing,
} from "./key_ring.ts";

/** The files whose content decides whether a directory has a store. */
const STORE_FILE_PATTERN = /^\d+\.vlog$/;
/** Bytes of a file that holds a header of 64 bytes and nothing else. */
const NEW_FILE_BYTES = HEAD_BYTES + FRAME_EXTRA_BYTES + 64;
/** Each byte of noise has these bits: no record has a kind of 0. */
const NOISE_MASK = 0xfc;

/** Encrypted files in a directory of another file system. */
export class EncryptedFileSystem implements FileSystem {
  readonly #files: FileSystem;
  readonly #randomBytes: RandomBytes;
  readonly #userKeys: UserKeys;
  readonly #isReadOnly: boolean;
  readonly #contents: Map<string, EncryptedContent> = new Map();
  readonly #tools: Tools;
  #ring: KeyRing | undefined;
  #directory = "";
  #noise: Uint8Array | undefined;
  #scratch = new Uint8Array(PAGE_BYTES * 2);

  /**
   * Encrypted files over `files`. A read-only one never makes or changes keys; it is
   * for a directory that somebody only looks at.
   */
  constructor(
    files: FileSystem,
    randomBytes: RandomBytes,
    userKeys: UserKeys,
    isReadOnly: boolean = false,
  ) {
    this.#files = files;
    this.#randomBytes = randomBytes;
    this.#userKeys = userKeys;
    this.#isReadOnly = isReadOnly;
    this.#tools = this.#makeTools();
  }

  #makeTools(): Tools {
    return {
      nonces: new NonceSource(this.#randomBytes),
      noise: () =>
        this.#noise ??= this.#randomBytes(PAGE_BYTES)
          .map((byte) => byte & NOISE_MASK),
      newCipher: () => {
        const ring = this.#ring!;
        const id = ring.newestId;
        return FileCipher.create(id, ring.get(id)!, this.#randomBytes);
      },
      findCipher: (...words) => this.#findCipher(...words),
      scratch: (length) => {
        if (length > this.#scratch.length) {
          this.#scratch = new Uint8Array(length);
        }
        return this.#scratch;
      },
    };
  }

  #findCipher(
    head: Uint8Array,
    path: string,
    size: number,
  ): FileCipher | undefined {
    // A shorter file may have been torn when it was made, with garbage for a version.
    if (size > NEW_FILE_BYTES && isOfNewerFormat(head)) {
      throw new StoreError(
        "UNSUPPORTED_FORMAT",
        `Cannot read ${path}: a newer version encrypted it. ` +
          `Open the store with a newer @sett/badger`,
        { path },
      );
    }
    const id = dataKeyIdOf(head) ?? 0;
    if (this.#isReadOnly && this.#ring!.get(id) === undefined) {
      // Whoever writes may have made a new one.
      this.#openKeys(this.#directory);
    }
    const dataKey = this.#ring!.get(id);
    return dataKey && FileCipher.resume(head, dataKey);
  }

  /** Makes a directory. */
  createDirectory(path: string): void {
    this.#files.createDirectory(path);
  }

  /** The names in a directory, without the file of keys. */
  list(path: string): string[] {
    return this.#files.list(path).filter((name) =>
      name !== KEYS_NAME && name !== KEYS_TEMPORARY_NAME
    );
  }

  /** Opens a file. */
  open(path: string, mode: OpenMode): FileHandle {
    if (this.#ring === undefined) {
      this.#openKeys(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    }
    const file = this.#files.open(path, mode);
    try {
      let content = mode === "create" ? undefined : this.#contents.get(path);
      content ??= mode === "create"
        ? new EncryptedContent(path, this.#tools)
        : EncryptedContent.resume(path, this.#tools, file);
      this.#contents.set(path, content);
      content.handles++;
      return new EncryptedFile(
        path,
        file,
        content,
        (closed) => this.#release(closed),
        (retired) => this.#forget(retired),
      );
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #release(content: EncryptedContent): void {
    content.handles--;
    if (content.handles === 0) this.#forget(content);
  }

  /** The name may be that of another file from now on. */
  #forget(content: EncryptedContent): void {
    if (this.#contents.get(content.path) === content) {
      this.#contents.delete(content.path);
    }
  }

  /** Removes a file. */
  remove(path: string): void {
    this.#files.remove(path);
    this.#contents.delete(path);
  }

  /** Renames a file. */
  rename(from: string, to: string): void {
    this.#files.rename(from, to);
    const content = this.#contents.get(from);
    this.#contents.delete(from);
    this.#contents.delete(to);
    if (content === undefined) return;
    content.path = to;
    this.#contents.set(to, content);
  }

  /** Gives a file, which must not be written any more, a second name. */
  link(from: string, to: string): void {
    this.#files.link(from, to);
  }

  /** Where the encrypted files lie. */
  get below(): FileSystem {
    return this.#files;
  }

  /** Syncs the names in a directory. */
  syncDirectory(path: string): void {
    this.#files.syncDirectory(path);
  }

  /** Takes the directory for one writer, and reads its keys. */
  lock(path: string): DirectoryLock {
    const lock = this.#files.lock(path);
    try {
      this.#openKeys(path);
      return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  #openKeys(directory: string): void {
    this.#directory = directory;
    const names = this.#files.list(directory);
    if (names.includes(KEYS_TEMPORARY_NAME) && !this.#isReadOnly) {
      removeIfPresent(this.#files, joinPath(directory, KEYS_TEMPORARY_NAME));
    }
    if (names.includes(KEYS_NAME)) {
      // The process before may have been killed before it synced the name. Nothing may
      // be built on keys that the loss of power could take back.
      if (!this.#isReadOnly) this.#files.syncDirectory(directory);
      const found = readKeyRing(this.#files, directory, this.#userKeys);
      // Under the old key the new one would not open the store next time.
      if (found.isUnderPreviousKey && !this.#isReadOnly) {
        this.#writeKeys(found.ring);
      }
      this.#ring = found.ring;
      return;
    }
    this.#refuseStoreWithoutKeys(directory, names);
    const ring = KeyRing.create(this.#randomBytes);
    // Before any file is made under it: without the key that file were noise.
    if (!this.#isReadOnly) this.#writeKeys(ring);
    this.#ring = ring;
  }

  #refuseStoreWithoutKeys(directory: string, names: string[]): void {
    const name = names.find((name) => STORE_FILE_PATTERN.test(name));
    if (name === undefined) return;
    const file = this.#files.open(joinPath(directory, name), "read");
    const head = new Uint8Array(HEAD_BYTES);
    try {
      readFully(file, head, 0, head.length, 0);
    } finally {
      file.close();
    }
    if (isEncrypted(head)) {
      throw new CorruptionError(
        "open the store",
        { path: joinPath(directory, KEYS_NAME), offset: 0 },
        "the file is missing, and without it nothing can be read",
      );
    }
    throw new StoreError(
      "NOT_ENCRYPTED",
      `Cannot open ${directory} with a key: the store is not encrypted. ` +
        `Open it without the option encryption, or copy it to a new, encrypted ` +
        `store: Store.salvage(path, { path: newPath, encryption })`,
      { path: directory },
    );
  }

  #writeKeys(ring: KeyRing): void {
    writeKeyRing(
      this.#files,
      this.#directory,
      ring,
      this.#userKeys.key,
      this.#randomBytes,
    );
  }

  /** Makes a new data key for files that are made from now on. */
  rotateDataKey(): void {
    const ring = this.#ring!;
    ring.add(this.#randomBytes);
    try {
      this.#writeKeys(ring);
    } catch (error) {
      // It may be on disk or not, but no file may be made under it.
      ring.dropNewest();
      throw error;
    }
  }
}

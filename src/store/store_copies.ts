/**
 * Copies of a whole store: backups, restoring them, and checkpoints.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import { backup, type BackupOptions, type BackupReport } from "./backup.ts";
import {
  checkpoint,
  type CheckpointOptions,
  type CheckpointReport,
} from "./checkpoint.ts";
import { KeySpace } from "./key_space.ts";
import { type RestoreOptions, restoreOver } from "./restore.ts";

/** What a store can do to have a copy of itself; all of it is for all its buckets. */
export abstract class StoreCopies extends KeySpace {
  readonly #engine: Engine;

  /** Not for callers: use {@linkcode Store.open}. */
  constructor(engine: unknown) {
    super(engine, undefined);
    this.#engine = engine as Engine;
  }

  /**
   * Writes what the store holds at this moment, all buckets included, to a stream,
   * as fast as that takes it, while others go on writing. Expiries are kept.
   *
   * With `since` it writes only what changed since that backup, deletions included.
   * Where the log does not hold all deletions any more, for garbage was collected, the
   * keys of everything that is left are listed too; so it is always right.
   *
   * Until it is done, segments that it has not read yet are not collected, and each
   * key's first change costs a note in memory, as with {@linkcode KeySpace.snapshot}.
   *
   * @param writable Where it goes; closed at the end, aborted on failure.
   * @param options What it builds on, and how to end it early.
   * @returns What was written; its `versionstamp` is what the next `since` takes.
   * @throws {TypeError} If `since` is no versionstamp.
   * @throws {StoreError} `WRONG_BASE` if the store has not come to `since`.
   * @throws {CorruptionError} If bytes on disk are not what was written.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * await using store = await Store.open({ memoryMode: true });
   * await store.set("key", "value");
   * const { readable, writable } = new TransformStream<Uint8Array>();
   * const backup = store.backup(writable);
   *
   * await using copy = await Store.open({ memoryMode: true });
   * await copy.restore(readable);
   * assertEquals((await backup).entries, 1);
   * assertEquals(new TextDecoder().decode(copy.getSync("key")), "value");
   * ```
   */
  async backup(
    writable: WritableStream<Uint8Array>,
    options: BackupOptions = {},
  ): Promise<BackupReport> {
    this.#engine.check("back up the store");
    return await backup(this.#engine, writable, options);
  }

  /**
   * Applies a backup to this store: a full one replaces everything that is in it, an
   * incremental one brings it from one backup's state to the next. The backup is
   * received into a file of the data directory and checked to its end first; until
   * then nothing changes. After a crash the next open does what was left to do.
   *
   * What is applied gets versionstamps of this store, greater than all of the backup.
   * Nobody else should write meanwhile.
   *
   * @param readable The backup.
   * @returns What was applied.
   * @throws {InputError} `BACKUP_DAMAGED` if it is not what was written.
   * @throws {StoreError} `WRONG_BASE` if an incremental one does not build on what was
   * restored here, or the store was written to since.
   */
  restore(
    readable: ReadableStream<Uint8Array>,
    options: RestoreOptions = {},
  ): Promise<BackupReport> {
    return restoreOver(this.#engine, readable, options);
  }

  /**
   * Makes a store of its own in another directory that holds what this one holds at
   * this moment. Where both lie on one file system, sealed segments are not copied but
   * get a second name, so it takes no time and, at first, no space. It can be opened at
   * once, and is on the medium.
   *
   * @param directory An empty directory, or one that does not exist.
   * @returns What was linked and copied.
   * @throws {StoreError} `BAD_PATH` if something is in the directory.
   *
   * @example Usage
   * ```ts
   * import { Store } from "@sett/badger";
   * import { assertEquals } from "@std/assert";
   *
   * const path = `./data/checkpoint-${Date.now()}`;
   * await using store = await Store.open(`${path}-a`);
   * await store.set("key", "value");
   * await store.checkpoint(`${path}-b`);
   * await using twin = await Store.open(`${path}-b`);
   * assertEquals(twin.has("key"), true);
   * ```
   */
  async checkpoint(
    directory: string,
    options: CheckpointOptions = {},
  ): Promise<CheckpointReport> {
    this.#engine.check("make a checkpoint");
    return await checkpoint(this.#engine, directory, options);
  }
}

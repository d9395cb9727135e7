/**
 * Moves all buckets from a data directory to servers, and back: by groups, so that
 * memory does not grow with them; again from where it stood, if it was ended; and
 * compared afterwards.
 *
 * Nothing is deleted anywhere. What is written on the way by others may or may not be
 * copied: `docs/redis.md` has a recipe for moving while a program runs.
 *
 * @module
 */

import { Badger } from "../plugin/badger.ts";
import { systemEnvironment, variableName } from "../plugin/environment.ts";
import { LocalSide } from "./copy_local.ts";
import { EntryDigest } from "./copy_digest.ts";
import { remoteGroups } from "./copy_remote.ts";
import { type CopyState, StateFile } from "./copy_state.ts";
import { countKeys, scanStep } from "./key_scan.ts";
import { partsOf, RedisBackend } from "./redis_backend.ts";
import type { RedisConfig } from "./settings.ts";

/** What is copied. */
export interface CopyOptions {
  /** The data directory of an instance of the plugin. */
  path: string;
  /** The servers; the environment gives only what is not given here. */
  redis: RedisConfig;
  /**
   * A file that says how far the copy is, for one that was ended to go on from. It is
   * removed once the copy is whole. Without one, a copy begins anew.
   */
  state?: string;
  /**
   * Compare both sides afterwards.
   *
   * @default {true}
   */
  verify?: boolean;
  /** Ends it with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each group; must not throw. */
  onProgress?: (progress: CopyProgress) => void;
}

/** How far a copy is. */
export interface CopyProgress {
  /** What is being done. */
  step: "copy" | "verify";
  /** Entries that are done, of those before a break too. */
  entries: number;
  /** Entries that there were when it began; a server's count may be off a little. */
  total: number;
}

/** One side of a comparison. */
export interface SideReport {
  /** Entries. */
  entries: number;
  /** The sum of the hashes of all entries; it does not depend on their order. */
  digest: string;
}

/** What a copy did. */
export interface CopyReport {
  /** Entries that were copied, before a break too. */
  entries: number;
  /** Bytes of their keys and values. */
  bytes: number;
  /** Entries that an earlier run had copied. */
  resumedAt: number;
  /** Keys of the directory outside of buckets, which are left where they are. */
  outside: number;
  /** Both sides, if they were compared. */
  verified?: {
    /** The directory. */
    local: SideReport;
    /** The servers. */
    servers: SideReport;
    /** True if there are as many entries with the same digest. */
    isEqual: boolean;
  };
}

/**
 * Copies all buckets of a data directory to servers. Another process may have the
 * directory open.
 *
 * @param options What is copied.
 * @returns What was done, and whether both sides are equal.
 * @throws {StoreError} What reading the directory or writing to the servers may report;
 * `BAD_PATH` if `state` is the file of another copy.
 *
 * @example Usage
 * ```ts ignore
 * import { copyToServers } from "@sett/badger/redis";
 *
 * const { entries, verified } = await copyToServers({
 *   path: "./data/badger",
 *   redis: { nodes: ["10.0.0.1:6379", "10.0.0.2:6379"] },
 *   state: "./copy.json",
 * });
 * console.log(entries, verified?.isEqual);
 * ```
 */
export async function copyToServers(options: CopyOptions): Promise<CopyReport> {
  const { path, signal, onProgress } = options;
  const local = await LocalSide.open(path);
  let backend: RedisBackend | undefined;
  try {
    const { kvStore } = backend = await connect(options);
    const file = stateFile("to", options, backend);
    const state = file.read();
    const resumedAt = state.entries;
    const total = await local.count(signal);
    for await (const group of local.groups(state.local, signal)) {
      const { bucket, entries, cursor } = group;
      const now = Date.now();
      await Promise.all(entries.map(({ key, value, expiresAt }) => {
        if (expiresAt === undefined) {
          return kvStore.addValue(bucket, key, value);
        }
        const expireIn = expiresAt - now;
        if (expireIn <= 0) return;
        return kvStore.addValue(bucket, key, value, { expireIn });
      }));
      note(state, entries);
      state.local = { bucket, cursor };
      file.write(state);
      onProgress?.({ step: "copy", entries: state.entries, total });
    }
    return await finish(options, state, resumedAt, file, local, backend);
  } finally {
    await backend?.close();
    await local.close();
  }
}

/**
 * Copies all buckets from servers to a data directory, which is made if there is none.
 *
 * @param options What is copied.
 * @returns What was done, and whether both sides are equal.
 * @throws {StoreError} `LOCKED` if another process has the directory open; and what
 * {@linkcode copyToServers} may report.
 *
 * @example Usage
 * ```ts ignore
 * import { copyFromServers } from "@sett/badger/redis";
 *
 * const { verified } = await copyFromServers({
 *   path: "./data/copy",
 *   redis: { nodes: "10.0.0.1:6379" },
 * });
 * console.log(verified?.local.digest === verified?.servers.digest);
 * ```
 */
export async function copyFromServers(
  options: CopyOptions,
): Promise<CopyReport> {
  const { path } = options;
  const backend = await connect(options);
  let target: Badger | undefined;
  let local: LocalSide | undefined;
  try {
    const file = stateFile("from", options, backend);
    const state = file.read();
    // Not registered for anybody: the name is nobody else's.
    target = await Badger.start({ path }, {
      name: `copy to ${path}`,
      env: () => undefined,
    });
    const resumedAt = await fetchAll(options, backend, target, state, file);
    await target.close();
    local = await LocalSide.open(path);
    return await finish(options, state, resumedAt, file, local, backend);
  } finally {
    await target?.close();
    await local?.close();
    await backend.close();
  }
}

/**
 * Walks over all masters, one after the other, and writes what they have.
 *
 * @returns The entries that an earlier run had copied.
 */
async function fetchAll(
  { signal, onProgress }: CopyOptions,
  backend: RedisBackend,
  target: Badger,
  state: CopyState,
  file: StateFile,
): Promise<number> {
  const parts = partsOf(backend, "copy");
  const { router, keys } = parts;
  const total = await backend.countKeys(undefined, orNone(signal));
  const masters = router.masters();
  const known = Object.keys(state.cursors ?? {});
  // Other masters have other keys: what a cursor stands for is gone.
  if (known.length > 0 && known.some((name) => !masters.includes(name))) {
    Object.assign(state, { cursors: {}, entries: 0, bytes: 0 });
  }
  const cursors = state.cursors ??= {};
  const resumedAt = state.entries;
  const tell = (more: number) =>
    onProgress?.({ step: "copy", entries: state.entries + more, total });
  for (const master of masters) {
    while (cursors[master] !== "") {
      signal?.throwIfAborted();
      const { cursor, names } = await router.onMaster(
        "copy the keys",
        master,
        (server) => scanStep(server, keys.pattern(), cursors[master] ?? "0"),
      );
      const step: Pick<CopyState, "entries" | "bytes"> = {
        entries: 0,
        bytes: 0,
      };
      for await (const entries of remoteGroups(parts, names)) {
        signal?.throwIfAborted();
        if (step.entries > 0) tell(step.entries);
        await Promise.all(entries.map(({ bucket, key, value, left }) => {
          // 0: it expires in this very millisecond.
          const options = left >= 0 ? { expireIn: Math.max(1, left) } : {};
          return target.kvStore.addValue(bucket, key, value, options);
        }));
        note(step, entries);
      }
      state.entries += step.entries;
      state.bytes += step.bytes;
      cursors[master] = cursor === "0" ? "" : cursor;
      // What the file tells of survives what the file survives.
      for (const { store } of target.stores()) await store.sync();
      file.write(state);
      tell(0);
    }
  }
  return resumedAt;
}

function connect({ redis }: CopyOptions): Promise<RedisBackend> {
  const name = "badger";
  const named = new Set(
    Object.entries(redis)
      .filter(([, value]) => value !== undefined)
      .map(([key]) => variableName(`redis_${key}`, name)),
  );
  return RedisBackend.start(redis, {
    name,
    // It adds to what is given, a password for one; copying elsewhere is no help.
    env: (variable) =>
      named.has(variable) ? undefined : systemEnvironment(variable),
    isRegistered: false,
  });
}

function stateFile(
  direction: string,
  { state, path }: CopyOptions,
  { settings }: RedisBackend,
): StateFile {
  const { nodes, database, keyPrefix } = settings;
  return new StateFile(
    state,
    `${direction} ${nodes.join(",")}/${database} ${keyPrefix} ${path}`,
  );
}

function note(
  size: Pick<CopyState, "entries" | "bytes">,
  entries: readonly { key: Uint8Array; value: Uint8Array }[],
): void {
  size.entries += entries.length;
  for (const { key, value } of entries) {
    size.bytes += key.length + value.length;
  }
}

async function finish(
  options: CopyOptions,
  state: CopyState,
  resumedAt: number,
  file: StateFile,
  local: LocalSide,
  backend: RedisBackend,
): Promise<CopyReport> {
  const { entries, bytes } = state;
  const report: CopyReport = {
    entries,
    bytes,
    resumedAt,
    outside: local.outside,
  };
  if (options.verify ?? true) {
    report.verified = await compare(options, local, backend);
  }
  file.remove();
  return report;
}

/** Reads the directory whole, and for each of its keys the servers. */
async function compare(
  { signal, onProgress }: CopyOptions,
  local: LocalSide,
  backend: RedisBackend,
): Promise<NonNullable<CopyReport["verified"]>> {
  const here = new EntryDigest();
  const there = new EntryDigest();
  const total = await local.count(signal);
  for await (const { bucket, entries } of local.groups(undefined, signal)) {
    const values = await backend.kvStore.getValues(
      bucket,
      entries.map(({ key }) => key),
    );
    for (const [i, { key, value, expiresAt }] of entries.entries()) {
      const other = values[i];
      // Its time came between the two reads.
      const isOver = expiresAt !== undefined && expiresAt <= Date.now() &&
        other === undefined;
      if (isOver) continue;
      here.add(bucket, key, value);
      if (other !== undefined) there.add(bucket, key, other);
    }
    onProgress?.({ step: "verify", entries: here.entries, total });
  }
  // Keys that only the servers have are in no digest, but they are counted; by name,
  // for how many there are in all changes as keys expire, or are shown twice.
  const { router, keys } = partsOf(backend, "compare");
  const others = await countKeys(
    router,
    keys,
    undefined,
    signal,
    (bucket, key) => !local.has(bucket, key),
  );
  return {
    local: { entries: here.entries, digest: here.hex },
    servers: { entries: there.entries + others, digest: there.hex },
    isEqual: others === 0 && here.hex === there.hex &&
      here.entries === there.entries,
  };
}

function orNone(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/**
 * One writer a directory, on three runtimes that offer different means.
 *
 * `LOCK` names the holder and is made atomically (written aside, then linked into
 * place, which fails where the name is taken). It is taken over only when its
 * holder is surely dead:
 * - Deno: the holder also keeps a kernel lock on `LOCK.os`, which dies with its
 *   process. Whoever gets that lock knows that no other Deno process holds the
 *   directory.
 * - Node and Bun ask for that lock through the `flock` command, where there is one.
 * - Node and Bun: the holder's process id does not exist, or exists but started at
 *   another time (`/proc` on Linux), so a reused id is no trap.
 * - Everywhere: the holder had this very process id in another life.
 *
 * What cannot be known is never taken for dead: a holder in another container or on
 * another machine is refused with an error that names it and says what to do.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { fromSystemError, isNotFound, StoreError } from "../errors.ts";
import type { DirectoryLock } from "./file_system.ts";

/** The name of the file that says who holds a directory. */
export const LOCK_FILE_NAME = "LOCK";
/** The name of the file that carries the kernel's lock under Deno. */
export const KERNEL_LOCK_FILE_NAME = "LOCK.os";

/** Milliseconds after which a file of one who was locking is nobody's any more. */
const ABANDONED_AFTER = 60_000;

/** The names of such files. */
const ASIDE_PATTERN =
  /^LOCK\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.dead)?\.tmp$/;

/** What `LOCK` says about its holder, as JSON. */
interface Holder {
  pid: number;
  runtime: string;
  token: string;
  /** Start of the process in clock ticks since boot, where `/proc` tells. */
  startTicks?: string;
  /** The process-id namespace and boot, where `/proc` tells. */
  world?: string;
}

interface KernelLockFile {
  tryLockSync?(exclusive: boolean): boolean;
  close(): void;
}

interface DenoLike {
  permissions: { querySync(query: { name: "run" }): { state: string } };
  openSync(
    path: string,
    options: { read: boolean; write: boolean; create: boolean },
  ): KernelLockFile;
}

// Two copies of this module in one process must see each other's locks.
const HELD_KEY = Symbol.for("sett.badger.held_directories");
type HeldDirectories = Map<string, string>;
const shared = globalThis as unknown as Record<symbol, HeldDirectories>;
const held: HeldDirectories = shared[HELD_KEY] ??= new Map();

function denoRuntime(): DenoLike | undefined {
  return (globalThis as { Deno?: DenoLike }).Deno;
}

function runtimeName(): string {
  if (denoRuntime() !== undefined) return "deno";
  return "Bun" in globalThis ? "bun" : "node";
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Field 22 of `/proc/<pid>/stat`; the second field may hold spaces and brackets. */
function startTicksOf(pid: number | "self"): string | undefined {
  // Deno would ask for --allow-read=/proc; it has the kernel lock instead.
  if (denoRuntime() !== undefined) return undefined;
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function currentWorld(): string | undefined {
  if (denoRuntime() !== undefined) return undefined;
  try {
    const boot = readText("/proc/sys/kernel/random/boot_id")?.trim();
    return boot && `${boot} ${fs.readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

function describeSelf(token: string): Holder {
  const holder: Holder = {
    pid: globalThis.process.pid,
    runtime: runtimeName(),
    token,
  };
  const startTicks = startTicksOf("self");
  const world = currentWorld();
  if (startTicks !== undefined) holder.startTicks = startTicks;
  if (world !== undefined) holder.world = world;
  return holder;
}

function parseHolder(text: string | undefined): Holder | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Holder;
    return Number.isInteger(value.pid) && typeof value.token === "string"
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

/** `false` only when no process has that id; `true` also when nobody may tell. */
function mayBeAlive(pid: number): boolean {
  // Deno would stop and ask; without the grant nobody may tell.
  const run = denoRuntime()?.permissions.querySync({ name: "run" });
  if (run !== undefined && run.state !== "granted") return true;
  try {
    globalThis.process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

/**
 * Whether anyone holds the kernel's lock, asked from Node or Bun through the `flock`
 * command; `undefined` where there is none.
 */
function isKernelLockHeld(path: string): boolean | undefined {
  const file = `${path}/${KERNEL_LOCK_FILE_NAME}`;
  const { status } = spawnSync("flock", ["--nonblock", file, "true"]);
  return status === 0 ? false : status === 1 ? true : undefined;
}

/** Whether the holder is surely gone; `hasKernelLock` is Deno's own evidence. */
function isSurelyDead(
  path: string,
  holder: Holder,
  hasKernelLock: boolean,
): boolean {
  if (holder.runtime === "deno") {
    if (hasKernelLock) return true;
    // Its process id may be one of another container, so the kernel's word first.
    const isHeld = isKernelLockHeld(path);
    if (isHeld !== undefined) return !isHeld;
  }
  const self = describeSelf("");
  const sameWorld = holder.world === undefined || self.world === undefined ||
    holder.world === self.world;
  if (!sameWorld) {
    // Another boot of the same machine ended every process; another container
    // of the same boot may well be alive.
    const [holderBoot] = holder.world!.split(" ");
    const [selfBoot] = self.world!.split(" ");
    const [, holderNamespace] = holder.world!.split(" ");
    const [, selfNamespace] = self.world!.split(" ");
    return holderBoot !== selfBoot && holderNamespace === selfNamespace;
  }
  if (holder.pid === self.pid) {
    // The id is ours. The same start means another thread of this process.
    if (holder.runtime !== self.runtime) return true;
    return holder.startTicks !== undefined &&
      holder.startTicks !== self.startTicks;
  }
  if (!mayBeAlive(holder.pid)) return true;
  if (holder.startTicks === undefined) return false;
  const startTicks = startTicksOf(holder.pid);
  return startTicks !== undefined && startTicks !== holder.startTicks;
}

function lockedError(path: string, holder: Holder | undefined): StoreError {
  const file = `${path}/${LOCK_FILE_NAME}`;
  const isElsewhere = holder?.world !== undefined &&
    holder.world !== (currentWorld() ?? holder.world);
  const who = holder === undefined
    ? "another process"
    : isElsewhere
    ? `process ${holder.pid} (${holder.runtime}) of another container or an earlier start of this one`
    : holder.pid === globalThis.process.pid
    ? "this process"
    : `process ${holder.pid} (${holder.runtime})`;
  return new StoreError(
    "LOCKED",
    `Cannot open ${path}: ${who} holds it. Close that store first; ` +
      `if you are sure that no process uses the directory, remove ${file}`,
    { path },
  );
}

/** Takes the kernel's lock under Deno; `undefined` on the other runtimes. */
function takeKernelLock(path: string): KernelLockFile | undefined {
  const deno = denoRuntime();
  if (deno === undefined) return undefined;
  const file = deno.openSync(`${path}/${KERNEL_LOCK_FILE_NAME}`, {
    read: true,
    write: true,
    create: true,
  });
  if (file.tryLockSync === undefined || file.tryLockSync(true)) return file;
  file.close();
  throw lockedError(path, parseHolder(readText(`${path}/${LOCK_FILE_NAME}`)));
}

/** Puts our name into place unless a name is there; `false` if one is. */
function claim(path: string, holder: Holder): boolean {
  const aside = `${path}/${LOCK_FILE_NAME}.${holder.token}.tmp`;
  fs.writeFileSync(aside, JSON.stringify(holder) + "\n");
  try {
    fs.linkSync(aside, `${path}/${LOCK_FILE_NAME}`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  } finally {
    fs.unlinkSync(aside);
  }
}

/**
 * Removes a dead holder's name. The file is first renamed to a name only we know,
 * so of two that found the same dead holder just one goes on with it.
 */
function removeDead(path: string, dead: Holder, token: string): void {
  const aside = `${path}/${LOCK_FILE_NAME}.${token}.dead.tmp`;
  try {
    fs.renameSync(`${path}/${LOCK_FILE_NAME}`, aside);
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  const moved = parseHolder(readText(aside));
  if (moved !== undefined && moved.token !== dead.token) {
    // Another process took the directory between our look and our move: put its
    // name back.
    try {
      fs.linkSync(aside, `${path}/${LOCK_FILE_NAME}`);
    } catch { /* a third one has it: the directory is held either way */ }
  }
  fs.unlinkSync(aside);
}

/** Removes what processes that were killed while locking left behind. */
function removeAbandoned(path: string): void {
  try {
    for (const name of fs.readdirSync(path)) {
      const file = `${path}/${name}`;
      const isAside = ASIDE_PATTERN.test(name);
      if (isAside && Date.now() - fs.statSync(file).mtimeMs > ABANDONED_AFTER) {
        fs.unlinkSync(file);
      }
    }
  } catch { /* the next open tries again */ }
}

/**
 * Takes `path` for one writer.
 *
 * @throws {StoreError} `LOCKED` if someone may hold the directory.
 */
export function lockDirectory(path: string): DirectoryLock {
  let realPath: string;
  try {
    realPath = fs.realpathSync(path);
  } catch {
    realPath = path; // Deno grants ./data but not the parents realpath walks.
  }
  if (held.has(realPath)) {
    throw lockedError(path, describeSelf(""));
  }
  const token = crypto.randomUUID();
  const lockPath = `${path}/${LOCK_FILE_NAME}`;
  let kernelLock: KernelLockFile | undefined;
  try {
    kernelLock = takeKernelLock(path);
    const hasKernelLock = kernelLock?.tryLockSync !== undefined;
    for (let attempt = 0; !claim(path, describeSelf(token)); attempt++) {
      const text = readText(lockPath);
      const holder = parseHolder(text);
      // An empty or unreadable LOCK cannot come from us: names are linked whole.
      if (text !== undefined && holder === undefined) {
        throw lockedError(path, undefined);
      }
      if (holder === undefined) {
        // It was there a moment ago: gone since, or not to be read.
        if (attempt >= 3) throw lockedError(path, undefined);
        continue;
      }
      if (attempt >= 3 || !isSurelyDead(path, holder, hasKernelLock)) {
        throw lockedError(path, holder);
      }
      removeDead(path, holder, token);
    }
  } catch (error) {
    kernelLock?.close();
    throw fromSystemError("lock", path, error);
  }
  held.set(realPath, token);
  removeAbandoned(path);
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      held.delete(realPath);
      try {
        if (parseHolder(readText(lockPath))?.token === token) {
          fs.unlinkSync(lockPath);
        }
      } catch { /* the directory may be gone; the lock goes with it */ }
      kernelLock?.close();
    },
  };
}

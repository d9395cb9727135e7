/**
 * Looks at an opened store: what it holds, and which files its directory has.
 *
 * @module
 */

import type { Engine } from "../../../src/engine/engine.ts";
import { parseFileName } from "../../../src/format/file_names.ts";
import { KEYS_NAME } from "../../../src/fs/key_ring.ts";
import { Store } from "../../../src/store/store.ts";
import type { CrashChoice, DiskFiles } from "../../support/disk_log.ts";

/** The data directory. */
export const DIRECTORY = "d";
/** When every history begins: 2030-01-01. */
export const START_TIME: number = Date.UTC(2030, 0, 1);
/** Files of cut bytes that a store keeps at most. */
const LOST_FILES_MAX = 8;

const decoder = new TextDecoder();

/** Something that must never be. */
export class Violation extends Error {
  override name = "Violation";
  /** A second crash that led to it. */
  readonly then: CrashChoice | undefined;

  /** Says what is wrong. */
  constructor(message: string, then?: CrashChoice) {
    super(message);
    this.then = then;
  }
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A path as the bucket's name, if it has one, and the key. */
export function splitPath(
  path: string,
): [bucket: string | undefined, key: string] {
  const colon = path.indexOf(":");
  return colon < 0
    ? [undefined, path]
    : [path.slice(0, colon), path.slice(colon + 1)];
}

/**
 * Reads the values of `paths`.
 *
 * @throws {Violation} If the store holds other keys as well.
 */
export function readContents(
  engine: Engine,
  paths: Iterable<string>,
): Map<string, string> {
  const store = new Store(engine);
  const found = new Map<string, string>();
  for (const path of paths) {
    const [bucket, key] = splitPath(path);
    const space = bucket === undefined ? store : store.bucket(bucket);
    const value = space.getSync(key);
    if (value !== undefined) found.set(path, decoder.decode(value));
  }
  const { ledger } = engine;
  const now = engine.now();
  let live = 0;
  ledger.index.forEach((pointer) => {
    if (ledger.isLive(pointer, now)) live++;
  });
  if (live !== found.size) {
    throw new Violation(
      `the store has ${live} keys, but of those ever set only ${found.size}`,
    );
  }
  return found;
}

/** One string that says what {@linkcode readContents} found. */
export function describeFound(found: ReadonlyMap<string, string>): string {
  return [...found].map(([path, value]) => `${path}=${value}`).sort().join(" ");
}

/**
 * Checks that every file has its place.
 *
 * @throws {Violation} If one would lie there for ever.
 */
export function checkFiles(files: DiskFiles): void {
  const segments = new Set<number>();
  const hints: number[] = [];
  let lost = 0;
  for (const path of files.keys()) {
    const name = path.slice(DIRECTORY.length + 1);
    const file = parseFileName(name);
    if (file?.kind === "segment") segments.add(file.segmentId);
    else if (file?.kind === "hint") hints.push(file.segmentId);
    else if (file?.kind === "lost") lost++;
    else if (file?.kind !== "snapshot" && name !== KEYS_NAME) {
      throw new Violation(`${name} is left over`);
    }
  }
  for (const id of hints) {
    if (!segments.has(id)) throw new Violation(`hint ${id} has no segment`);
  }
  if (lost > LOST_FILES_MAX) throw new Violation(`${lost} lost files`);
}

/**
 * Checks that two sets of files are the same but for what can be made again.
 *
 * @throws {Violation} If one differs.
 */
export function checkSameFiles(before: DiskFiles, after: DiskFiles): void {
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    if (!path.endsWith(".vlog") && !path.endsWith(".lost")) continue;
    const [a, b] = [before.get(path), after.get(path)];
    const isSame = a !== undefined && b !== undefined &&
      a.length === b.length && a.every((byte, i) => byte === b[i]);
    if (!isSame) {
      throw new Violation(`the second recovery changed ${path}`);
    }
  }
}

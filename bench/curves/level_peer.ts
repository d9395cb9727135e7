/**
 * LevelDB (`classic-level`) to compare with, from the folder in which the
 * comparison with other stores keeps its packages; it is no dependency of ours.
 *
 * @module
 */

import { createRequire } from "node:module";

/** Where `bench/peers/run.sh` installs packages. */
const PACKAGES = "../../.tmp/peers/node_modules/";

/** As much of an open LevelDB as is measured. */
export interface LevelPeer {
  /** Opens it. */
  open(): Promise<void>;
  /** Writes all of it in one step. */
  batch(
    operations: { type: "put"; key: string; value: Uint8Array }[],
  ): Promise<void>;
  /** Closes it. */
  close(): Promise<void>;
}

interface LevelModule {
  ClassicLevel: new (
    path: string,
    options: { valueEncoding: "view" },
  ) => LevelPeer;
}

function load(): LevelModule {
  const base = new URL(PACKAGES, import.meta.url);
  return createRequire(import.meta.url)(
    new URL("classic-level", base).pathname,
  ) as LevelModule;
}

/** True if it is installed. */
export function hasLevelPeer(): boolean {
  try {
    Deno.statSync(new URL(`${PACKAGES}classic-level`, import.meta.url));
    return true;
  } catch {
    return false;
  }
}

/** Opens one with its default settings in an empty directory. */
export async function openLevelPeer(path: string): Promise<LevelPeer> {
  const { ClassicLevel } = load();
  const level = new ClassicLevel(path, { valueEncoding: "view" });
  await level.open();
  return level;
}

/**
 * Directories for tests, below `.tmp` of the repository: the only place tests may
 * write to.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";

/** A directory of a test's own, removed with all that is in it when disposed. */
export interface TempDir extends AsyncDisposable {
  /** Where it is, relative to the repository. */
  readonly path: string;
}

/** Makes an empty directory. */
export function tempDir(): TempDir {
  mkdirSync(".tmp", { recursive: true });
  const path = mkdtempSync("./.tmp/test-");
  return {
    path,
    [Symbol.asyncDispose](): Promise<void> {
      rmSync(path, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

/**
 * A stand-in for `@std/fs` on a machine that reaches npm but not JSR.
 *
 * This is not the standard library's code: it is a small replacement over
 * `node:fs` with the same names, parameters and results for the few functions
 * that the tests, benchmarks and examples use. What is not here is not supported.
 *
 * @module
 */

export { copy, type CopyOptions, copySync } from "./copy.ts";
export { emptyDir, emptyDirSync } from "./empty_dir.ts";
export { ensureDir, ensureDirSync } from "./ensure_dir.ts";
export { exists, type ExistsOptions, existsSync } from "./exists.ts";
export { walk, type WalkEntry, type WalkOptions, walkSync } from "./walk.ts";

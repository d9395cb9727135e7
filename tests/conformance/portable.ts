/**
 * Runs the conformance suite over stores and buckets without a test runner, so that
 * it can be bundled and run on any runtime:
 *
 * ```sh
 * deno bundle --platform deno --output .tmp/conformance.mjs tests/conformance/portable.ts
 * node .tmp/conformance.mjs
 * ```
 *
 * @module
 */

import { addStoreTests } from "./stores.ts";

const tests: [name: string, run: () => Promise<void>][] = [];
addStoreTests((name, run) => tests.push([name, run]));

let failures = 0;
for (const [name, run] of tests) {
  try {
    await run();
  } catch (error) {
    failures++;
    console.error(`FAILED ${name}\n`, error);
  }
}
console.log(`${tests.length - failures} of ${tests.length} tests passed`);
if (failures > 0) throw new Error(`${failures} tests failed`);

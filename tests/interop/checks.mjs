/**
 * Counts checks and prints each on a line of its own, the same on every runtime.
 *
 * Plain JavaScript: it runs on Node as it stands here.
 */
import process from "node:process";

let passed = 0;
let failed = 0;

/** The runtime this is: "deno", "bun" or "node" with its version. */
export const RUNTIME = globalThis.Deno !== undefined
  ? `deno ${globalThis.Deno.version.deno}`
  : globalThis.Bun !== undefined
  ? `bun ${globalThis.Bun.version}`
  : `node ${process.versions.node}`;

/** Runs `body` and counts whether it threw; answers true if it did not. */
export async function check(name, body) {
  try {
    await body();
    passed++;
    console.log(`ok - ${RUNTIME}: ${name}`);
    return true;
  } catch (error) {
    failed++;
    const reason = error instanceof Error ? error.stack : String(error);
    console.log(`not ok - ${RUNTIME}: ${name}\n${reason}`);
    return false;
  }
}

/** Prints the counts for the runner. */
export function report() {
  console.log(`counts: ${passed} passed, ${failed} failed`);
}

/** The text of bytes, or `undefined` for absence. */
export function text(bytes) {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** `length` bytes that depend on `seed` alone. */
export function bytesOf(seed, length) {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

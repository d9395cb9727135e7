/**
 * The phases about a directory as a whole: opening it, after a close or a kill, and
 * the space it takes.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { keysOf, orderOf } from "./keys.mjs";
import { bytesOnDisk } from "./disk.mjs";
import { write } from "./writing.mjs";

const POLL_MS = 250;

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Opens the directory and gets one value. The module is loaded before. */
export async function reopen(peer, step) {
  const [key] = keysOf(orderOf(step.keys, 1, step.seed));
  const start = performance.now();
  const store = await peer.open();
  const value = store.get(key);
  const seconds = (performance.now() - start) / 1000;
  if (value?.length !== step.valueBytes) {
    throw new Error("Cannot take the result: the first key has no value");
  }
  const rssBytes = process.memoryUsage().rss;
  await store.close();
  return [{ operations: 1, seconds, rssBytes }];
}

/** Fills the directory and leaves it as a killed process does. */
export async function fillForKill(peer, step) {
  // The check after the writes would open the directory once more.
  await write(peer, { ...step, volatile: true, close: false });
  process.kill(process.pid, "SIGKILL");
  await sleep(60_000);
}

/** Waits until the files have been the same for a while; bounded. */
async function settle({ directory, quietMs, boundMs }) {
  let bytes = bytesOnDisk(directory);
  let changed = performance.now();
  const end = changed + boundMs;
  while (performance.now() < end && performance.now() - changed < quietMs) {
    await sleep(POLL_MS);
    const now = bytesOnDisk(directory);
    if (now === bytes) continue;
    bytes = now;
    changed = performance.now();
  }
  return bytes;
}

/** The space after everything was overwritten and the background work is done. */
export async function space(peer, step) {
  const logicalBytes = step.keys * (16 + step.valueBytes);
  let last;
  const [written] = await write({
    ...peer,
    open: async () => last = await peer.open(),
  }, { ...step, volatile: true, close: false });
  const open = await settle(step);
  await last.close();
  const closed = bytesOnDisk(step.directory);
  const common = { operations: step.keys, seconds: written.seconds };
  return [
    { ...common, suffix: ", open", space: open / logicalBytes },
    { ...common, suffix: ", closed", space: closed / logicalBytes },
  ];
}

/** The space after the peer's own compaction. */
export async function compact(peer, step) {
  const logicalBytes = step.keys * (16 + step.valueBytes);
  const store = await peer.open();
  const start = performance.now();
  const copy = await store.compact();
  const seconds = (performance.now() - start) / 1000;
  const open = bytesOnDisk(copy ?? step.directory);
  await store.close();
  const closed = bytesOnDisk(copy ?? step.directory);
  if (copy !== undefined) rmSync(copy, { recursive: true });
  const common = { operations: step.keys, seconds };
  return [
    { ...common, suffix: ", open", space: open / logicalBytes },
    { ...common, suffix: ", closed", space: closed / logicalBytes },
  ];
}
